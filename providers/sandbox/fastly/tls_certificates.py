"""Uploaded certificates, what is activated with them, TLS domains and configurations.

docs: "Custom TLS Certificates", "TLS Activations", "TLS Domains", "TLS Configurations" (API reference).
Keys are not asked for: the edge serves one of the sandbox's own authority, with the same names and dates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from providers.sandbox.contract import NotEmulated

from . import tls_documents as documents
from . import tls_switches as switches
from . import tls_views as views
from .call import JSON_API, Answer, Call, Route
from .tls_state import Activation, Certificate, Configuration, TlsState
from .tls_subscriptions import settled


def create(call: Call) -> Answer:
    """`POST /tls/certificates`."""
    given, now = documents.attributes(documents.asked(call, "tls_certificate")), call.now
    read = read_blob(given.get("cert_blob"))
    number = call.customer.new_id()
    each = Certificate(number, str(given.get("name") or read["names"][0]), created=now, updated=now, **read)
    call.customer.tls.certificates[number] = each
    return documents.told(views.certificate(each), status=201)


def read_blob(blob: object) -> dict[str, Any]:
    """Give what a certificate in PEM says of itself. Raises Refusal."""
    try:
        leaf = x509.load_pem_x509_certificate(str(blob).encode())
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound) as error:
        raise documents.refused("Invalid value for cert_blob", "cert_blob is not a certificate") from error
    common = leaf.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    return {
        "names": [str(name) for name in names.get_values_for_type(x509.DNSName)],
        "not_before": leaf.not_valid_before_utc.timestamp(),
        "not_after": leaf.not_valid_after_utc.timestamp(),
        "issuer": str(common[0].value) if common else "",
        "serial": str(leaf.serial_number),
        "blob": str(blob),
    }


def show(call: Call) -> Answer:
    """`GET /tls/certificates/{id}`."""
    return documents.told(views.certificate(_found(call, settled(call))))


def show_blob(call: Call) -> Answer:
    """`GET /tls/certificates/{id}/blob`."""
    return Answer({"cert_blob": _found(call, settled(call)).blob}, type=JSON_API)


def show_all(call: Call) -> Answer:
    """`GET /tls/certificates`: managed ones too."""
    tls, now, query = settled(call), call.now, call.query
    if "filter[not_after]" in query:
        raise NotEmulated("filter[not_after]")
    every = [each for each in tls.certificates.values() if each.created <= now]
    if wanted := query.get("filter[tls_domains.id]"):
        every = [each for each in every if wanted in each.names]
    if wanted := query.get("filter[in_use]"):
        used = {used.id for each in tls.active(now) if (used := tls.in_use(each, now))}
        every = [each for each in every if (each.id in used) == (wanted == "true")]
    return documents.page(call, every, views.certificate)


def change(call: Call) -> Answer:
    """`PATCH /tls/certificates/{id}`: another certificate in its place, or another name."""
    each = _found(call, settled(call))
    given = documents.attributes(documents.asked(call, "tls_certificate"))
    if given.get("cert_blob"):
        for name, value in read_blob(given["cert_blob"]).items():
            setattr(each, name, value)
    each.name, each.updated = str(given.get("name") or each.name), call.now
    return documents.told(views.certificate(each))


def delete(call: Call) -> Answer:
    """`DELETE /tls/certificates/{id}`: not while it is in use."""
    tls = settled(call)
    each = _found(call, tls)
    if any(tls.in_use(activation, call.now) is each for activation in tls.active(call.now)):
        raise documents.refused("Can't delete certificate", "Certificate has active domains")
    if each.subscription:
        raise documents.refused("Can't delete certificate", "Certificate is managed by a subscription")
    del tls.certificates[each.id]
    return documents.nothing()


def _found(call: Call, tls: TlsState) -> Certificate:
    each = tls.certificates.get(call.params["id"])
    if each is None or each.created > call.now:
        raise documents.missing("certificate")
    return each


def activate(call: Call) -> Answer:
    """`POST /tls/activations`; a domain that has a certificate in use is refused, managed or not."""
    tls, data, now = settled(call), documents.asked(call, "tls_activation"), call.now
    domain = _one(data, "tls_domain").lower()
    if any(each.domain == domain for each in tls.activations.values()):
        raise documents.refused("Invalid value for domain_id", "domain_id has already been taken")
    certificate = tls.certificates.get(_one(data, "tls_certificate"))
    if certificate is None or certificate.created > now:
        raise documents.missing("certificate")
    _judge_cover(call, certificate, domain)
    configuration = (documents.related(data, "tls_configuration") or (tls.default.id,))[0]
    if configuration not in tls.configurations:
        raise documents.missing("configuration")
    each = Activation(call.customer.new_id(), domain, configuration, now, certificate.id)
    tls.activations[each.id] = each
    return documents.told(views.activation(tls, each, now))


def _one(data: Mapping[str, Any], name: str) -> str:
    found = documents.related(data, name)
    if not found:
        raise documents.refused(f"Invalid value for {name}", f"{name} can't be blank")
    return found[0]


def _judge_cover(call: Call, certificate: Certificate, domain: str) -> None:
    exact = call.switch(switches.WILDCARD_CERTIFICATE.name) == "named-only"
    if domain not in certificate.names and (exact or not certificate.covers(domain)):
        raise documents.refused("Invalid value for tls_domain", f"{domain} is not on the certificate")


def show_activation(call: Call) -> Answer:
    """`GET /tls/activations/{id}`."""
    tls = settled(call)
    return documents.told(views.activation(tls, _activation(call, tls), call.now))


def show_activations(call: Call) -> Answer:
    """`GET /tls/activations`."""
    tls, now = settled(call), call.now
    every = [views.activation(tls, each, now) for each in tls.active(now)]
    for name in ("tls_certificate", "tls_configuration", "tls_domain"):
        if wanted := call.query.get(f"filter[{name}.id]"):
            linked = ((each, each["relationships"][name]["data"]) for each in every)
            every = [each for each, link in linked if link and link["id"] == wanted]

    def include(shown: Sequence[documents.Resource]) -> Iterable[documents.Resource]:
        used = [tls.in_use(tls.activations[each["id"]], now) for each in shown]
        numbers = dict.fromkeys(each.id for each in used if each)
        return [views.certificate(tls.certificates[number]) for number in numbers]

    wants = "tls_certificate" in documents.included(call)
    return documents.page(call, every, lambda each: each, include if wants else None)


def change_activation(call: Call) -> Answer:
    """`PATCH /tls/activations/{id}`: another certificate."""
    tls = settled(call)
    each, data = _activation(call, tls), documents.asked(call, "tls_activation")
    certificate = tls.certificates.get(_one(data, "tls_certificate"))
    if certificate is None or certificate.created > call.now:
        raise documents.missing("certificate")
    _judge_cover(call, certificate, each.domain)
    each.certificate, each.subscription = certificate.id, certificate.subscription
    return documents.told(views.activation(tls, each, call.now))


def deactivate(call: Call) -> Answer:
    """`DELETE /tls/activations/{id}`; answers an empty document, as recorded."""
    tls = settled(call)
    del tls.activations[_activation(call, tls).id]
    return Answer({}, type=JSON_API)


def _activation(call: Call, tls: TlsState) -> Activation:
    each = tls.activations.get(call.params["id"])
    if each is None or each.created > call.now:
        raise documents.missing("activation")
    return each


def show_domains(call: Call) -> Answer:
    """`GET /tls/domains`: every name that a certificate, a subscription or an activation has."""
    tls, now, query = settled(call), call.now, call.query
    names = {name for each in tls.subscriptions.values() for name in each.domains}
    names |= {name for each in tls.certificates.values() if each.created <= now for name in each.names}
    names |= {each.domain for each in tls.active(now)}
    every = [views.domain(tls, name, now) for name in sorted(names)]
    for name in ("tls_certificates", "tls_subscriptions"):
        if wanted := query.get(f"filter[{name}.id]"):
            links = ((each, each["relationships"][name]["data"]) for each in every)
            every = [each for each, linked in links if any(link["id"] == wanted for link in linked)]
    if wanted := query.get("filter[in_use]"):
        used = ((each, bool(each["relationships"]["tls_activations"]["data"])) for each in every)
        every = [each for each, is_used in used if is_used == (wanted == "true")]
    return documents.page(call, every, lambda each: each)


def show_configuration(call: Call) -> Answer:
    """`GET /tls/configurations/{id}`."""
    each, with_records = _configuration(call), "dns_records" in documents.included(call)
    records = list(views.dns_records([each])) if with_records else None
    return documents.told(views.configuration(each, with_records=with_records), records)


def show_configurations(call: Call) -> Answer:
    """`GET /tls/configurations`; none here is for bulk certificates."""
    every = list(call.customer.tls.configurations.values())
    if call.query.get("filter[bulk]") == "true":
        every = []
    wants = "dns_records" in documents.included(call)

    def spell(each: Configuration) -> documents.Resource:
        return views.configuration(each, with_records=wants)

    return documents.page(call, every, spell, views.dns_records if wants else None)


def change_configuration(call: Call) -> Answer:
    """`PATCH /tls/configurations/{id}`: its name."""
    each = _configuration(call)
    given = documents.attributes(documents.asked(call, "tls_configuration"))
    each.name, each.updated = str(given.get("name") or each.name), call.now
    return documents.told(views.configuration(each, with_records=False))


def _configuration(call: Call) -> Configuration:
    each = call.customer.tls.configurations.get(call.params["id"])
    if each is None:
        raise documents.missing("configuration")
    return each


ROUTES = (
    Route("POST", "/tls/certificates", create, form=object),
    Route("GET", "/tls/certificates", show_all, form=object),
    Route("GET", "/tls/certificates/{id}", show, form=object),
    Route("GET", "/tls/certificates/{id}/blob", show_blob, form=object),
    Route("PATCH", "/tls/certificates/{id}", change, form=object),
    Route("DELETE", "/tls/certificates/{id}", delete, form=object),
    Route("POST", "/tls/activations", activate, form=object),
    Route("GET", "/tls/activations", show_activations, form=object),
    Route("GET", "/tls/activations/{id}", show_activation, form=object),
    Route("PATCH", "/tls/activations/{id}", change_activation, form=object),
    Route("DELETE", "/tls/activations/{id}", deactivate, form=object),
    Route("GET", "/tls/domains", show_domains, form=object),
    Route("GET", "/tls/configurations", show_configurations, form=object),
    Route("GET", "/tls/configurations/{id}", show_configuration, form=object),
    Route("PATCH", "/tls/configurations/{id}", change_configuration, form=object),
)
