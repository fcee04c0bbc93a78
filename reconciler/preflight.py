"""What the plan's names look like from outside before anything is written: CAA, DNSSEC, split horizon.

The questions go through the recursive resolver, as the authorities' and people's do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from reconciler.answers import Answer
from reconciler.assemble import Assembly
from reconciler.caa import climbed, objection
from reconciler.dns import ALIAS
from reconciler.hostview import HostView
from reconciler.model import Finding, Severity
from reconciler.plan import Plan
from reconciler.provider import Issuance

LOOKUPS_AT_ONCE = 16

Question = tuple[str, str]
"""A name and a type."""


class Resolver(Protocol):
    """The network as far as it is asked here (`reconciler.net`)."""

    def query(self, name: str, rtype: str) -> Answer:
        """Ask the recursive resolver."""


def preflight(plan: Plan, assembly: Assembly, network: Resolver) -> tuple[Finding, ...]:
    """Return what forbids, or should be known before, the changes of the plan's hosts.

    Every name is asked for once; a plan without moves and without certificates to come asks for nothing.
    """
    changed = set(plan.hosts)
    hosts = [view for host, view in assembly.hosts.items() if host in changed or _comes(view)]
    issuing = {one.host: one for one in assembly.issuances}
    asked = sorted({question for host in hosts for question in _questions(host, issuing.get(host.host))})
    with ThreadPoolExecutor(LOOKUPS_AT_ONCE) as pool:
        answers = dict(zip(asked, pool.map(lambda question: network.query(*question), asked), strict=True))
    return tuple(f for host in hosts for f in _findings(host, issuing.get(host.host), answers))


def _questions(host: HostView, issuance: Issuance | None) -> Iterator[Question]:
    if issuance is not None:
        yield from ((name, "CAA") for name in _climb(host, issuance))
    if host.view is not None and _comes(host):
        yield (host.view.zone.name, "DS")
    if host.view is not None and host.moves:
        yield (host.view.zone.name, "DS")
        yield (host.view.zone.name, "DNSKEY")
        yield from _own_record(host)


def _findings(
    host: HostView, issuance: Issuance | None, answers: Mapping[Question, Answer]
) -> Iterator[Finding]:
    if issuance is not None:
        found = objection((answers[name, "CAA"] for name in _climb(host, issuance)), issuance)
        if found is not None:
            yield Finding(Severity.ERROR, host.host, found.text, found.lift, "cdn")
    if host.view is not None and _comes(host):
        yield from _signed_before(host, answers[host.view.zone.name, "DS"])
    elif host.view is not None and host.moves:
        zone = host.view.zone.name
        yield from _unsigned(host, answers[zone, "DS"], answers[zone, "DNSKEY"])
        yield from _horizon(host, answers)


def _comes(host: HostView) -> bool:
    """Tell whether the host comes to a zone that resolvers are yet to be sent to."""
    return any(not former.handed for former in host.former)


def _signed_before(host: HostView, ds: Answer) -> Iterator[Finding]:
    """Warn before the name servers of a signed zone change: the new ones have another key, or none."""
    if ds.certain and ds.values:
        yield Finding(
            Severity.WARNING,
            host.host,
            f"zone {ds.name} has a DS record at its parent: as soon as its name servers change, resolvers "
            "that validate refuse what the new ones answer, unless they sign with a key that fits",
            f"remove the DS record of {ds.name} at the registrar a day before its name servers change, or "
            "take the keys along",
            "dns",
        )


def _climb(host: HostView, issuance: Issuance) -> tuple[str, ...]:
    """Return the names whose CAA records an authority will look at, in its order.

    Where the certificate is issued only after DNS moved, the host is an alias of the new target by then.
    """
    view = host.view
    names = tuple(climbed(issuance.name, view.zone.name, view.names) if view else climbed(issuance.name))
    target = host.target
    if target is None or not (target.after_dns and target.type == "CNAME"):
        return names
    ends = [value for value in target.values if isinstance(value, str)]
    return (*ends, *(name for name in names if name != host.host))


def _unsigned(host: HostView, ds: Answer, keys: Answer) -> Iterator[Finding]:
    """Refuse a zone that its parent calls signed and that is not: validating resolvers take it for forged."""
    if ds.certain and ds.values and not keys.values:
        yield Finding(
            Severity.ERROR,
            host.host,
            f"zone {ds.name} has a DS record at its parent, but no DNSKEY that fits is found: resolvers that "
            "validate refuse every answer of the zone",
            f"remove the DS record of {ds.name} at the registrar, or sign the zone and set the DS of its key",
            "dns",
        )


def _own_record(host: HostView) -> Iterator[Question]:
    """Yield what to ask for the host's own record; nothing where it has none, where it is an edge, and where
    it is an ALIAS: the addresses of its target are whatever the target's servers say."""
    before = host.before
    types = str(before.attrs["type"]).split("+") if before is not None else []
    if before is None or before.attrs.get("proxied") is True or ALIAS in types:
        return
    for type_ in types:
        yield (host.host, type_)


def _horizon(host: HostView, answers: Mapping[Question, Answer]) -> Iterator[Finding]:
    """Warn where resolvers here see another record than the zone holds."""
    questions = tuple(_own_record(host))
    found = [answers[question] for question in questions]
    if host.before is None or not found or not all(answer.certain for answer in found):
        return
    values = host.before.attrs["values"]
    held = {str(value) for value in values} if isinstance(values, tuple) else set()
    seen = {value for answer in found for value in answer.values}
    if seen != held:
        yield Finding(
            Severity.WARNING,
            host.host,
            f"resolvers here answer {_told(seen)} for {host.host}, and its zone holds {_told(held)}: "
            "either caches still hold an older answer, or this network sees another zone than the world does",
            "set TDR_RESOLVERS to a public resolver if it is the latter",
            "dns",
        )


def _told(values: Iterable[str]) -> str:
    return ", ".join(sorted(values)) or "nothing"
