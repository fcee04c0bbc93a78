"""A sandbox and tdr as a user runs it on one: worlds, files, commands, clicks."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from providers.sandbox import started
from providers.sandbox.fetch import Fetched
from providers.sandbox.running import Running
from reconciler.cli import main
from tests.contract.fastly_judge import fastly_findings
from tests.contract.google_judge import google_findings
from tests.contract.judge import judge

CLICK = "click.example.com"
NOTHING = "No changes. Your infrastructure matches the configuration."
KEY_US, KEY_EU = "sandbox-key-us", "sandbox-key-eu"
PROVIDERS = {
    "sp": {"type": "sparkpost", "region": "us"},
    "web": {"type": "cloudflare"},
}
DEFAULTS = {"sparkpost": "sp", "cdn": "web", "dns": "web"}


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        """All of it, for an assertion that fails."""
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def cname(name: str, content: str = "spgo.io", **more: Any) -> dict[str, Any]:
    """A CNAME as the world writes it."""
    return {"type": "CNAME", "name": name, "content": content, "ttl": 300, "proxied": False, **more}


def zone(name: str = "example.com", *records: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A Cloudflare zone of the world; on a plan that can cache for 10 s unless told otherwise."""
    return {"name": name, "plan": "business", "records": list(records), **more}


def sparkpost(region: str = "us", **more: Any) -> dict[str, Any]:
    """A SparkPost account of the world."""
    us = region == "us"
    given = {"region": region, "key": KEY_US if us else KEY_EU}
    env = "SPARKPOST_API_KEY" if us else "TDR_SP_EU_API_KEY"
    return {**given, "env": env, "sending_domains": [{"domain": "mail.example.com"}], **more}


