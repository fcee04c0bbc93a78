"""The resources of the TLS API as it spells them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .state import stamp_ms
from .tls_documents import Resource, link
from .tls_issuing import EDGE_ADDRESSES, challenge_name, challenge_value
from .tls_names import EDGE_ADDRESSES_6, regional
from .tls_state import Activation, Authorization, Certificate, Configuration, Subscription, TlsState


def subscription(tls: TlsState, each: Subscription, now: float) -> Resource:
    """Spell a subscription."""
    shown = [number for number in each.certificates if tls.certificates[number].created <= now]
    return {
        "id": each.id,
        "type": "tls_subscription",
        "attributes": {
            "certificate_authority": each.authority,
            "created_at": stamp_ms(each.created),
            "state": (state := tls.state(each, now)),
            "has_active_order": state in ("pending", "processing", "renewing"),
            "updated_at": stamp_ms(min(each.updated, now)),
        },
        "relationships": {
            "tls_authorizations": {
                "data": [link("tls_authorization", proof.id) for proof in each.authorizations.values()]
            },
            "tls_certificates": {"data": [link("tls_certificate", number) for number in shown]},
            "tls_domains": {"data": [link("tls_domain", domain) for domain in each.domains]},
            "common_name": {"data": link("tls_domain", each.common_name)},
            "tls_configuration": {"data": link("tls_configuration", each.configuration)},
        },
    }


def authorization(tls: TlsState, holder: Subscription, each: Authorization) -> Resource:
    """Spell how control over a domain is to be proven, and whether it is."""
    # States as recorded (pending, blocked), and as a public client has met them (passing).
    waiting = "blocked" if each.looked else "pending"
    cname = tls.configurations[holder.configuration].cname
    return {
        "id": each.id,
        "type": "tls_authorization",
        "attributes": {
            "challenges": list(_challenges(each, cname)),
            "created_at": stamp_ms(each.created),
            "state": "passing" if each.passed is not None else waiting,
            "updated_at": stamp_ms(each.updated),
            "warnings": list(each.warnings) if each.looked else None,
        },
        "relationships": {
            "tls_domain": {"data": link("tls_domain", each.domain)},
            "globalsign_email_challenge": {"data": None},
            "self_managed_http_challenge": {"data": None},
        },
    }


def _challenges(each: Authorization, cname: str) -> Iterator[Resource]:
    values = [challenge_value(each.token)]
    yield _challenge("managed-dns", "CNAME", challenge_name(each.domain), values)
    if not each.domain.startswith("*."):
        yield _challenge("managed-http-cname", "CNAME", each.domain, [cname])
        yield _challenge("managed-http-a", "A", each.domain, list(EDGE_ADDRESSES))


def _challenge(kind: str, rtype: str, name: str, values: list[str]) -> Resource:
    return {"type": kind, "record_type": rtype, "record_name": name, "values": values}


def certificate(each: Certificate) -> Resource:
    """Spell a certificate."""
    return {
        "id": each.id,
        "type": "tls_certificate",
        "attributes": {
            "created_at": stamp_ms(each.created),
            "issued_to": each.names[0],
            "issuer": each.issuer,
            "name": each.name,
            "not_after": stamp_ms(each.not_after),
            "not_before": stamp_ms(each.not_before),
            "replace": False,
            "serial_number": each.serial,
            "signature_algorithm": "SHA256-RSA",
            "updated_at": stamp_ms(each.updated),
        },
        "relationships": {"tls_domains": {"data": [link("tls_domain", name) for name in each.names]}},
    }


def configuration(each: Configuration, *, with_records: bool) -> Resource:
    """Spell a configuration, with what a host is to point to only where that is asked for."""
    records = [link("dns_record", str(record["id"])) for record in dns_records([each])]
    return {
        "id": each.id,
        "type": "tls_configuration",
        "attributes": {
            "bulk": False,
            "created_at": stamp_ms(each.created),
            "default": each.default,
            "http_protocols": list(each.http_protocols),
            "name": each.name,
            "tls_protocols": list(each.tls_protocols),
            "updated_at": stamp_ms(each.updated),
        },
        **({"relationships": {"dns_records": {"data": records}}} if with_records else {}),
    }


def dns_records(every: Sequence[Configuration]) -> Iterator[Resource]:
    """Spell what hosts may point to for these configurations, each once."""
    cnames = [(each.cname, "CNAME", "global") for each in every]
    cnames += [(regional(each.cname), "CNAME", "us-eu") for each in every]
    addresses = [(each, "A", "global") for each in EDGE_ADDRESSES]
    addresses += [(each, "AAAA", "global") for each in EDGE_ADDRESSES_6]
    for name, rtype, region in dict.fromkeys((*addresses, *cnames)):
        yield {
            "id": name,
            "type": "dns_record",
            "attributes": {"record_type": rtype, "region": region},
        }


def activation(tls: TlsState, each: Activation, now: float) -> Resource:
    """Spell an activation."""
    used = tls.in_use(each, now)
    return {
        "id": each.id,
        "type": "tls_activation",
        "attributes": {"created_at": stamp_ms(each.created)},
        "relationships": {
            "tls_certificate": {"data": link("tls_certificate", used.id) if used else None},
            "tls_configuration": {"data": link("tls_configuration", each.configuration)},
            "tls_domain": {"data": link("tls_domain", each.domain)},
        },
    }


def domain(tls: TlsState, name: str, now: float) -> Resource:
    """Spell a domain: what of TLS it has."""
    used = [each.id for each in tls.active(now) if each.domain == name]
    certificates = [
        each.id for each in tls.certificates.values() if name in each.names and each.created <= now
    ]
    return {
        "id": name,
        "type": "tls_domain",
        "relationships": {
            "tls_activations": {"data": [link("tls_activation", each) for each in used]},
            "tls_certificates": {"data": [link("tls_certificate", each) for each in certificates]},
            "tls_subscriptions": {"data": [link("tls_subscription", each) for each in tls.holds(name)]},
        },
    }
