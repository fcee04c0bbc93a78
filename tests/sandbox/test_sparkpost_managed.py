"""SparkPost's emulator: managed HTTPS from the check to the renewal."""

from typing import Any

import httpx
import pytest

from providers.sandbox.contract import WorldError
from tests.sandbox.sparkpost_bench import KEY, Bench, Client, bench

NAME = "click.example.net"
CHECK = f"/tracking-domains/{NAME}/certificate/check"
ENABLE = f"/tracking-domains/{NAME}/certificate/enable"
V2 = {NAME: "v2.spgo.io"}
DAY_S = 86_400


def account(*, managed: dict[str, Any] | None = None, **domain: Any) -> dict[str, Any]:
    domains = [{"domain": NAME, "verified": True, **domain}]
    return {"region": "us", "key": KEY, "tracking_domains": domains, "managed": managed or {}}


def message(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["message"])


def tls(client: Client) -> str:
    return str(client.domain(NAME)["status"]["tls_status"])


def enabled(b: Bench, *, wait_s: float = 301) -> Client:
    client = b.client()
    assert client.post(ENABLE).status_code == 200
    b.advance(wait_s)
    return client


def test_the_check_is_read_only_and_takes_unverified_domains() -> None:
    with bench(account(verified=False)) as b:
        before = b.client().domain(NAME)
        answer = b.client().post(CHECK)
        assert answer.json() == {"results": {"domain": NAME, "supportsManagedCertificate": True}}
        assert b.client().domain(NAME) == before


@pytest.mark.parametrize(
    ("rule", "status", "words"),
    [
        ("unavailable", 403, "Domain is not eligible for managed certificates due to Let's Encrypt policies"),
        ("check_fails", 400, "Certificate eligibility check failed"),
        ("check_times_out", 503, "Certificate eligibility check timed out"),
    ],
)
def test_the_check_says_no_in_three_ways(rule: str, status: int, words: str) -> None:
    with bench(account(managed={rule: [NAME]})) as b:
        answer = b.client().post(CHECK)
        assert (answer.status_code, message(answer)) == (status, words)


def test_enable_wants_a_verified_domain_on_a_v2_endpoint_that_the_authority_takes() -> None:
    with bench(account(verified=False), dns=V2) as b:
        answer = b.client().post(ENABLE)
        assert (answer.status_code, message(answer)) == (
            400,
            "Domain must be verified before enabling managed certificates",
        )
    with bench(account(), dns={NAME: "spgo.io"}) as b:
        assert b.client().post(ENABLE).status_code == 400
    with bench(account(managed={"unavailable": [NAME]}), dns=V2) as b:
        assert b.client().domain(NAME)["status"]["tls_status"] == "unavailable"
        assert b.client().post(ENABLE).status_code == 403


def test_issue_takes_minutes_and_then_sets_flag_secure_and_port() -> None:
    with bench(account(), dns=V2) as b:
        client = b.client()
        assert client.post(ENABLE).json() == {
            "results": {"message": f"Certificate issuance initiated for {NAME}"}
        }
        pending = client.domain(NAME)
        assert (pending["status"]["tls_status"], pending["secure"]) == ("pending", False)
        assert pending["uses_managed_certificate"] is False
        b.advance(301)
        issued = client.domain(NAME)
        assert (issued["status"]["tls_status"], issued["secure"], issued["port"]) == ("valid", True, 443)
        assert issued["uses_managed_certificate"] is True
        certificate = issued["tls_certificate"]
        assert certificate["error_code"] is None
        assert certificate["issued_at"].endswith("Z")
        assert client.post(f"/tracking-domains/{NAME}/verify").status_code == 200


def test_the_world_says_how_long_an_issue_takes() -> None:
    with bench({**account(), "issue_after_s": 60}, dns=V2) as b:
        assert tls(enabled(b, wait_s=59)) == "pending"
        b.advance(2)
        assert tls(b.client()) == "valid"


def test_a_time_of_issue_that_is_none_is_told() -> None:
    wrong = {**account(), "issue_after_s": "soon"}
    with (
        pytest.raises(WorldError, match=r"issue_after_s: write a number of seconds, 0 or more"),
        bench(wrong),
    ):
        pass


def test_the_v2_origin_then_serves_lets_encrypts_certificate_for_the_host() -> None:
    with bench(account(), dns=V2) as b:
        with pytest.raises(httpx.ConnectError):
            b.ask(f"https://{NAME}/f/a/b/c/d", "203.0.113.11")
        enabled(b).domain(NAME)
        answer = b.ask(f"https://{NAME}/f/a/b/c/d", "203.0.113.11")
        assert answer.status_code == 302
        with pytest.raises(httpx.ConnectError):
            b.ask(f"https://{NAME}/f/a/b/c/d", "203.0.113.10")


def test_a_name_that_moved_away_before_issue_fails_with_a_dns_error() -> None:
    with bench(account(managed_certificate="pending"), dns={NAME: "spgo.io"}) as b:
        b.advance(301)
        domain = b.client().domain(NAME)
        assert (domain["status"]["tls_status"], domain["secure"]) == ("failed", False)
        assert domain["tls_certificate"] == {"error_code": "acme:dns"}


def test_an_authority_that_refuses_the_name_at_issue_is_told_by_error_code() -> None:
    with bench(account(managed={"rejected": [NAME]}), dns=V2) as b:
        assert b.client().post(CHECK).status_code == 200
        domain = enabled(b).domain(NAME)
        assert domain["tls_certificate"]["error_code"] == "acme:rejected_identifier"


