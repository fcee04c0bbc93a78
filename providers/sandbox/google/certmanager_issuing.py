"""How Certificate Manager's managed certificates come to be: proven by a CNAME, or by the load balancer.

docs: "Manage DNS authorizations", "Domain authorization types for Google-managed certificates".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from providers.sandbox.kernel import Kernel
from providers.sandbox.resolver import Look

from . import frontends
from .certmanager_state import CERTIFICATES, Certificates, Resource
from .issuing import BY_DNS, BY_LOAD_BALANCER, Attempt, Judge, judge_of, settle
from .state import Project


def settle_all(kernel: Kernel, project: Project, now: float, only: Iterable[Resource] | None = None) -> None:
    """Do what was due up to now for a project's managed certificates, or for those of `only`."""
    judge = judge_of(kernel)
    for each in project.certificates.of(CERTIFICATES, now) if only is None else only:
        settle_one(judge, project, each, now)


def settle_one(judge: Judge, project: Project, certificate: Resource, now: float) -> None:
    """Do what was due up to now for one certificate; one that is uploaded needs nothing."""
    if certificate.issue is None:
        return
    managed = certificate.body["managed"]
    by_dns = bool(managed.get("dnsAuthorizations"))

    def prove(domain: str, at: float) -> Attempt:
        if by_dns:
            return by_record(project.certificates, certificate, judge.look, domain, at)
        serving, others = _fronts(project, certificate, now)
        return by_address(judge.look, domain, serving, others, at)

    timing = BY_DNS if by_dns else BY_LOAD_BALANCER
    settle(certificate.issue, managed["domains"], timing, judge, now, prove)


def authorization_for(
    certificates: Certificates, certificate: Resource, domain: str, now: float
) -> Resource | None:
    """Give the DNS authorization that a certificate has for one of its domains, or for its wildcard."""
    base = domain.removeprefix("*.")
    for path in certificate.body.get("managed", {}).get("dnsAuthorizations") or ():
        found = certificates.get(str(path), now)
        if found is not None and found.body["domain"] == base:
            return found
    return None


def by_record(
    certificates: Certificates, certificate: Resource, look: Look, domain: str, at: float
) -> Attempt:
    """Look whether the CNAME of a domain's authorization stands."""
    authorization = authorization_for(certificates, certificate, domain, at)
    if authorization is None:
        return Attempt(at, "CONFIG", f"No DNS authorization covers {domain}.")
    name, data = certificates.record(authorization)
    found = list(look(name.rstrip("."), "CNAME").values("CNAME"))
    if data.rstrip(".") in found:
        return Attempt(at)
    details = (
        f"Failed to authorize {domain}: no CNAME record {name} was found."
        if not found
        else f"Failed to authorize {domain}: {name} is {found[0]} and not {data}"
    )
    return Attempt(at, "CONFIG", details, ["CNAME_MISMATCH"], found)


def by_address(
    look: Look, domain: str, serving: Collection[str], others: Collection[str], at: float
) -> Attempt:
    """Look whether a domain leads to addresses where the certificate is served, and to no others."""
    found = [*look(domain, "A").values("A"), *look(domain, "AAAA").values("AAAA")]
    if found and set(found) <= set(serving):
        return Attempt(at)
    issues = _issues(found, serving, others)
    details = f"Failed to authorize {domain}: {', '.join(issues)}."
    return Attempt(at, "CONFIG", details, issues, found)


def _issues(found: Collection[str], serving: Collection[str], others: Collection[str]) -> list[str]:
    if not serving and not others:
        return ["CERTIFICATE_NOT_ATTACHED"]
    if not found:
        return ["NO_RESOLVED_IPS"]
    if set(found) & set(others):
        return ["RESOLVED_TO_SERVING_ON_ALT_PORTS"]
    return ["RESOLVED_TO_NOT_SERVING"]


def _fronts(project: Project, certificate: Resource, now: float) -> tuple[frozenset[str], frozenset[str]]:
    """Give the addresses whose maps have the certificate: on 443, and on other ports only."""
    entries = project.certificates.uses_of(certificate, now)
    maps = {entry.parent.rpartition("/")[2] for entry in entries}
    proxies = tuple(proxy for name in maps for proxy in frontends.proxies_with_map(project, name, now))
    return frontends.addresses(project, proxies, now)
