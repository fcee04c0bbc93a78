"""The protocol's methods, and nothing else: the cdn part and the dns part, joined.

Who is called where:

- `cdn.Cdn` (reading side by side, then `state.GoogleState`; `composing.compose_edges`; `apply` by container:
  `compute_apply` for what compute keeps, `certificates_apply` for Certificate Manager's)
- `cloud_dns.CloudDns` (`read`, `unclear`, `spell`, `apply`, `ready`)
- both over one `session.Session`; REST through `rest.Rest(session, setting.calls, SERVICE)`
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Protocol

from providers._outcomes import placed
from providers.google.names import identity_of, provider_of
from providers.google.session import Session
from reconciler.dns import DNS_RECORD, Record, RRset, Zone
from reconciler.errors import AuthError
from reconciler.model import Change, Finding, Resource, ResourceId, Severity
from reconciler.provider import (
    Composition,
    Live,
    Outcomes,
    Parts,
    Scope,
    Setting,
    Status,
    Wanted,
    both,
)


class CdnPart(Protocol):
    """The load balancer with its certificates, as `providers.google.cdn.Cdn` is it."""

    def read(self, scope: Scope) -> tuple[tuple[Resource, ...], object]:
        """Return what exists, and what `compose` needs to know besides."""

    def compose(self, wanted: Sequence[Wanted], state: Any) -> Composition:
        """Return what the cdn part needs. Pure."""

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one container."""

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Tell what is active."""

    def close(self) -> None:
        """End all connections."""


class DnsFound(Protocol):
    """What the dns part read."""

    @property
    def zones(self) -> tuple[Zone, ...]: ...

    @property
    def rrsets(self) -> tuple[RRset, ...]: ...

    @property
    def state(self) -> object: ...


class DnsPart(Protocol):
    """Cloud DNS, as `providers.google.cloud_dns.CloudDns` is it."""

    def read(self, scope: Scope, account: str) -> DnsFound:
        """Return the zones that hold a host of the scope, or all, with their records."""

    def unclear(self, wanted: Sequence[Wanted], state: Any) -> Iterable[Finding]:
        """Tell of hosts whose zone is in doubt. Pure."""

    def spell(self, records: Sequence[Record], state: Any) -> Composition:
        """Return records as Cloud DNS reports them, and what forbids them. Pure."""

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one zone."""

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Tell which records every server answers."""


@dataclass(frozen=True, slots=True)
class GoogleFacts:
    """What was read, by part.

    cdn       None where the part was not looked at
    dns       likewise
    unread    why the cdn part could not be, where it was to be
    unlisted  why zones could not be looked at, where they were to be
    """

    cdn: object = None
    dns: object = None
    unread: str = ""
    unlisted: str = ""


class GoogleProvider:
    """One alias of type google. Thread-safe."""

    def __init__(
        self,
        setting: Setting,
        *,
        session: Session | None = None,
        cdn: CdnPart | None = None,
        dns: DnsPart | None = None,
    ) -> None:
        """Raises AuthError for credentials that are not there. Tests bring parts of their own."""
        self._alias, self._together = setting.alias, setting.together
        self._session = session or Session(setting)
        self._account = identity_of(self._session.project)
        self._setting, self._cdn_part = setting, cdn
        self._dns: DnsPart = dns or import_module("providers.google.cloud_dns").CloudDns(
            setting, self._session
        )

    @property
    def _cdn(self) -> CdnPart:
        """The cdn part, loaded when it is first asked: an alias of the dns part alone does without."""
        if self._cdn_part is None:
            self._cdn_part = import_module("providers.google.cdn").Cdn(self._setting, self._session)
        return self._cdn_part

    def close(self) -> None:
        """End all connections."""
        if self._cdn_part is not None:
            self._cdn_part.close()
        self._session.close()

    def read(self, scope: Scope) -> Live:
        """Return what the project holds that concerns the scope."""
        (resources, state, unread), (found, unlisted) = both(
            self._together, lambda: self._edges(scope), lambda: self._zones(scope)
        )
        return Live(
            resources=resources,
            zones=found.zones if found is not None else (),
            rrsets=found.rrsets if found is not None else (),
            accounts=frozenset({self._account}),
            facts=GoogleFacts(state, found.state if found is not None else None, unread, unlisted),
        )

    def _edges(self, scope: Scope) -> tuple[tuple[Resource, ...], object, str]:
        """Read the cdn part: what it plays, and what it still has of hosts that went to another alias.

        What was read already is not read again. Credentials for Cloud DNS alone may not look at load
        balancers, and have left nothing there: that is told only where all of the owner's is asked for.
        """
        if scope.known is not None:
            known = _facts(scope.known)
            return scope.known.resources, known.cdn, known.unread
        if not (scope.parts.cdn or scope.everything):
            return (), None, ""
        try:
            resources, state = self._cdn.read(scope)
        except AuthError as error:
            if scope.parts.cdn:
                raise
            return (), None, error.message
        return resources, state, ""

    def _zones(self, scope: Scope) -> tuple[DnsFound | None, str]:
        """Read the dns part.

        Credentials for load balancers alone may not look at Cloud DNS, where the engine looks for what a
        host may have left: `compose`, which is told what the alias plays, says what that means.
        """
        try:
            return self._dns.read(scope, self._account), ""
        except AuthError as error:
            if not scope.parts.cdn:
                raise
            return None, str(error)

    def compose(self, parts: Parts, live: Live) -> Composition:
        """Return what the cdn part needs, and why no zone is found for a host of the dns part. Pure."""
        facts = _facts(live)
        composed = self._cdn.compose(parts.cdn, facts.cdn) if parts.cdn else Composition()
        findings = [*composed.findings]
        if facts.unread:
            text = f"`{self._alias}` may not look for load balancers and certificates: {facts.unread}"
            findings.append(Finding(Severity.WARNING, None, text))
        if facts.unlisted:
            text = f"`{self._alias}` may not look for managed zones: {facts.unlisted}"
            findings.append(Finding(Severity.ERROR if parts.dns else Severity.WARNING, None, text))
        elif facts.dns is not None:
            findings += self._dns.unclear(parts.dns, facts.dns)
        return replace(composed, findings=tuple(findings))

    def spell(self, records: Sequence[Record], live: Live) -> Composition:
        """Return records as Cloud DNS reports them, and what forbids them."""
        facts = _facts(live)
        if facts.dns is None:
            return Composition()  # `compose` says why no zone is known
        return self._dns.spell(records, facts.dns)

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one container: a zone's records, or what belongs to the load balancer."""
        is_dns = batch[0].id.kind == DNS_RECORD
        outcomes = self._dns.apply(batch) if is_dns else self._cdn.apply(batch)
        return placed(outcomes, provider_of(self._alias))

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Tell which records every server of Cloud DNS answers, and what is active."""
        records = [id_ for id_ in ids if id_.kind == DNS_RECORD]
        others = [id_ for id_ in ids if id_.kind != DNS_RECORD]
        statuses = dict(self._dns.ready(records)) if records else {}
        return {**statuses, **(self._cdn.ready(others) if others else {})}


def _facts(live: Live) -> GoogleFacts:
    if not isinstance(live.facts, GoogleFacts):
        raise TypeError("not what this provider read")
    return live.facts
