"""SparkPost's emulator: verify really fetches, by the scheme that `secure` says."""

from typing import Any

import pytest

from tests.sandbox.sparkpost_bench import CDN_ADDRESS, KEY, bench

NAME = "click.example.net"
VERIFY = f"/tracking-domains/{NAME}/verify"


def account(**domain: Any) -> dict[str, Any]:
    return {"region": "us", "key": KEY, "tracking_domains": [{"domain": NAME, **domain}]}


CDN = {"hosts": [NAME]}


@pytest.mark.parametrize("target", ["spgo.io", "v2.spgo.io"])
def test_an_alias_of_the_regions_endpoint_is_verified_with_cname_status_valid(target: str) -> None:
    with bench(account(), dns={NAME: target}) as b:
        answer = b.client().post(VERIFY)
        assert answer.json()["results"] == {
            "verified": True,
            "cname_status": "valid",
            "compliance_status": "valid",
            "tls_status": "unknown",
        }
        assert b.client().domain(NAME)["status"] == answer.json()["results"]


def test_a_blank_cname_status_of_an_alias_is_a_switch() -> None:
    with bench(account(), dns={NAME: "spgo.io"}, switches={"sparkpost.cname-status": "always-blank"}) as b:
        status = b.client().post(VERIFY).json()["results"]
        assert (status["verified"], status["cname_status"]) == (True, "")


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("way", ["host", "x-forwarded-host"])
def test_through_a_cdn_it_is_verified_with_a_blank_cname_status(way: str, *, secure: bool) -> None:
    with bench(account(secure=secure), dns={NAME: "@cdn"}, cdn={**CDN, "forwards": way}) as b:
        status = b.client().post(VERIFY).json()["results"]
        assert (status["verified"], status["cname_status"]) == (True, "")
        (event,) = b.events("verify")
        assert (event["scheme"], event["tracking_host"], event["peer"]) == (
            "https" if secure else "http",
            NAME,
            CDN_ADDRESS,
        )


def test_the_failure_names_scheme_host_and_port() -> None:
    for secure, where in ((False, f"http://{NAME}:80"), (True, f"https://{NAME}:443")):
        with bench(account(secure=secure)) as b:
            answer = b.client().post(VERIFY)
            assert answer.status_code == 400
            assert answer.json()["errors"] == [
                {
                    "message": f"HTTP request to {where} failed.  Please verify that your redirect is "
                    "functioning and that your SSL certificate is valid."
                }
            ]


def test_secure_on_an_alias_of_the_old_endpoint_fails_for_want_of_a_certificate() -> None:
    with bench(account(secure=True), dns={NAME: "spgo.io"}) as b:
        assert b.client().post(VERIFY).status_code == 400


@pytest.mark.parametrize(
    "cdn",
    [
        {"hosts": ["other.example.net"]},
        {"hosts": [NAME], "forwards": "dead"},
        {"hosts": [NAME], "origin": "eu.spgo.io"},
        {"hosts": [NAME], "forwards": "neither"},
    ],
    ids=["certificate of another name", "no answer", "the other region's origin", "host not forwarded"],
)
def test_a_cdn_that_does_not_bring_the_host_to_this_region_fails(cdn: dict[str, Any]) -> None:
    with bench(account(secure=True), dns={NAME: "@cdn"}, cdn=cdn) as b:
        assert b.client().post(VERIFY).status_code == 400


def test_a_forced_redirect_to_https_fails_the_check_over_http() -> None:
    with bench(account(), dns={NAME: "@cdn"}, cdn={**CDN, "forwards": "redirect"}) as b:
        assert b.client().post(VERIFY).status_code == 400


def test_whether_the_host_must_be_identified_is_a_switch() -> None:
    cdn = {**CDN, "forwards": "neither"}
    with bench(account(), dns={NAME: "@cdn"}, cdn=cdn, switches={"sparkpost.verify-accepts": "reached"}) as b:
        assert b.client().post(VERIFY).json()["results"]["verified"] is True


def test_the_path_of_the_check_is_a_switch() -> None:
    for setting, path in (("click", "/f/a/"), ("root", "/")):
        with bench(account(), dns={NAME: "@cdn"}, cdn=CDN, switches={"sparkpost.verify-path": setting}) as b:
            assert b.client().post(VERIFY).status_code == 200
            (event,) = b.events("verify")
            assert event["path"].startswith(path)


def test_a_failure_may_be_200_with_verified_false() -> None:
    with bench(
        account(), dns={NAME: "elsewhere.example.org"}, switches={"sparkpost.verify-failure": "false-200"}
    ) as b:
        status = b.client().post(VERIFY).json()["results"]
        assert (status["verified"], status["cname_status"]) == (False, "invalid")


@pytest.mark.parametrize(("setting", "kept"), [("keeps", True), ("unverifies", False)])
def test_a_failed_check_of_a_verified_domain_is_a_switch(setting: str, *, kept: bool) -> None:
    with bench(account(verified=True), switches={"sparkpost.failed-verify": setting}) as b:
        assert b.client().post(VERIFY).status_code == 400
        assert b.client().domain(NAME)["status"]["verified"] is kept


def test_verify_may_be_repeated() -> None:
    with bench(account(verified=True), dns={NAME: "spgo.io"}) as b:
        assert [b.client().post(VERIFY).status_code for _ in range(2)] == [200, 200]


def test_an_eu_domain_is_checked_against_the_eu_endpoints() -> None:
    eu = {"region": "eu", "key": "key-eu", "tracking_domains": [{"domain": NAME}]}
    for target, status in (("eu.spgo.io", 200), ("eu.v2.spgo.io", 200), ("spgo.io", 400)):
        with bench(eu, dns={NAME: target}) as b:
            assert b.client("key-eu", "eu").post(VERIFY).status_code == status
