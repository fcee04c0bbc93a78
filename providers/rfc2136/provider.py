"""The protocol's methods, and the one way in which a zone is written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, Self

import dns.exception
import dns.update

from providers._records import Outcome
from providers.rfc2136.names import QUERY, UPDATE, zone_of
from providers.rfc2136.primary import Primary
from providers.rfc2136.reading import Source, look, read_further, read_live
from providers.rfc2136.server import key_from, plain_name, server_from
from providers.rfc2136.spelling import spell_records, zone_findings
from providers.rfc2136.updates import by_host, judge, names_of, outcome, unseen, update_for
from providers.rfc2136.zones import Rfc2136State, ZoneState
from reconciler.dns import Record, is_within
from reconciler.errors import Conflict, InvalidRequest, ProviderError
from reconciler.model import Change, ResourceId
from reconciler.net_settings import settings_from
from reconciler.provider import (
    Composition,
    Failed,
    Live,
    Outcomes,
    Parts,
    Scope,
    Setting,
    Side,
    Status,
    one_by_one,
)

ROUNDS: Final = 3
"""How often a batch is looked at anew because something moved between a look and the write."""


class Rfc2136Provider:
    """One alias of type rfc2136. Thread-safe: it keeps nothing but where the server is."""

    def __init__(self, alias: str, source: Source, together: Side = one_by_one) -> None:
        self._alias, self._source, self._together = alias, source, together

    @classmethod
    def opened(cls, setting: Setting) -> Self:
        """Make the provider of an alias. Raises AuthError where the secret is no key."""
        options = setting.options
        algorithm = str(options.get("algorithm", "hmac-sha256"))
        key = key_from(
            str(options["key_name"]), setting.secrets.get("TSIG_SECRET", ""), algorithm, setting.alias
        )
        net = settings_from(setting.environ)
        primary = Primary(server_from(str(options["server"])), key, net, setting.calls)
        zones = tuple(plain_name(name) for name in options["zones"])
        source = Source(primary, zones, str(options.get("transfer", "auto")))
        return cls(setting.alias, source, setting.together)

    def read(self, scope: Scope) -> Live:
        """Return the zones that the scope concerns: one transfer for each."""
        return read_live(self._source, scope, self._together)

    def read_names(self, names: Collection[str], live: Live) -> Live:
        """Return live with what stands at these names, where the zones were read by names."""
        return read_further(self._source, names, _state(live), self._together)

    def compose(self, parts: Parts, live: Live) -> Composition:
        """Return no resources, for a name server is no edge; and what is not seen of the zones."""
        return Composition(findings=tuple(zone_findings(parts.dns, _state(live))))

    def spell(self, records: Sequence[Record], live: Live) -> Composition:
        """Return records as they are read back, and what forbids them."""
        return spell_records(self._alias, records, _state(live))

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Return that what is written is written."""
        return {id_: Status(ready=True, text="written") for id_ in ids}

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one zone by one update, as far as a message holds them."""
        try:
            outcomes = self._written(zone_of(batch[0].container or ""), list(batch))
        except ProviderError as error:
            self._place(error)
            raise
        for each in outcomes.values():
            if isinstance(each, Failed):
                self._place(each.error)
        return outcomes

    def _place(self, error: ProviderError) -> None:
        """Say where an error comes from that no single call told."""
        error.provider = error.provider or f"{self._alias} (rfc2136)"
        error.operation = error.operation or UPDATE

    def _written(self, zone: str, batch: list[Change]) -> dict[ResourceId, Outcome]:
        """Look, judge, write, look again; anew for what is left where a prerequisite was refused.

        Raises Conflict where it is refused again and again: the engine then tries the halves.
        """
        outcomes: dict[ResourceId, Outcome] = {}
        for left in reversed(range(ROUNDS)):
            state = self._look(zone, batch)
            judged = judge(batch, state)
            outcomes.update(judged.outcomes)
            batch = judged.to_write
            refused = self._sent(batch, state)
            if refused is None:
                break
            if not left:
                raise unseen(batch, refused)
        return {**outcomes, **self._seen(batch, state)}

    def _look(self, zone: str, batch: Sequence[Change]) -> ZoneState:
        state = look(self._source, zone, [name for name in names_of(batch) if is_within(name, zone)])
        if state.trouble:
            raise InvalidRequest(state.trouble, operation=QUERY, resource=zone)
        return state

    def _sent(self, changes: Sequence[Change], state: ZoneState) -> Conflict | None:
        """Send the updates; return the refusal where what one rests on has moved."""
        for message in self._messages(by_host(changes), state):
            try:
                self._source.primary.update(state.name, message)
            except Conflict as error:
                return error
        return None

    def _messages(
        self, hosts: Sequence[list[Change]], state: ZoneState
    ) -> Iterator[dns.update.UpdateMessage]:
        """Make one update of all, or of halves where it is longer than a message can be."""
        if not hosts:
            return
        message = update_for([change for host in hosts for change in host], state)
        try:
            self._source.primary.signed_size(message)
        except dns.exception.TooBig:
            if len(hosts) == 1:
                raise InvalidRequest("the records of one host do not fit into one message") from None
            middle = len(hosts) // 2
            yield from self._messages(hosts[:middle], state)
            yield from self._messages(hosts[middle:], state)
            return
        yield message

    def _seen(self, written: Sequence[Change], before: ZoneState) -> dict[ResourceId, Outcome]:
        if not written:
            return {}
        after = self._look(before.name, written)
        return {change.id: outcome(change, before, after) for change in written}


def _state(live: Live) -> Rfc2136State:
    if not isinstance(live.facts, Rfc2136State):
        raise TypeError("not what this provider read")
    return live.facts
