"""A provider class for octoDNS that keeps its zones in this process, and an alias of tdr on it."""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from octodns.provider.base import BaseProvider
from octodns.record import Record as Native
from octodns.record.change import Update

from providers.octodns import TYPE
from reconciler.dns import CLAIM, HOST, Record, claim_name, record_id
from reconciler.errors import ProviderError
from reconciler.model import Action, Change, Finding, Resource, Severity, attrs
from reconciler.provider import Composition, Failed, Live, Outcomes, Parts, Provider, Scope, Setting, Wanted
from reconciler.records import live_record, view_for, zone_views

T = TypeVar("T")
ALIAS, HOST_NAME, ZONE = "ns", "click.example.com", "example.com"
Data = dict[str, Any]


class Vendor:
    """The account behind the class: zones by name, their sets by name and type; `hooks` are played once.

    floor_s  the TTL that it makes of a lower one
    shy      the class says of an empty zone that there is none
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.zones: dict[str, dict[tuple[str, str], Data]] = {}
        self.hooks: dict[str, list[Callable[[], object]]] = {}
        self.said: list[str] = []
        self.floor_s = 0
        self.shy = False
        self.keyword: Mapping[str, Any] = {}

    def put(self, name: str, kind: str, *values: Any, ttl: int = 300, **more: Any) -> None:
        """Write a set as a person would; names as they are said, without a final dot."""
        zone = next(z for z in self.zones if f".{name}".endswith(f".{z}"))
        relative = name.removesuffix(zone).rstrip(".")
        single = {"value": values[0]} if kind in {"CNAME", "ALIAS"} else {"values": list(values)}
        self.zones[zone][relative, kind] = {"type": kind, "ttl": ttl, **single, **more}

    def at(self, name: str, zone: str = ZONE) -> dict[str, Any]:
        """What stands at a name, by type."""
        relative = name.removesuffix(zone).rstrip(".")
        sets = {kind: data for (at, kind), data in self.zones[zone].items() if at == relative}
        return {kind: data.get("values", data.get("value")) for kind, data in sets.items()}

    def happens(self, moment: str) -> None:
        """Say that the class does something; what was to happen then happens."""
        self.said.append(moment)
        if self.hooks.get(moment):
            self.hooks[moment].pop(0)()


class MemoryProvider(BaseProvider):  # type: ignore[misc]  # octoDNS has no types
    """A class as most are: it writes each change by itself, and remembers what it read until it writes."""

    SUPPORTS_GEO = False
    SUPPORTS_ROOT_NS = False
    SUPPORTS: ClassVar[set[str]] = {"A", "AAAA", "ALIAS", "CAA", "CNAME", "MX", "NS", "TXT"}
    vendor: ClassVar[Vendor] = Vendor()

    def __init__(self, id: str, token: str = "", retry_count: int = 4, **more: Any) -> None:  # noqa: A002
        """Say too much, as many do."""
        self.log = logging.getLogger(f"{type(self).__name__}[{id}]")
        self.log.warning("made with %s", token)
        warnings.warn("this class is old", DeprecationWarning, stacklevel=2)
        super().__init__(id, **more)
        self.vendor.keyword = {"token": token, "retry_count": retry_count}
        self._read: dict[str, dict[tuple[str, str], Data]] = {}

    def populate(self, zone: Any, **flags: Any) -> bool:
        """Read a zone once."""
        self.vendor.happens("populate")
        name = zone.name.rstrip(".")
        if name not in self._read and name in self.vendor.zones:
            self._read[name] = dict(self.vendor.zones[name])
        for (relative, _), data in self._read.get(name, {}).items():
            record = Native.new(zone, relative, dict(data), source=self, lenient=flags["lenient"])
            zone.add_record(record, lenient=flags["lenient"])
        return name in self.vendor.zones and not (self.vendor.shy and not self.vendor.zones[name])

    def _apply(self, plan: Any) -> None:
        self.vendor.happens("apply")
        zone = self.vendor.zones.setdefault(plan.desired.name.rstrip("."), {})
        for change in plan.changes:
            self.vendor.happens(f"{type(change).__name__} {change.record.name} {change.record._type}")
            self._change(zone, change)
        self._read.pop(plan.desired.name.rstrip("."), None)

    def _change(self, zone: dict[tuple[str, str], Data], change: Any) -> None:
        key = (change.record.name, change.record._type)
        if change.new is None:
            del zone[key]
        else:
            data = change.new.data
            zone[key] = {**data, "type": key[1], "ttl": max(self.vendor.floor_s, data["ttl"])}


class ListingProvider(MemoryProvider):
    """One that can list its zones."""

    def list_zones(self) -> list[str]:
        """Names with a final dot, as octoDNS has them."""
        return [f"{name}." for name in self.vendor.zones]


class StumblingProvider(MemoryProvider):
    """One that is told to slow down in the middle of a write."""

    def _apply(self, plan: Any) -> None:
        self.vendor.happens("apply")
        self._change(self.vendor.zones[ZONE], plan.changes[0])
        raise VendorRateLimitError("too fast")


class VendorRateLimitError(Exception):
    """As a class says it that keeps no answer."""


class CarelessProvider(MemoryProvider):
    """One that makes the zone anew from what was planned."""

    def _apply(self, plan: Any) -> None:
        super()._apply(plan)
        changed = {(change.record.name, change.record._type) for change in plan.changes}
        zone = self.vendor.zones[ZONE]
        self.vendor.zones[ZONE] = {key: data for key, data in zone.items() if key in changed}


class DeafProvider(MemoryProvider):
    """One that answers "done" and does nothing."""

    def _apply(self, plan: Any) -> None:
        self.vendor.happens("apply")


class PickyProvider(MemoryProvider):
    """One that leaves out of its plans what the vendor would not hold."""

    def _include_change(self, change: Any) -> bool:
        return change.new is None or change.new.ttl >= 120


class MeddlingProvider(MemoryProvider):
    """One whose plans hold more than was asked: a change of another record, and one of the zone itself."""

    def _extra_changes(self, existing: Any, desired: Any, changes: Any) -> list[Any]:
        return [Update(record, record) for record in existing.records if record.name == "www"]

    def _plan_meta(self, existing: Any, desired: Any, changes: Any) -> Data:
        return {"plan": "enterprise"}

    def _apply(self, plan: Any) -> None:
        assert plan.meta is None, "tdr changes records, not zones"
        super()._apply(plan)


class FailingProvider(MemoryProvider):
    """One that fails as it is told to."""

    fails: ClassVar[Callable[[], Exception]]

    def populate(self, zone: Any, **flags: Any) -> bool:
        """Fail."""
        raise type(self).fails()


class ReadOnlySource:
    """No provider."""


def host_record(*values: str, host: str = HOST_NAME, type_: str = "CNAME", ttl: int = 300) -> Record:
    """A host record."""
    return Record(host, HOST, host, type_, values or ("spgo.io",), ttl)


def claim_record(*texts: str, host: str = HOST_NAME) -> Record:
    """A claim."""
    return Record(host, CLAIM, claim_name(host), "TXT", texts or ("v=tdr1 o=acme-mail",), 300)


def told(findings: Iterable[Finding], severity: Severity = Severity.ERROR) -> list[str]:
    """The texts of the findings of one severity."""
    return [finding.text for finding in findings if finding.severity is severity]


def failures(outcomes: Outcomes) -> list[str]:
    """What failed, in words."""
    return [str(one.error) for one in outcomes.values() if isinstance(one, Failed)]


class Bench:
    """One alias, and the calls that it made."""

    def __init__(
        self,
        class_: type[Any] | str,
        options: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Open the alias."""
        self.asked = Counter[str]()
        self.before: dict[str, Callable[[], object]] = {}
        path = class_ if isinstance(class_, str) else f"{class_.__module__}.{class_.__qualname__}"
        given = {"class": path, "zones": [ZONE], **(options or {})}
        setting = Setting(ALIAS, given, {}, environ or {}, "acme-mail", self.call)
        self.provider: Any = opened(setting)

    def call(
        self, unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = ""
    ) -> T:
        """Call at once, count, never repeat; `before` does something right before the next such call."""
        assert repeatable == (operation != "apply")
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
        live: Live = self.provider.read(Scope(Parts(dns=wanted), everything))
        return live

    def spell(self, *records: Record) -> Composition:
        """Spell records by what is live."""
        found: Composition = self.provider.spell(records, self.read(*(record.host for record in records)))
        return found

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

    def removal(self, record: Record) -> Change:
        """The change that ends a record."""
        before = self.live(record)
        assert before is not None
        return Change(before.id, Action.DELETE, before, None)

    def apply(self, *changes: Change) -> Outcomes:
        """Apply, and forget the calls so far."""
        self.asked.clear()
        outcomes: Outcomes = self.provider.apply(changes)
        return outcomes


def opened(setting: Setting) -> Provider:
    """Open an alias as the engine does."""
    return TYPE.open(setting)


def planned(
    record: Record, before: Sequence[str] = (), ttl: int = 300, container: str = "zone/example.com"
) -> Change:
    """A change that was planned at some time, whatever is live."""
    id_ = record_id(ALIAS, record.host, record.role)
    shown = {"name": record.name, "type": record.type}
    after = Resource(id_, attrs(**shown, values=record.values, ttl=record.ttl), record.host, container)
    old = (
        Resource(id_, attrs(**shown, values=tuple(before), ttl=ttl), record.host, container)
        if before
        else None
    )
    return Change(id_, Action.UPDATE if old else Action.CREATE, old, after)
