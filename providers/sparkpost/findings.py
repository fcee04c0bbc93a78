"""What a person should know of SparkPost before the plan runs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from providers.sparkpost.convert import Holdings, SendingDomain, TrackingDomain, subaccount
from providers.sparkpost.meanings import BLOCKED, TLS, explained, owner
from providers.sparkpost.regions import Region
from reconciler.model import Finding, Severity
from reconciler.provider import Wanted

PREMIER_DOMAINS = 25
"""The most tracking domains of the larger published plan (docs: Starter and Premier; 5 on Starter)."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the findings rest on: the account, and the file's present domains of this alias by host."""

    alias: str
    region: Region | None
    holdings: Holdings
    wanted: Mapping[str, Wanted]
    managed: frozenset[str]

    def default_of(self, scope: int | None) -> TrackingDomain | None:
        """The present default of the primary account or of a subaccount."""
        own = (d for d in self.holdings.domains.values() if d.default and d.subaccount == scope)
        return next(own, None)


def findings(scene: Scene) -> Iterator[Finding]:
    """Yield everything there is to say, host by host, then of the account."""
    for host, wanted in sorted(scene.wanted.items()):
        live = scene.holdings.domains.get(host)
        if live is not None:
            yield from _compliance(live)
            yield from _subaccount(wanted, live)
        yield from _default(scene, wanted, live)
        yield from _links(scene, wanted)
        if host in scene.managed:
            yield from _managed(scene, host, live)
        elif live is not None and (live.managed or live.uses_managed):
            yield _one_way(scene.alias, host)
    yield from _shared_links(scene)
    yield from _quota(scene)


def _error(host: str, text: str, lift: str = "", key: str = "") -> Finding:
    return Finding(Severity.ERROR, host, text, lift, key)


def _warning(host: str | None, text: str, lift: str = "", key: str = "") -> Finding:
    return Finding(Severity.WARNING, host, text, lift, key)


def _compliance(live: TrackingDomain) -> Iterator[Finding]:
    match live.compliance_status:
        case "valid" | "":
            return
        case "blocked":
            yield _error(live.domain, BLOCKED, "ask SparkPost's support, or use another host", "sparkpost")
        case "pending":
            yield _warning(
                live.domain,
                "SparkPost still reviews this tracking domain (compliance_status pending): "
                "mail that names it is refused until then",
            )
        case other:
            yield _warning(live.domain, f"SparkPost gives this tracking domain the compliance_status {other}")


def _subaccount(wanted: Wanted, live: TrackingDomain) -> Iterator[Finding]:
    if live.subaccount == subaccount(wanted.subaccount):
        return
    keep = f"subaccount: {live.subaccount}" if live.subaccount else "no `subaccount`"
    yield _error(
        live.domain,
        f"{live.domain} belongs to {owner(live.subaccount)} of SparkPost, the file puts it into "
        f"{owner(subaccount(wanted.subaccount))}, and SparkPost moves no tracking domain between them",
        f"write {keep}, or build a sibling host for {owner(subaccount(wanted.subaccount))}; deleting it "
        "and making it anew (`state: absent`, apply, then present) leaves the links ownerless meanwhile",
        "subaccount",
    )


def _default(scene: Scene, wanted: Wanted, live: TrackingDomain | None) -> Iterator[Finding]:
    if not wanted.default or (live is not None and live.default):
        return
    old = scene.default_of(subaccount(wanted.subaccount))
    named = scene.wanted.get(old.domain) if old else None
    if old is None or (named is not None and named.default is False):
        return
    yield _warning(
        wanted.host,
        f"when this becomes the default of {owner(old.subaccount)}, SparkPost unsets {old.domain}, "
        "which is the default today",
        key="default",
    )


