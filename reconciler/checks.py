"""What needs live state and can be said before anything is written: the plan's own rules. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import takewhile

from reconciler.accounts import hash_of, sparkpost_account
from reconciler.claim import MAX_BYTES, VERSION, Claim, hash8, is_claim
from reconciler.desired import Desired
from reconciler.dns import ancestors, claim_name, is_within, target_name
from reconciler.hostview import HostView
from reconciler.model import Finding, Severity
from reconciler.provider import Composition, Live
from reconciler.records import ZoneView
from reconciler.twins import holders

GAP_NEEDED_S = {"B": 300, "C": 1800}
"""The shortest `allow_gap` of a class of move, for a host that serves https today (design of the gates)."""

GAP_REASON = {
    "B": "its DNS record is its edge, so the edge can only be proven after the record changed",
    "C": "its certificate is only issued after DNS moved",
}


NEWER = re.compile(r"v=(tdr[0-9]+)(?= |$)")
OLD_LINKS = "links in mail already sent belong to the old account and would break"
SIBLING = (
    "keep this host where it is and build a sibling (such as click2) in the new account; "
    "when the old links have died, write `state: absent` for this one"
)


def findings(
    desired: Desired,
    hosts: Mapping[str, HostView],
    world: Mapping[str, Live],
    composed: Mapping[str, Composition],
) -> Iterator[Finding]:
    """Yield every refusal and warning that the engine itself has about the file's hosts."""
    held = holders(world)
    told = {
        (alias, f.host) for alias, c in composed.items() for f in c.findings if f.severity is Severity.ERROR
    }
    twice = Counter((alias, zone.name) for alias, live in world.items() for zone in live.zones)
    reachable = {hash8(account) for live in world.values() for account in live.accounts}
    for view in hosts.values():
        if view.domain is None:
            continue
        yield from _zone(view, told)
        yield from _read_only(view)
        yield from _ambiguous(view, twice)
        yield from _delegated(view)
        yield from _delegation(view)
        yield from claimed_by_others(view, desired)
        yield from _claimed_by_newer(view)
        if view.domain.state == "present":
            yield from _apex(view)
            yield from _proxied(view, composed)
            yield from _gap(view)
            yield from _accounts(view, desired, composed, reachable)
            yield from _held_elsewhere(view, held)
            yield from _served_elsewhere(view, composed)


def _error(host: str, text: str, lift: str, key: str = "") -> Finding:
    return Finding(Severity.ERROR, host, text, lift, key)


def _zone(view: HostView, told: Collection[tuple[str, str | None]]) -> Iterator[Finding]:
    """Say that the zone is missing; not where the account that should hold it has said why (`told`)."""
    if view.view is not None or view.domain is None:
        return
    if view.domain.state == "present" and not {(view.dns, view.host), (view.dns, None)}.isdisjoint(told):
        return
    if view.domain.state == "absent":
        yield Finding(
            Severity.WARNING,
            view.host,
            f"no zone of `{view.dns}` holds {view.host}: there are no DNS records to remove, and no claim to "
            "tell whose it is",
            "if another account holds the zone, name its alias with `dns:` first",
            "dns",
        )
    else:
        yield _error(
            view.host,
            f"no zone of `{view.dns}` holds {view.host}",
            "add the zone to that account, or name the alias that holds it with `dns:` "
            "(tdr never creates a zone); then run tdr again",
            "dns",
        )


def _delegation(view: HostView) -> Iterator[Finding]:
    """Say where resolvers are sent instead; only as a warning of a zone that the vendor calls active, for it
    may have servers of names that the vendor does not list, and of a host that is to go."""
    zone = view.view.zone if view.view is not None else None
    if zone is None or not (zone.delegated_to or zone.undelegated) or view.former:
        return  # of a zone that a host comes to, `handover` tells
    assigned = ", ".join(zone.name_servers)
    found = f"delegated to {', '.join(zone.delegated_to)}" if zone.delegated_to else "not delegated at all"
    yield Finding(
        Severity.WARNING if zone.active or _leaves(view) else Severity.ERROR,
        view.host,
        f"zone {zone.name} is {found}, and `{view.dns}` has assigned {assigned} to it: nothing that is "
        "written there takes effect",
        f"set the assigned name servers at the registrar of {zone.name}, or name the alias that holds the "
        "zone with `dns:`; then run tdr again",
        "dns",
    )


