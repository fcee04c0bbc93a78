"""What the world, and `PATCH /vendors/google`, may say of Certificate Manager."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import WorldError
from providers.sandbox.world_form import entries, known, one_of, tags, text

from .certmanager_state import (
    AUTHORIZATIONS,
    CERTIFICATES,
    ENTRIES,
    FIXED,
    MAPS,
    PER_PROJECT,
    Certificates,
    Resource,
)
from .issuing import DAY_S, ISSUERS, VALIDITY_S, Attempt, Issue
from .issuing_pem import Uploaded
from .state import Google, Project

WORLD_KEYS: tuple[str, ...] = ("certificate_manager",)
CONTROL_KEYS: tuple[str, ...] = ("certificates", "classic_certificates")
_COMMON = ("name", "description", "labels")
_STATES = ("active", "provisioning", "failed")
AGE_S = DAY_S  # how old what the world has is at its beginning


def read(_google: Google, project: Project, given: Mapping[str, Any], at: str, now: float) -> None:
    """Read what the world says of a project. Raises WorldError."""
    certificates = project.certificates
    certificates.project, certificates.number = project.id, project.number
    at = f"{at}.certificate_manager"
    parts = known(
        given.get("certificate_manager") or {},
        ("dns_authorizations", "certificates", "maps", "operation_s"),
        at,
    )
    certificates.operation_s = float(parts.get("operation_s", certificates.operation_s))
    for place, each in entries(parts.get("dns_authorizations"), f"{at}.dns_authorizations"):
        _authorization(certificates, known(each, (*_COMMON, "domain", "type"), place), place, now)
    for place, each in entries(parts.get("certificates"), f"{at}.certificates"):
        keys = (*_COMMON, "domains", "dns_authorizations", "state", "uploaded", "scope")
        _certificate(certificates, known(each, keys, place), place, now)
    for place, each in entries(parts.get("maps"), f"{at}.maps"):
        _map(certificates, known(each, (*_COMMON, "entries"), place), place, now)


def _put(certificates: Certificates, kind: str, path: str, body: dict[str, Any], now: float) -> Resource:
    begun = now - AGE_S
    made = Resource(kind, path, body, begun, begun, begun)
    certificates.resources[path] = made
    return made


def _common(given: Mapping[str, Any], at: str) -> dict[str, Any]:
    labels, description = tags(given.get("labels"), f"{at}.labels"), given.get("description")
    return {
        **({"labels": labels} if labels else {}),
        **({"description": str(description)} if description else {}),
    }


def _name(given: Mapping[str, Any], at: str) -> str:
    return text(given.get("name"), f"{at}.name", "click-example-com")


def _authorization(certificates: Certificates, given: Mapping[str, Any], at: str, now: float) -> None:
    kind = one_of(given.get("type", FIXED), (FIXED, PER_PROJECT), f"{at}.type")
    domain = text(given.get("domain"), f"{at}.domain", "click.example.com")
    body = {**_common(given, at), "domain": domain, "type": kind}
    _put(certificates, AUTHORIZATIONS, f"{AUTHORIZATIONS}/{_name(given, at)}", body, now)


def _certificate(certificates: Certificates, given: Mapping[str, Any], at: str, now: float) -> None:
    domains = [str(domain) for _, domain in entries(given.get("domains"), f"{at}.domains")]
    if not domains:
        raise WorldError(f"{at}.domains", "write the names that the certificate is for")
    body, path = _common(given, at), f"{CERTIFICATES}/{_name(given, at)}"
    if given.get("scope"):
        body["scope"] = str(given["scope"])
    begun = now - AGE_S
    if given.get("uploaded"):
        made = _put(certificates, CERTIFICATES, path, {**body, "selfManaged": {"pemCertificate": ""}}, now)
        made.uploaded = Uploaded(tuple(domains), begun, begun + VALIDITY_S, "DigiCert Inc")
        return
    managed: dict[str, Any] = {"domains": domains}
    if named := _authorizations(certificates, given, at):
        managed["dnsAuthorizations"] = named
    made = _put(certificates, CERTIFICATES, path, {**body, "managed": managed}, now)
    made.issue = _issue(one_of(given.get("state", "active"), _STATES, f"{at}.state"), domains, now)


def _authorizations(certificates: Certificates, given: Mapping[str, Any], at: str) -> list[str]:
    paths = []
    for place, name in entries(given.get("dns_authorizations"), f"{at}.dns_authorizations"):
        path = f"{AUTHORIZATIONS}/{name}"
        if path not in certificates.resources:
            raise WorldError(place, f"there is no DNS authorization {name!r} here")
        paths.append(path)
    return paths


def _issue(state: str, domains: list[str], now: float) -> Issue:
    begun = now - AGE_S
    if state == "active":
        attempts = {domain: Attempt(begun) for domain in domains}
        issuer = ISSUERS["pki.goog"]
        return Issue(begun, begun, attempts, begun, begun + VALIDITY_S, issuer, served_since=begun)
    return Issue(now) if state == "provisioning" else Issue(begun, now, failed=now)


def _map(certificates: Certificates, given: Mapping[str, Any], at: str, now: float) -> None:
    path = f"{MAPS}/{_name(given, at)}"
    _put(certificates, MAPS, path, _common(given, at), now)
    keys = (*_COMMON, "hostname", "matcher", "certificates")
    for place, each in entries(given.get("entries"), f"{at}.entries"):
        entry = known(each, keys, place)
        body = _common(entry, place)
        body |= {key: str(entry[key]) for key in ("hostname", "matcher") if entry.get(key)}
        body["certificates"] = []
        for spot, name in entries(entry.get("certificates"), f"{place}.certificates"):
            if f"{CERTIFICATES}/{name}" not in certificates.resources:
                raise WorldError(spot, f"there is no certificate {name!r} here")
            body["certificates"].append(f"{CERTIFICATES}/{name}")
        _put(certificates, ENTRIES, f"{path}/{ENTRIES}/{_name(entry, place)}", body, now)


def change(_google: Google, project: Project, given: Mapping[str, Any], at: str, now: float) -> None:
    """Change a project's certificates behind the API's back. Raises WorldError.

    {"certificates": {"click": {"rate_limited": true}}} holds its domains off, {"failed": true} lets Google
    give up, {"expires_s": 3600} ends it so soon. `classic_certificates` are those of Compute Engine.
    """
    for name, wanted in known_names(given.get("certificates") or {}, f"{at}.certificates"):
        place = f"{at}.certificates.{name}"
        found = project.certificates.get(f"{CERTIFICATES}/{name}", now)
        if found is None or found.issue is None:
            raise WorldError(place, "there is no such managed certificate")
        change_issue(found.issue, found.body["managed"]["domains"], wanted, place, now)
    for name, wanted in known_names(given.get("classic_certificates") or {}, f"{at}.classic_certificates"):
        place = f"{at}.classic_certificates.{name}"
        body = project.compute.body("sslCertificates", name, now)
        if body is None or "_issue" not in body:
            raise WorldError(place, "there is no such managed certificate")
        issue = Issue.from_data(body["_issue"])
        change_issue(issue, body["managed"]["domains"], wanted, place, now)
        body["_issue"] = issue.as_data()


def known_names(given: Any, at: str) -> list[tuple[str, Any]]:
    """Give what a mapping says by name. Raises WorldError."""
    if not isinstance(given, Mapping):
        raise WorldError(at, "write a mapping of names to changes")
    return [(str(name), wanted) for name, wanted in given.items()]


def change_issue(issue: Issue, domains: list[str], wanted: Any, at: str, now: float) -> None:
    """Change how far a managed certificate has come. Raises WorldError."""
    told = known(wanted, ("rate_limited", "failed", "expires_s"), at)
    if "rate_limited" in told:
        issue.limited = list(domains) if told["rate_limited"] else []
    if told.get("failed"):
        issue.failed, issue.not_before, issue.not_after = now, None, None
    if "expires_s" in told:
        issue.not_after = now + float(told["expires_s"])
