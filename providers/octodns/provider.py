"""The protocol's methods, and nothing else."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from providers._outcomes import placed
from providers._records import rrset_of
from providers.octodns import options as given
from providers.octodns.bridge import Bridge, Held, class_named
from providers.octodns.records import apply_records
from providers.octodns.spelling import homeless, spell_records
from providers.octodns.zones import MIN_TTL_S, OctoState, ZoneState
from reconciler.dns import Record, nearest
from reconciler.errors import InvalidRequest, ProviderError
from reconciler.model import Change, ResourceId
from reconciler.provider import Composition, Live, Outcomes, Parts, Scope, Setting, Status


class OctoDns:
    """One alias of type octodns. Thread-safe: each call has its own instance of the class.

    Zones are read one after the other, for what classes share behind their instances nobody knows, and a
    zone is written by one at a time.
    """

    def __init__(self, setting: Setting) -> None:
        """Raises TdrError where the class is missing or does not take its settings, AuthError for a variable
        that is not set."""
        options = setting.options
        self._alias = setting.alias
        self._identity = given.identity(options)
        class_ = class_named(setting.alias, str(options["class"]))
        config = given.config_of(setting.alias, options, setting.environ)
        self._bridge = Bridge(setting.alias, class_, config, setting.calls)
        self._named = tuple(options.get("zones") or ())
        self._min_ttl_s = int(options.get("min_ttl") or self._bridge.min_ttl or MIN_TTL_S)
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def read(self, scope: Scope) -> Live:
        """Return the zones that hold a host of the scope, or all of them, with their records."""
        hosts = [wanted.host for wanted in scope.parts.dns]
        usable = self._usable() if hosts or scope.everything else frozenset()
        near = {name for host in hosts if (name := nearest(host, usable)) is not None}
        held = [self._bridge.read(name) for name in sorted(usable if scope.everything else near)]
        missing = frozenset(one.name for one in held if one.exists is False)
        there = [one for one in held if one.exists is not False]
        return Live(
            zones=tuple(_state_of(one).as_zone(self._identity, self._min_ttl_s) for one in there),
            rrsets=tuple(rrset_of(one.name, one.sets[key]) for one in there for key in sorted(one.sets)),
            accounts=frozenset({self._identity}),
            facts=OctoState(
                {one.name: _state_of(one) for one in there},
                usable,
                missing,
                self._bridge.supports,
                self._bridge.name,
                self._min_ttl_s,
                bool(self._named),
            ),
        )

    def compose(self, parts: Parts, live: Live) -> Composition:
        """Return no resource, for the dns part is spelt; only why no zone is found for a host."""
        return Composition(findings=tuple(homeless(parts.dns, _state(live))))

    def spell(self, records: Sequence[Record], live: Live) -> Composition:
        """Return records as octoDNS reads them back, and what forbids them."""
        return spell_records(self._alias, records, _state(live))

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one zone."""
        name = (batch[0].container or "").partition("/")[2]
        try:
            with self._locks[name]:
                outcomes = apply_records(self._bridge, name, batch)
        except ProviderError as error:
            error.provider = error.provider or self._provider
            raise
        return placed(outcomes, self._provider)

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Return that records are ready when they are written: whether they are answered is the engine's."""
        return {id_: Status(ready=True, text="written") for id_ in ids}

    @property
    def _provider(self) -> str:
        return f"{self._alias} (octodns)"

    def _usable(self) -> frozenset[str]:
        if self._named:
            return frozenset(self._named)
        if not self._bridge.lists_zones:
            text = f"{self._bridge.name} cannot list zones: write zones: [NAME, …] at `{self._alias}`"
            raise InvalidRequest(text, provider=self._provider)
        return frozenset(self._bridge.zones())


def _state_of(held: Held) -> ZoneState:
    return ZoneState(held.name, held.sets)


def _state(live: Live) -> OctoState:
    if not isinstance(live.facts, OctoState):
        raise TypeError("not what this provider read")
    return live.facts
