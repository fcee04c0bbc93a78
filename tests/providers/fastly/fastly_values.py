"""Objects as Fastly gives them, states made of them, and what is composed from those.

Member names and their spelling are those of answers of the real API (the go-fastly project's recordings).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from providers.fastly.api import Documents
from providers.fastly.composing import compose_edges
from providers.fastly.options import wishes_from
from providers.fastly.state import Domain, FastlyState, Service, domain_from, service_from
from providers.fastly.tls import (
    Activation,
    Certificate,
    Configuration,
    Subscription,
    activations_from,
    certificates_from,
    configurations_from,
    subscriptions_from,
)
from reconciler.model import Finding, Resource, Severity
from reconciler.provider import Composition, Wanted

ALIAS, OWNER, CUSTOMER = "edge", "acme-mail", "4bNcKkz5jR0nXyv2acme"
HOST, ORIGIN = "click.example.com", "spgo.io"
NAME, COMMENT = f"tdr-{OWNER}-{ORIGIN}", f"tdr {OWNER} {ORIGIN}"
CONFIGURATION, CNAME = "6BJN1m42DmVgmSE7tnZCZg", "t.sni.global.fastly.net"
SERVICE_ID = "kKJb5bOFI47uHeBVluGfX1"


# -- services
def backend(**more: Any) -> dict[str, Any]:
    """A backend as `details` reports it."""
    return {
        "address": ORIGIN,
        "hostname": ORIGIN,
        "ipv4": None,
        "ipv6": None,
        "name": "sparkpost",
        "port": 443,
        "use_ssl": True,
        "ssl_check_cert": True,
        "ssl_cert_hostname": ORIGIN,
        "ssl_sni_hostname": ORIGIN,
        "ssl_hostname": None,
        "min_tls_version": "1.2",
        "max_tls_version": None,
        "override_host": None,
        "shield": None,
        "healthcheck": None,
        "request_condition": "",
        "auto_loadbalance": False,
        "weight": 100,
        "comment": "",
        **more,
    }


def config(number: int = 1, *, active: bool = True, **more: Any) -> dict[str, Any]:
    """A version as `details` reports it."""
    kinds = ("cache_settings", "conditions", "directors", "domains", "headers", "request_settings")
    rest = ("healthchecks", "response_objects", "snippets", "vcls")
    return {
        "number": number,
        "active": active,
        "locked": active,
        **{kind: [] for kind in (*kinds, *rest)},
        "backends": [backend()],
        "settings": settings(),
        **more,
    }


def settings(**more: Any) -> dict[str, Any]:
    """A version's settings as tdr wants them."""
    return {
        "general.default_ttl": 10,
        "general.stale_if_error": False,
        "general.stale_if_error_ttl": 43200,
        "general.default_pci": 0,
        "general.default_host": "",
        **more,
    }


