"""The cdn part through Cloudflare for SaaS: what each tracking host needs in the saas zone. Pure.

A host is a custom hostname of one zone of the account; its own zone stays wherever it is. It reaches
SparkPost through a proxied record of the saas zone, one for each endpoint: that of most hosts is the zone's
fallback origin, the others are named by their hosts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from providers.cloudflare.composing import Wishes, room, rule_resources
from providers.cloudflare.names import (
    CACHE_HOST,
    CUSTOM_HOSTNAME,
    FALLBACK_ORIGIN,
    SAAS_ORIGIN,
    challenge_name,
    origin_name,
    ownership_name,
)
from providers.cloudflare.saas_findings import (
    host_findings,
    no_saas_zone,
    own_origin,
    proxied_elsewhere,
    zone_wide,
)
from providers.cloudflare.saas_state import (
    MINIMUM_TLS,
    CustomHostname,
    SaasState,
    fallback_resource,
    hostname_attrs,
    hostname_resource,
    origin_resource,
)
from providers.cloudflare.zones import CloudflareState, ZoneState
from reconciler.dns import HostTarget, Record
from reconciler.model import Finding, Ref, Resource, ResourceId
from reconciler.provider import Composition, Issuance, Wanted

VALIDATION_TTL_S: Final = 3600
AUTHORITIES: Final = {"google": "pki.goog", "lets_encrypt": "letsencrypt.org", "ssl_com": "ssl.com"}
"""By Cloudflare's word for it how CAA records name an authority; it chooses one of them by itself."""


@dataclass(frozen=True, slots=True)
class Origins:
    """How the saas zone reaches SparkPost.

    names     by endpoint the name of the owner's record for it
    fallback  the fallback origin as it is to be, and the endpoint that it leads to where that is known
    ours      whether the fallback origin is one of the owner's records
    """

    names: Mapping[str, str]
    fallback: str
    fallback_endpoint: str | None
    ours: bool


def compose_saas(parts: Iterable[Wanted], state: CloudflareState, wishes: Wishes) -> Composition:
    """Compose the present hosts of the cdn part; of those that leave, only the records that were theirs."""
    asked = sorted((w for w in parts if not w.absent), key=lambda w: w.host)
    present = [w for w in asked if not w.leaving]
    zone, saas = state.zones.get(str(wishes.saas_zone)), state.saas
    if zone is None or saas is None:
        return Composition(findings=tuple(no_saas_zone(w.host, state, wishes) for w in present))
    origins = origins_for(present, saas, wishes)
    edges = [_Edge(w, zone, saas, origins, wishes) for w in present]
    members = [r for edge in edges for r in rule_resources(edge.host, zone, wishes)]
    shared = list(_shared(saas, origins, wishes)) if present else []
    leaving = [_Edge(w, zone, saas, origins, wishes) for w in asked if w.leaving]
    findings = [f for w in present for f in host_findings(w.host, zone, state, wishes)]
    findings += [
        *zone_wide([w.host for w in present], zone, saas, shared, wishes),
        *room(members, state, wishes),
    ]
    findings += [f for edge in edges for f in edge.findings()]
    return Composition(
        resources=(*shared, *members, *(edge.resource() for edge in edges)),
        records=tuple(r for edge in [*edges, *leaving] for r in edge.records()),
        targets={edge.host: edge.target() for edge in edges},
        accounts={w.host: zone.account for w in present},
        findings=tuple(findings),
        ready=frozenset(edge.id for edge in edges if edge.ready),
        issuances=tuple(i for edge in edges for i in edge.issuances()),
    )


# -- how the zone reaches SparkPost
def origins_for(present: Sequence[Wanted], saas: SaasState, wishes: Wishes) -> Origins:
    """Choose the fallback origin: the one that stands, else that of most hosts; never in a user's place.

    One that stands stays while the zone has any custom hostname: a host whose own change is refused would be
    led to another endpoint with it.
    """
    zone, users = saas.zone, Counter(w.origin for w in present)
    names = {endpoint: origin_name(wishes.owner, endpoint, zone) for endpoint in sorted(users)}
    live = saas.default
    if live is not None and not saas.is_of(wishes.owner, live.origin):
        return Origins(names, live.origin, saas.endpoint_of(live.origin), ours=False)
    by_name = {name: endpoint for endpoint, name in names.items()}
    standing = (
        saas.key_of(wishes.owner, live.origin) or by_name.get(live.origin) if live is not None else None
    )
    if standing is not None and (standing in users or saas.standing):
        names.setdefault(standing, origin_name(wishes.owner, standing, zone))
        return Origins(names, names[standing], standing, ours=True)
    most = min(users, key=lambda endpoint: (-users[endpoint], endpoint), default="")
    return Origins(names, names.get(most, ""), most, ours=True)