def _leaves(view: HostView) -> bool:
    return view.domain is not None and view.domain.state == "absent"


def newer_claims(host: str, view: ZoneView) -> tuple[str, ...]:
    """Return the versions of claims on host that this tdr cannot read."""
    texts = (text for one in view.sets(claim_name(host), "TXT") for text in one.values)
    found = (NEWER.match(text) for text in texts if not is_claim(text))
    return tuple(sorted({match[1] for match in found if match}))


def _claimed_by_newer(view: HostView) -> Iterator[Finding]:
    """Refuse a host whose claim this tdr cannot read: whose it is and how far it got, nobody can tell."""
    for version in newer_claims(view.host, view.view) if view.view is not None else ():
        yield _error(
            view.host,
            f"a newer tdr wrote the claim on {view.host} (v={version} in TXT at {claim_name(view.host)}), "
            f"this one reads v={VERSION}",
            "use that version of tdr for this domain",
        )


def claimed_by_others(view: HostView, desired: Desired) -> Iterator[Finding]:
    """Refuse a host that another owner claims: alone, or beside this file's."""
    others = sorted({claim.owner for claim in view.claims} - {desired.owner})
    for other in others:
        if not other:
            yield _error(
                view.host,
                f"the claim on {view.host} (TXT at _tdr.{view.host}) names no owner: somebody edited it",
                f"write `o=OWNER` back into it, or delete it if {view.host} is `{desired.owner}`'s",
            )
            continue
        yield _error(
            view.host,
            f"{view.host} is claimed by owner `{other}` (TXT at _tdr.{view.host}), "
            f"this file is `{desired.owner}`",
            f"run `tdr adopt -from {other} {view.host}` to take it over, "
            f"or `tdr forget {view.host}` as `{other}` to give it up",
        )


def _delegated(view: HostView) -> Iterator[Finding]:
    """Refuse a host below a cut: what is written into this zone there, no resolver ever asks for."""
    if view.view is None or view.domain is None:
        return
    above = takewhile(
        lambda name: view.view is not None and name != view.view.zone.name, ancestors(view.host)
    )
    for cut in above:
        servers = sorted(value for one in view.view.sets(cut, "NS") for value in one.values)
        if servers:
            yield _error(
                view.host,
                f"{cut} is delegated to {', '.join(servers)}, away from the zone {view.view.zone.name} that "
                f"`{view.dns}` holds",
                f"name the alias that holds the zone {cut} with `dns:`",
                "dns",
            )


def long_claims(claims: Mapping[str, Claim]) -> Iterator[Finding]:
    """Refuse claims that DNS is not sure to carry: the record that they are to remember is too long."""
    for host, claim in claims.items():
        if claim.size > MAX_BYTES:
            yield _error(
                host,
                f"the claim on {host} has {claim.size} bytes, {MAX_BYTES} fit: it remembers "
                "every value of the host's present record",
                "give the host fewer addresses before tdr takes it over",
            )


def _apex(view: HostView) -> Iterator[Finding]:
    if view.view is not None and view.host == view.view.zone.name:
        yield _error(
            view.host,
            f"{view.host} is the apex of its zone, and a tracking domain must be a subdomain",
            f"write a host below it, such as click.{view.host}",
        )


def _read_only(view: HostView) -> Iterator[Finding]:
    if view.view is not None and view.view.zone.read_only:
        yield _error(
            view.host,
            f"nothing can be written into zone {view.view.zone.name} of `{view.dns}`: "
            f"{view.view.zone.read_only}",
            "name the alias that holds the primary with `dns:`",
            "dns",
        )


def _ambiguous(view: HostView, zones: Mapping[tuple[str, str], int]) -> Iterator[Finding]:
    """Refuse to guess which of several zones of one name is meant: a private one, a forgotten copy."""
    count = zones.get((view.dns, view.view.zone.name), 0) if view.view is not None else 0
    if view.view is not None and count > 1:
        yield _error(
            view.host,
            f"`{view.dns}` holds {count} zones named {view.view.zone.name}",
            "pin the one that is meant with `zones:` of the alias",
            "dns",
        )


