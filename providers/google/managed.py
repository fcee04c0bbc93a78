"""What is managed of each kind: the same attributes of what stands as of what is composed. Pure."""

from __future__ import annotations

from providers.google.natives import (
    Address,
    Authorization,
    Backend,
    Certificate,
    Classic,
    Entry,
    Group,
    HttpProxy,
    HttpsProxy,
    Map,
    Policy,
    Rule,
    UrlMap,
)
from reconciler.model import Attrs, attrs


def group_attrs(one: Group) -> Attrs:
    """Return what is managed of a network endpoint group."""
    return attrs(
        name=one.name,
        description=one.description,
        type=one.type,
        default_port=one.default_port,
        endpoints=one.endpoints or (),
    )


def backend_attrs(one: Backend) -> Attrs:
    """Return what is managed of a backend service."""
    return attrs(
        name=one.name,
        description=one.description,
        scheme=one.scheme,
        protocol=one.protocol,
        groups=one.groups,
        timeout_s=one.timeout_s,
        cdn=one.cdn,
        cache_mode=one.cache_mode,
        default_ttl=one.default_ttl,
        client_ttl=one.client_ttl,
        max_ttl=one.max_ttl,
        negative_caching=one.negative_caching,
        negative_ttls=one.negative_ttls,
        request_headers=one.request_headers,
        response_headers=one.response_headers,
        health_checks=one.health_checks,
        iap=one.iap,
    )


def url_map_attrs(one: UrlMap) -> Attrs:
    """Return what is managed of a URL map."""
    return attrs(
        name=one.name, description=one.description, default_service=one.default_service, beside=one.beside
    )


def policy_attrs(one: Policy) -> Attrs:
    """Return what is managed of an SSL policy."""
    return attrs(
        name=one.name,
        description=one.description,
        min_tls=one.min_tls,
        profile=one.profile,
        features=one.features,
    )


def map_attrs(one: Map) -> Attrs:
    """Return what is managed of a certificate map."""
    return attrs(name=one.name, description=one.description, owner=one.owner)


def https_proxy_attrs(one: HttpsProxy) -> Attrs:
    """Return what is managed of an HTTPS proxy; its certificates are members of their own."""
    return attrs(
        name=one.name,
        description=one.description,
        url_map=one.url_map,
        certificate_map=one.certificate_map,
        ssl_policy=one.ssl_policy,
    )


def http_proxy_attrs(one: HttpProxy) -> Attrs:
    """Return what is managed of an HTTP proxy."""
    return attrs(name=one.name, description=one.description, url_map=one.url_map)


def address_attrs(one: Address) -> Attrs:
    """Return what is managed of an address."""
    return attrs(name=one.name, description=one.description, type=one.type, ip_version=one.ip_version)


def rule_attrs(one: Rule, address: object = None) -> Attrs:
    """Return what is managed of a forwarding rule; `address` where it is yet to be known."""
    return attrs(
        name=one.name,
        description=one.description,
        address=one.address if address is None else address,
        port=one.port,
        protocol=one.protocol,
        scheme=one.scheme,
        tier=one.tier or "PREMIUM",
        target=one.target,
    )


def authorization_attrs(one: Authorization) -> Attrs:
    """Return what is managed of a DNS authorization."""
    return attrs(name=one.name, domain=one.domain, type=one.type, owner=one.owner)


def certificate_attrs(one: Certificate) -> Attrs:
    """Return what is managed of a certificate of Certificate Manager."""
    return attrs(
        name=one.name,
        domains=tuple(sorted(one.domains)),
        authorizations=one.authorizations,
        owner=one.owner,
    )


def entry_attrs(one: Entry) -> Attrs:
    """Return what is managed of an entry of a certificate map."""
    return attrs(name=one.name, hostname=one.host, certificates=one.certificates, owner=one.owner)


def classic_attrs(one: Classic) -> Attrs:
    """Return what is managed of a certificate of the load balancer."""
    return attrs(name=one.name, description=one.description, domains=tuple(sorted(one.domains)))


def member_attrs(certificate: str) -> Attrs:
    """Return what is managed of a certificate's place on a proxy."""
    return attrs(certificate=certificate)
