"""What Cloudflare for SaaS holds in a zone, as values, and how it is read out of answers. Pure.

docs: Custom Hostnames API; "Custom hostnames", hostname and certificate statuses; "Delegated DCV".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from providers.cloudflare.names import (
    CUSTOM_HOSTNAME,
    FALLBACK_ORIGIN,
    SAAS_ORIGIN,
    SAAS_SSL_HOST,
    challenge_name,
    is_origin_name,
    origin_name,
    origin_owner,
    saas_container,
)
from providers.cloudflare.plans import AUTO_TTL
from providers.cloudflare.saas_statuses import GOING, is_lost, is_proxied_elsewhere
from reconciler.dns import RRset
from reconciler.model import Attrs, Resource, ResourceId, attrs

CURRENT: Final = "current"
"""What `certificate` says of one that serves or is on its way; of one that never will, its status."""
MINIMUM_TLS: Final = ("1.2", "1.3")


@dataclass(frozen=True, slots=True)
class CustomHostname:
    """One custom hostname.

    origin      its own origin server, empty where it goes to the fallback origin
    delegation  where its challenge's CNAME is to point, for delegated validation; empty where not told
    tokens      the values of the TXT record that proves the certificate otherwise
    ownership   the value of the TXT record that proves the hostname before DNS points at Cloudflare
    errors      what Cloudflare says is wrong
    native      the answer itself
    """

    id: str
    host: str
    status: str
    ssl_status: str
    origin: str
    method: str
    type: str
    min_tls: str
    authority: str
    delegation: str
    tokens: tuple[str, ...]
    ownership: str
    errors: tuple[str, ...]
    native: Mapping[str, Any] = field(repr=False)

    @property
    def going(self) -> bool:
        """Whether it is being deleted, or is."""
        return self.status in GOING

    @property
    def serves(self) -> bool:
        return self.status in ("active", "active_redeploying") and self.ssl_status == "active"

    @property
    def certificate(self) -> str:
        """What is to be asked for again, CURRENT where nothing is: an edit asks for the hostname as well."""
        if self.status == "moved":
            return "moved"
        if not self.serves and is_proxied_elsewhere(self.errors):
            return "unproven"
        return self.ssl_status if is_lost(self.ssl_status) else CURRENT

    def as_attrs(self) -> Attrs:
        """Give the managed attributes."""
        return hostname_attrs(
            self.host, self.origin, self.method, self.type, self.min_tls, certificate=self.certificate
        )

    def outputs(self) -> Attrs:
        """Give what only the vendor knows."""
        told = {
            "dcv_target": self.delegation,
            "dcv_values": self.tokens,
            "ownership_value": self.ownership,
        }
        known = {name: value for name, value in told.items() if value}
        return attrs(id=self.id, status=self.status, ssl_status=self.ssl_status, **known)


def hostname_attrs(
    host: str, origin: str, method: str, type_: str, min_tls: str, *, certificate: str = CURRENT
) -> Attrs:
    """Give the managed attributes of a custom hostname."""
    return attrs(
        hostname=host,
        custom_origin_server=origin,
        ssl_method=method,
        ssl_type=type_,
        min_tls_version=min_tls,
        certificate=certificate,
    )


def hostname_from(native: Mapping[str, Any], delegation: str = "") -> CustomHostname:
    """Read one custom hostname; `delegation` is what the zone's names for delegated validation hold."""
    ssl = native.get("ssl") or {}
    host = _name(native["hostname"])
    proof = native.get("ownership_verification") or {}
    settings = ssl.get("settings") or {}
    return CustomHostname(
        id=str(native["id"]),
        host=host,
        status=str(native.get("status") or ""),
        ssl_status=str(ssl.get("status") or ""),
        origin=_name(native.get("custom_origin_server")),
        method=str(ssl.get("method") or ""),
        type=str(ssl.get("type") or ""),
        min_tls=str(settings.get("min_tls_version") or ""),
        authority=str(ssl.get("certificate_authority") or ""),
        delegation=_delegated(host, ssl, delegation),
        tokens=_tokens(host, ssl),
        ownership=str(proof.get("value") or "") if proof.get("type", "txt") == "txt" else "",
        errors=tuple(_errors(native, ssl)),
        native=native,
    )


def _name(value: object) -> str:
    return value.lower().rstrip(".") if isinstance(value, str) else ""


