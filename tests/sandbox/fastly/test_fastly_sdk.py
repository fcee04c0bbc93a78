"""Fastly's own SDK as the client: it checks every answer by its models, and cannot tell the sandbox apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.sandbox.fastly.bench import HOST, TOKEN, Bench, bench

fastly = pytest.importorskip("fastly", reason="the official client is not installed: pip install fastly")

Api = Callable[[str], Any]


@pytest.fixture
def there() -> Iterator[Bench]:
    """A sandbox; the SDK spells truth values in its own way, which its description has not."""
    with bench(judged=False) as running:
        yield running


@pytest.fixture
def api(there: Bench) -> Iterator[Api]:
    """Give the SDK's API of a name, such as `backend`, pointed at the sandbox."""
    configuration = fastly.Configuration(host=there.sandbox.env["FASTLY_API_URL"])
    configuration.api_token = TOKEN

    def named(name: str) -> Any:
        module = pytest.importorskip(f"fastly.api.{name}_api")
        return getattr(module, "".join(part.title() for part in name.split("_")) + "Api")(client)

    with fastly.ApiClient(configuration) as client:
        yield named


def test_a_service_goes_live_and_is_changed_in_a_clone(api: Api) -> None:
    service = api("service").create_service(name="links", comment="tdr acme spgo.io", type="vcl").id
    first = {"service_id": service, "version_id": 1}
    api("domain").create_domain(**first, name=HOST, comment="")
    ssl = {"use_ssl": True, "ssl_check_cert": True, "ssl_sni_hostname": "spgo.io"}
    api("backend").create_backend(**first, name="sparkpost", address="spgo.io", port=443, **ssl)
    api("settings").update_service_settings(**first, general_default_ttl=10)
    assert api("version").validate_service_version(**first).status == "ok"
    assert api("version").activate_service_version(**first).locked is True

    assert api("version").clone_service_version(**first).number == 2
    second = {**first, "version_id": 2}
    api("condition").create_condition(**second, name="c", statement="req.url", type="REQUEST")
    (backend,) = api("backend").list_backends(**second)
    assert (backend.use_ssl, backend.port, backend.override_host) == (True, 443, None)
    detail = api("service").get_service_detail(service_id=service)
    assert (detail.active_version.number, detail.version.number) == (1, 2)


def test_versionless_domains_are_made_and_listed(api: Api) -> None:
    service = api("service").create_service(name="links", type="vcl").id
    body = pytest.importorskip("fastly.model.request_body_for_create").RequestBodyForCreate(
        fqdn=HOST, service_id=service, description="tdr acme click.example.com"
    )
    made = api("dm_domains").create_dm_domain(request_body_for_create=body)
    assert (made.fqdn, made.service_id) == (HOST, service)
    (row,) = api("dm_domains").list_dm_domains(limit=100).data
    assert row.description == "tdr acme click.example.com"


def test_a_refusal_keeps_its_words(api: Api) -> None:
    api("service").create_service(name="links", type="vcl")
    with pytest.raises(fastly.ApiException) as caught:
        api("service").create_service(name="links", type="vcl")
    assert caught.value.status == 409
    assert "Duplicate record" in str(caught.value.body)
