"""What a person must know before tdr works on a host at Google. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from providers.google.options import DNS_AUTHORIZED, LOAD_BALANCER, Wishes
from providers.google.state import GoogleState, covers
from reconciler.model import Finding, Severity
from reconciler.provider import Wanted

MAX_LISTED: Final = 15
"""docs: Cloud Load Balancing, "Quotas and limits": SSL certificates per target HTTPS proxy, fixed."""
MAX_COMMON_NAME: Final = 64
"""docs: Google-managed SSL certificates: the first name has 64 bytes at most."""
_SHOWN: Final = 3
_SWITCH: Final = f"write `certificates: {DNS_AUTHORIZED}`: a certificate map has room for all"


def error(host: str | None, text: str, lift: str) -> Finding:
    """Make a finding that forbids the host's changes."""
    return Finding(Severity.ERROR, host, text, lift, "cdn")


def warning(host: str | None, text: str, lift: str = "") -> Finding:
    """Make a finding that is only told."""
    return Finding(Severity.WARNING, host, text, lift, "cdn")


def is_error(finding: Finding) -> bool:
    """Tell whether a finding forbids the host's changes."""
    return finding.severity is Severity.ERROR


# -- one host
def host_findings(wanted: Wanted, state: GoogleState, wishes: Wishes) -> Iterator[Finding]:
    """Say what stands against a host's certificate, and where else the project serves it."""
    host = wanted.host
    other = state.elsewhere(host)
    if other is not None:
        proxy, rule = other
        yield warning(
            host,
            f"the load balancer behind {rule.name} ({rule.address}, proxy {proxy.name}), which tdr did not "
            "make, has a certificate for it: that one stays as it is, and the host moves to another address",
            "take it down once no record leads there",
        )
    if wishes.uploaded:
        yield from _uploaded_findings(host, state, wishes)
    else:
        yield from (_map_findings if wishes.by_map else _listed_findings)(host, wanted.origin, state)


def _uploaded_findings(host: str, state: GoogleState, wishes: Wishes) -> Iterator[Finding]:
    covering = state.uploaded(host) if wishes.by_map else state.uploaded_classic(host)
    if covering is None:
        reasons = "; ".join(_unfit(name, host, state, wishes) for name in wishes.uploaded)
        yield error(
            host,
            f"none of the alias's certificates covers it: {reasons}",
            "add the name of an uploaded one that covers it, or remove `uploaded:` to have tdr order one",
        )
    elif wishes.by_map and getattr(covering, "scope", "DEFAULT") != "DEFAULT":
        yield error(
            host,
            f"the certificate {covering.name} is not for global load balancers",
            "upload it with the scope DEFAULT",
        )


def _unfit(name: str, host: str, state: GoogleState, wishes: Wishes) -> str:
    found = state.certificate(name) if wishes.by_map else state.classic_named(name)
    if found is None:
        beside = state.classic_named(name) if wishes.by_map else state.certificate(name)
        place = "Certificate Manager" if wishes.by_map else "the load balancers' certificates"
        other = LOAD_BALANCER if wishes.by_map else DNS_AUTHORIZED
        tail = f" (there is one for `certificates: {other}`)" if beside is not None else ""
        return f"{name} is not in {place} of this project{tail}"
    if covers(found.domains, host):
        return f"{name} is not active"
    return f"{name} is for {some(found.domains)}"


def _map_findings(host: str, _origin: str, state: GoogleState) -> Iterator[Finding]:
    yield from _too_long(host)
    failed = next((c for c in state.own_certificates(host) if c.failed), None)
    if failed is not None:
        yield warning(
            host,
            "Google gave up on its certificate: tdr orders another, and deletes that one once it is unused",
            f"see that CAA records of {host} and above allow pki.goog, and that the validation record stands",
        )
    proof = state.authorization(host, None)
    if proof is not None and proof.owner not in (None, state.owner):
        yield warning(
            host, f"its DNS authorization {proof.name} bears the label of another owner: {proof.owner}"
        )


def _listed_findings(host: str, origin: str, state: GoogleState) -> Iterator[Finding]:
    yield from _too_long(host)
    own = state.own_classics(host)
    used = state.own_classic(host, origin)
    if used is not None and used.status == "RENEWAL_FAILED":
        yield warning(
            host,
            "Google could not renew its certificate, which is served until it expires",
            f"see that its record leads to the load balancer, then {_SWITCH.removeprefix('write ')}: that "
            "one is active before it is served, without a gap",
        )
    elif used is None and own:
        yield warning(
            host,
            "Google gave up on its certificate: tdr makes another, and deletes that one",
            "see that its record leads to the load balancer, and that CAA records allow pki.goog",
        )


def _too_long(host: str) -> Iterator[Finding]:
    if len(host) > MAX_COMMON_NAME:
        yield error(
            host,
            f"the name has {len(host)} characters, and Google's certificates take {MAX_COMMON_NAME} at most",
            "upload a certificate that covers it and name it in `uploaded:`, or take a shorter host",
        )


