"""A PowerDNS provider with a plain way to call, and hands to make records and changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import httpx

from providers.powerdns.provider import PowerDns
from reconciler.dns import CLAIM, HOST, Record, claim_name, record_id
from reconciler.errors import ProviderError
from reconciler.model import Action, Change, Finding, Resource, Severity, attrs
from reconciler.provider import Composition, Live, Outcomes, Parts, Scope, Setting, Wanted
from reconciler.records import live_record, view_for, zone_views
from tests.servers.powerdns import KEY

T = TypeVar("T")
ALIAS, HOST_NAME, ZONE = "pdns", "click.example.com", "example.com"


def host_record(host: str = HOST_NAME, *values: str, type_: str = "CNAME", ttl: int = 300) -> Record:
    """A host record."""
    return Record(host, HOST, host, type_, values or ("spgo.io",), ttl)


def claim_record(host: str = HOST_NAME, *texts: str) -> Record:
    """A claim."""
    return Record(host, CLAIM, claim_name(host), "TXT", texts or ("v=tdr1 o=acme-mail",), 300)


def told(findings: Iterable[Finding], severity: Severity = Severity.ERROR) -> list[str]:
    """The texts of the findings of one severity."""
    return [finding.text for finding in findings if finding.severity is severity]


class Bench:
    """One provider at one address, and the calls that it made."""

    def __init__(
        self,
        endpoint: str,
        *,
        transport: httpx.BaseTransport | None = None,
        options: Mapping[str, Any] | None = None,
        key: str = KEY,
    ) -> None:
        """Open the alias."""
        self.asked = Counter[str]()
        self.before: dict[str, Callable[[], object]] = {}
        setting = Setting(
            ALIAS, {"endpoint": endpoint, **(options or {})}, {"API_KEY": key}, {}, "acme-mail", self.call
        )
        self.provider = PowerDns(setting, transport=transport)

    def call(
        self, unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = ""
    ) -> T:
        """Call at once, count, never repeat; `before` does something right before the next such call."""
        self.asked[operation] += 1
        self.before.pop(operation, lambda: None)()
        try:
            return fn()
        except ProviderError as error:
            error.operation, error.resource = operation, resource
            raise

    def read(self, *hosts: str, everything: bool = False) -> Live:
        """Read what concerns some hosts."""
        wanted = tuple(Wanted(host, "spgo.io", 300) for host in hosts or (HOST_NAME,))
        return self.provider.read(Scope(Parts(dns=wanted), everything))

    def spell(self, *records: Record) -> Composition:
        """Spell records by what is live."""
        return self.provider.spell(records, self.read(*(record.host for record in records)))

    def live(self, record: Record, *types: str) -> Resource | None:
        """The live resource in the place of a record, as the engine sees it."""
        live = self.read(record.host)
        view = view_for(record.host, zone_views(live.zones, live.rrsets))
        assert view is not None
        sets = view.sets(str(record.name), *(types or (record.type,)))
        return live_record(ALIAS, record.host, record.role, view.zone, sets)

    def change(self, record: Record, *types: str) -> Change:
        """The change that makes a record be, planned from what is live."""
        before = self.live(record, *types)
        (after,) = self.spell(record).resources
        return Change(after.id, Action.UPDATE if before else Action.CREATE, before, after)

    def removal(self, record: Record, *types: str) -> Change:
        """The change that removes what stands in the place of a record."""
        before = self.live(record, *types)
        assert before is not None
        return Change(record_id(ALIAS, record.host, record.role), Action.DELETE, before, None)

    def apply(self, *changes: Change) -> Outcomes:
        """Make changes of one zone."""
        return self.provider.apply(changes)


def planned(host: str, kind: str, before: Sequence[str], after: Sequence[str]) -> Change:
    """A change of a host record from some values to others, none for no record; TTL 300."""
    id_ = record_id(ALIAS, host, HOST)

    def resource(values: Sequence[str]) -> Resource | None:
        named = attrs(name=host, type=kind, values=tuple(values), ttl=300)
        return Resource(id_, named, host, f"zone/{ZONE}") if values else None

    return Change(id_, Action.UPDATE, resource(before), resource(after))
