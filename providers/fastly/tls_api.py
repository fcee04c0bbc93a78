"""The endpoints of TLS: subscriptions, configurations, activations, certificates. JSON:API both ways.

docs: Fastly API: TLS subscriptions, TLS configurations, TLS activations, TLS certificates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from providers.fastly.api import Documents, Native, Operation, Transport
from providers.fastly.errors import says_gone

LIST: Final = Operation("GET", "/tls/subscriptions")
GET: Final = Operation("GET", "/tls/subscriptions/{id}")
# A second one for the same host would be an order of its own: whoever calls looks before a repeat.
CREATE: Final = Operation("POST", "/tls/subscriptions", repeatable=False)
UPDATE: Final = Operation("PATCH", "/tls/subscriptions/{id}")
DELETE: Final = Operation("DELETE", "/tls/subscriptions/{id}")
LIST_CONFIGURATIONS: Final = Operation("GET", "/tls/configurations")
LIST_ACTIVATIONS: Final = Operation("GET", "/tls/activations")
# A domain is activated once for a configuration: the second of two is told so.
ACTIVATE: Final = Operation("POST", "/tls/activations")
REPLACE: Final = Operation("PATCH", "/tls/activations/{id}")
DEACTIVATE: Final = Operation("DELETE", "/tls/activations/{id}")
LIST_CERTIFICATES: Final = Operation("GET", "/tls/certificates")


class TlsApi:
    """Certificates of one account and what serves them."""

    def __init__(self, transport: Transport) -> None:
        self._way = transport

    # -- subscriptions
    def subscriptions(self) -> Documents:
        """Return all subscriptions with their authorizations: one call for each hundred."""
        return self._way.documents(LIST, {"include": "tls_authorizations", "sort": "created_at"})

    def subscriptions_of(self, host: str) -> Documents:
        """Return the subscriptions that hold a host, with their authorizations."""
        return self._way.documents(LIST, {"include": "tls_authorizations", "filter[tls_domains.id]": host})

    def subscription(self, id_: str, resource: str) -> Documents:
        """Return one subscription with its authorizations; nothing where it is gone."""

        def read(answer: Any) -> Documents:
            if not answer.ok:
                return Documents()
            included = answer.body.get("included") if isinstance(answer.body, Mapping) else None
            return Documents((self._way.document(answer),), tuple(included or ()))

        asked = {"include": "tls_authorizations"}
        return self._way.send(GET, read, resource, ids={"id": id_}, params=asked, accept=says_gone)

    def subscribe(self, host: str, authority: str, configuration: str | None) -> Native:
        """Order a certificate for one host; return the subscription, which is pending.

        configuration  the id of a TLS configuration; None: the account's default
        """
        relationships: dict[str, Any] = {
            "tls_domains": {"data": [_one("tls_domain", host)]},
            "common_name": {"data": _one("tls_domain", host)},
        }
        if configuration is not None:
            relationships["tls_configuration"] = {"data": _one("tls_configuration", configuration)}
        body = _body("tls_subscription", {"certificate_authority": authority}, relationships)
        return self._way.send(CREATE, self._way.document, host, body=body)

    def update_subscription(
        self, id_: str, resource: str, attributes: Mapping[str, Any], relationships: Mapping[str, Any]
    ) -> Native:
        """Write a subscription's authority, configuration or domains, an issued one's too."""
        body = _body("tls_subscription", attributes, relationships, id_)
        asked = {"force": "true"}
        return self._way.send(UPDATE, self._way.document, resource, ids={"id": id_}, params=asked, body=body)

    def unsubscribe(self, id_: str, resource: str) -> None:
        """Delete a subscription, though its host may still be active; one that is gone is deleted already."""
        asked = {"force": "true"}
        self._way.send(DELETE, self._way.nothing, resource, ids={"id": id_}, params=asked, accept=says_gone)

    # -- what serves certificates
    def configurations(self) -> Documents:
        """Return the TLS configurations with the DNS records that lead to them."""
        return self._way.documents(LIST_CONFIGURATIONS, {"include": "dns_records"})

    def certificates(self) -> Documents:
        """Return the uploaded certificates with the domains that they name."""
        return self._way.documents(LIST_CERTIFICATES, {"include": "tls_domains"})

    def activations(self) -> Documents:
        """Return which certificate is served for which domain: one call for each hundred."""
        return self._way.documents(LIST_ACTIVATIONS, {})

    def activate(self, host: str, certificate: str, configuration: str) -> Native:
        """Have an uploaded certificate served for a host."""
        relationships = {
            "tls_certificate": {"data": _one("tls_certificate", certificate)},
            "tls_configuration": {"data": _one("tls_configuration", configuration)},
            "tls_domain": {"data": _one("tls_domain", host)},
        }
        body = _body("tls_activation", {}, relationships)
        return self._way.send(ACTIVATE, self._way.document, host, body=body)

    def replace_certificate(self, id_: str, resource: str, certificate: str) -> Native:
        """Have another uploaded certificate served by an activation."""
        relationships = {"tls_certificate": {"data": _one("tls_certificate", certificate)}}
        body = _body("tls_activation", {}, relationships, id_)
        return self._way.send(REPLACE, self._way.document, resource, ids={"id": id_}, body=body)

    def deactivate(self, id_: str, resource: str) -> None:
        """End an activation; one that is gone has ended already."""
        self._way.send(DEACTIVATE, self._way.nothing, resource, ids={"id": id_}, accept=says_gone)


def _one(type_: str, id_: str) -> dict[str, str]:
    return {"type": type_, "id": id_}


def _body(
    type_: str, attributes: Mapping[str, Any], relationships: Mapping[str, Any], id_: str = ""
) -> dict[str, Any]:
    """Return a JSON:API document; what is empty is left out."""
    data: dict[str, Any] = {"type": type_}
    given = (("id", id_), ("attributes", attributes), ("relationships", relationships))
    return {"data": data | {key: value for key, value in given if value}}