def _delegated(host: str, ssl: Mapping[str, Any], uuid: str) -> str:
    """Give the target of the challenge's CNAME: as told, else as the zone's own names are made.

    docs: "Delegated DCV": `_acme-challenge.HOST` CNAME `HOST.UUID.dcv.cloudflare.com`.
    """
    for row in ssl.get("dcv_delegation_records") or ():
        if _name(row.get("cname")) == challenge_name(host) and row.get("cname_target"):
            return _name(row["cname_target"])
    return f"{host}.{uuid}.dcv.cloudflare.com" if uuid else ""


def _tokens(host: str, ssl: Mapping[str, Any]) -> tuple[str, ...]:
    rows = [*(ssl.get("validation_records") or ()), ssl]
    found = {str(r["txt_value"]) for r in rows if _name(r.get("txt_name")) == challenge_name(host)}
    return tuple(sorted(found))


def _errors(native: Mapping[str, Any], ssl: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(text) for text in native.get("verification_errors") or () if text)
    for problem in ssl.get("validation_errors") or ():
        if problem.get("message"):
            yield str(problem["message"])


@dataclass(frozen=True, slots=True)
class Fallback:
    """The zone's fallback origin."""

    origin: str
    status: str
    errors: tuple[str, ...] = ()


def fallback_from(native: Mapping[str, Any] | None) -> Fallback | None:
    """Read the fallback origin; one that is being deleted is none."""
    if native is None:
        return None
    told = tuple(str(text) for text in native.get("errors") or ())
    return Fallback(_name(native["origin"]), str(native.get("status") or ""), told)


@dataclass(frozen=True, slots=True)
class SaasState:
    """What was read of one zone.

    hostnames   by host, those that are being deleted too
    records     the zone's CNAME records by name
    addresses   the names of the zone that have an A or AAAA record, where no CNAME can be
    owners      whose SSL rule names a custom hostname: its mark, for it has no place for one itself
    delegation  what the zone's names for delegated validation hold; empty where Cloudflare tells none
    """

    zone: str
    hostnames: Mapping[str, CustomHostname] = field(default_factory=dict)
    fallback: Fallback | None = None
    records: Mapping[str, RRset] = field(default_factory=dict)
    owners: Mapping[str, str | None] = field(default_factory=dict)
    delegation: str = ""
    addresses: frozenset[str] = frozenset()

    @property
    def standing(self) -> Mapping[str, CustomHostname]:
        """The hostnames that are there to stay."""
        return {host: one for host, one in self.hostnames.items() if not one.going}

    @property
    def default(self) -> Fallback | None:
        """The fallback origin, if it is there to stay."""
        return self.fallback if self.fallback and not self.fallback.status.endswith("_deletion") else None

    def endpoint_of(self, name: str) -> str | None:
        """Tell what a proxied CNAME of the zone leads to, None where it is no such record."""
        found = self.records.get(name)
        proxied = found is not None and found.attrs.get("proxied") is True
        return found.values[0] if found is not None and proxied and len(found.values) == 1 else None

    def owner_of(self, name: str) -> str | None:
        """Tell whose origin record stands at a name, None where that is none of tdr's."""
        found = self.records.get(name)
        comments = found.outputs.get("comments") if found is not None else None
        marks = [origin_owner(str(text)) for text in comments] if isinstance(comments, tuple) else []
        return marks[0] if marks else None

    def is_of(self, owner: str, name: str) -> bool:
        """Tell whether a name is an origin record of the owner, which stands or was taken away."""
        if name in self.records or name in self.addresses:
            return self.owner_of(name) == owner
        return is_origin_name(owner, name)

    def key_of(self, owner: str, name: str) -> str | None:
        """Tell for which endpoint the owner's record stands at a name, whatever it holds now."""
        if self.owner_of(name) != owner:
            return None
        return _endpoint_in(self.records[name], owner, name, self.zone)

    # -- as resources
    def resources(self, alias: str, owner: str) -> Iterator[Resource]:
        """Yield what tdr made, and every custom hostname."""
        origins = dict(self._origins(owner))
        for name, key in origins.items():
            yield origin_live(alias, key, self.zone, self.records[name], owner)
        fallback = self.default
        if fallback is not None and self.is_of(owner, fallback.origin):
            used = [
                ResourceId(alias, SAAS_ORIGIN, origins[name]) for name in {fallback.origin} & origins.keys()
            ]
            yield fallback_resource(alias, self.zone, fallback.origin, owner, used, fallback.status)
        for host, one in sorted(self.standing.items()):
            mark = self.owners.get(host)
            used_ids = self._used(alias, one, origins, owner)
            yield hostname_resource(alias, self.zone, one.as_attrs(), mark, used_ids, one.outputs())

    def _origins(self, owner: str) -> Iterator[tuple[str, str]]:
        """Yield name and key of the owner's records for endpoints; one that was edited keeps its name's."""
        for name in sorted(self.records):
            if (key := self.key_of(owner, name)) is not None:
                yield name, key

    def _used(
        self, alias: str, one: CustomHostname, origins: Mapping[str, str], owner: str
    ) -> Iterator[ResourceId]:
        fallback = self.default
        if one.host in self.owners:
            yield ResourceId(alias, SAAS_SSL_HOST, one.host)
        mine = self.owners.get(one.host) == owner
        ours = fallback is not None and self.is_of(owner, fallback.origin)
        reached = one.origin or (fallback.origin if fallback is not None else "")
        if ours and (mine or not one.origin or reached in origins):
            yield ResourceId(alias, FALLBACK_ORIGIN, self.zone)
        if reached in origins:
            yield ResourceId(alias, SAAS_ORIGIN, origins[reached])
        elif mine:
            # Its own record points at one of these, though Cloudflare serves it by the user's.
            yield from (ResourceId(alias, SAAS_ORIGIN, key) for key in origins.values())


