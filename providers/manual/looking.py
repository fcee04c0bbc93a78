"""What a zone's own name servers show, asked one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from reconciler.answers import NOERROR, NXDOMAIN, NameServer, ServerAnswer
from reconciler.dns import RRset, ancestors, claim_name
from reconciler.errors import NetworkError, Unavailable
from reconciler.model import Resource
from reconciler.net import Network
from reconciler.net_settings import DNS

ADDRESSES = ("CNAME", "A", "AAAA")
AT_THE_HOST = (*ADDRESSES, "TXT", "MX", "NS", "CAA", "SRV")
"""What is asked for at a host: its address, and what excludes a CNAME."""
CHALLENGES = ("_acme-challenge", "_dnsauth")
"""Where certificates are proven below a host."""
NOWHERE = "tdr-nobody-has-this-name"
"""A label that stands nowhere: what is answered for it comes from a wildcard."""

TELLING = (NOERROR, NXDOMAIN)

Question = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands in a zone, as far as it was asked for."""

    servers: tuple[str, ...]
    rrsets: tuple[RRset, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """Questions of one alias to authoritative servers. Safe for threads."""

    alias: str
    network: Network

    def hosts(self, zone: str, hosts: Collection[str]) -> Shown:
        """Return what stands at the names that hosts concern; raises as `names` does."""
        return self._shown(zone, [q for host in sorted(hosts) for q in _questions(host, zone)])

    def names(self, zone: str, names: Collection[str]) -> Shown:
        """Return what stands at names. Raises Unavailable where no server answers, and NetworkError where
        none may be asked: a cache tells neither a TTL nor what a person just wrote."""
        return self._shown(zone, [q for name in sorted(names) for q in _questions_at(name, zone)])

    def _shown(self, zone: str, questions: Iterable[Question]) -> Shown:
        """Ask, and keep what stands at the names themselves.

        An answer that only a wildcard gives is told from a record by a question for a name below: below a
        name that exists, a wildcard above it does not answer (RFC 4592).
        """
        listed = self.network.name_servers(zone)
        if any(server.recursive for server in listed):
            raise NetworkError(
                f"zone {zone} is edited by hand and read from its own name servers, which {DNS} says cannot "
                f"be asked from here: run tdr where they can be, without {DNS}"
            )
        servers = self._newest(listed, zone)
        asked = list(dict.fromkeys(questions))
        found = {question: self._held(servers, *question, zone) for question in asked}
        kept = {
            q: a for q, a in found.items() if a.values and not self._by_wildcard(q, a, found, servers, zone)
        }
        return Shown(
            servers=tuple(dict.fromkeys(server.name for server in listed)),
            rrsets=tuple(RRset(zone, name, type_, a.ttl, a.values) for (name, type_), a in kept.items()),
        )

    def _newest(self, servers: Sequence[NameServer], zone: str) -> tuple[NameServer, ...]:
        """Return the servers with the newest zone: what a person wrote last is what stands."""
        answers = [a for a in self.network.ask_all(servers, zone, "SOA") if a.serial is not None]
        newest = max((a.serial for a in answers if a.serial is not None), default=None)
        return tuple(answer.server for answer in answers if answer.serial == newest)

    def _held(self, servers: Sequence[NameServer], name: str, type_: str, zone: str) -> ServerAnswer:
        for server in servers:
            answer = self.network.ask(server, name, type_)
            if answer.rcode in TELLING and not answer.error:
                return answer
        raise Unavailable(
            f"no name server of zone {zone} answers for {name} {type_}",
            sent=False,
            provider=f"{self.alias} (manual)",
            operation="DNS query",
            resource=zone,
        )

    def _by_wildcard(
        self,
        question: Question,
        answer: ServerAnswer,
        found: dict[Question, ServerAnswer],
        servers: Sequence[NameServer],
        zone: str,
    ) -> bool:
        name, type_ = question
        cards = [found.get((card, type_)) for card in _wildcards(name, zone) if card != name]
        if not any(card is not None and card.values == answer.values for card in cards):
            return False
        return self._held(servers, f"{NOWHERE}.{name}", type_, zone).values == answer.values

    def differing(self, zone: str, name: str, types: Iterable[str], wanted: Resource | None) -> str | None:
        """Return what some server still shows instead, None where every server shows what is wanted."""
        values = wanted.attrs["values"] if wanted is not None else ()
        texts = {str(value) for value in values} if isinstance(values, tuple) else set()
        kinds = list(types)
        servers = self.network.name_servers(zone)
        for type_ in kinds:
            expected = {v for v in texts if len(kinds) == 1 or (":" in v) == (type_ == "AAAA")}
            for answer in self.network.ask_all(servers, name, type_):
                if answer.trouble or set(answer.values) != expected:
                    return str(answer)
        return None if servers else f"no name server of zone {zone} is known"


def names_of(host: str) -> tuple[str, ...]:
    """Return the names that a host concerns."""
    return (host, claim_name(host), *(f"{label}.{host}" for label in CHALLENGES))


def _questions(host: str, zone: str) -> Iterator[Question]:
    yield from _questions_at(host, zone)
    yield claim_name(host), "TXT"
    for label in CHALLENGES:
        yield from ((f"{label}.{host}", type_) for type_ in ("CNAME", "TXT"))


def _questions_at(name: str, zone: str) -> Iterator[Question]:
    yield from ((name, type_) for type_ in AT_THE_HOST)
    yield from ((card, type_) for card in _wildcards(name, zone) for type_ in ADDRESSES)


def _wildcards(name: str, zone: str) -> Iterator[str]:
    for above in list(ancestors(name))[1:]:
        if above == zone or above.endswith(f".{zone}"):
            yield f"*.{above}"
