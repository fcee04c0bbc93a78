"""Fastly's own SDK as the client of the TLS API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.fastly.tls_bench import HOST, TOKEN, bench, subscription

fastly = pytest.importorskip("fastly", reason="the official client is not installed: pip install fastly")


def test_the_sdk_reads_what_the_sandbox_answers() -> None:
    with bench() as there:
        configuration = fastly.Configuration(host=there.sandbox.env["FASTLY_API_URL"])
        configuration.api_token = TOKEN
        with fastly.ApiClient(configuration) as client:
            subscriptions = _api("tls_subscriptions", "TlsSubscriptionsApi", client)
            made = subscriptions.create_tls_sub(tls_subscription=subscription(HOST))
            number = str(made["data"]["id"])
            found = subscriptions.get_tls_sub(number, include="tls_authorizations")
            assert str(found["data"]["attributes"]["state"]) == "pending"
            configurations = _api("tls_configurations", "TlsConfigurationsApi", client)
            assert len(configurations.list_tls_configs(include="dns_records")["data"]) == 1
            for name, kind, call in (
                ("tls_activations", "TlsActivationsApi", "list_tls_activations"),
                ("tls_certificates", "TlsCertificatesApi", "list_tls_certs"),
                ("tls_domains", "TlsDomainsApi", "list_tls_domains"),
            ):
                assert getattr(_api(name, kind, client), call)() is not None
            subscriptions.delete_tls_sub(number)


def _api(name: str, kind: str, client: Any) -> Any:
    module = pytest.importorskip(f"fastly.api.{name}_api")
    return getattr(module, kind)(client)