def test_a_caa_record_of_another_authority_stops_the_issue() -> None:
    with bench(account(), dns=V2, caa='0 issue "digicert.com"') as b:
        assert enabled(b).domain(NAME)["tls_certificate"]["error_code"] == "acme:unauthorized"
    with bench(account(), dns=V2, caa='0 issue "letsencrypt.org"') as b:
        assert tls(enabled(b)) == "valid"


@pytest.mark.parametrize(("setting", "later"), [("final", "failed"), ("retried", "valid")])
def test_whether_a_failed_issue_is_tried_again_is_a_switch(setting: str, later: str) -> None:
    with bench(
        account(managed={"rejected": [NAME]}), dns=V2, switches={"sparkpost.failed-issue": setting}
    ) as b:
        client = enabled(b)
        assert tls(client) == "failed"
        b.patch(managed={})
        b.advance(3601)
        assert tls(client) == later
        client.post(ENABLE)
        b.advance(301)
        assert tls(client) == "valid"


@pytest.mark.parametrize(("setting", "status"), [("accepted", 200), ("conflict-409", 409)])
def test_enabling_again_is_a_switch_and_changes_nothing(setting: str, status: int) -> None:
    with bench(account(), dns=V2, switches={"sparkpost.enable-again": setting}) as b:
        client = enabled(b)
        before = client.domain(NAME)
        assert client.post(ENABLE).status_code == status
        assert client.domain(NAME) == before


def test_the_flag_may_change_as_soon_as_it_is_enabled() -> None:
    with bench(account(), dns=V2, switches={"sparkpost.managed-flag": "on-enable"}) as b:
        client = b.client()
        client.post(ENABLE)
        domain = client.domain(NAME)
        assert (domain["uses_managed_certificate"], domain["secure"]) == (True, True)
        assert domain["status"]["tls_status"] == "pending"


@pytest.mark.parametrize(("setting", "still"), [("ignored", True), ("disables", False)])
def test_put_of_the_flag_is_ignored_or_turns_it_off(setting: str, *, still: bool) -> None:
    with bench(
        account(managed_certificate="valid"), dns=V2, switches={"sparkpost.managed-put": setting}
    ) as b:
        client = b.client()
        body = {"uses_managed_certificate": False}
        assert client.put(f"/tracking-domains/{NAME}", body, judged=False).status_code == 200
        assert client.domain(NAME)["uses_managed_certificate"] is still


def test_verify_may_order_a_certificate_by_itself() -> None:
    for setting, status in (("no", "unknown"), ("on-verify", "pending")):
        with bench(account(), dns=V2, switches={"sparkpost.managed-by-default": setting}) as b:
            answer = b.client().post(f"/tracking-domains/{NAME}/verify")
            assert answer.json()["results"]["tls_status"] == status


def test_a_certificate_is_renewed_fifteen_days_before_its_end() -> None:
    with bench(account(), dns=V2) as b:
        client = enabled(b)
        first = client.domain(NAME)["tls_certificate"]
        b.advance(74 * DAY_S)
        assert client.domain(NAME)["tls_certificate"] == first
        b.advance(2 * DAY_S)
        assert client.domain(NAME)["tls_certificate"]["issued_at"] > first["issued_at"]


def test_a_renewal_that_fails_ends_in_an_expired_certificate() -> None:
    with bench(account(), dns=V2) as b:
        client = enabled(b)
        assert tls(client) == "valid"
        b.patch(managed={"rejected": [NAME]})
        b.advance(80 * DAY_S)
        domain = client.domain(NAME)
        assert (domain["status"]["tls_status"], domain["tls_certificate"]["error_code"]) == (
            "valid",
            "acme:rejected_identifier",
        )
        b.advance(11 * DAY_S)
        assert tls(client) == "expired"


def test_an_expired_certificate_is_served_and_refused_by_clients() -> None:
    with bench(account(managed_certificate="valid"), dns=V2) as b:
        assert b.ask(f"https://{NAME}/f/", "203.0.113.11").status_code == 200
        b.patch(certificates={NAME: "expire"})
        assert tls(b.client()) == "expired"
        with pytest.raises(httpx.ConnectError, match="expired"):
            b.ask(f"https://{NAME}/f/", "203.0.113.11")


def test_eu_names_need_the_eu_v2_endpoint() -> None:
    eu = {**account(), "region": "eu", "key": "key-eu"}
    for target, status in (("eu.v2.spgo.io", 200), ("v2.spgo.io", 400)):
        with bench(eu, dns={NAME: target}) as b:
            assert b.client("key-eu", "eu").post(ENABLE).status_code == status


def test_a_challenge_that_cannot_be_fetched_or_is_not_answered_fails_the_issue() -> None:
    reset, other = {"kind": "reset"}, {"kind": "status", "status": 404}
    for fault, code in ((reset, "acme:temporary"), (other, "acme:unauthorized")):
        with bench(account(), dns=V2) as b:
            client = b.client()
            client.post(ENABLE)
            wanted = {"on": "edge", "vendor": "sparkpost", "path": "/.well-known/acme-challenge/", **fault}
            b.sandbox.control("POST", "/faults", wanted)
            b.advance(301)
            assert client.domain(NAME)["tls_certificate"]["error_code"] == code


def test_enable_can_time_out() -> None:
    with bench(account(managed={"check_times_out": [NAME]}), dns=V2) as b:
        assert b.client().post(ENABLE).status_code == 503


def test_verify_orders_nothing_for_a_name_on_another_endpoint() -> None:
    on = {"sparkpost.managed-by-default": "on-verify"}
    with bench(account(), dns={NAME: "spgo.io"}, switches=on) as b:
        status = b.client().post(f"/tracking-domains/{NAME}/verify").json()["results"]
        assert status["tls_status"] == "unknown"
