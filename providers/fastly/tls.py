"""Subscriptions, configurations, activations and uploaded certificates, and what serves a host. Pure.

docs: Fastly API: TLS subscriptions, TLS configurations, TLS activations, TLS certificates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from providers.fastly.api import Documents, Native, included, related
from providers.fastly.names import ACTIVATION, DOMAIN, SUBSCRIPTION, TLS
from reconciler.model import Attrs, Resource, ResourceId, attrs
from reconciler.provider import Status

AUTHORITIES: Final[Mapping[str, tuple[str, ...]]] = {
    "certainly": ("certainly.com",),
    "lets-encrypt": ("letsencrypt.org",),
    "globalsign": ("globalsign.com",),
}
"""What CAA records call each authority (docs: "Domain validation for TLS certificates", CAA records)."""
ISSUED: Final = frozenset({"issued", "renewing"})
"""The states in which a certificate is served: one that renews still has the one before."""
FAILED: Final = "failed"
MEANINGS: Final[Mapping[str, str]] = {
    "pending": "pending: Fastly does not see the validation record yet",
    "processing": "processing: the host is validated, the certificate is being issued",
    "issued": "issued",
    "renewing": "renewing: the certificate is served and a new one is on its way",
    FAILED: "failed: Fastly asks for this certificate no more",
}


@dataclass(frozen=True, slots=True)
class Subscription:
    """A TLS subscription as its list tells of it.

    domains       the hosts that it covers, lower case
    certificates  the ids of what was issued for it
    challenge     name and value of the CNAME that proves its first host; None while Fastly does not tell it
    warnings      what Fastly has to say of its validation
    """

    id: str
    authority: str
    state: str
    domains: frozenset[str]
    common_name: str = ""
    configuration: str | None = None
    certificates: frozenset[str] = frozenset()
    challenge: tuple[str, str] | None = None
    warnings: tuple[str, ...] = ()
    created: str = ""

    @property
    def issued(self) -> bool:
        return self.state in ISSUED

    @property
    def failed(self) -> bool:
        return self.state == FAILED

    def covers(self, host: str) -> bool:
        """Tell whether its certificate is good for host."""
        return covers(self.domains, host)


@dataclass(frozen=True, slots=True)
class Configuration:
    """A TLS configuration: which names lead to it. `cname` None: it tells of none."""

    id: str
    name: str
    default: bool = False
    cname: str | None = None


@dataclass(frozen=True, slots=True)
class Activation:
    """A certificate that is served for a domain."""

    id: str
    domain: str
    certificate: str
    configuration: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """An uploaded certificate. `not_after` as Fastly writes it: ISO, UTC."""

    id: str
    name: str
    domains: frozenset[str]
    not_after: str = ""


def covers(names: Iterable[str], host: str) -> bool:
    """Tell whether a name is the host, or a wildcard one label above it."""
    return not {host, wildcard(host)}.isdisjoint(names)


def wildcard(host: str) -> str:
    """Return the wildcard that stands for host."""
    return f"*.{host.partition('.')[2]}"


# -- from Fastly's words
def subscriptions_from(found: Documents) -> tuple[Subscription, ...]:
    """Read a list of subscriptions with their authorizations."""
    authorizations = included(found, "tls_authorization")
    return tuple(_subscription(native, authorizations) for native in found.data)


def _subscription(native: Native, authorizations: Mapping[str, Native]) -> Subscription:
    said = _attributes(native)
    domains = _lowered(related(native, "tls_domains"))
    mine = [authorizations[id_] for id_ in related(native, "tls_authorizations") if id_ in authorizations]
    common = _lowered(related(native, "common_name"))
    return Subscription(
        id=str(native.get("id")),
        authority=str(said.get("certificate_authority") or ""),
        state=str(said.get("state") or ""),
        domains=frozenset(domains),
        common_name=next(iter(common), ""),
        configuration=next(iter(related(native, "tls_configuration")), None),
        certificates=frozenset(related(native, "tls_certificates")),
        challenge=next(iter([c for one in mine if (c := _challenge(one)) is not None]), None),
        warnings=tuple(dict.fromkeys(text for one in mine for text in _warnings(one))),
        created=str(said.get("created_at") or ""),
    )


def _challenge(authorization: Native) -> tuple[str, str] | None:
    """Return the CNAME that proves a host before DNS leads to Fastly; it serves renewals too."""
    for one in _attributes(authorization).get("challenges") or ():
        if isinstance(one, Mapping) and one.get("type") == "managed-dns" and one.get("values"):
            return _plain(str(one.get("record_name"))), _plain(str(one["values"][0]))
    return None


def _warnings(authorization: Native) -> Iterable[str]:
    for one in _attributes(authorization).get("warnings") or ():
        if isinstance(one, Mapping):
            yield ": ".join(str(one[key]) for key in ("type", "instructions") if one.get(key))
        else:
            yield str(one)


def configurations_from(found: Documents) -> tuple[Configuration, ...]:
    """Read a list of configurations with their DNS records."""
    records = included(found, "dns_record")
    return tuple(_configuration(native, records) for native in found.data)


def _configuration(native: Native, records: Mapping[str, Native]) -> Configuration:
    said = _attributes(native)
    cnames = [
        _plain(id_)
        for id_ in related(native, "dns_records")
        if _attributes(records.get(id_, {})).get("record_type") == "CNAME"
        and _attributes(records.get(id_, {})).get("region") in ("global", None)
    ]
    return Configuration(
        id=str(native.get("id")),
        name=str(said.get("name") or ""),
        default=said.get("default") is True,
        cname=min(cnames, default=None),
    )


def activations_from(found: Documents) -> tuple[Activation, ...]:
    """Read a list of activations."""
    return tuple(
        Activation(
            id=str(native.get("id")),
            domain=next(iter(_lowered(related(native, "tls_domain"))), ""),
            certificate=next(iter(related(native, "tls_certificate")), ""),
            configuration=next(iter(related(native, "tls_configuration")), ""),
        )
        for native in found.data
    )


def certificates_from(found: Documents) -> tuple[Certificate, ...]:
    """Read a list of uploaded certificates."""
    return tuple(
        Certificate(
            id=str(native.get("id")),
            name=str(_attributes(native).get("name") or ""),
            domains=frozenset(_lowered(related(native, "tls_domains"))),
            not_after=str(_attributes(native).get("not_after") or ""),
        )
        for native in found.data
    )


def _attributes(native: Native) -> Native:
    said = native.get("attributes")
    return said if isinstance(said, Mapping) else {}


def _lowered(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(_plain(name) for name in names)


def _plain(name: str) -> str:
    return name.rstrip(".").lower()


# -- as resources
def subscription_resource(alias: str, host: str, one: Subscription, mark: str | None) -> Resource:
    """Return a live subscription; Fastly lets it bear no mark, so that of the host's domain is its own.

    One that failed gives way to another, whose validation record is not known yet but for its name.
    """
    challenge = (one.challenge or ())[: 1 if one.failed else 2]
    told = dict(zip(("challenge_name", "challenge_value"), challenge, strict=False))
    return Resource(
        id=ResourceId(alias, SUBSCRIPTION, host),
        attrs=subscription_attrs(host, one.authority, one.configuration, failed=one.failed),
        host=host,
        container=TLS,
        after=frozenset({ResourceId(alias, DOMAIN, host)}),
        outputs=attrs(id=one.id, state=one.state, **told),
        mark=mark,
    )


def subscription_attrs(host: str, authority: str, configuration: object, *, failed: bool = False) -> Attrs:
    """Return what is managed of a subscription. One that failed is ordered anew."""
    return attrs(
        domains=(host,), common_name=host, authority=authority, configuration=configuration, failed=failed
    )


def activation_resource(alias: str, one: Activation, mark: str | None) -> Resource:
    """Return a live activation of an uploaded certificate."""
    return Resource(
        id=ResourceId(alias, ACTIVATION, one.domain),
        attrs=activation_attrs(one.certificate, one.configuration),
        host=one.domain,
        container=TLS,
        after=frozenset({ResourceId(alias, DOMAIN, one.domain)}),
        outputs=attrs(id=one.id),
        mark=mark,
    )


def activation_attrs(certificate: str, configuration: str) -> Attrs:
    """Return what is managed of an activation."""
    return attrs(certificate=certificate, configuration=configuration)


def subscription_status(one: Subscription | None) -> Status:
    """Tell whether a certificate is issued, with what Fastly says against it."""
    if one is None:
        return Status(ready=False, text="Fastly does not list the subscription")
    said = MEANINGS.get(one.state, one.state or "no state")
    text = "; ".join((said, *one.warnings)) if not one.issued else said
    return Status(one.issued, text, hopeless=one.failed)
