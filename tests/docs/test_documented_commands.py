"""Every command in the README and the docs is one that works: each is run on the sandbox, in its order."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree

import pytest
import yaml

from providers.sandbox import started
from tests.docs.here import here

ROOT = Path(__file__).parents[2]
# The others need a server or a person beside tdr.
EXAMPLES = [ROOT / f"examples/{name}/README.md" for name in ("cloudfront", "google")]
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")), *EXAMPLES]
BLOCK = re.compile(r"^```(?:sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What stands between the reader and tdr, and is not ours to run.
FOREIGN = {"pipx", "export", "git", "apt-get", "curl", "cd", "gcloud"}
# A command of tdr's with plain words, which reads nothing from the keyboard.
PLAIN = re.compile(r"tdr (?!sandbox\b)(?:(?!apply|destroy|adopt|forget)|.* --?auto-approve\b)[\w ./:=@-]*")
Shell = Callable[[str], "subprocess.CompletedProcess[str]"]


def commands(page: Path) -> list[str]:
    """The commands of a page: what follows `$ ` in its console blocks, each line of its sh blocks."""
    lines = [line for block in BLOCK.findall(page.read_text(encoding="utf-8")) for line in typed(block)]
    return [command for line in lines if (command := re.sub(r"\s+#.*", "", line).strip())]


def typed(block: str) -> list[str]:
    lines = block.replace("\\\n", " ").splitlines()
    prompted = [line[2:] for line in lines if line.startswith("$ ")]
    return prompted or lines


@contextmanager
def newcomers_folder(folder: Path, name: str = "quickstart") -> Iterator[Shell]:
    """A folder with the examples, the file of one of them at its top, and a sandbox with that one's world."""
    copytree(ROOT / "examples", folder / "examples")
    example = folder / "examples" / name
    (folder / "domains.yaml").write_text((example / "domains.yaml").read_text())
    world = yaml.safe_load((example / "sandbox/world.yaml").read_text())
    path = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])
    with started(world) as sandbox:
        env = {"PATH": path, "HOME": str(folder), "LC_ALL": "C.UTF-8", **sandbox.env}

        def shell(command: str) -> "subprocess.CompletedProcess[str]":
            if PLAIN.fullmatch(command):
                return here(shlex.split(command)[1:], folder, env)
            return subprocess.run(
                ["/bin/sh", "-c", command],
                cwd=folder,
                env=env,
                input="yes\n",
                capture_output=True,
                text=True,
                check=False,
            )

        yield shell


def expected_codes(command: str) -> set[int]:
    return {0, 2} if "-detailed-exitcode" in command else {0}


def is_ours(command: str) -> bool:
    return shlex.split(command)[0] not in FOREIGN | {"make"}


@pytest.mark.timeout(400)  # a page holds some twenty commands
@pytest.mark.parametrize(
    "page", [p for p in DOCS if any(map(is_ours, commands(p)))], ids=lambda p: str(p.relative_to(ROOT))
)
def test_each_command_does_what_the_page_says(page: Path, tmp_path: Path) -> None:
    with newcomers_folder(tmp_path, page.parent.name if page in EXAMPLES else "quickstart") as shell:
        for command in filter(is_ours, commands(page)):
            done = shell(command)
            assert done.returncode in expected_codes(command), f"$ {command}\n{done.stdout}{done.stderr}"


def test_each_make_target_of_the_pages_exists() -> None:
    asked = {
        word
        for p in DOCS
        for word in re.findall(r"`make ([a-z-]+)`|^\$ make ([a-z-]+)$", p.read_text(), re.MULTILINE)
    }
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {name for pair in asked for name in pair if name} <= targets


def test_the_readmes_yaml_is_the_quickstarts() -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert blocks == [(ROOT / "examples/quickstart/domains.yaml").read_text()]


def test_the_readmes_screens_are_what_the_screen_shows(tmp_path: Path) -> None:
    """Each line of a `text` block stands in the output of the demo's commands; `…` stands for anything."""
    blocks = re.findall(r"^```text\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.strip() and line[0] != "$"]
    assert len(lines) > 20
    with newcomers_folder(tmp_path) as shell:
        done = [shell(f"tdr {words}") for words in ("plan", "apply -auto-approve", "check", "plan")]
    shown = "".join(part for one in done for part in (one.stdout, one.stderr))
    patterns = {line: ".*".join(map(re.escape, line.split("…"))) for line in lines}
    assert [line for line in lines if not re.search(f"^{patterns[line]}$", shown, re.MULTILINE)] == []


def test_each_relative_link_leads_somewhere() -> None:
    links = [(p, link) for p in DOCS for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", p.read_text())]
    assert [f"{p.name}: {link}" for p, link in links if not (p.parent / link).exists()] == []


def test_every_flag_is_documented(tmp_path: Path) -> None:
    page = (ROOT / "docs/commands.md").read_text()
    flags: set[str] = set()
    with newcomers_folder(tmp_path) as shell:
        names = re.findall(r"^    ([a-z]+) ", shell("tdr --help").stdout, re.MULTILINE)
        for name in names:
            flags |= set(
                re.findall(r"^  (?:-h, )?-(-[a-z-]+)", shell(f"tdr {name} --help").stdout, re.MULTILINE)
            )
    assert [name for name in names if name not in page] == []
    assert (
        sorted(flag for flag in flags - {"-help"} if f"`{flag}" not in page and f" {flag}" not in page) == []
    )


def test_every_key_of_the_yaml_is_documented(tmp_path: Path) -> None:
    page = (ROOT / "docs/yaml.md").read_text()
    with newcomers_folder(tmp_path) as shell:
        schema = yaml.safe_load(shell("tdr schema").stdout)
    objects = [schema, *schema["$defs"].values(), schema["properties"]["policy"]]
    keys = {key for found in objects for key in found.get("properties", {})}
    assert sorted(key for key in keys if f"`{key}`" not in page) == []