def _shared(saas: SaasState, origins: Origins, wishes: Wishes) -> Iterator[Resource]:
    for endpoint, name in origins.names.items():
        yield origin_resource(wishes.alias, endpoint, saas.zone, name, wishes.owner)
    if origins.ours and origins.fallback_endpoint is not None:
        used = ResourceId(wishes.alias, SAAS_ORIGIN, origins.fallback_endpoint)
        yield fallback_resource(wishes.alias, saas.zone, origins.fallback, wishes.owner, (used,))


# -- one host
class _Edge:
    """What one host needs."""

    def __init__(
        self, wanted: Wanted, zone: ZoneState, saas: SaasState, origins: Origins, wishes: Wishes
    ) -> None:
        self.host, self._wanted, self._zone = wanted.host, wanted, zone
        self._saas, self._origins, self._wishes = saas, origins, wishes
        self._live = saas.standing.get(wanted.host)
        self.id = ResourceId(wishes.alias, CUSTOM_HOSTNAME, wanted.host)

    # -- the custom hostname
    def resource(self) -> Resource:
        """Return the custom hostname as it is to be."""
        live = self._live
        min_tls = live.min_tls if live and live.min_tls in MINIMUM_TLS else MINIMUM_TLS[0]
        managed = hostname_attrs(self.host, self._origin(), self._method, "dv", min_tls)
        return hostname_resource(
            self._wishes.alias, self._saas.zone, managed, self._wishes.owner, self._uses()
        )

    @property
    def _method(self) -> str:
        """A certificate that serves keeps the way in which it is renewed."""
        live = self._live
        return live.method if live is not None and live.serves and live.method else "txt"

    def _origin(self) -> str:
        """Return the origin server that the hostname names itself, empty where the fallback origin does.

        One that leads to the right endpoint stays: an answer does not tell how to take it away.
        """
        live, endpoint = self._live, self._wanted.origin
        name = self._origins.names[endpoint]
        if live is not None and live.origin:
            return live.origin if self._saas.endpoint_of(live.origin) == endpoint else name
        return "" if self._origins.fallback_endpoint == endpoint else name

    def _uses(self) -> Iterator[ResourceId]:
        alias, endpoint = self._wishes.alias, self._wanted.origin
        yield from (
            r.id for r in rule_resources(self.host, self._zone, self._wishes) if r.id.kind != CACHE_HOST
        )
        yield ResourceId(alias, SAAS_ORIGIN, endpoint)
        if (
            self._origins.ours
        ):  # Cloudflare takes no custom hostname in before there is one, its own origin or not
            yield ResourceId(alias, FALLBACK_ORIGIN, self._saas.zone)

    def target(self) -> HostTarget:
        """Return where the host's record is to point."""
        return HostTarget("CNAME", (self._origins.names[self._wanted.origin],), before_dns=True)

    @property
    def ready(self) -> bool:
        """Whether it serves already, and nothing of it changes."""
        live = self._live
        return live is not None and live.serves and dict(live.as_attrs()) == dict(self.resource().attrs)

    def issuances(self) -> Iterator[Issuance]:
        """Yield what is still to be issued."""
        live = self._live
        if live is not None and live.ssl_status == "active":
            return
        told = AUTHORITIES.get(live.authority) if live is not None else None
        yield Issuance(self.host, self.host, (told,) if told else tuple(AUTHORITIES.values()))

    # -- the records that prove it
    def records(self) -> Iterator[Record]:
        """Yield the records that prove the certificate and the hostname; renewal needs the first.

        What Cloudflare does not tell (any more) of a hostname that stands is left as it is; of one that
        leaves, names and types suffice.
        """
        live, leaving = self._live, self._wanted.leaving
        if self._method == "txt" or leaving:
            yield from self._challenge(live)
        if live is None or live.ownership or leaving:
            yield self._record("ownership", ownership_name(self.host), "TXT", "ownership_value")

    def _challenge(self, live: CustomHostname | None) -> Iterator[Record]:
        name = challenge_name(self.host)
        if live is not None and live.tokens and not live.delegation:
            values = tuple(live.tokens)
            yield Record(self.host, "validation", name, "TXT", values, VALIDATION_TTL_S)
        elif live is None or live.delegation or self._wanted.leaving:
            yield self._record("validation", name, "CNAME", "dcv_target")

    def _record(self, role: str, name: str, type_: str, output: str) -> Record:
        return Record(self.host, role, name, type_, (Ref(self.id, output),), VALIDATION_TTL_S)

    def findings(self) -> Iterator[Finding]:
        """Say what is odd about the origin that it names, and what keeps it from being proven."""
        live = self._live
        if self._origin() and (live is None or live.origin != self._origin()):
            yield from own_origin(self.host, self._wanted.origin, self._zone)
        if live is not None:
            yield from proxied_elsewhere(live, self._origins.names[self._wanted.origin])
