"""Each example that a user may copy does its whole job on its own world."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from providers.sandbox import started
from tests.docs.here import here

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent.parent for path in (ROOT / "examples").glob("*/sandbox/world.yaml"))
# Those that lean on a server of the user's own start it in their demo.sh: test_own_servers.py.
SANDBOXED = [path for path in EXAMPLES if " at: " not in (path / "sandbox/world.yaml").read_text()]
NOTHING = "No changes. Your infrastructure matches the configuration."


@pytest.mark.parametrize("example", SANDBOXED, ids=lambda path: path.name)
def test_an_example_is_planned_applied_proven_and_then_done(example: Path, tmp_path: Path) -> None:
    world = yaml.safe_load((example / "sandbox/world.yaml").read_text())
    with started(world) as sandbox:
        env = {"PATH": os.defpath, "HOME": str(tmp_path), **sandbox.env}

        def run(*argv: str, text: str = "") -> "subprocess.CompletedProcess[str]":
            if not text:
                return here(argv, tmp_path, env)
            words = [str(Path(sys.executable).with_name("tdr")), *argv]
            return subprocess.run(
                words, cwd=tmp_path, env=env, input=text, capture_output=True, text=True, check=False
            )

        def tdr(*argv: str) -> "subprocess.CompletedProcess[str]":
            by_hand(*argv)
            return run(*argv, str(example))

        def by_hand(command: str, *_: str) -> None:
            """Be the person who sets what a plan lists, in zones that have no API."""
            zones = [zone["zone"] for zone in world.get("dns", ()) if not zone.get("servers")]
            if not zones or command == "validate":
                return
            listed = run("plan", *(["-destroy"] if command == "destroy" else []), str(example)).stdout
            if "Records to set by hand" in listed:
                for zone in zones:
                    assert run("sandbox", "zone", zone, text=listed).returncode == 0

        for argv in (["validate"], ["apply", "-auto-approve", "-input=false"], ["check"]):
            done = tdr(*argv)
            assert done.returncode == 0, f"tdr {argv}\n{done.stdout}\n{done.stderr}"
        again = tdr("plan", "-detailed-exitcode")
        assert (again.returncode, again.stdout.splitlines()[:1]) == (0, [NOTHING]), (
            again.stdout + again.stderr
        )
        vendors = {"aws", "cloudflare", "fastly", "google"}
        assert marked(sandbox.control("GET", "/state")) is bool(vendors & world.keys())
        gone = tdr("destroy", "-auto-approve", "-input=false")
        assert gone.returncode == 0, gone.stdout + gone.stderr
        sandbox.control("POST", "/clock/advance", {"seconds": 60})  # Route 53 spreads the last change
        state = sandbox.control("GET", "/state")
        assert "v=tdr1" not in str(state["dns"])
        assert not marked(state)


def marked(state: dict[str, Any]) -> bool:
    """Whether a vendor holds what is ours, by tag, name or comment; what is deleted is kept apart."""
    vendors = state["vendors"]
    accounts = vendors["aws"]["accounts"].values() if "aws" in vendors else ()
    zones = vendors["cloudflare"]["zones"].values() if "cloudflare" in vendors else ()
    customers, projects = vendors.get("fastly", ()), vendors.get("google", ())
    held = [
        *([a["acm"]["certificates"], a["cloudfront"]["distributions"]] for a in accounts),
        *(a["cloudfront"]["policies"] for a in accounts),
        *([z["records"], z["rulesets"]] for z in zones),
        *(
            versions[-1]
            for p in projects
            for named in p["compute"]["kept"].values()
            for versions in named.values()
        ),
        *([c["domains"], [s for s in c["services"] if s["deleted"] is None]] for c in customers),
    ]
    # These have no mark; an example's are all ours.
    unmarked = [z["saas"]["hostnames"] for z in zones] + [c["tls"]["subscriptions"] for c in customers]
    unmarked += [one for p in projects for one in p["certificates"]["resources"].values() if not one["gone"]]
    return any(unmarked) or bool(
        re.search(r"tdr:owner|tdr-acme-mail|tdr acme-mail|tdr:v1 acme-mail", str(held))
    )


def test_no_example_names_an_endpoint_or_a_secret() -> None:
    """The same file runs on the sandbox and on real accounts: what differs is the environment."""
    texts = {p: p.read_text() for p in (ROOT / "examples").rglob("*.yaml") if p.parent.name != "sandbox"}
    assert [p.name for p, text in texts.items() if "127.0.0.1" in text or "localhost" in text] == []


def test_every_example_has_a_world() -> None:
    folders = {path.parent for path in (ROOT / "examples").glob("*/*.yaml")}
    assert folders == set(EXAMPLES)
