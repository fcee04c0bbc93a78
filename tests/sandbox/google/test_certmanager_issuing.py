"""How Certificate Manager's certificates come to be, fail and are renewed: by time and DNS alone."""

from __future__ import annotations

from tests.sandbox.google.certmanager_bench import HOST, CertManager, certmanager, record

DAY_S = 86_400


def authorized(bench: CertManager) -> None:
    """Order a certificate whose authorization's record stands."""
    asked = bench.authorize()
    bench.write("CNAME", asked["name"].rstrip("."), asked["data"])
    bench.order(HOST)


def test_a_record_that_is_not_there_or_another_is_told_and_the_next_look_finds_it() -> None:
    with certmanager() as bench:
        asked = bench.authorize()
        bench.order(HOST)
        assert bench.managed()["authorizationAttemptInfo"] == [{"domain": HOST, "state": "AUTHORIZING"}]
        bench.advance(60)
        managed = bench.managed()
        (attempt,) = managed["authorizationAttemptInfo"]
        assert (managed["state"], attempt["state"], attempt["failureReason"]) == (
            "PROVISIONING",
            "FAILED",
            "CONFIG",
        )
        assert managed["provisioningIssue"]["reason"] == "AUTHORIZATION_ISSUE"
        assert attempt["troubleshooting"]["issues"] == ["CNAME_MISMATCH"]
        cname = attempt["troubleshooting"]["cname"]
        assert (cname["name"], cname["expectedData"]) == (asked["name"], asked["data"])
        bench.write("CNAME", asked["name"].rstrip("."), "elsewhere.example.net.")
        bench.advance(60)
        (attempt,) = bench.managed()["authorizationAttemptInfo"]
        assert attempt["troubleshooting"]["cname"]["resolvedData"] == ["elsewhere.example.net"]
        bench.write("CNAME", asked["name"].rstrip("."), asked["data"])
        bench.advance(60)
        assert bench.managed()["authorizationAttemptInfo"][0]["state"] == "AUTHORIZED"
        bench.advance(120)
        managed = bench.managed()
        assert managed["state"] == "ACTIVE"
        assert "provisioningIssue" not in managed


def test_caa_that_forbids_google_is_told_and_lets_encrypt_counts_where_it_is_said_to() -> None:
    with certmanager(None, record("CAA", "example.com", '0 issue "letsencrypt.org"')) as bench:
        authorized(bench)
        bench.advance(60)
        assert bench.managed()["authorizationAttemptInfo"][0]["failureReason"] == "CAA"
        bench.switch("certificate-authorities", "pki.goog-or-letsencrypt.org")
        bench.advance(60)
        bench.managed()
        bench.advance(120)
        assert bench.managed()["state"] == "ACTIVE"


def test_an_authoritys_rate_limit_holds_a_domain_off_until_it_is_lifted() -> None:
    with certmanager() as bench:
        authorized(bench)
        bench.control(certificates={"click-example-com": {"rate_limited": True}})
        bench.advance(60)
        managed = bench.managed()
        assert managed["authorizationAttemptInfo"][0]["failureReason"] == "RATE_LIMITED"
        assert managed["provisioningIssue"]["reason"] == "RATE_LIMITED"
        bench.control(certificates={"click-example-com": {"rate_limited": False}})
        bench.advance(60)
        bench.managed()
        bench.advance(120)
        assert bench.managed()["state"] == "ACTIVE"


def test_google_gives_up_after_days_and_only_a_new_certificate_helps() -> None:
    with certmanager() as bench:
        asked = bench.authorize()
        bench.order(HOST)
        bench.advance(3 * DAY_S + 60)
        assert bench.managed()["state"] == "FAILED"
        bench.write("CNAME", asked["name"].rstrip("."), asked["data"])
        bench.advance(DAY_S)
        assert bench.managed()["state"] == "FAILED"
        bench.raw("DELETE", "certificates/click-example-com")
        bench.order(HOST)
        bench.advance(60)
        bench.managed()
        bench.advance(120)
        assert bench.managed()["state"] == "ACTIVE"


def test_a_project_of_its_own_has_a_record_of_its_own() -> None:
    with certmanager() as bench:
        own = bench.authorize(type="PER_PROJECT_RECORD")
        assert own["name"].startswith("_acme-challenge_")
        assert own["name"].endswith(f".{HOST}.")


def test_a_second_fixed_authorization_for_a_domain_is_refused_where_that_is_so() -> None:
    with certmanager() as bench:
        bench.authorize()
        first = bench.raw("GET", "dnsAuthorizations/click-example-com")["dnsResourceRecord"]
        bench.raw("POST", "dnsAuthorizations", {"domain": HOST}, dnsAuthorizationId="two")
        assert bench.raw("GET", "dnsAuthorizations/two")["dnsResourceRecord"] == first
        bench.switch("second-dns-authorization", "refused")
        error = bench.error("POST", "dnsAuthorizations", {"domain": HOST}, dnsAuthorizationId="three")
        assert error["status"] == "ALREADY_EXISTS"


def test_a_certificate_is_renewed_as_long_as_its_record_stands() -> None:
    with certmanager() as bench:
        authorized(bench)
        bench.advance(60)
        bench.managed()
        bench.advance(120)
        first = bench.raw("GET", "certificates/click-example-com")["expireTime"]
        bench.advance(61 * DAY_S)
        renewed = bench.raw("GET", "certificates/click-example-com")["expireTime"]
        assert renewed > first
        bench.write("CNAME", f"_acme-challenge.{HOST}", "elsewhere.example.net.")
        bench.advance(61 * DAY_S)
        assert bench.raw("GET", "certificates/click-example-com")["expireTime"] == renewed
        assert bench.managed()["authorizationAttemptInfo"][0]["state"] == "FAILED"
