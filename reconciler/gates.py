"""Asking whether a gate holds: vendors for readiness, DNS servers for answers, the edge for SparkPost's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Protocol

from reconciler.answers import NameServer, ServerAnswer, newest
from reconciler.claim import Claim
from reconciler.clock import Clock
from reconciler.diff import resolve
from reconciler.dns import ALIAS, CLAIM, record_id, target_name
from reconciler.errors import ProviderError
from reconciler.hostview import HostView
from reconciler.model import Resource, ResourceId
from reconciler.plan import Gate, GateKind
from reconciler.probe import CLICK_PATH, Probe, judge
from reconciler.provider import Provider, Status, Verifier
from reconciler.records import LOW_TTL_S, claims_of_record
from reconciler.tracking import SECURE

Current = Mapping[ResourceId, Resource]
"""What is live, as far as the run knows; only ever looked up, for another thread adds to it."""
HTTPS_AND_HTTP = ("https", "http")
MAX_ADDRESSES = 4
"""How many addresses of an edge are probed: enough to catch one that is half deployed."""
MAX_TOLD = 3
"""How many servers that lag are named at a time."""
UNLISTED = Status(ready=False, text="the vendor does not list it")
LONGEST_HELD_S = 7 * 86400
"""Longer than that no resolver holds an answer."""


class Outside(Protocol):
    """The network as it is seen from outside the vendors' accounts (`reconciler.net`)."""

    def addresses(self, name: str) -> tuple[str, ...]:
        """Return the addresses of name, by the recursive resolver."""

    def reachable(self, addresses: Sequence[str]) -> tuple[str, ...]:
        """Return those that this machine has a way to: without IPv6 the others, or all if there are none."""

    def name_servers(self, zone: str) -> tuple[NameServer, ...]:
        """Return the authoritative servers of zone, each address; resolvers where those cannot be asked."""

    def ask_all(self, servers: Sequence[NameServer], name: str, rtype: str) -> tuple[ServerAnswer, ...]:
        """Ask each server itself, without recursion unless it is a resolver."""

    def probe(self, host: str, scheme: str, path: str, *, address: str | None = None) -> Probe:
        """GET without following redirects, with SNI and Host `host`, at this address."""


