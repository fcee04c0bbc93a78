"""The protocol's methods, and nothing else: the cdn part and the dns part, joined."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Protocol

from providers._outcomes import placed
from providers.aws.names import provider_of
from providers.aws.route53 import Found, Route53
from providers.aws.route53_zones import Route53State
from providers.aws.session import Clients
from reconciler.dns import DNS_RECORD, Record
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
    """CloudFront with its certificates, as `providers.aws.cdn.Cdn` is it."""

    def read(self, scope: Scope, account: str) -> tuple[tuple[Resource, ...], object]:
        """Return what exists, and what `compose` needs to know besides. `account`: its identity."""

    def compose(self, wanted: Sequence[Wanted], state: Any) -> Composition:
        """Return what the cdn part needs. Pure."""

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one container."""

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Tell what is issued and deployed."""


@dataclass(frozen=True, slots=True)
class AwsState:
    """What was read, by part.

    cdn       None where the part was not looked at
    unread    why it could not be, where it was to be
    unlisted  why zones could not be looked at, where they were to be
    """

    dns: Route53State
    cdn: object = None
    unread: str = ""
    unlisted: str = ""


class AwsProvider:
    """One alias of type aws. Thread-safe."""

    def __init__(
        self, setting: Setting, *, clients: Clients | None = None, cdn: CdnPart | None = None
    ) -> None:
        """Raises AuthError for a profile that is not there. Tests bring `clients` and `cdn` of their own."""
        self._alias, self._together = setting.alias, setting.together
        self._clients = clients or Clients(setting)
        self._dns = Route53(setting, self._clients)
        self._setting, self._cdn_part = setting, cdn

    @property
    def _cdn(self) -> CdnPart:
        """The cdn part, loaded when it is first asked: an alias of the dns part alone does without."""
        if self._cdn_part is None:
            self._cdn_part = import_module("providers.aws.cdn").Cdn(self._setting, self._clients)
        return self._cdn_part

    def close(self) -> None:
        """End all connections."""
        self._clients.close()

    def read(self, scope: Scope) -> Live:
        """Return what the account holds that concerns the scope."""
        account = self._clients.identity().name
        (resources, state, unread), (found, unlisted) = both(
            self._together, lambda: self._edges(scope, account), lambda: self._zones(scope, account)
        )
        return Live(
            resources=resources,
            zones=found.zones,
            rrsets=found.rrsets,
            accounts=frozenset({account}),
            facts=AwsState(found.state, state, unread, unlisted),
        )

    def _edges(self, scope: Scope, account: str) -> tuple[tuple[Resource, ...], object, str]:
        """Read the cdn part: what it plays, and what it still has of hosts that went to another alias.

        What was read already is not read again. Credentials for Route 53 alone may not look at CloudFront,
        and have left nothing there: that is told only where all of the owner's is asked for.
        """
        if scope.known is not None:
            known = _state(scope.known)
            return scope.known.resources, known.cdn, known.unread
        try:
            resources, state = self._cdn.read(scope, account)
        except AuthError as error:
            if scope.parts.cdn:
                raise
            return (), None, error.message if scope.everything else ""
        return resources, state, ""

    def _zones(self, scope: Scope, account: str) -> tuple[Found, str]:
        """Read the dns part.

        Credentials for CloudFront alone may not look at Route 53, where the engine looks for what a host may
        have left: `compose`, which is told what the alias plays, says what that means.
        """
        try:
            return self._dns.read(scope, account), ""
        except AuthError as error:
            if not scope.parts.cdn:
                raise
            return Found(), str(error)

    def compose(self, parts: Parts, live: Live) -> Composition:
        """Return what the cdn part needs, and why no zone is found for a host of the dns part."""
        state = _state(live)
        composed = Composition()
        if parts.cdn:
            composed = self._cdn.compose(parts.cdn, state.cdn)
        findings = [*composed.findings]
        if state.unread:
            text = f"`{self._alias}` may not look for distributions and certificates: {state.unread}"
            findings.append(Finding(Severity.WARNING, None, text))
        if state.unlisted:
            text = f"`{self._alias}` may not look for hosted zones: {state.unlisted}"
            findings.append(Finding(Severity.ERROR if parts.dns else Severity.WARNING, None, text))
        else:
            findings += self._dns.unclear(parts.dns, state.dns)
        return replace(composed, findings=tuple(findings))

    def spell(self, records: Sequence[Record], live: Live) -> Composition:
        """Return records as Route 53 reports them, and what forbids them."""
        state = _state(live)
        if state.unlisted:
            return Composition()  # `compose` says why no zone is known
        return self._dns.spell(records, state.dns)

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one container: a zone's records, or what belongs to CloudFront."""
        is_dns = batch[0].id.kind == DNS_RECORD
        outcomes = self._dns.apply(batch) if is_dns else self._cdn.apply(batch)
        return placed(outcomes, provider_of(self._alias))

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Tell which records every server of Route 53 answers, and what is issued and deployed."""
        records = [id_ for id_ in ids if id_.kind == DNS_RECORD]
        others = [id_ for id_ in ids if id_.kind != DNS_RECORD]
        statuses = dict(self._dns.ready(records)) if records else {}
        return {**statuses, **(self._cdn.ready(others) if others else {})}


def _state(live: Live) -> AwsState:
    if not isinstance(live.facts, AwsState):
        raise TypeError("not what this provider read")
    return live.facts
