"""What Certificate Manager takes: the rules for each kind, and bodies as they are kept.

docs: REST reference of each resource; "Certificate Manager: Quotas and limits" (100 domains in a managed
certificate, four certificates in a map entry); descriptor certificatemanager.v1 (what is immutable).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from providers.sandbox.contract import NotEmulated

from . import certmanager_switches as switches
from .call import Call, Refusal
from .certmanager_refusals import already_exists, invalid
from .certmanager_state import (
    AUTHORIZATIONS,
    CERTIFICATES,
    ENTRIES,
    FIXED,
    MAPS,
    PER_PROJECT,
    Certificates,
)
from .issuing import Issue
from .issuing_pem import BadPemError, Uploaded, read

MOST_DOMAINS = 100
MOST_CERTIFICATES = 4
MOST_LABELS = 64
SCOPES = ("DEFAULT", "EDGE_CACHE", "ALL_REGIONS", "CLIENT_AUTH")
#: What may be written, and of that what may be changed later; the rest is output only or immutable.
WRITTEN = {
    CERTIFICATES: ("description", "labels", "scope", "selfManaged", "managed"),
    MAPS: ("description", "labels"),
    ENTRIES: ("description", "labels", "hostname", "matcher", "certificates"),
    AUTHORIZATIONS: ("description", "labels", "domain", "type"),
}
CHANGED = {
    CERTIFICATES: ("description", "labels", "selfManaged"),
    MAPS: ("description", "labels"),
    ENTRIES: ("description", "labels", "certificates"),
    AUTHORIZATIONS: ("description", "labels"),
}
_ID = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,62}")
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Taken:
    """A body as it is kept, and what comes with a certificate."""

    body: dict[str, Any]
    issue: Issue | None = None
    uploaded: Uploaded | None = None


def checked_id(given: str, field: str) -> str:
    """Give a new resource's id. Raises Refusal."""
    if not _ID.fullmatch(given):
        raise invalid(field, "invalid name")
    return given


def taken(call: Call, kind: str, parent: str, given: Any) -> Taken:
    """Judge a new resource. Raises Refusal."""
    body = _plain(kind, given)
    certificates = call.project.certificates
    rules: dict[str, Callable[[], Taken]] = {
        CERTIFICATES: lambda: _certificate(call, certificates, body),
        MAPS: lambda: Taken(body),
        ENTRIES: lambda: _entry(call, certificates, parent, body),
        AUTHORIZATIONS: lambda: _authorization(call, certificates, body),
    }
    return rules[kind]()


def changed(call: Call, kind: str, before: Mapping[str, Any], given: Any, mask: str) -> Taken:
    """Judge a change by an update mask, and give the body that comes of it. Raises Refusal."""
    if not mask:
        raise invalid("update_mask", "update_mask is required")
    new, body = _plain(kind, given), dict(before)
    uploaded = None
    for path in mask.split(","):
        member = _camel(path.strip().partition(".")[0])
        if member not in CHANGED[kind]:
            raise invalid("update_mask", f"field {path.strip()!r} is immutable or unknown")
        if "." in path and member != "selfManaged":
            raise NotEmulated(f"the update mask {path}")
        if member == "selfManaged":
            if "selfManaged" not in before:
                raise invalid("self_managed", "type of certificate can't be changed")
            body, uploaded = _self_managed({**body, member: new.get(member) or {}})
            continue
        body.pop(member, None)
        if member in new:
            body[member] = new[member]
        if member == "certificates":
            body[member] = _named_certificates(call, body)
    return Taken(body, uploaded=uploaded)


def _plain(kind: str, given: Any) -> dict[str, Any]:
    """Give what may be written of a body; `name` and what is output only are passed over."""
    if not isinstance(given, Mapping):
        raise invalid(kind, "must be set")
    body = {member: given[member] for member in WRITTEN[kind] if given.get(member) not in (None, "")}
    _labels(body.get("labels") or {})
    return body


def _labels(labels: Any) -> None:
    if not isinstance(labels, Mapping) or len(labels) > MOST_LABELS:
        raise invalid("labels", f"no more than {MOST_LABELS} labels are allowed")
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(str(key)) or not _LABEL_VALUE.fullmatch(str(value)):
            raise invalid("labels", f"invalid label {key!r}: {value!r}")


def _certificate(call: Call, certificates: Certificates, body: dict[str, Any]) -> Taken:
    if body.get("scope", "DEFAULT") not in SCOPES:
        raise invalid("scope", "invalid scope")
    if body.get("scope") == "DEFAULT":
        del body["scope"]  # the default is not shown
    if ("managed" in body) == ("selfManaged" in body):
        raise invalid("type", "exactly one of managed and self_managed must be set")
    if "selfManaged" in body:
        body, uploaded = _self_managed(body)
        return Taken(body, uploaded=uploaded)
    managed = body["managed"]
    if managed.get("issuanceConfig"):
        raise NotEmulated("certificates of a private authority")
    domains = [str(domain).lower() for domain in managed.get("domains") or ()]
    _domains(domains)
    kept: dict[str, Any] = {"domains": domains}
    if given := managed.get("dnsAuthorizations"):
        kept["dnsAuthorizations"] = _authorizations(call, certificates, given, domains)
    elif any(domain.startswith("*.") for domain in domains):
        raise invalid("managed.domains", "wildcard domains are only supported with DNS authorization")
    return Taken({**body, "managed": kept}, issue=Issue(call.now))


