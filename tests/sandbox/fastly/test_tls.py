"""Fastly's TLS API: subscriptions, activations, certificates, domains, configurations."""

from collections.abc import Iterator

import pytest
from cryptography import x509

from tests.sandbox.fastly.tls_bench import CNAME, HOST, TOKEN, Bench, bench, customer, subscription, world


@pytest.fixture
def fastly() -> Iterator[Bench]:
    with bench() as running:
        yield running


def activation(domain: str, certificate: str) -> dict[str, object]:
    linked = {"tls_domain": domain, "tls_certificate": certificate}
    relationships = {name: {"data": {"type": name, "id": number}} for name, number in linked.items()}
    return {"data": {"type": "tls_activation", "relationships": relationships}}


def test_the_challenges_are_those_of_the_host_and_its_configuration(fastly: Bench) -> None:
    made = fastly.subscribe(HOST)
    dns, cname, addresses = made["included"][0]["attributes"]["challenges"]
    assert (dns["type"], dns["record_name"]) == ("managed-dns", f"_acme-challenge.{HOST}")
    assert dns["values"][0].endswith(".fastly-validations.com")
    assert fastly.dns(dns["values"][0], "TXT")
    assert (cname["type"], cname["values"]) == ("managed-http-cname", [CNAME])
    assert (addresses["type"], len(addresses["values"])) == ("managed-http-a", 4)
    assert set(fastly.dns(CNAME, "A")) == set(addresses["values"])


def test_subscriptions_are_listed_by_page_with_what_is_asked_for_included(fastly: Bench) -> None:
    for number in range(5):
        fastly.subscribe(f"h{number}.example.com")
    query = {"page[size]": "2", "page[number]": "3", "include": "tls_authorizations"}
    document = fastly.ok("GET", "/tls/subscriptions", **query)
    assert (len(document["data"]), len(document["included"])) == (1, 1)
    assert document["meta"] == {"per_page": 2, "current_page": 3, "record_count": 5, "total_pages": 3}
    assert document["links"]["next"] is None
    assert "page%5Bnumber%5D=2" in document["links"]["prev"]
    assert "included" not in fastly.ok("GET", "/tls/subscriptions")
    assert (
        len(fastly.ok("GET", "/tls/subscriptions", **{"filter[tls_domains.id]": "h3.example.com"})["data"])
        == 1
    )
    assert fastly.ok("GET", "/tls/subscriptions", **{"filter[state]": "issued"})["data"] == []


def test_a_subscription_that_is_active_goes_by_force_only(fastly: Bench) -> None:
    path = f"/tls/subscriptions/{fastly.issued(HOST)}"
    assert fastly.refused("DELETE", path) == (
        400,
        "Can't delete subscription",
        "Subscription has active domains",
    )
    assert fastly.refused("PATCH", path, subscription(HOST))[2] == "Subscription has active domains"
    assert fastly.ok("DELETE", path, force="true") is None
    assert fastly.refused("GET", path) == (404, "Not found", "The subscription you requested was not found")
    assert fastly.ok("GET", "/tls/activations")["data"] == []
    assert fastly.ok("GET", "/tls/certificates")["data"] == []


def test_domains_and_authority_change_and_a_new_certificate_is_ordered(fastly: Bench) -> None:
    number = fastly.issued(HOST)
    body = subscription(HOST, "b.example.com", authority="lets-encrypt")
    changed = fastly.ok("PATCH", f"/tls/subscriptions/{number}", body, force="true")
    assert changed["data"]["attributes"]["certificate_authority"] == "lets-encrypt"
    assert len(changed["included"]) == 2
    assert fastly.state(number) == "renewing"
    fastly.prove({"included": changed["included"][1:]})
    fastly.advance(61)
    fastly.state(number)
    fastly.advance(61)
    assert fastly.state(number) == "issued"
    active = fastly.ok("GET", "/tls/activations")["data"]
    assert {each["relationships"]["tls_domain"]["data"]["id"] for each in active} == {HOST, "b.example.com"}


def test_a_request_that_is_no_sense_is_refused(fastly: Bench) -> None:
    assert fastly.refused("POST", "/tls/subscriptions", subscription())[:2] == (
        *(400, "Invalid value for tls_domains"),
    )
    wrong = fastly.refused("POST", "/tls/subscriptions", subscription(HOST, authority="acme"))
    assert wrong[2] == "certificate_authority is not included in the list"
    assert fastly.refused("POST", "/tls/subscriptions", subscription("localhost"))[0] == 400


def test_no_activation_is_made_by_hand_where_one_is(fastly: Bench) -> None:
    fastly.issued(HOST)
    (certificate,) = fastly.ok("GET", "/tls/certificates")["data"]
    refusal = fastly.refused("POST", "/tls/activations", activation(HOST, certificate["id"]))
    assert refusal == (400, "Invalid value for domain_id", "domain_id has already been taken")


