"""How Certificate Manager shows what it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from providers.sandbox.ca import Certificate as Leaf
from providers.sandbox.kernel import Kernel
from providers.sandbox.leaves import Leaves

from . import certmanager_switches as switches
from . import frontends
from .certmanager_issuing import authorization_for
from .certmanager_state import (
    AUTHORIZATIONS,
    CERTIFICATES,
    ENTRIES,
    FIXED,
    HOST,
    MAPS,
    TYPES,
    Certificates,
    Operation,
    Resource,
    stamp,
)
from .issuing import Attempt, Issue
from .state import Project

_PACKAGE = "type.googleapis.com/google.cloud.certificatemanager.v1"
_ISSUES = {"CAA_CHECKING": "CAA"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What showing needs: the project, the kernel, and the time."""

    project: Project
    kernel: Kernel
    now: float
    users: Mapping[str, Sequence[Resource]]  # map entries by the path of a certificate that they name

    @property
    def certificates(self) -> Certificates:
        """What the project has in Certificate Manager."""
        return self.project.certificates

    def resource(self, resource: Resource) -> dict[str, Any]:
        """Give a resource as the API does."""
        written = {name: value for name, value in resource.body.items() if value not in ("", {}, [])}
        shown: dict[str, Any] = {
            **written,
            "name": self.certificates.full(resource.path),
            "createTime": stamp(resource.created),
            "updateTime": stamp(resource.updated),
        }
        return shown | {
            CERTIFICATES: self._certificate,
            MAPS: self._map,
            ENTRIES: self._entry,
            AUTHORIZATIONS: self._authorization,
        }[resource.kind](resource)

    def operation(self, operation: Operation) -> dict[str, Any]:
        """Give an operation: `done` and its response once it is over."""
        metadata = {
            "@type": f"{_PACKAGE}.OperationMetadata",
            "createTime": stamp(operation.created),
            "target": operation.target,
            "verb": operation.verb,
            "requestedCancellation": False,
            "apiVersion": "v1",
        }
        shown = {"name": self.certificates.full(f"operations/{operation.id}"), "metadata": metadata}
        if self.now < operation.done:
            return shown
        ended = {**metadata, "endTime": stamp(operation.done)}
        return {**shown, "metadata": ended, "done": True, "response": operation.response}

    def response(self, resource: Resource) -> dict[str, Any]:
        """Give what the operation that made or changed a resource ends with."""
        return {"@type": f"{_PACKAGE}.{TYPES[resource.kind]}", **self.resource(resource)}

    def _reference(self, path: str) -> str:
        setting = self.kernel.switch(switches.REFERENCES.name)
        return self.certificates.full(path, number=setting == "project-number")

    def _certificate(self, resource: Resource) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        if resource.issue is not None:
            shown |= self._managed(resource, resource.issue)
        elif resource.uploaded is not None:
            shown |= {
                "selfManaged": {},
                "sanDnsnames": list(resource.uploaded.names),
                "expireTime": stamp(resource.uploaded.not_after),
                "pemCertificate": resource.body["selfManaged"]["pemCertificate"],
            }
        uses = [
            {"name": f"//{HOST}/{self._reference(entry.path)}"} for entry in self.users.get(resource.path, ())
        ]
        return {**shown, **({"usedBy": uses} if uses else {})}

    def _managed(self, resource: Resource, issue: Issue) -> dict[str, Any]:
        written: Mapping[str, Any] = resource.body["managed"]
        domains = [str(domain) for domain in written["domains"]]
        managed: dict[str, Any] = {
            **written,
            "state": state_of(issue, self.now),
            "authorizationAttemptInfo": [self._attempt(resource, issue, domain) for domain in domains],
        }
        if authorizations := written.get("dnsAuthorizations"):
            managed["dnsAuthorizations"] = [self._reference(path) for path in authorizations]
        if any(attempt.reason for attempt in issue.attempts.values()) or issue.failed is not None:
            managed["provisioningIssue"] = _provisioning_issue(issue)
        shown: dict[str, Any] = {"managed": managed, "sanDnsnames": domains}
        if issue.active(self.now) and issue.not_after is not None:
            shown |= {"expireTime": stamp(issue.not_after), "pemCertificate": self._pem(resource)}
        return shown

    def _pem(self, resource: Resource) -> str:
        leaf = leaf_of(self.certificates.leaves_of(self.kernel), self.certificates, resource, self.now)
        return leaf.chain_pem.decode() if leaf else ""

    def _attempt(self, resource: Resource, issue: Issue, domain: str) -> dict[str, Any]:
        attempt = issue.attempts.get(domain)
        if attempt is None:
            return {"domain": domain, "state": "AUTHORIZING"}
        if not attempt.reason:
            return {"domain": domain, "state": "AUTHORIZED", "attemptTime": stamp(attempt.at)}
        shown = {
            "domain": domain,
            "state": "FAILED",
            "failureReason": _ISSUES.get(attempt.reason, attempt.reason),
            "details": attempt.details,
            "attemptTime": stamp(attempt.at),
        }
        trouble = self._troubleshooting(resource, domain, attempt)
        return {**shown, **({"troubleshooting": trouble} if trouble else {})}

    def _troubleshooting(self, resource: Resource, domain: str, attempt: Attempt) -> dict[str, Any]:
        if not attempt.issues:
            return {}
        trouble: dict[str, Any] = {"issues": attempt.issues}
        authorization = authorization_for(self.certificates, resource, domain, self.now)
        if authorization is None:
            return {**trouble, "ips": {"resolved": attempt.found}}
        name, data = self.certificates.record(authorization)
        return {**trouble, "cname": {"name": name, "expectedData": data, "resolvedData": attempt.found}}

    def _map(self, resource: Resource) -> dict[str, Any]:
        targets = [
            {
                "targetHttpsProxy": f"//compute.googleapis.com/{proxy}",
                "ipConfigs": [{"ipAddress": each.address, "ports": list(each.ports)} for each in found],
            }
            for proxy, found in frontends.of_map(self.project, resource.id, self.now).items()
        ]
        return {"gclbTargets": targets} if targets else {}

    def _entry(self, resource: Resource) -> dict[str, Any]:
        written = resource.body.get("certificates") or ()
        return {
            **({"certificates": [self._reference(path) for path in written]} if written else {}),
            "state": "ACTIVE" if self.entry_is_active(resource) else "PENDING",
        }

    def entry_is_active(self, entry: Resource) -> bool:
        """Say whether an entry is told as serving."""
        if self.now < entry.updated + ENTRY_S:
            return False
        if self.kernel.switch(switches.ENTRY_STATE.name) == "by-itself":
            return True
        named = (self.certificates.get(path, self.now) for path in entry.body.get("certificates") or ())
        return all(serves(certificate, self.now) for certificate in named if certificate)

    def _authorization(self, resource: Resource) -> dict[str, Any]:
        name, data = self.certificates.record(resource)
        record = {"name": name, "type": "CNAME", "data": data}
        return {"dnsResourceRecord": record, "type": resource.body.get("type", FIXED)}