def _domains(domains: list[str]) -> None:
    if not 0 < len(domains) <= MOST_DOMAINS:
        raise invalid("managed.domains", f"between 1 and {MOST_DOMAINS} domains must be given")
    for number, domain in enumerate(domains):
        if not _HOST.fullmatch(domain.removeprefix("*.")) or domain in domains[:number]:
            raise invalid(f"managed.domains[{number}]", "invalid domain")


def _authorizations(call: Call, certificates: Certificates, given: Any, domains: list[str]) -> list[str]:
    paths = []
    for number, name in enumerate(given):
        path = certificates.path_of(str(name))
        if path is None or not path.startswith(f"{AUTHORIZATIONS}/"):
            raise invalid(f"managed.dns_authorizations[{number}]", "invalid name")
        if certificates.get(path, call.now) is None:
            raise invalid(f"managed.dns_authorizations[{number}]", f"DNS authorization {name} not found")
        call.need("certificatemanager.dnsauthorizations.use", certificates.full(path))
        paths.append(path)
    covered = {certificates.resources[path].body["domain"] for path in paths}
    for number, domain in enumerate(domains):
        if domain.removeprefix("*.") not in covered:
            raise invalid(
                f"managed.domains[{number}]", f"domain {domain!r} is not covered by a DNS authorization"
            )
    return paths


def _self_managed(body: dict[str, Any]) -> tuple[dict[str, Any], Uploaded]:
    """Give the body of an uploaded certificate, its key forgotten, and what it says."""
    given = body["selfManaged"]
    pem = str(given.get("pemCertificate") or "")
    try:
        told = read(pem, str(given.get("pemPrivateKey") or ""))
    except BadPemError as error:
        raise invalid("self_managed", str(error)) from error
    return {**body, "selfManaged": {"pemCertificate": pem}}, told


def _entry(call: Call, certificates: Certificates, parent: str, body: dict[str, Any]) -> Taken:
    host, matcher = str(body.get("hostname") or "").lower(), body.get("matcher")
    if bool(host) == bool(matcher):
        raise invalid("match", "exactly one of hostname and matcher must be set")
    if matcher not in (None, "PRIMARY"):
        raise invalid("matcher", "invalid matcher")
    if host:
        body["hostname"] = host
        if not _HOST.fullmatch(host.removeprefix("*.")):
            raise invalid("hostname", f"invalid hostname {host!r}")
    for other in certificates.of(ENTRIES, call.now, parent):
        if (other.body.get("hostname"), other.body.get("matcher")) == (host or None, matcher):
            raise already_exists(certificates.full(other.path))
    return Taken({**body, "certificates": _named_certificates(call, body)})


def _named_certificates(call: Call, body: Mapping[str, Any]) -> list[str]:
    """Give the paths of an entry's certificates."""
    names, certificates = body.get("certificates") or [], call.project.certificates
    if not 0 < len(names) <= MOST_CERTIFICATES:
        raise invalid("certificates", f"between 1 and {MOST_CERTIFICATES} certificates must be given")
    return [_named_certificate(call, certificates, str(name)) for name in names]


def _named_certificate(call: Call, certificates: Certificates, name: str) -> str:
    path = certificates.path_of(name)
    found = certificates.get(path, call.now) if path and path.startswith(f"{CERTIFICATES}/") else None
    if found is None:
        words = f'invalid certificate name "{name}"'
        raise invalid("certificates", words, words)
    if found.body.get("scope", "DEFAULT") != "DEFAULT":
        raise invalid("certificates", f"certificate {name} has a scope that maps do not take")
    call.need("certificatemanager.certs.use", certificates.full(found.path))
    return found.path


def _authorization(call: Call, certificates: Certificates, body: dict[str, Any]) -> Taken:
    domain = str(body.get("domain") or "").lower()
    if not _HOST.fullmatch(domain):  # no wildcards: docs: one covers a domain and its wildcard
        raise invalid("domain", f"invalid domain {domain!r}")
    kind = body.get("type", FIXED)
    if kind == "TYPE_UNSPECIFIED":
        kind = FIXED
    if kind not in (FIXED, PER_PROJECT):
        raise invalid("type", "invalid type")
    if kind == FIXED and call.switch(switches.SECOND_AUTHORIZATION.name) == "refused":
        _refuse_second(call, certificates, domain)
    return Taken({**body, "domain": domain, "type": kind})


def _refuse_second(call: Call, certificates: Certificates, domain: str) -> None:
    for other in certificates.of(AUTHORIZATIONS, call.now):
        if (other.body["domain"], other.body["type"]) == (domain, FIXED):
            words = f"domain {domain!r} has a DNS authorization: {certificates.full(other.path)}"
            raise Refusal(409, "alreadyExists", words)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
