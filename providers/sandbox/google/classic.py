"""Classic certificates of Compute Engine (``sslCertificates``): checked when they come, shown as they stand.

docs: Compute Engine REST reference "sslCertificates"; Cloud Load Balancing "Use Google-managed SSL
certificates", "Troubleshoot SSL certificates" (statuses of certificates and of their domains).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from providers.sandbox.ca import Certificate
from providers.sandbox.contract import Switch
from providers.sandbox.kernel import Kernel

from . import certmanager_switches as switches
from . import frontends
from .call import Refusal
from .certmanager_issuing import by_address
from .compute_state import Body, stamp
from .issuing import BY_LOAD_BALANCER, Attempt, Issue, judge_of, settle
from .issuing_pem import BadPemError, Uploaded, read
from .state import Google, Project

MOST_DOMAINS = 100
LONGEST_FIRST = 64  # bytes of the first domain; docs: "Quotas and limits" of load balancing
SWITCHES: tuple[Switch, ...] = (switches.GIVES_UP, switches.AUTHORITIES, switches.SERVING_LAG)
_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_FAILURES = {
    "CONFIG": "FAILED_NOT_VISIBLE",
    "CAA": "FAILED_CAA_FORBIDDEN",
    "CAA_CHECKING": "FAILED_CAA_CHECKING",
    "RATE_LIMITED": "FAILED_RATE_LIMITED",
}


def accepted(given: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Give a new certificate's body as it is kept: defaults filled, a PEM checked. Raises Refusal (400)."""
    body = {name: value for name, value in given.items() if name not in ("privateKey", "selfManaged")}
    kind = given.get("type") or "SELF_MANAGED"
    if kind == "MANAGED":
        if given.get("certificate") or given.get("privateKey") or given.get("selfManaged"):
            raise _invalid("type", kind, "A managed certificate takes no certificate and no private key.")
        domains = _domains((given.get("managed") or {}).get("domains") or [])
        issue = Issue(now).as_data()
        return {**body, "type": kind, "managed": {"domains": domains}, "_issue": issue}
    if kind != "SELF_MANAGED":
        raise _invalid("type", kind, "No such type of certificate.")
    told = given.get("selfManaged") or given
    return {**body, "type": kind, **_uploaded(told)}


def _domains(given: Any) -> list[str]:
    domains = [str(domain).lower().rstrip(".") for domain in given]
    if not 0 < len(domains) <= MOST_DOMAINS or len(set(domains)) != len(domains):
        words = f"Between 1 and {MOST_DOMAINS} domains must be given, each once."
        raise _invalid("managed.domains", "", words)
    for number, domain in enumerate(domains):
        # docs: no wildcards here.
        if not _HOST.fullmatch(domain) or (number == 0 and len(domain) > LONGEST_FIRST):
            raise _invalid(f"managed.domains[{number}]", domain, "The domain name is invalid.")
    return domains


def _uploaded(given: Mapping[str, Any]) -> dict[str, Any]:
    pem = str(given.get("certificate") or "")
    try:
        told = read(pem, str(given.get("privateKey") or ""))
    except BadPemError as error:
        raise Refusal(400, "invalid", str(error)) from error
    return {"certificate": pem, "selfManaged": {"certificate": pem}, "_uploaded": told.as_data()}


def _invalid(field: str, value: str, words: str) -> Refusal:
    return Refusal(400, "invalid", f"Invalid value for field 'resource.{field}': '{value}'. {words}")


def shown(kernel: Kernel, _google: Google, project: Project, kept: Body, now: float) -> dict[str, Any]:
    """Give a certificate as the API shows it now: the states of a managed one, no private key."""
    plain = {name: value for name, value in kept.items() if not name.startswith("_") and name != "privateKey"}
    if "_uploaded" in kept:
        uploaded = Uploaded.from_data(kept["_uploaded"])
        names, until = list(uploaded.names), stamp(uploaded.not_after)
        return {**plain, "subjectAlternativeNames": names, "expireTime": until}
    if "_issue" not in kept:
        return plain
    issue = settled(kernel, project, kept, now)
    domains = kept["managed"]["domains"]
    managed = {
        "domains": domains,
        "status": status_of(issue, now),
        "domainStatus": {domain: _domain_status(issue, domain, now) for domain in domains},
    }
    if not issue.active(now) or issue.not_after is None:
        return {**plain, "managed": managed}
    return {
        **plain,
        "managed": managed,
        "certificate": _leaf(kernel, project, kept, issue, now).chain_pem.decode(),
        "subjectAlternativeNames": domains,
        "expireTime": stamp(issue.not_after),
    }


def settled(kernel: Kernel, project: Project, kept: Body, now: float) -> Issue:
    """Do what was due up to now for a managed certificate, and say how far it has come."""
    issue, judge = Issue.from_data(kept["_issue"]), judge_of(kernel)
    proxies = frontends.proxies_with_certificate(project, str(kept["name"]), now)
    serving, others = frontends.addresses(project, proxies, now)

    def prove(domain: str, at: float) -> Attempt:
        return by_address(judge.look, domain, serving, others, at)

    settle(issue, kept["managed"]["domains"], BY_LOAD_BALANCER, judge, now, prove)
    kept["_issue"] = issue.as_data()
    return issue


def status_of(issue: Issue, now: float) -> str:
    """Give the status of a managed certificate."""
    if issue.active(now):
        return "RENEWAL_FAILED" if issue.renewal_failed else "ACTIVE"
    return "PROVISIONING" if issue.failed is None or now < issue.failed else "PROVISIONING_FAILED_PERMANENTLY"


def _domain_status(issue: Issue, domain: str, now: float) -> str:
    attempt = issue.attempts.get(domain)
    if attempt is not None and attempt.reason:
        return _FAILURES[attempt.reason]
    return "ACTIVE" if issue.active(now) else "PROVISIONING"


def names_of(kept: Body) -> tuple[str, ...]:
    """Give the names that a certificate is for."""
    return tuple(kept["_uploaded"]["names"] if "_uploaded" in kept else kept["managed"]["domains"])


def leaf(kernel: Kernel, project: Project, kept: Body, now: float) -> Certificate | None:
    """Give the certificate that a load balancer has for the wire; None while there is none."""
    if "_uploaded" in kept:
        return _leaf(kernel, project, kept, None, now)
    if "_issue" not in kept:
        return None
    issue = settled(kernel, project, kept, now)
    lag_s = switches.SERVING_LAG_S[kernel.switch(switches.SERVING_LAG.name)]
    # What is renewed is served without a break: the lag is of the first certificate only.
    first = issue.not_before if issue.served_since is None else issue.served_since
    if first is None or now < first + lag_s:
        return None
    return _leaf(kernel, project, kept, issue, now)


def _leaf(kernel: Kernel, project: Project, kept: Body, issue: Issue | None, now: float) -> Certificate:
    leaves, of = project.certificates.leaves_of(kernel), f"classic {kept['name']} {kept.get('id', '')}"
    if issue is None:
        uploaded = Uploaded.from_data(kept["_uploaded"])
        valid = (uploaded.not_before, uploaded.not_after)
        return leaves.leaf(uploaded.names, uploaded.issuer, valid, now=now, of=of)
    return leaves.leaf(kept["managed"]["domains"], issue.issuer, issue.validity, now=now, of=of)