def _links(scene: Scene, wanted: Wanted) -> Iterator[Finding]:
    known = scene.holdings.sending
    if known is None:
        return
    for sending in wanted.sending_domains or ():
        found = known.get(sending)
        if found is None:
            yield _unknown_sending(wanted.host, sending, known)
        elif found.subaccount != subaccount(wanted.subaccount):
            yield _error(
                wanted.host,
                f"the sending domain {sending} belongs to {owner(found.subaccount)} and {wanted.host} to "
                f"{owner(subaccount(wanted.subaccount))}: SparkPost links only within one",
                f"give {owner(found.subaccount)} a tracking domain of its own, or take {sending} out",
                "sending_domains",
            )
        elif found.tracking_domain not in (None, wanted.host, *scene.wanted):
            yield _warning(
                wanted.host,
                f"mail from {sending} uses {found.tracking_domain} today; new mail will use {wanted.host}",
                key="sending_domains",
            )


def _unknown_sending(host: str, sending: str, known: Mapping[str, SendingDomain]) -> Finding:
    near = get_close_matches(sending, known, n=1, cutoff=0.75)
    return _error(
        host,
        f"SparkPost has no sending domain {sending} (unverified ones are removed after two weeks)",
        f"did you mean {near[0]}?" if near else "add it in SparkPost and verify it, or take it out",
        "sending_domains",
    )


def _shared_links(scene: Scene) -> Iterator[Finding]:
    hosts: dict[str, list[str]] = {}
    for host, wanted in sorted(scene.wanted.items()):
        for sending in wanted.sending_domains or ():
            hosts.setdefault(sending, []).append(host)
    for sending, linked in hosts.items():
        for host in linked if len(linked) > 1 else ():
            yield _error(
                host,
                f"{' and '.join(linked)} both want the sending domain {sending}, which can be linked to one",
                f"list {sending} under one of them",
                "sending_domains",
            )


def _one_way(alias: str, host: str) -> Finding:
    return _error(
        host,
        f"SparkPost holds a managed certificate for {host} and documents no way to give it up, "
        "and a CDN in front of it would keep it from being renewed",
        f"write `cdn: {alias}`, or build a sibling host behind the CDN and leave this one untouched",
        "cdn",
    )


def _managed(scene: Scene, host: str, live: TrackingDomain | None) -> Iterator[Finding]:
    if scene.region is None:
        yield _error(
            host,
            "SparkPost has no managed HTTPS for enterprise accounts",
            "name a CDN with `cdn:`",
            "cdn",
        )
        return
    said = scene.holdings.eligible.get(host)
    if said is not None and not said.eligible:
        yield _ineligible(host, said.text, known=said.known)
    if live is None or (said is not None and said.known and not said.eligible):
        return
    if live.tls == "unavailable":
        yield _error(host, explained(live), "name a CDN with `cdn:`", "cdn")
    elif live.tls in ("failed", "expired"):
        yield _warning(host, f"{explained(live)}; tdr orders it again", key="cdn")
    elif live.error_code:
        yield _warning(host, _renewal(live), "port 80 of the host must reach SparkPost", "cdn")


def _ineligible(host: str, text: str, *, known: bool) -> Finding:
    if known:
        return _error(
            host,
            f"SparkPost cannot hold a certificate for {host}: {text or TLS['unavailable']}",
            "name a CDN with `cdn:`, or use another host",
            "cdn",
        )
    return _warning(
        host, f"SparkPost could not say whether it can hold a certificate for {host}: {text}", key="cdn"
    )


def _renewal(live: TrackingDomain) -> str:
    until = live.certificate.expires_at if live.certificate else ""
    return (
        f"SparkPost cannot renew the certificate, valid until {until or 'an unknown date'}: {explained(live)}"
    )


def _quota(scene: Scene) -> Iterator[Finding]:
    new = scene.wanted.keys() - scene.holdings.domains.keys()
    total = len(scene.holdings.domains) + len(new)
    if new and total > PREMIER_DOMAINS:
        yield _warning(
            None,
            f"`{scene.alias}` will hold {total} tracking domains; SparkPost's published plans hold 5 "
            f"(Starter) and {PREMIER_DOMAINS} (Premier)",
            "make sure that the account's plan has room",
        )