def test_an_uploaded_certificate_is_activated_for_a_host_and_deactivated() -> None:
    uploaded = {"id": "uploaded", "name": "our wildcard", "names": ["*.example.com"]}
    with bench(world(customer(certificates=[uploaded]))) as fastly:
        made = fastly.ok("POST", "/tls/activations", activation(HOST, "uploaded"))["data"]
        assert made["relationships"]["tls_certificate"]["data"]["id"] == "uploaded"
        found = fastly.visit(f"https://{HOST}/")
        assert (found.status, b"unknown domain" in found.body) == (500, True)
        in_use = {"filter[in_use]": "true"}
        assert len(fastly.ok("GET", "/tls/certificates", **in_use)["data"]) == 1
        assert [each["id"] for each in fastly.ok("GET", "/tls/domains", **in_use)["data"]] == [HOST]
        assert fastly.refused("DELETE", "/tls/certificates/uploaded")[0] == 400
        fastly.ok("DELETE", f"/tls/activations/{made['id']}")
        fastly.ok("DELETE", "/tls/certificates/uploaded")
        assert fastly.ok("GET", "/tls/domains")["data"] == []


def test_whether_a_wildcard_is_activated_for_a_host_is_a_switch() -> None:
    uploaded = {"id": "uploaded", "names": ["*.example.com"]}
    with bench(world(customer(certificates=[uploaded]))) as fastly:
        fastly.switch("fastly.wildcard-certificate", "named-only")
        assert fastly.refused("POST", "/tls/activations", activation(HOST, "uploaded"))[0] == 400
        fastly.ok("POST", "/tls/activations", activation("*.example.com", "uploaded"))
        assert fastly.visit(f"https://{HOST}/").status == 500


def test_a_certificate_is_uploaded_and_replaced(fastly: Bench) -> None:
    def blob(*names: str) -> str:
        return fastly.sandbox.kernel.ca.issue(names).chain_pem.decode()

    body = {"data": {"type": "tls_certificate", "attributes": {"cert_blob": blob(HOST), "name": "mine"}}}
    made = fastly.ok("POST", "/tls/certificates", body)["data"]
    assert (made["attributes"]["name"], made["attributes"]["issued_to"]) == ("mine", HOST)
    body["data"]["attributes"] = {"cert_blob": blob(HOST, "b.example.com")}
    fastly.ok("PATCH", f"/tls/certificates/{made['id']}", body)
    found = fastly.ok("GET", f"/tls/certificates/{made['id']}")["data"]
    assert len(found["relationships"]["tls_domains"]["data"]) == 2
    body["data"]["attributes"] = {"cert_blob": "nothing"}
    assert fastly.refused("POST", "/tls/certificates", body)[1] == "Invalid value for cert_blob"


@pytest.mark.parametrize(("setting", "issuer"), [("kept", "Uploaded"), ("replaced", "Certainly")])
def test_which_certificate_is_in_use_after_one_is_issued_over_another(setting: str, issuer: str) -> None:
    uploaded = {"id": "uploaded", "names": [HOST], "active": [HOST]}
    with bench(world(customer(certificates=[uploaded]))) as fastly:
        fastly.switch("fastly.issue-over-active", setting)
        fastly.issued(HOST)
        served = fastly.visit(f"https://{HOST}/").certificate
        assert served is not None
        assert issuer in x509.load_der_x509_certificate(served).issuer.rfc4514_string()


def test_configurations_say_what_a_host_is_to_point_to() -> None:
    configurations = [
        {"id": "plain", "cname": "n.sni.global.fastly.net"},
        {"id": "chosen", "default": True, "cname": "m.sni.global.fastly.net", "tls_protocols": ["1.3"]},
    ]
    with bench(world(customer(configurations=configurations))) as fastly:
        document = fastly.ok("GET", "/tls/configurations/chosen", include="dns_records")
        records = {each["id"]: each["attributes"] for each in document["included"]}
        assert records["m.sni.global.fastly.net"] == {"record_type": "CNAME", "region": "global"}
        assert {each["record_type"] for each in records.values()} == {"A", "AAAA", "CNAME"}
        assert fastly.dns("m.sni.global.fastly.net", "A")
        listed = fastly.ok("GET", "/tls/configurations")["data"]
        assert [(each["id"], each["attributes"]["default"]) for each in listed] == [
            *(("plain", False), ("chosen", True)),
        ]
        made = fastly.subscribe(HOST)
        assert made["data"]["relationships"]["tls_configuration"]["data"]["id"] == "chosen"


@pytest.mark.parametrize("state", ["pending", "issued", "renewing", "failed", "processing"])
def test_the_world_has_subscriptions_in_every_state(state: str) -> None:
    given = customer(subscriptions=[{"id": "one", "domains": [HOST], "state": state}])
    with bench(world(given)) as fastly:
        assert fastly.state("one") == state


def test_state_outlives_a_restart() -> None:
    with bench() as fastly:
        number = fastly.issued(HOST)
        dumped = fastly.sandbox.do(fastly.sandbox.kernel.dump)
    with bench() as again:
        again.sandbox.do(lambda: again.sandbox.kernel.load(dumped))
        assert again.state(number) == "issued"
        assert again.visit(f"https://{HOST}/").status == 500


def test_certificates_end_behind_the_apis_back(fastly: Bench) -> None:
    number = fastly.issued(HOST)
    fastly.remove_record(f"_acme-challenge.{HOST}", "CNAME")
    fastly.change(subscriptions={HOST: {"days_left": 2}})
    assert fastly.state(number) == "renewing"
    fastly.change(subscriptions={HOST: {"state": "failed"}})
    assert fastly.state(number) == "failed"


def test_the_token_is_asked_for(fastly: Bench) -> None:
    assert fastly.http.get("/tls/subscriptions", headers={"Fastly-Key": TOKEN[1:]}).status_code == 401
