"""Who edits zones that have no API: sets what tdr asks for, when it asks, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from providers.sandbox.by_hand import edits
from reconciler.dns import Record
from reconciler.model import Change, ResourceId
from reconciler.provider import (
    Composition,
    DnsProvider,
    Live,
    Outcomes,
    Parts,
    Provider,
    ProviderType,
    Scope,
    Setting,
    Status,
)
from reconciler.zone_file import record_lines

Control = Callable[..., Any]
Types = Mapping[str, ProviderType]
_HAND = threading.Lock()  # one person: two runs ask the same one


class _HeldByHand(Provider, DnsProvider, Protocol):
    """What the type `manual` opens."""


def nobody(_control: Control, types: Types) -> Types:
    """No zone of the candidate is edited by hand."""
    return types


def person(control: Control, types: Types) -> Types:
    """The provider types, `manual` with a person who makes each change that a run waits for."""
    manual = types["manual"]

    def opened(setting: Setting) -> Provider:
        found = manual.open(setting)
        assert isinstance(found, DnsProvider)
        return _Asked(found, control)  # type: ignore[arg-type]  # mypy knows no intersections

    return {**types, "manual": replace(manual, open=opened)}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A provider in whose zones a person makes the changes right before it looks for them."""

    zones: _HeldByHand
    control: Control
    made: set[tuple[str, ...]] = field(default_factory=set)

    def read(self, scope: Scope) -> Live:
        return self.zones.read(scope)

    def compose(self, parts: Parts, live: Live) -> Composition:
        return self.zones.compose(parts, live)

    def spell(self, records: Sequence[Record], live: Live) -> Composition:
        return self.zones.spell(records, live)

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        return self.zones.ready(ids)

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        for change in batch:
            zone = (change.resource.container or "").removeprefix("manual/")
            lines = tuple(asked(change))
            if lines not in self.made:
                self.made.add(lines)
                write(self.control, zone, lines)
        return self.zones.apply(batch)


def asked(change: Change) -> Iterator[str]:
    """The lines of a zone file that a change is: what goes, then what comes."""
    if change.before is not None:
        yield from (f"; remove {line}" for line in record_lines(change.before))
    if change.after is not None:
        yield from record_lines(change.after)


def write(control: Control, zone: str, lines: Sequence[str]) -> None:
    """Edit a zone as lines of a zone file say."""
    with _HAND:
        held = next(each for each in control("GET", "/state")["dns"] if each["zone"] == zone)
        control("PATCH", f"/dns/zones/{zone}", edits(lines, held["records"], zone))
