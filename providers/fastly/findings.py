"""What a person must know before tdr works on a host at Fastly. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from providers.fastly.names import CLASSIC, VERSIONLESS, service_name
from providers.fastly.options import Wishes
from providers.fastly.spelling import (
    caches,
    conditional,
    forces_tls,
    is_hsts,
    listed,
    named,
    replaces,
    rewrites,
    sometimes,
)
from providers.fastly.state import Domain, FastlyState, Service
from providers.fastly.tls import covers
from reconciler.model import Finding, Severity
from reconciler.provider import Wanted

MAX_COMMON_NAME = 64
"""RFC 5280, ub-common-name: the host becomes the certificate's common name."""
_SHOWN = 3


def error(host: str | None, text: str, lift: str, key: str = "cdn") -> Finding:
    """Make a finding that forbids the host's changes."""
    return Finding(Severity.ERROR, host, text, lift, key)


def warning(host: str | None, text: str, lift: str = "", key: str = "cdn") -> Finding:
    """Make a finding that is only told."""
    return Finding(Severity.WARNING, host, text, lift, key)


def is_error(finding: Finding) -> bool:
    """Tell whether a finding forbids the host's changes."""
    return finding.severity is Severity.ERROR


# -- the domain
def domain_findings(wanted: Wanted, state: FastlyState, wishes: Wishes) -> Iterator[Finding]:
    """Say where a host stands in a service that is not its own, and what becomes of that."""
    live = state.domain(wanted.host)
    if live is None:
        yield from _new_findings(wanted, state, wishes)
    elif live.form == CLASSIC and state.key(live.service) != wanted.origin:
        yield _versioned_elsewhere(wanted, live, state)
    elif live.service is not None and state.key(live.service) is None:
        yield warning(
            wanted.host,
            f"it is attached to {_told(state, live)} and moves to {service_name(state.owner, wanted.origin)} "
            "at once, before DNS changes: what that service does for it ends",
            "the service itself is left as it is",
        )


def _new_findings(wanted: Wanted, state: FastlyState, wishes: Wishes) -> Iterator[Finding]:
    if wishes.domains == VERSIONLESS and state.domains is None:
        yield error(
            wanted.host,
            f"the alias asks for versionless domains, which this account does not give: {state.unread}",
            "remove `domains:` of the alias, or write `domains: classic`: the host is then attached by a new "
            "version of its service; Fastly's support enables versionless domains",
        )


def _versioned_elsewhere(wanted: Wanted, live: Domain, state: FastlyState) -> Finding:
    """A classic host leaves one service by a new version of it before another one can take it: a gap."""
    return error(
        wanted.host,
        f"it is a domain in a version of {_told(state, live)}, and Fastly lets no other service have it "
        "before a version without it is active: in between nobody would serve it",
        f"make it a versionless domain (Fastly: Domains, Migrate), which tdr moves to {wanted.origin} in one "
        "step; or point its record back at SparkPost, remove it from that service, and run tdr again",
    )


def _told(state: FastlyState, live: Domain) -> str:
    service = state.service(live.service)
    name = service.name if service is not None and service.name else live.service
    return f"the service {name}"


# -- certificates
def tls_findings(wanted: Wanted, state: FastlyState, wishes: Wishes) -> Iterator[Finding]:
    """Say what stands against a host's certificate."""
    host = wanted.host
    if wishes.certificates:
        if state.named_for(host) is None:
            yield _none_covers(host, state)
        return
    order = state.order(host)
    if order is None and not state.covering(host):
        yield from _order_findings(host, state)
    elif order is not None and order.failed:
        yield warning(
            host, "the order of its certificate failed: tdr deletes it and orders another", _caa_lift(host)
        )
    elif order is not None and not order.issued and order.warnings:
        yield warning(host, f"Fastly says of its certificate: {'; '.join(order.warnings)}")
    elif order is not None and order.issued and order.challenge is None:
        yield warning(
            host,
            "Fastly no longer tells the record that proves it, so tdr cannot keep it for the renewal",
            f"keep the CNAME at _acme-challenge.{host}",
        )