def details(version: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A service as `details` reports it."""
    found = version or config()
    return {
        "id": SERVICE_ID,
        "name": NAME,
        "comment": COMMENT,
        "type": "vcl",
        "customer_id": CUSTOMER,
        "versions": [{"number": found["number"], "active": found["active"], "comment": ""}],
        "version": found,
        "active_version": found if found["active"] else None,
        **more,
    }


def service(version: Mapping[str, Any] | None = None, **more: Any) -> Service:
    """A service that was looked at: tdr's, unless more says otherwise."""
    return service_from(details(version, **more))


def classic(host: str = HOST, comment: str | None = None) -> dict[str, Any]:
    """A domain in a version."""
    return {"name": host, "comment": f"tdr {OWNER} {host}" if comment is None else comment}


def domain(host: str = HOST, service_id: str | None = SERVICE_ID, comment: str | None = None) -> Domain:
    """A versionless domain: tdr's, unless a comment says otherwise."""
    native = {
        "id": f"id-{host}",
        "fqdn": host,
        "service_id": service_id,
        "description": f"tdr {OWNER} {host}" if comment is None else comment,
        "activated": True,
        "verified": True,
    }
    return domain_from(native)


# -- TLS
def ref(type_: str, *ids: str) -> dict[str, Any]:
    """A relationship of JSON:API to several objects."""
    return {"data": [{"type": type_, "id": id_} for id_ in ids]}


def ref_one(type_: str, id_: str) -> dict[str, Any]:
    """A relationship of JSON:API to one object."""
    return {"data": {"type": type_, "id": id_}}


def order_documents(*hosts: str, **more: Any) -> Documents:
    """A subscription for hosts as its list reports it, with an authorization for each."""
    given = {"id": "s1", "certificate_authority": "certainly", "state": "issued", "certificates": ("c1",)}
    said = {**given, "challenges": True, "warnings": None, **more}
    names = hosts or (HOST,)
    attributes = {name: said[name] for name in ("certificate_authority", "state")}
    data = {
        "id": said["id"],
        "type": "tls_subscription",
        "attributes": {**attributes, "created_at": "2026-01-05T09:00:00.000Z", "has_active_order": True},
        "relationships": {
            "tls_authorizations": ref("tls_authorization", *(f"a-{name}" for name in names)),
            "tls_certificates": ref("tls_certificate", *said["certificates"]),
            "tls_domains": ref("tls_domain", *names),
            "common_name": ref_one("tls_domain", names[0]),
            "tls_configuration": ref_one("tls_configuration", said.get("configuration", CONFIGURATION)),
        },
    }
    included = [
        _authorization(name, challenges=said["challenges"], warnings=said["warnings"]) for name in names
    ]
    return Documents((data,), tuple(included))


def _authorization(host: str, *, challenges: bool, warnings: object) -> dict[str, Any]:
    told = [
        {
            "type": "managed-http-cname",
            "record_type": "CNAME",
            "record_name": host,
            "values": [CNAME],
        },
        {
            "type": "managed-dns",
            "record_type": "CNAME",
            "record_name": f"_acme-challenge.{host}",
            "values": ["f2sk1kgtx8aj614ckh.fastly-validations.com"],
        },
    ]
    attributes = {"challenges": told if challenges else [], "state": "pending", "warnings": warnings}
    return {"id": f"a-{host}", "type": "tls_authorization", "attributes": attributes}


def order(*hosts: str, **more: Any) -> Subscription:
    """A subscription: issued, unless more says otherwise."""
    return subscriptions_from(order_documents(*hosts, **more))[0]


def configurations(*, cname: str | None = CNAME, default: bool = True) -> tuple[Configuration, ...]:
    """The account's TLS configurations."""
    records = [("151.101.3.52", "A", "global"), ("2a04:4e42::820", "AAAA", "global")]
    if cname is not None:
        records += [(f"na.{cname}", "CNAME", "na/eu"), (cname, "CNAME", "global")]
    data = {
        "id": CONFIGURATION,
        "type": "tls_configuration",
        "attributes": {"name": "TLS v1.3", "default": default},
        "relationships": {"dns_records": ref("dns_record", *(id_ for id_, _, _ in records))},
    }
    included = [
        {"id": id_, "type": "dns_record", "attributes": {"record_type": type_, "region": region}}
        for id_, type_, region in records
    ]
    return configurations_from(Documents((data,), tuple(included)))


def activation(host: str = HOST, certificate: str = "c1", id_: str = "act1") -> Activation:
    """A certificate that is served for a domain."""
    data = {
        "id": id_,
        "type": "tls_activation",
        "relationships": {
            "tls_certificate": ref_one("tls_certificate", certificate),
            "tls_configuration": ref_one("tls_configuration", CONFIGURATION),
            "tls_domain": ref_one("tls_domain", host),
        },
    }
    return activations_from(Documents((data,)))[0]


def upload(id_: str = "u1", *hosts: str) -> Certificate:
    """An uploaded certificate."""
    data = {
        "id": id_,
        "type": "tls_certificate",
        "attributes": {"name": "My certificate", "not_after": "2027-09-15T16:47:52.000Z"},
        "relationships": {"tls_domains": ref("tls_domain", *(hosts or (HOST,)))},
    }
    return certificates_from(Documents((data,)))[0]


# -- the whole
def wanted(host: str = HOST, origin: str = ORIGIN, *, absent: bool = False) -> Wanted:
    """A tracking domain."""
    return Wanted(host, origin, 3600, absent=absent)


def state(hosts: Iterable[Wanted] = (), **more: Any) -> FastlyState:
    """What was read: an account with a default TLS configuration, and what is given."""
    origins = {w.host: w.origin for w in hosts or (wanted(),)}
    given: dict[str, Any] = {"configurations": configurations(), "origins": origins}
    return FastlyState(ALIAS, OWNER, CUSTOMER, **{**given, **more})


def settled(version: Mapping[str, Any] | None = None, **more: Any) -> FastlyState:
    """An account in which everything is as tdr made it."""
    given: dict[str, Any] = {
        "services": (service(version),),
        "domains": (domain(),),
        "subscriptions": (order(),),
        "activations": (activation(),),
    }
    return state(**{**given, **more})


def composed(found: FastlyState | None = None, hosts: Iterable[Wanted] = (), **options: Any) -> Composition:
    """What is composed for hosts, or the one, from a state."""
    return compose_edges(hosts or (wanted(),), found or state(), wishes_from(options))


def one(found: Composition, kind: str) -> Resource:
    """The only resource of a kind."""
    [resource] = [r for r in found.resources if r.id.kind == kind]
    return resource


def kinds(found: Composition) -> list[str]:
    """The kinds of what is composed, sorted."""
    return sorted(r.id.kind for r in found.resources)


def differences(found: FastlyState, composition: Composition) -> dict[str, dict[str, tuple[object, object]]]:
    """What a plan would change: by address, attribute by attribute, live and wanted."""
    live = {r.id: r for r in found.resources()}
    off: dict[str, dict[str, tuple[object, object]]] = {}
    for resource in composition.resources:
        there = live.get(resource.id)
        attributes = there.attrs if there is not None else {}
        told = {
            name: (attributes.get(name), resource.attrs.get(name))
            for name in attributes.keys() | resource.attrs.keys()
            if attributes.get(name) != resource.attrs.get(name)
        }
        if there is None or told:
            off[resource.id.kind] = told
    return off


def errors(found: Composition) -> list[Finding]:
    """The findings that forbid."""
    return [f for f in found.findings if f.severity is Severity.ERROR]


def warnings(found: Composition) -> list[Finding]:
    """The findings that are only told."""
    return [f for f in found.findings if f.severity is Severity.WARNING]