#: How long an entry is on its way to Google's frontends; docs: "several minutes" at most.
ENTRY_S = 30.0


def state_of(issue: Issue, now: float) -> str:
    """Give the state of a managed certificate."""
    if issue.active(now):
        return "ACTIVE"
    return "PROVISIONING" if issue.failed is None or now < issue.failed else "FAILED"


def serves(certificate: Resource, now: float) -> bool:
    """Say whether there is a certificate to be served."""
    return certificate.uploaded is not None or (
        certificate.issue is not None and certificate.issue.active(now)
    )


def leaf_of(leaves: Leaves, certificates: Certificates, certificate: Resource, now: float) -> Leaf | None:
    """Give the certificate that stands on the wire for one that is active or uploaded, or None."""
    issue, uploaded = certificate.issue, certificate.uploaded
    of = certificates.full(certificate.path)
    if uploaded is not None:
        valid = (uploaded.not_before, uploaded.not_after)
        return leaves.leaf(uploaded.names, uploaded.issuer, valid, now=now, of=of)
    if issue is None or not issue.active(now):
        return None
    names = tuple(certificate.body["managed"]["domains"])
    return leaves.leaf(names, issue.issuer, issue.validity, now=now, of=of)


def _provisioning_issue(issue: Issue) -> dict[str, Any]:
    failed = [attempt for attempt in issue.attempts.values() if attempt.reason]
    limited = any(attempt.reason == "RATE_LIMITED" for attempt in failed)
    return {
        "reason": "RATE_LIMITED" if limited else "AUTHORIZATION_ISSUE",
        "details": " ".join(attempt.details for attempt in failed) or "Attempts to authorize failed.",
    }
