"""Reading zones: one transfer for each; where that is refused, questions for the names that matter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from providers.rfc2136.convert import name_text
from providers.rfc2136.names import QUERY, TRANSFER
from providers.rfc2136.primary import Answers, Declined, Message, Primary, Question
from providers.rfc2136.zones import Key, RecordSet, Rfc2136State, ZoneState, sets_of, state_from
from reconciler.dns import ancestors, claim_name, nearest
from reconciler.errors import AuthError, UnexpectedResponse
from reconciler.provider import Live, Scope, Side, one_by_one

ADDRESS_TYPES: Final = ("CNAME", "A", "AAAA")
BESIDE: Final = ("TXT", "CAA", "MX", "NS", "SRV", "HTTPS", "SVCB")
"""What people put at a name, beside its address: all of it excludes a CNAME."""
NOT_ITS_OWN: Final = "an answer that is not its own"
LATE_TYPES: Final = ("CAA", "HTTPS", "SVCB")
ALL_TYPES: Final = (*ADDRESS_TYPES, *BESIDE)
CHALLENGES: Final = ("_acme-challenge", "_dnsauth", "_cf-custom-hostname")
"""Where certificates are proven below a host: what an earlier run wrote there is found by questions, too."""
NOWHERE: Final = "tdr-nobody-has-this-name"
"""A label that stands nowhere: what is answered for it comes from a wildcard."""
NAMES_ASKED_ONE_BY_ONE: Final = 8
"""Up to so many names are asked for; more are found in a transfer."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an alias's zones are, and how they are read: `auto`, `axfr` or `query`."""

    primary: Primary
    zones: tuple[str, ...]
    transfer: str = "auto"

    @property
    def account(self) -> str:
        """Who the vendor account is: the server."""
        return f"rfc2136:{self.primary.server}"


def read_live(source: Source, scope: Scope, together: Side = one_by_one) -> Live:
    """Read the zones that hold a host of the scope, or all of them, side by side. Raises ProviderError."""
    hosts: dict[str, list[str]] = {zone: [] for zone in source.zones} if scope.everything else {}
    for wanted in scope.parts.dns:
        zone = nearest(wanted.host, source.zones)
        if zone is not None:
            hosts.setdefault(zone, []).append(wanted.host)
    states = together([partial(read_zone, source, zone, hosts[zone]) for zone in sorted(hosts)])
    return _live(source, states)


def read_further(source: Source, names: Iterable[str], known: Rfc2136State, together: Side) -> Live:
    """Read what stands at further names of the zones that were read by names. Raises ProviderError."""
    found: dict[str, list[str]] = {}
    for name in names:
        zone = known.zone_of(name)
        if zone is not None and not zone.whole and not zone.trouble:
            found.setdefault(zone.name, []).append(name)
    asked = [partial(asked_names, source.primary, zone, sorted(found[zone])) for zone in sorted(found)]
    later = {state.name: state for state in together(asked)}
    states = (
        state.with_names(later[state.name]) if state.name in later else state
        for state in known.zones.values()
    )
    return _live(source, list(states))


def _live(source: Source, states: Sequence[ZoneState]) -> Live:
    return Live(
        zones=tuple(state.as_zone(source.account) for state in states if not state.trouble),
        rrsets=tuple(rrset for state in states for rrset in state.rrsets()),
        accounts=frozenset({source.account}),
        facts=Rfc2136State({state.name: state for state in states}, source.zones),
    )


def read_zone(source: Source, zone: str, hosts: Collection[str]) -> ZoneState:
    """Read one zone for a plan."""
    declined = ""
    if source.transfer != "query":
        found = source.primary.transfer(zone)
        if not isinstance(found, Declined):
            return state_from(zone, sets_of(found))
        declined = found.why
    state = replace(asked_names(source.primary, zone, list(_names(hosts, zone))), declined=declined)
    if declined and source.transfer == "axfr" and not state.trouble:
        raise AuthError(
            f"{source.primary.server} does not let the key {source.primary.key_name} transfer zone {zone} "
            f"({declined}): allow it (BIND: allow-transfer, Knot: acl), or write transfer: query",
            operation=TRANSFER,
            resource=zone,
        )
    return state


def look(source: Source, zone: str, names: Collection[str]) -> ZoneState:
    """Read what stands at some names, right before and after a write."""
    if source.transfer != "query" and len(names) > NAMES_ASKED_ONE_BY_ONE:
        found = source.primary.transfer(zone)
        if not isinstance(found, Declined):
            return state_from(zone, sets_of(found))
    return asked_names(source.primary, zone, sorted(names))


def _names(hosts: Iterable[str], zone: str) -> Iterator[str]:
    """Give the names that matter to hosts: their own, those above, their claims', where they are proven."""
    for host in sorted(hosts):
        yield from (above for above in ancestors(host) if above == zone or above.endswith(f".{zone}"))
        yield claim_name(host)
        yield from (f"{label}.{host}" for label in CHALLENGES)