def world(*zones: Mapping[str, Any], sp: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A world with one Cloudflare account that has these zones, and one SparkPost account."""
    account = {"token": "sandbox-token", "env": "CLOUDFLARE_API_TOKEN", "account": "acme"}
    cloudflare = [{**account, "zones": list(zones) or [zone()]}]
    return {
        "clock": "2026-01-05T09:00:00Z",
        "sparkpost": [sp or sparkpost()],
        "cloudflare": cloudflare,
        **more,
    }


def live_click(**more: Any) -> dict[str, Any]:
    """The guide's main case: a host whose links work over http today."""
    domain = {"domain": CLICK, "secure": False, "default": True, "verified": True, **more}
    return sparkpost(tracking_domains=[domain])


class Town:
    """One sandbox, one folder of files, one user."""

    def __init__(self, sandbox: Running, folder: Path) -> None:
        """Begin with no file."""
        self.sandbox, self.folder = sandbox, folder

    # -- files and commands
    def file(
        self,
        domains: Mapping[str, Any],
        name: str = "domains.yaml",
        **more: Any,
    ) -> Path:
        """Write a file with these domains; `more` are other keys of its top level."""
        whole = {"version": 1, "owner": "acme-mail", "providers": PROVIDERS, "defaults": DEFAULTS}
        path = self.folder / name
        path.write_text(yaml.safe_dump({**whole, **more, "domains": domains}, sort_keys=False))
        return path

    def tdr(self, *words: str | Path, **env: str) -> Ran:
        """Run one command in this process. `env` is added to what the sandbox exports."""
        out, err = io.StringIO(), io.StringIO()
        before = dict(os.environ)
        os.environ.update({**self.sandbox.env, **env})
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = _exit_code([str(word) for word in words])
        finally:
            os.environ.clear()
            os.environ.update(before)
        return Ran(code, out.getvalue(), err.getvalue())

    def ok(self, *words: str | Path) -> Ran:
        """Run a command that must end with exit code 0."""
        ran = self.tdr(*words)
        assert ran.code == 0, str(ran)
        return ran

    def apply(self, *words: str | Path) -> Ran:
        """Apply without a question; it must succeed."""
        return self.ok("apply", "-auto-approve", *words)

    def settled(self, *files: Path) -> None:
        """Assert that nothing is left to do."""
        ran = self.tdr("plan", "-detailed-exitcode", *files)
        assert (ran.code, ran.out) == (0, f"{NOTHING}\n"), str(ran)

    # -- the world
    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the sandbox's control API."""
        return self.sandbox.control(method, path, body)

    def zone_now(self, name: str = "example.com", **changes: Any) -> Any:
        """Change a Cloudflare zone behind tdr's back."""
        return self.control("PATCH", "/vendors/cloudflare", {"zones": {name: changes}})

    def sparkpost_now(self, **changes: Any) -> Any:
        """Change a SparkPost account behind tdr's back."""
        return self.control("PATCH", "/vendors/sparkpost", changes)

    def advance(self, seconds: float) -> None:
        """Let sandbox time pass."""
        self.control("POST", "/clock/advance", {"seconds": seconds})

    def fault(self, **members: Any) -> None:
        """Lay a fault."""
        self.control("POST", "/faults", members)

    def events(self, **wanted: Any) -> list[dict[str, Any]]:
        """What SparkPost's origins counted, where these members have these values."""
        found = self.control("GET", "/vendors/sparkpost")["events"]
        return [e for e in found if all(e[name] == value for name, value in wanted.items())]

    def records(self, name: str = "example.com") -> list[dict[str, Any]]:
        """The records of a Cloudflare zone as its API gives them."""
        zones = self.control("GET", "/vendors/cloudflare")["zones"]
        found = zones.values() if isinstance(zones, dict) else zones
        records = next(z["records"] for z in found if z["name"] == name)
        return list(records.values() if isinstance(records, dict) else records)

    def named(self, name: str, kind: str = "") -> list[dict[str, Any]]:
        """The records at one name, over all zones."""
        zones = self.control("GET", "/vendors/cloudflare")["zones"]
        names = [z["name"] for z in (zones.values() if isinstance(zones, dict) else zones)]
        return [r for z in names for r in self.records(z) if r["name"] == name and kind in ("", r["type"])]

    def claim(self, host: str = CLICK) -> str:
        """The claim on a host, or nothing."""
        return " | ".join(r["content"] for r in self.named(f"_tdr.{host}", "TXT"))

    def tracking(self, name: str = CLICK, region: str = "us") -> dict[str, Any] | None:
        """A tracking domain as SparkPost holds it, None where it does not."""
        for account in self.control("GET", "/vendors/sparkpost")["accounts"]:
            if account["region"] == region:
                domains = account["tracking_domains"]
                held = domains.values() if isinstance(domains, dict) else domains
                return next((d for d in held if d["domain"] == name), None)
        return None

    def calls(self, method: str = "", vendor: str = "", path: str = "") -> list[dict[str, Any]]:
        """The API calls made, oldest first."""
        found = self.control("GET", "/calls?kind=api")
        return [
            c
            for c in found
            if method in ("", c["method"]) and vendor in ("", c["vendor"]) and path in c["path"]
        ]

    def forget_calls(self) -> None:
        """Judge the calls so far, then forget them."""
        self.judge()
        self.control("DELETE", "/calls")

    # -- the internet
    def visit(self, url: str, **options: Any) -> Fetched:
        """Fetch a URL as a client somewhere would."""
        return self.sandbox.run(self.sandbox.kernel.fetch(url, **options))

    def dns(self, name: str, kind: str = "CNAME") -> tuple[str, ...]:
        """What the world's resolver finds, past its cache."""
        return self.sandbox.do(lambda: self.sandbox.kernel.resolve(name, kind, fresh=True).values(kind))

    def mail(self, sending_domain: str, target: str, **account: str) -> dict[str, str]:
        """The links of a message sent now."""
        mail = {"sending_domain": sending_domain, "target": target}
        return dict(self.sparkpost_now(mail=mail, **account)["mail"])

    def judge(self) -> None:
        """Every exchange so far was valid, and all that was asked is emulated."""
        calls = self.sandbox.kernel.calls
        findings = [*judge(calls), *fastly_findings(calls), *google_findings(calls)]
        assert findings == [], findings
        assert self.control("GET", "/unemulated") == []


def _exit_code(words: list[str]) -> int:
    """Run the command line; -h and -version end the process, as argparse has it."""
    try:
        return main(words)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0


@contextmanager
def town(world: Mapping[str, Any], folder: Path) -> Iterator[Town]:
    """Run a sandbox; at the end every exchange is judged."""
    with started(world) as sandbox:
        here = Town(sandbox, folder)
        yield here
        here.judge()


@contextmanager
def clicking(town: Town, link: str, **options: Any) -> Iterator[list[tuple[int, str]]]:
    """Click a link again and again meanwhile, as people with a caching resolver do."""
    answers: list[tuple[int, str]] = []
    over = threading.Event()

    def click() -> None:
        while not over.is_set():
            answer = town.visit(link, **options)
            answers.append((answer.status, answer.header("location")))

    with ThreadPoolExecutor(1) as pool:
        clicks = pool.submit(click)
        try:
            yield answers
        finally:
            over.set()
            clicks.result()
