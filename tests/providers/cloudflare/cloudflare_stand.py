"""A Cloudflare provider on a sandbox of its own, with a plain way to call, and hands to compose and write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from providers.cloudflare import TYPE
from providers.sandbox import started
from providers.sandbox.cloudflare import EMULATOR
from providers.sandbox.running import Running
from reconciler.dns import DNS_RECORD, Record, claim_name, record_id
from reconciler.model import Action, Change, Finding, Resource, Severity, attrs
from reconciler.provider import Composition, Live, Parts, Scope, Setting, Wanted
from tests.contract.judge import judge

T = TypeVar("T")
TOKEN = "sandbox-token"
START = "2026-01-05T09:00:00Z"
HOST = "click.example.com"
OWNER = "acme-mail"


def world(*zones: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A world with one account and these zones; example.com on the Business plan where none is given."""
    chosen = list(zones) or [{"name": "example.com", "plan": "business"}]
    account = {"token": TOKEN, "env": "CLOUDFLARE_API_TOKEN", "account": "acme", "zones": chosen, **more}
    return {"clock": START, "cloudflare": [account]}


def cname(name: str = HOST, content: str = "spgo.io", **more: Any) -> dict[str, Any]:
    """A DNS-only CNAME as the world writes it."""
    return {"type": "CNAME", "name": name, "content": content, "ttl": 300, **more}


def wanted(*hosts: str, **more: Any) -> Parts:
    """Hosts for which the alias plays cdn and dns."""
    each = tuple(Wanted(host, "spgo.io", 3600, **more) for host in hosts)
    return Parts(cdn=each, dns=each)


def host_record(host: str = HOST, **more: Any) -> Record:
    """The record that makes Cloudflare the edge of a host."""
    return Record(host, "host", host, "CNAME", ("spgo.io",), 3600, **{"proxied": True, **more})


def claim_record(host: str = HOST, text: str = "v=tdr1 o=acme-mail") -> Record:
    """A claim."""
    return Record(host, "claim", claim_name(host), "TXT", (text,), 3600)


def told(findings: Sequence[Finding], severity: Severity) -> list[str]:
    """The texts of the findings of one severity."""
    return [finding.text for finding in findings if finding.severity is severity]


class Stand:
    """One provider on one sandbox."""

    def __init__(self, sandbox: Running, options: Mapping[str, Any], alias: str = "web") -> None:
        """Open the alias with the world's token."""
        self.sandbox, self.asked, self.alias = sandbox, Counter[str](), alias
        self.undescribed: list[str] = []  # what the vendor may do beside its description
        secrets = {"API_TOKEN": TOKEN}
        setting = Setting(alias, options, secrets, sandbox.env, OWNER, self.call)
        self.provider: Any = TYPE.open(setting)

    def call(
        self, unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = ""
    ) -> T:
        """Call at once, count, never repeat."""
        self.asked[operation] += 1
        return fn()

    def read(self, parts: Parts, *, everything: bool = False) -> Live:
        live: Live = self.provider.read(Scope(parts, everything))
        return live

    def plan(self, parts: Parts, records: Sequence[Record]) -> list[Change]:
        """What turns live into desired, compared as the engine compares."""
        live = self.read(parts)
        desired = [
            *self.provider.compose(parts, live).resources,
            *self.provider.spell(records, live).resources,
        ]
        have = {resource.id: resource for resource in [*live.resources, *self.records_in(live, desired)]}
        changes = [change(have.get(resource.id), resource) for resource in desired]
        return [each for each in changes if each is not None]

    def records_in(self, live: Live, desired: Sequence[Resource]) -> Iterator[Resource]:
        """The live record sets that desired records are to replace."""
        for resource in desired:
            if resource.id.kind == DNS_RECORD:
                kinds = (
                    ("CNAME", "A", "AAAA") if resource.attrs["type"] == "CNAME" else (resource.attrs["type"],)
                )
                found = next(
                    (s for s in live.rrsets if s.name == resource.attrs["name"] and s.type in kinds), None
                )
                if found is not None:
                    yield live_record(self.alias, resource.id.key, found)

    def apply(self, changes: Sequence[Change]) -> dict[str, Any]:
        """Make changes container by container; outcomes by `KIND KEY`."""
        out: dict[str, Any] = {}
        for container in dict.fromkeys(each.container for each in changes):
            batch = [each for each in changes if each.container == container]
            out.update({f"{k.kind} {k.key}": v for k, v in self.provider.apply(batch).items()})
        return out

    def compose(self, parts: Parts) -> Composition:
        composition: Composition = self.provider.compose(parts, self.read(parts))
        return composition

    def patch(self, zone: str = "example.com", **changes: Any) -> Any:
        """Change a zone behind the API's back."""
        return self.sandbox.control("PATCH", "/vendors/cloudflare", {"zones": {zone: changes}})

    def switch(self, name: str, setting: str) -> None:
        """Settle an open question about the vendor."""
        self.sandbox.control("PUT", f"/switches/cloudflare.{name}", {"setting": setting})

    def fault(self, **wanted: Any) -> None:
        """Let a call go wrong."""
        self.sandbox.control("POST", "/faults", {"vendor": "cloudflare", **wanted})

    def zone(self, name: str = "example.com") -> Any:
        """What the vendor holds of a zone."""
        state = self.sandbox.control("GET", "/vendors/cloudflare")
        return next(zone for zone in state["zones"].values() if zone["name"] == name)

    def rules(self, phase: str) -> list[Any]:
        """The rules of a phase of example.com in order."""
        found = [r for r in self.zone()["rulesets"].values() if r["phase"] == phase]
        return [rule["body"] | {"ref": rule["ref"]} for ruleset in found for rule in ruleset["rules"]]

    def records(self) -> list[tuple[Any, ...]]:
        """The records of example.com."""
        rows = self.zone()["records"].values()
        keys = ("name", "type", "content", "ttl", "proxied", "comment")
        return sorted(tuple(row[key] for key in keys) for row in rows)


def live_record(alias: str, key: str, found: Any) -> Resource:
    """A live record set as the engine hands it to `apply`."""
    host, _, role = key.partition("/")
    named = {"name": found.name, "type": found.type, "values": found.values, "ttl": found.ttl, **found.attrs}
    container = f"zone/{found.zone}"
    return Resource(record_id(alias, host, role), attrs(**named), host, container, outputs=found.outputs)


def change(before: Resource | None, after: Resource | None) -> Change | None:
    """The change between two resources, None where their attributes agree."""
    if before is not None and after is not None:
        same = dict(before.attrs) == dict(after.attrs)
        return None if same else Change(after.id, Action.UPDATE, before, after)
    if after is not None:
        return Change(after.id, Action.CREATE, None, after)
    return None if before is None else Change(before.id, Action.DELETE, before, None)


@contextmanager
def stand(given: Mapping[str, Any] | None = None, **options: Any) -> Iterator[Stand]:
    """Run a sandbox with a provider; at the end the vendor's description judges every call."""
    with started(given or world(), emulators=[EMULATOR]) as sandbox:
        at = Stand(sandbox, options)
        yield at
        said = [text for text in judge(sandbox.kernel.calls) if not any(u in text for u in at.undescribed)]
        assert said == [], said