# -- what could not be read
def unread_findings(state: GoogleState) -> Iterator[Finding]:
    """Say what is not known where Certificate Manager could not be read.

    Load balancers with classic certificates do without it. One that has a map would go before the DNS of its
    hosts has moved, for nothing tells that they rest on it, and would leave the map behind: nothing is done.
    """
    maps = [proxy for proxy in state.https_proxies if proxy.certificate_map is not None]
    if not (state.unread and maps):
        return
    mine = [proxy.name for proxy in maps if state.proxy_key(proxy.name) is not None]
    if mine:
        yield error(
            None,
            f"{some(mine)} serves hosts by a certificate map, and what is in it is not known: {state.unread}",
            "let tdr read Certificate Manager, and run it again",
        )
    if len(mine) < len(maps):
        yield warning(
            None,
            "whether a load balancer with a certificate map, which tdr did not make, serves one of the hosts "
            f"is not known: {state.unread}",
        )


# -- the load balancer of an origin
def balancer_findings(
    key: str, hosts: Sequence[str], state: GoogleState, wishes: Wishes
) -> Iterator[Finding]:
    """Say what stands against the load balancer for an origin: each host of it is told."""
    yield from _scheme_findings(key, hosts, state, wishes)
    if wishes.by_map:
        yield from _switch_findings(key, hosts, state)
    else:
        yield from _back_findings(key, hosts, state)
        yield from _room_findings(key, hosts, state, wishes)
    if wishes.host_header == "origin":
        yield warning(
            None,
            f"with `host_header: origin` SparkPost is asked as {key} and is not told the tracking domain: "
            "it may not verify a new one",
            "remove `host_header`",
        )
    backend = state.balancer(key).backend
    if backend is not None and backend.security_policy:
        yield warning(
            None,
            f"the backend service {backend.name} has Cloud Armor's {backend.security_policy}; that stays",
            "see that it lets mail programs and scanners through",
        )


def _scheme_findings(key: str, hosts: Iterable[str], state: GoogleState, wishes: Wishes) -> Iterator[Finding]:
    """Refuse another scheme: Google moves a load balancer in steps of minutes each, by percentage.

    docs: "Migrate from classic to global external Application Load Balancer", and the page on rolling back.
    """
    live = state.balancer(key).scheme
    if live is None or wishes.scheme in (None, live):
        return
    for host in hosts:
        yield error(
            host,
            f"its load balancer has the scheme {live}, and `scheme: {wishes.scheme}` would be another one",
            "remove `scheme:`; or migrate it as Google's documentation tells (PREPARE, TEST_BY_PERCENTAGE, "
            "TEST_ALL_TRAFFIC, then the scheme), backend service first, and run tdr again",
        )


def _switch_findings(key: str, hosts: Sequence[str], state: GoogleState) -> Iterator[Finding]:
    """Refuse to put a map on a proxy that serves hosts which are not in the file: they would lose HTTPS."""
    live = state.balancer(key)
    proxy, ours = live.https, live.map.name if live.map is not None else None
    if proxy is None or (proxy.certificate_map is not None and proxy.certificate_map == ours):
        return
    if proxy.certificate_map is not None:
        names = {e.host for e in state.entries if e.map == proxy.certificate_map and e.host}
    else:
        held = (state.classic_named(name) for name in proxy.certificates)
        names = {name for one in held if one is not None for name in one.domains}
    mine = {*hosts, *state.absent}
    foreign = {n for n in names if n not in mine and not any(covers((n,), host) for host in mine)}
    for host in hosts if foreign else ():
        yield error(
            host,
            f"the proxy {proxy.name} also has certificates for {some(foreign)}, which tdr is not told of: "
            "with the certificate map for this file's hosts those would answer no more",
            "add them to the file, or take their certificates off that proxy",
        )


def _back_findings(key: str, hosts: Iterable[str], state: GoogleState) -> Iterator[Finding]:
    """Refuse the way back: classic certificates are issued only where no map hides them."""
    proxy = state.balancer(key).https
    if proxy is None or proxy.certificate_map is None:
        return
    for host in hosts:
        yield error(
            host,
            f"its proxy {proxy.name} serves the certificate map {proxy.certificate_map}; certificates of the "
            "load balancer would be issued only once that is off, and nothing would answer https meanwhile",
            f"write `certificates: {DNS_AUTHORIZED}`",
        )


def _room_findings(key: str, hosts: Iterable[str], state: GoogleState, wishes: Wishes) -> Iterator[Finding]:
    """Refuse the hosts for which the proxy has no room: those that are on it come first."""
    proxy = state.balancer(key).https
    on = proxy.certificates if proxy is not None else ()
    leaving = {c.name for host in state.absent for c in state.own_classics(host)}
    others = [name for name in on if name not in leaving]
    waiting: list[str] = []
    for host in hosts:
        own = state.uploaded_classic(host) if wishes.uploaded else state.own_classic(host, key)
        if own is None or own.name not in on:
            waiting.append(host)
    full = len(others)
    for host in sorted(waiting):
        uploaded = state.uploaded_classic(host) if wishes.uploaded else None
        if uploaded is not None and uploaded.name in others:
            continue
        full += 1
        if uploaded is not None:
            others.append(uploaded.name)
        if full > MAX_LISTED:
            yield error(
                host,
                f"a proxy holds {MAX_LISTED} certificates, and that for {key} has room for no more",
                _SWITCH,
            )


def some(names: Iterable[str]) -> str:
    """Name some."""
    found = sorted(names)
    left = len(found) - _SHOWN
    return ", ".join(found[:_SHOWN]) + (f" and {left} more" if left > 0 else "")