def _proxied(view: HostView, composed: Mapping[str, Composition]) -> Iterator[Finding]:
    domain = view.domain
    if domain is None or view.target is None or not view.target.proxied or view.view is None:
        return
    account = composed[domain.cdn].accounts.get(view.host, "")
    if view.view.zone.account != account:
        yield _error(
            view.host,
            f"`{domain.cdn}` serves {view.host} through a record in its own zone, "
            f"but `dns: {domain.dns}` is another account",
            f"write `dns: {domain.cdn}`",
            "dns",
        )


def _gap(view: HostView) -> Iterator[Finding]:
    domain = view.domain
    if domain is None or view.target is None or not (view.moves and view.https_live and view.before):
        return
    class_ = view.target.move_class
    needed_s = GAP_NEEDED_S.get(class_, 0)
    if needed_s and (domain.allow_gap_s or 0) < needed_s:
        yield _error(
            view.host,
            f"{view.host} serves https links today and this move has class {class_}: {GAP_REASON[class_]}; "
            f"https links may fail for up to {needed_s // 60} minutes",
            f"write `allow_gap: {needed_s // 60}m`, or build a sibling host and leave this one untouched",
            "allow_gap",
        )


def _accounts(
    view: HostView, desired: Desired, composed: Mapping[str, Composition], reachable: set[str]
) -> Iterator[Finding]:
    claim, domain = view.claim, view.domain
    if claim is None or domain is None:
        return
    for field, key in (("sp", "sparkpost"), ("cdn", "cdn")):
        written = claim.get(field)
        account = hash_of(written) if written else None
        if account is not None and account not in reachable:
            yield _error(
                view.host,
                f"the claim on {view.host} says that it lives in {key} account {written}, "
                "which no alias of the file reaches",
                f"add an alias for that account, or run `tdr forget {view.host}` if it is gone",
                key,
            )
    yield from _moved_account(view, claim, desired, composed, reachable)


def _held_elsewhere(view: HostView, held: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    """Refuse what would leave a live host behind in the account of another alias; a claim tells it better."""
    domain, aliases = view.domain, held.get(view.host, ())
    if domain is None or not aliases or domain.sparkpost in aliases or (view.claim and view.claim.get("sp")):
        return
    yield _error(
        view.host,
        f"{view.host} is live in the SparkPost account of `{', '.join(aliases)}` and the file puts it into "
        f"{f'`{domain.sparkpost}`' if domain.sparkpost else 'none'}: {OLD_LINKS}",
        SIBLING,
        "sparkpost",
    )


def _served_elsewhere(view: HostView, composed: Mapping[str, Composition]) -> Iterator[Finding]:
    """Refuse a host whose record points at an edge of the vendor that keeps the wanted one from serving."""
    edges = composed[view.domain.cdn].edges if view.domain is not None else None
    if edges is None or view.answer is None:
        return
    for value in view.answer.values:
        name = target_name(value).rstrip(".").lower()
        if not is_within(name, edges.suffix):
            continue
        said: tuple[str, str] | None = (edges.text, edges.lift)
        if name in edges.own:
            said = edges.strange if view.host not in edges.serving else None
        if said is not None:
            text, lift = (words.format(host=view.host, name=name) for words in said)
            yield _error(view.host, text, lift, "cdn")


def _moved_account(
    view: HostView,
    claim: Claim,
    desired: Desired,
    composed: Mapping[str, Composition],
    reachable: set[str],
) -> Iterator[Finding]:
    domain, written = view.domain, claim.get("sp")
    if domain is None or not written or hash_of(written) not in reachable:
        return
    new = sparkpost_account(domain, desired, composed)
    if new != written:
        yield _error(
            view.host,
            f"{view.host} is live in SparkPost account {written} and the file moves it to {new or 'none'}: "
            f"{OLD_LINKS}",
            SIBLING,
            "sparkpost",
        )