@dataclass(frozen=True, slots=True)
class GateKeeper:
    """Answers for gates. Every method may be called from any thread; none writes but `verify`.

    `begun_s` is when the run began, in unix seconds: what was read before has stood since then at the latest.
    """

    providers: Mapping[str, Provider]
    outside: Outside
    hosts: Mapping[str, HostView]
    clock: Clock
    known_servers: dict[str, tuple[NameServer, ...]] = field(default_factory=dict)
    begun_s: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "begun_s", self.clock.now())

    def check(self, gates: Sequence[Gate], current: Current) -> dict[str, Status | ProviderError]:
        """Return for each gate whether it holds. The gates are of one kind, and of one account."""
        match gates[0].kind:
            case GateKind.READY:
                return self._ready(gates)
            case GateKind.VERIFIED:
                return {gate.id: self._verified(gate) for gate in gates}
            case GateKind.ANSWERS:
                return {gate.id: self._answers(gate, current) for gate in gates}
            case GateKind.SERVES:
                return {gate.id: self._serves(gate, current) for gate in gates}
            case GateKind.PROBE:
                return {gate.id: self._probe(gate) for gate in gates}
            case GateKind.OLD_TTL:
                return {gate.id: Status(ready=True, text="passed") for gate in gates}

    # -- the vendors
    def written(self, gates: Sequence[Gate], _current: Current) -> dict[str, Status | ProviderError]:
        """Return for each gate whether the vendor has brought its record to all name servers, by his word; of
        what he does not speak of, there is nothing to wait for. The gates are of one account."""
        return self._ready(gates, Status(ready=True, text="written"))

    def _ready(self, gates: Sequence[Gate], unknown: Status = UNLISTED) -> dict[str, Status | ProviderError]:
        ids = [gate.subjects[0] for gate in gates]
        try:
            statuses = self.providers[ids[0].alias].ready(ids)
        except ProviderError as error:
            return {gate.id: error for gate in gates}
        return {gate.id: statuses.get(gate.subjects[0], unknown) for gate in gates}

    def _verified(self, gate: Gate) -> Status | ProviderError:
        provider = self.providers[gate.subjects[0].alias]
        if not isinstance(provider, Verifier):
            raise AssertionError(f"unreachable: {gate.subjects[0].alias} plays sparkpost and cannot verify")
        try:
            return provider.verify(gate.subjects[0])
        except ProviderError as error:
            return error

    # -- DNS
    def _servers(self, host: str) -> tuple[NameServer, ...]:
        """Return the name servers of the host's zone; asked for once, when they are known."""
        zone = self._zone(host)
        if not self.known_servers.get(zone):
            self.known_servers[zone] = self.outside.name_servers(zone)
        return self.known_servers[zone]

    def _zone(self, host: str) -> str:
        view = self.hosts[host].view
        return view.zone.name if view else host

    def _answers(self, gate: Gate, current: Current) -> Status:
        record = current.get(gate.subjects[0])
        servers = self._servers(gate.host)
        if record is None or not servers:
            return Status(ready=False, text=f"no name server of {self._zone(gate.host)} is known yet")
        kind = "resolvers" if servers[0].recursive else "servers"
        late: dict[NameServer, ServerAnswer] = {}
        for answer in self._disagreeing(record, servers):
            late.setdefault(answer.server, answer)
        if late:
            told = "; ".join(self._lagging(self._zone(gate.host), servers, [*late.values()]))
            return Status(ready=False, text=f"{len(late)} of {len(servers)} {kind} not yet: {told}")
        instead = ", asked in place of the authoritative servers" if servers[0].recursive else ""
        return Status(ready=True, text=f"{len(servers)} {kind} answer{instead}")

    def _lagging(
        self, zone: str, servers: Sequence[NameServer], late: Sequence[ServerAnswer]
    ) -> Iterator[str]:
        """Say of the first late servers what they answer, and whether their copy of the zone is old."""
        asked = () if servers[0].recursive else self.outside.ask_all(servers, zone, "SOA")
        serials = {a.server: a.serial for a in asked if a.trouble is None and a.serial is not None}
        latest = newest(serials.values())
        for answer in late[:MAX_TOLD]:
            serial = serials.get(answer.server)
            if serial is None or serial == latest:
                yield str(answer)
            else:
                yield (
                    f"{answer.server} has serial {serial}, the newest is {latest}: it answers "
                    f"{answer.answered}"
                )

    def _disagreeing(self, record: Resource, servers: Sequence[NameServer]) -> list[ServerAnswer]:
        name, type_, values = str(record.attrs["name"]), str(record.attrs["type"]), record.attrs["values"]
        wanted = {str(value) for value in values} if isinstance(values, tuple) else set()
        if record.attrs.get("proxied") is True:
            return [a for a in self.outside.ask_all(servers, name, "A") if a.trouble or not a.values]
        if ALIAS in type_.split("+"):
            old = self._old_addresses(record)
            asked = self.outside.ask_all(servers, name, "A")
            return [a for a in asked if a.trouble or not a.values or set(a.values) == old]
        disagreeing: list[ServerAnswer] = []
        for part in type_.split("+"):
            expected = {v for v in wanted if part == type_ or (":" in v) == (part == "AAAA")}
            answers = self.outside.ask_all(servers, name, part)
            disagreeing += [a for a in answers if a.trouble or set(a.values) != expected]
        return disagreeing

    def _old_addresses(self, record: Resource) -> set[str]:
        """Return the IPv4 addresses that the host had of its own before its record moved."""
        view = self.hosts.get(record.host or "")
        answer = view.answer if view is not None and view.moves else None
        held = answer.type.split("+") if answer else []
        return {v for v in answer.values if ":" not in v} if answer and "A" in held else set()

    # -- the edge
    def _serves(self, gate: Gate, current: Current) -> Status:
        """The new edge, before DNS moves: its addresses come from the target, not from the host's name.

        Over http alone where its certificate is issued only after that.
        """
        target = self.hosts[gate.host].target
        values = [resolve(value, current) for value in target.values] if target else []
        names = [value for value in values if isinstance(value, str)]
        if target is None or not names:
            return Status(ready=False, text="where the new edge is is not known yet")
        return self._ends_answer(
            gate.host, target.type, names, ("http",) if target.after_dns else HTTPS_AND_HTTP
        )

    def _probe(self, gate: Gate) -> Status:
        """The host as it is served now: addresses from its own servers, if they can be asked."""
        addresses = self._edge_addresses(gate.host)
        if not addresses:
            return Status(ready=False, text=f"{gate.host} has no address yet")
        return self._all_answer(gate.host, addresses)

    def _edge_addresses(self, host: str) -> tuple[str, ...]:
        servers = self._servers(host)
        for rtype in ("A", "AAAA"):
            for answer in self.outside.ask_all(servers, host, rtype):
                if answer.trouble is None and answer.values:
                    return answer.values
                if answer.trouble is None and answer.cname:
                    return self.outside.addresses(answer.cname)
        return ()

    def still_serves(self, host: str, record: Resource) -> Status:
        """Tell whether the end that a former host record points at serves host, https included."""
        values = record.attrs["values"]
        names = [str(value) for value in values] if isinstance(values, tuple) else []
        if record.attrs.get("proxied") is True:
            return Status(ready=False, text="the record was its edge itself")
        return self._ends_answer(host, str(record.attrs["type"]), names)

    def serves_https(self, host: str) -> Status:
        """Tell whether the host answers over https where its record points now."""
        addresses = self._edge_addresses(host)
        if not addresses:
            return Status(ready=False, text=f"{host} has no address")
        return self._all_answer(host, addresses, schemes=("https",))

    def _ends_answer(
        self, host: str, type_: str, values: Sequence[str], schemes: Sequence[str] = HTTPS_AND_HTTP
    ) -> Status:
        """Prove host at where a record of this type and values points."""
        by_name = [type_ == "CNAME" or (ALIAS in type_ and not _is_address(value)) for value in values]
        found = [
            self.outside.addresses(target_name(value)) if named else (value,)
            for value, named in zip(values, by_name, strict=True)
        ]
        addresses = [address for some in found for address in some]
        if not addresses:
            return Status(ready=False, text=f"{', '.join(values)} has no address")
        return self._all_answer(host, addresses, schemes)

    def _all_answer(
        self, host: str, addresses: Sequence[str], schemes: Sequence[str] = HTTPS_AND_HTTP
    ) -> Status:
        probed = self.outside.reachable(addresses)[:MAX_ADDRESSES]
        for address in probed:
            for scheme in schemes:
                verdict = judge(self.outside.probe(host, scheme, CLICK_PATH, address=address))
                if not verdict.ok:
                    return Status(ready=False, text=f"{scheme}://{host} at {address}: {verdict.reason}")
        return Status(ready=True, text=f"{len(probed)} addresses answer over {' and '.join(schemes)}")

    # -- times and states
    def old_answer_gone_s(self, gate: Gate, current: Current, answered_at_s: float | None) -> float:
        """Return when no resolver can hold the old answer any longer, in unix seconds.

        The claim remembers since when it is not handed out; without that memory the wait begins now.
        `answered_at_s` is when every server gave the new answer, if that was in this run.
        """
        view, now_s = self.hosts[gate.host], self.clock.now()
        claim = _claim_of(current.get(record_id(view.dns, view.host, CLAIM)))
        held_s = claim.held_until_s if claim else None
        if claim is None or held_s is None:
            held_s = now_s + gate.wait_s
        else:  # a time that lies further ahead than any answer is held comes from a clock that went wrong
            longest_s = gate.wait_s if claim.until_s is None else max(gate.wait_s, LONGEST_HELD_S)
            held_s = min(held_s, now_s + longest_s)
        # What was handed out last before the move had at most this TTL. An earlier run may have moved just
        # before this one began: counted from there, runs that are short themselves come to an end, too.
        last_ttl_s = view.low_ttl_s if answered_at_s is None else max(LOW_TTL_S, view.low_ttl_s)
        answered_s = self.begun_s if answered_at_s is None else answered_at_s
        return max(held_s, answered_s + min(last_ttl_s, gate.wait_s))

    def is_secure(self, host: str, current: Current) -> bool:
        """Tell whether SparkPost writes https links for host."""
        domain = self.hosts[host].domain if host in self.hosts else None
        if domain is None or domain.sparkpost is None:
            return False
        secure = current.get(ResourceId(domain.sparkpost, SECURE, host))
        return secure is not None and secure.attrs.get("secure") is True


def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def _claim_of(record: Resource | None) -> Claim | None:
    """Return the claim that a live record spells: the one with the latest time, should there be several."""
    claims = claims_of_record(record) if record is not None else ()
    return max(claims, key=lambda claim: claim.at_s or 0.0, default=None)


def stamped_at_s(record: Resource) -> float | None:
    """Return the time that a claim's record says the old answer was last handed out, in unix seconds."""
    claim = _claim_of(record)
    return claim.at_s if claim else None