def _endpoint_in(record: RRset, owner: str, name: str, zone: str) -> str:
    """Tell which endpoint an origin record is for: by its comment, else by what it holds."""
    comments = record.outputs.get("comments")
    words = str(comments[0]).split() if isinstance(comments, tuple) and comments else [""]
    return words[-1] if origin_name(owner, words[-1], zone) == name else record.values[0]


# -- resources, live and desired by the same functions
def origin_resource(
    alias: str, endpoint: str, zone: str, name: str, owner: str, outputs: Attrs | None = None
) -> Resource:
    """Return the proxied record through which custom hostnames reach an endpoint."""
    return Resource(
        id=ResourceId(alias, SAAS_ORIGIN, endpoint),
        attrs=attrs(name=name, type="CNAME", values=(endpoint,), ttl=AUTO_TTL, proxied=True),
        container=saas_container(zone),
        mark=owner,
        outputs=outputs or attrs(),
    )


def origin_live(alias: str, key: str, zone: str, record: RRset, owner: str) -> Resource:
    """Return such a record as it is."""
    found = origin_resource(alias, key, zone, record.name, owner, record.outputs)
    proxied = record.attrs.get("proxied") is True
    return found.with_attrs(values=record.values, ttl=record.ttl, proxied=proxied)


def fallback_resource(
    alias: str, zone: str, origin: str, owner: str, used: Iterable[ResourceId], status: str = ""
) -> Resource:
    """Return the fallback origin of a zone."""
    return Resource(
        id=ResourceId(alias, FALLBACK_ORIGIN, zone),
        attrs=attrs(origin=origin),
        container=saas_container(zone),
        after=frozenset(used),
        mark=owner,
        outputs=attrs(status=status) if status else attrs(),
    )


def hostname_resource(
    alias: str,
    zone: str,
    managed: Attrs,
    owner: str | None,
    used: Iterable[ResourceId],
    outputs: Attrs | None = None,
) -> Resource:
    """Return a custom hostname."""
    host = str(managed["hostname"])
    return Resource(
        id=ResourceId(alias, CUSTOM_HOSTNAME, host),
        attrs=managed,
        host=host,
        container=saas_container(zone),
        after=frozenset(used),
        mark=owner,
        outputs=outputs or attrs(),
    )


def state_of(
    zone: str,
    natives: Sequence[Mapping[str, Any]],
    fallback: Mapping[str, Any] | None,
    delegation: str,
    rrsets: Iterable[RRset],
    owners: Mapping[str, str | None],
) -> SaasState:
    """Put together what was read."""
    found = (hostname_from(native, delegation) for native in natives)
    sets = tuple(rrsets)
    return SaasState(
        zone=zone,
        hostnames={one.host: one for one in found},
        fallback=fallback_from(fallback),
        records={rrset.name: rrset for rrset in sets if rrset.type == "CNAME"},
        addresses=frozenset(rrset.name for rrset in sets if rrset.type in ("A", "AAAA")),
        owners=owners,
        delegation=delegation,
    )
