"""How Fastly issues, renews and gives up: by DNS and the clock."""

from collections.abc import Iterator

import pytest

from tests.sandbox.fastly.tls_bench import (
    CNAME,
    HOST,
    OTHER_TOKEN,
    Bench,
    bench,
    customer,
    subscription,
    world,
)

DAY_S = 86_400


@pytest.fixture
def fastly() -> Iterator[Bench]:
    with bench() as running:
        yield running


def test_a_certificate_is_issued_once_its_challenge_is_really_in_dns(fastly: Bench) -> None:
    made = fastly.subscribe(HOST)
    number = made["data"]["id"]
    assert made["data"]["attributes"]["certificate_authority"] == "certainly"
    assert made["included"][0]["attributes"]["warnings"] is None
    fastly.advance(3600)
    assert fastly.state(number) == "pending"
    assert fastly.proof(number)["state"] == "blocked"
    fastly.prove(made)
    fastly.advance(61)
    assert fastly.state(number) == "processing"
    assert fastly.proof(number)["state"] == "passing"
    fastly.advance(60)
    document = fastly.ok("GET", f"/tls/subscriptions/{number}", include="tls_certificates")
    attributes = document["data"]["attributes"]
    assert (attributes["state"], attributes["has_active_order"]) == ("issued", False)
    assert document["included"][0]["attributes"]["issuer"] == "Certainly"


def test_reading_more_often_changes_nothing() -> None:
    def issued_after(pause_s: float) -> float:
        with bench() as fastly:
            made = fastly.subscribe(HOST)
            fastly.prove(made)
            waited = 0.0
            while fastly.state(made["data"]["id"]) != "issued":
                fastly.advance(pause_s)
                waited += pause_s
            return waited

    assert issued_after(5) == pytest.approx(issued_after(60), abs=60)


def test_a_record_that_leads_elsewhere_proves_nothing_and_is_warned_of(fastly: Bench) -> None:
    made = fastly.subscribe(HOST)
    fastly.add_record(f"_acme-challenge.{HOST}", "CNAME", "other.fastly-validations.com")
    fastly.advance(3600)
    proof = fastly.proof(made["data"]["id"])
    assert proof["state"] == "blocked"
    (warning,) = proof["warnings"]
    assert warning["instructions"].startswith(f"Conflicting record(s) found at _acme-challenge.{HOST}.")


def test_a_host_that_points_at_fastly_is_proven_by_that(fastly: Bench) -> None:
    number = fastly.subscribe(HOST)["data"]["id"]
    fastly.add_record(HOST, "CNAME", CNAME)
    fastly.advance(61)
    assert fastly.state(number) == "processing"


@pytest.mark.parametrize(
    ("authority", "caa"),
    [("certainly", "certainly.com"), ("lets-encrypt", "letsencrypt.org"), ("globalsign", "globalsign.com")],
)
def test_caa_must_name_the_authority(fastly: Bench, authority: str, caa: str) -> None:
    fastly.add_record("example.com", "CAA", '0 issue "elsewhere.example"')
    made = fastly.subscribe(HOST, authority=authority)
    number = made["data"]["id"]
    fastly.prove(made)
    fastly.advance(600)
    assert fastly.state(number) == "pending"
    expected = [{"type": "caa", "instructions": f"Found conflicting CAA record(s). Expected {caa}"}]
    assert fastly.proof(number)["warnings"] == expected
    fastly.add_record("example.com", "CAA", f'0 issue "{caa}"')
    fastly.advance(61)
    assert fastly.state(number) == "processing"


def test_a_certificate_renews_by_itself_while_the_record_stands(fastly: Bench) -> None:
    number = fastly.issued(HOST)
    before = fastly.ok("GET", f"/tls/subscriptions/{number}")["data"]["relationships"]["tls_certificates"]
    fastly.advance(25 * DAY_S)
    assert fastly.state(number) == "issued"
    after = fastly.ok("GET", f"/tls/subscriptions/{number}")["data"]["relationships"]["tls_certificates"]
    assert after["data"][-1] != before["data"][-1]
    fastly.advance(400 * DAY_S)
    assert fastly.state(number) == "issued"


def test_without_the_record_renewal_is_tried_until_a_week_after_the_end_and_then_given_up(
    fastly: Bench,
) -> None:
    number = fastly.issued(HOST)
    fastly.remove_record(f"_acme-challenge.{HOST}", "CNAME")
    fastly.advance(21 * DAY_S)
    assert fastly.state(number) == "renewing"
    fastly.advance(15 * DAY_S)
    assert fastly.state(number) == "renewing"
    fastly.advance(2 * DAY_S)
    assert fastly.state(number) == "failed"


def test_an_order_is_given_up_after_a_week_and_may_be_retried(fastly: Bench) -> None:
    made = fastly.subscribe(HOST)
    number = made["data"]["id"]
    fastly.advance(8 * DAY_S)
    assert fastly.state(number) == "failed"
    fastly.prove(made)
    fastly.advance(DAY_S)
    assert fastly.state(number) == "failed"
    fastly.ok("PATCH", f"/tls/subscriptions/{number}", subscription(state="retry"))
    assert fastly.state(number) == "pending"
    fastly.advance(61)
    assert fastly.state(number) == "processing"


def test_a_domain_that_another_customer_has_is_refused() -> None:
    held = customer(customer="other", token=OTHER_TOKEN, subscriptions=[{"domains": [HOST]}])
    with bench(world(customer(), held)) as fastly:
        refusal = fastly.refused("POST", "/tls/subscriptions", subscription(HOST))
    assert refusal == (400, "Bad Request", f"Domain {HOST} is owned by another customer.")


def test_the_number_of_managed_certificates_is_limited() -> None:
    with bench(world(customer(limits={"managed_certificates": 1}))) as fastly:
        fastly.subscribe(HOST)
        status, _, detail = fastly.refused("POST", "/tls/subscriptions", subscription("b.example.com"))
    assert (status, detail) == (400, "Exceeding max number of managed certificates: 1")


@pytest.mark.parametrize(("setting", "same"), [("per-subscription", False), ("per-domain", True)])
def test_whether_the_next_subscription_asks_for_the_same_record_is_a_switch(setting: str, same: bool) -> None:
    with bench() as fastly:
        fastly.switch("fastly.challenge-token", setting)
        first = fastly.subscribe(HOST)
        fastly.ok("DELETE", f"/tls/subscriptions/{first['data']['id']}")
        second = fastly.subscribe(HOST)
        values = [made["included"][0]["attributes"]["challenges"][0]["values"] for made in (first, second)]
    assert (values[0] == values[1]) is same


def test_issued_may_come_before_the_certificate_does() -> None:
    with bench() as fastly:
        fastly.switch("fastly.certificate-lag", "twenty-seconds")
        made = fastly.subscribe(HOST)
        fastly.prove(made)
        path = f"/tls/subscriptions/{made['data']['id']}"
        fastly.advance(6)
        fastly.ok("GET", path)
        fastly.advance(62)
        assert fastly.state(made["data"]["id"]) == "issued"
        assert fastly.ok("GET", path)["data"]["relationships"]["tls_certificates"]["data"] == []
        assert fastly.ok("GET", "/tls/activations")["data"] == []
        fastly.advance(30)
        assert len(fastly.ok("GET", path)["data"]["relationships"]["tls_certificates"]["data"]) == 1
        assert len(fastly.ok("GET", "/tls/activations")["data"]) == 1
