"""The cdn part: a load balancer for each origin, with the certificates of its hosts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Final

from providers._outcomes import Outcome
from providers.google.certificates import classic_status
from providers.google.certificates_api import Certificates, Found, read_certificates
from providers.google.certificates_apply import KINDS, CertificatesApply
from providers.google.composing import compose_edges
from providers.google.compute_api import Compute, Native
from providers.google.compute_apply import ComputeApply, Operations
from providers.google.members_apply import Members
from providers.google.names import (
    ADDRESS,
    BACKEND,
    CERTIFICATES_SERVICE,
    HTTP_PROXY,
    HTTPS_PROXY,
    NEG,
    PROXY_CERTIFICATE,
    RULE,
    SSL_CERTIFICATE,
    SSL_POLICY,
    URL_MAP,
    marked,
)
from providers.google.natives import (
    Classic,
    Group,
    address_from,
    backend_from,
    classic_from,
    group_from,
    http_proxy_from,
    https_proxy_from,
    policy_from,
    rule_from,
    short,
    url_map_from,
)
from providers.google.options import wishes_from
from providers.google.rest import Rest
from providers.google.serving import resources as live_resources
from providers.google.session import Session
from providers.google.state import GoogleState, covers
from reconciler.errors import AuthError
from reconciler.model import Change, Resource, ResourceId
from reconciler.provider import Composition, Outcomes, Scope, Setting, Status, Wanted, both

_LISTED: Final = (
    NEG,
    BACKEND,
    URL_MAP,
    SSL_POLICY,
    SSL_CERTIFICATE,
    HTTPS_PROXY,
    HTTP_PROXY,
    ADDRESS,
    RULE,
)


class Cdn:
    """Load balancers and certificates of one project. Thread-safe."""

    def __init__(self, setting: Setting, session: Session) -> None:
        self._alias, self._owner, self._together = setting.alias, setting.owner, setting.together
        self._project = session.project
        self._wishes = wishes_from(setting.options)
        self._compute = Compute(session, setting.calls)
        self._manager = Certificates(Rest(session, setting.calls, CERTIFICATES_SERVICE))
        operations = Operations(self._compute, setting.together)
        self._balancers = ComputeApply(self._compute, operations, setting.together)
        self._members = Members(self._compute, operations, setting.owner)
        self._certificates = CertificatesApply(self._manager, setting.owner, setting.together)

    def close(self) -> None:
        """End all connections."""
        self._compute.close()

    # -- reading
    def read(self, scope: Scope) -> tuple[tuple[Resource, ...], GoogleState]:
        """Return what the project holds: one list of each kind, and the endpoints of the owner's groups."""
        compute, (kept, unread) = both(self._together, self._compute_lists, self._kept)
        state = self._state(scope, compute, kept, unread)
        proxies = {key: b.https.name for key, b in state.balancers.items() if b.https is not None}
        resources = live_resources(state)
        self._members.remember(proxies, resources)
        self._certificates.remember(resources)
        return resources, state

    def _compute_lists(self) -> dict[str, list[Native]]:
        lists = self._together([partial(self._compute.listed, kind) for kind in _LISTED])
        return dict(zip(_LISTED, lists, strict=True))

    def _kept(self) -> tuple[Found, str]:
        """Read Certificate Manager; a load balancer with classic certificates does without it."""
        try:
            return read_certificates(self._manager, self._together, self._owner), ""
        except AuthError as error:
            if self._wishes.by_map:
                raise
            return Found(), error.message

    def _state(
        self, scope: Scope, found: Mapping[str, list[Native]], kept: Found, unread: str
    ) -> GoogleState:
        project, hosts = self._project, scope.parts.cdn
        return GoogleState(
            alias=self._alias,
            owner=self._owner,
            project=project,
            groups=self._groups(found[NEG]),
            backends=tuple(backend_from(n, project) for n in found[BACKEND]),
            url_maps=tuple(url_map_from(n, project) for n in found[URL_MAP]),
            policies=tuple(policy_from(n) for n in found[SSL_POLICY]),
            https_proxies=tuple(https_proxy_from(n, project) for n in found[HTTPS_PROXY]),
            http_proxies=tuple(http_proxy_from(n, project) for n in found[HTTP_PROXY]),
            addresses=tuple(address_from(n, project) for n in found[ADDRESS]),
            rules=tuple(rule_from(n, project) for n in found[RULE]),
            classic=tuple(classic_from(n) for n in found[SSL_CERTIFICATE]),
            certificates=kept.certificates,
            authorizations=kept.authorizations,
            maps=kept.maps,
            entries=kept.entries,
            named=self._wishes.uploaded,
            to_map=self._wishes.by_map,
            origins={w.host: w.origin for w in hosts},
            absent=frozenset(w.host for w in hosts if w.absent),
            unread=unread,
        )

    def _groups(self, natives: Sequence[Native]) -> tuple[Group, ...]:
        """Read the groups; those of the owner with their endpoints, one call for each."""
        mine = [n for n in natives if (marked(str(n.get("description") or "")) or ("",))[0] == self._owner]
        asked = [partial(self._compute.endpoints, str(n["name"])) for n in mine]
        endpoints = dict(zip((str(n["name"]) for n in mine), self._together(asked), strict=True))
        return tuple(group_from(n, endpoints.get(str(n.get("name")))) for n in natives)

    def compose(self, wanted: Sequence[Wanted], state: GoogleState) -> Composition:
        """Return what should be for these hosts. Pure."""
        return compose_edges(wanted, state, self._wishes)

    # -- writing
    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one container, kind by kind."""
        outcomes: dict[ResourceId, Outcome] = {}
        for kind, several in groupby(sorted(batch, key=lambda c: c.id.kind), key=lambda c: c.id.kind):
            outcomes |= self._applied(kind, list(several))
        return outcomes

    def _applied(self, kind: str, batch: Sequence[Change]) -> Outcomes:
        if kind in KINDS:
            return self._certificates.apply(batch)
        if kind == PROXY_CERTIFICATE:
            return self._members.apply(batch)
        return self._balancers.apply(batch)

    # -- readiness
    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Tell what is active: a list of each kind that waits."""
        managed = [id_ for id_ in ids if id_.kind in KINDS]
        members = [id_ for id_ in ids if id_.kind not in KINDS]
        told = dict(self._certificates.ready(managed)) if managed else {}
        return {**told, **(self._classic_ready(members) if members else {})}

    def _classic_ready(self, ids: Sequence[ResourceId]) -> dict[ResourceId, Status]:
        certificates, proxies = self._together(
            [partial(self._compute.listed, SSL_CERTIFICATE), partial(self._compute.listed, HTTPS_PROXY)]
        )
        on = {short(link, self._project) for n in proxies for link in n.get("sslCertificates") or ()}
        mine = [classic_from(n) for n in certificates]
        return {id_: _listed_status(id_.key.partition("/")[0], mine, on) for id_ in ids}


def _listed_status(host: str, certificates: Sequence[Classic], on: Collection[str]) -> Status:
    """Tell of the certificate for a host: one that is on a proxy, and an active one before others."""
    mine = [c for c in certificates if covers(c.domains, host)]
    mine.sort(key=lambda c: (c.name not in on, not c.active))
    return classic_status(mine[0] if mine else None, on_proxy=bool(mine) and mine[0].name in on)