def _order_findings(host: str, state: FastlyState) -> Iterator[Finding]:
    shared = state.together(host)
    if shared is not None:
        yield warning(
            host,
            f"subscription {shared.id} orders a certificate for it and {_some(shared.domains - {host})}, and "
            f"is {shared.state or 'in no state'}: tdr orders one for the host alone",
            "where Fastly refuses a second order, take the host out of that subscription",
        )
    if len(host) > MAX_COMMON_NAME:
        yield error(
            host,
            f"the name has {len(host)} characters, and a certificate's common name holds {MAX_COMMON_NAME}",
            "upload a certificate that covers it and name it in `certificates:`, or take a shorter host",
        )


def _none_covers(host: str, state: FastlyState) -> Finding:
    reasons = []
    for id_ in state.named:
        certificate = state.certificate(id_)
        if certificate is None:
            reasons.append(f"{id_} is not in this account")
        elif not covers(certificate.domains, host):
            reasons.append(f"{id_} is for {_some(certificate.domains)}")
    return error(
        host,
        f"none of the alias's certificates covers it: {'; '.join(reasons)}",
        "add the id of an uploaded one that covers it, or remove `certificates:` to have tdr order one",
    )


def _caa_lift(host: str) -> str:
    return (
        f"see that CAA records of {host} and above allow the authority, and that the validation record stands"
    )


def configuration_finding(host: str, state: FastlyState, asked: str | None) -> Finding | None:
    """Say why no CNAME is known for a host: it is read from a TLS configuration; None where it is known."""
    found = state.configuration(asked)
    if found is not None and found.cname is not None:
        return None
    if found is not None:
        return error(
            host,
            f"the TLS configuration {found.name or found.id} tells of no CNAME that leads to it",
            "name another one in `tls_configuration:`; one that has addresses alone is for apex names",
        )
    if asked is not None:
        text, lift = f"there is no TLS configuration {asked} in this account", "write the id of one that is"
    else:
        text, lift = "the account has no default TLS configuration", "name one in `tls_configuration:`"
    return error(host, text, f"{lift}: Fastly, Security, TLS management, Configurations", "cdn")


# -- the service
def service_findings(origin: str, hosts: Iterable[str], state: FastlyState) -> Iterator[Finding]:
    """Say what stands against the service for an origin, and what it holds beside tdr's settings."""
    name = service_name(state.owner, origin)
    other = next((s for s in state.services if s.name == name and s.owner not in (None, state.owner)), None)
    if other is not None:
        for host in hosts:
            yield error(
                host,
                f"the service {name} bears the comment of another: {other.comment}",
                "rename that service, or correct its comment, at Fastly",
            )
    own = state.own_service(origin)
    if own is not None:
        yield from _own_findings(own, tuple(hosts))


def _own_findings(own: Service, hosts: tuple[str, ...]) -> Iterator[Finding]:
    if own.type != "vcl":
        for host in hosts:
            yield error(
                host,
                f"the service {own.name} is a Compute service, which redirects http to https by force",
                "rename it at Fastly: tdr then makes a VCL service",
            )
    answers = [one for one in listed(own.config or {}, "response_objects") if not conditional(one)]
    if answers:
        for host in hosts:
            yield error(
                host,
                f"the service {own.name} answers every request itself, by the response "
                f"{_some(named(answers))}: no link would reach SparkPost",
                "give that response a condition, or remove it",
            )
    if kept := ", ".join(_kept(own)):
        yield warning(
            None,
            f"the service {own.name} has beside tdr's settings: {kept}; that stays",
            "see that none of it touches Host, User-Agent or the redirect of tracking links",
        )


def _kept(own: Service) -> Iterator[str]:
    """Yield what a user added that is kept, though it may change what SparkPost or a reader sees."""
    config = own.config or {}
    several = {
        "custom VCL": listed(config, "vcls"),
        "snippet": listed(config, "snippets"),
        "director": listed(config, "directors"),
        "conditional backend": (b for b in listed(config, "backends") if conditional(b)),
        "conditional request setting": (
            *sometimes(config, "request_settings", forces_tls),
            *sometimes(config, "request_settings", replaces),
        ),
        "conditional header": (
            *sometimes(config, "headers", rewrites),
            *sometimes(config, "headers", is_hsts),
        ),
        "conditional cache setting": sometimes(config, "cache_settings", caches),
    }
    for what, found in several.items():
        if names := named(found):
            yield f"{what} {_some(names)}"


def _some(names: Iterable[str]) -> str:
    found = sorted(names)
    left = len(found) - _SHOWN
    return ", ".join(found[:_SHOWN]) + (f" and {left} more" if left > 0 else "")