def wildcards_above(name: str, zone: str) -> Iterator[str]:
    """Give the wildcards of a zone that may answer for a name, the nearest first."""
    for above in list(ancestors(name))[1:]:
        if above == zone or above.endswith(f".{zone}"):
            yield f"*.{above}"


# -- by questions
def asked_names(primary: Primary, zone: str, names: Sequence[str]) -> ZoneState:
    """Read what stands at some names and at the wildcards above them, by questions.

    What a wildcard answers for a name that is not there is told from what is there by a second question for
    a name below: below a name that exists, a wildcard above it does not answer (RFC 4592).
    """
    wildcards = dict.fromkeys(card for name in names for card in wildcards_above(name, zone))
    start: list[Question] = [(zone, "SOA"), (zone, "NS")]
    first = [(name, "CNAME") for name in dict.fromkeys((*names, *wildcards))]
    answers = primary.ask(zone, [*start, *first], _further)
    trouble = _trouble(answers[zone, "SOA"], zone, primary)
    if trouble:
        return ZoneState(zone, whole=False, trouble=trouble)
    sets: dict[Key, RecordSet] = {}
    for question, answer in answers.items():
        _check(answer, question, zone, primary)
        sets.update(_sets_in(answer, *question, zone))
    doubtful = [key for key in sets if _may_be_anothers(key, sets, zone)]
    if doubtful:
        below = {(f"{NOWHERE}.{name}", kind): (name, kind) for name, kind in doubtful}
        for question, answer in primary.ask(zone, list(below)).items():
            if _same(_sets_in(answer, *question, zone).get(question), sets[below[question]]):
                del sets[below[question]]
    return replace(state_from(zone, sets, whole=False), asked=frozenset(names))


def _further(answers: Answers) -> list[Question]:
    """Ask for the other types where any may stand: not at a name that is not there, below which nothing is
    either (RFC 8020), not beside a CNAME (RFC 1034, 3.6.2), and not beyond a delegation.
    """
    names = [name for (name, kind), answer in answers.items() if kind == "CNAME" and _may_have_others(answer)]
    others = [(name, kind) for name in names for kind in ALL_TYPES if kind != "CNAME"]
    return [question for question in others if question not in answers]


def _may_have_others(answer: Message) -> bool:
    return bool(answer.rcode() == dns.rcode.NOERROR and answer.flags & dns.flags.AA and not answer.answer)


def _trouble(answer: Message, zone: str, primary: Primary) -> str:
    """Say why a zone cannot be worked in, "" where it can."""
    has_soa = any(
        rrset.rdtype == dns.rdatatype.SOA and name_text(rrset.name) == zone for rrset in answer.answer
    )
    if has_soa and answer.flags & dns.flags.AA:
        return ""
    word = dns.rcode.to_text(answer.rcode())
    said = NOT_ITS_OWN if word == "NOERROR" else word
    return f"{primary.server} does not serve zone {zone} to the key {primary.key_name}: it gives {said}"


def _check(answer: Message, question: Question, zone: str, primary: Primary) -> None:
    """Refuse an answer that tells nothing: what it does not show may be there. Raises UnexpectedResponse."""
    rcode = answer.rcode()
    if rcode in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        if answer.flags & dns.flags.AA or dict(_delegations(answer, zone)):
            return
        word = NOT_ITS_OWN
    elif question[1] in LATE_TYPES and rcode in (dns.rcode.NOTIMP, dns.rcode.FORMERR):
        return  # an old server, which cannot hold it either
    else:
        word = dns.rcode.to_text(rcode)
    text = f"{primary.server} serves zone {zone} and gives {word} to {' '.join(question)}"
    raise UnexpectedResponse(text, operation=QUERY, resource=zone)


def _sets_in(answer: Message, name: str, kind: str, zone: str) -> dict[Key, RecordSet]:
    """Give what an answer tells of the name that was asked for: its records, or the delegation above it."""
    if not answer.flags & dns.flags.AA:
        return dict(_delegations(answer, zone))
    told = [rrset for rrset in answer.answer if name_text(rrset.name) == name]
    kinds = (kind, "CNAME")
    return {(name, k): _set(rrset) for rrset in told if (k := dns.rdatatype.to_text(rrset.rdtype)) in kinds}


def _delegations(answer: Message, zone: str) -> Iterator[tuple[Key, RecordSet]]:
    for rrset in answer.authority:
        name = name_text(rrset.name)
        if rrset.rdtype == dns.rdatatype.NS and name.endswith(f".{zone}"):
            yield (name, "NS"), _set(rrset)


def _set(rrset: dns.rrset.RRset) -> RecordSet:
    return RecordSet(rrset.ttl, tuple(rrset))


def _may_be_anothers(key: Key, sets: Mapping[Key, RecordSet], zone: str) -> bool:
    name, kind = key
    cards = (card for card in wildcards_above(name, zone) if card != name)
    return any(_same(sets.get((card, kind)), sets[key]) for card in cards)


def _same(one: RecordSet | None, other: RecordSet) -> bool:
    return one is not None and frozenset(one.rdatas) == frozenset(other.rdatas)
