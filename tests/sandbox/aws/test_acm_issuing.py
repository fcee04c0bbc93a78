"""How ACM issues, refuses, renews and lets go: by DNS and the clock."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from providers.sandbox import started
from providers.sandbox.aws import EMULATOR
from providers.sandbox.contract import ControlError, WorldError
from tests.sandbox.aws.acm_bench import NUMBER, Bench, account, bench, refused, world

HOST = "click.example.com"
ORIGIN = {
    "Id": "spgo.io",
    "DomainName": "spgo.io",
    "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "match-viewer"},
}


@pytest.fixture
def aws() -> Iterator[Bench]:
    with bench() as running:
        yield running


def using(arn: str, *hosts: str) -> dict[str, Any]:
    """A distribution of the world that has a certificate in use."""
    viewer = {
        "ACMCertificateArn": arn,
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "CloudFrontDefaultCertificate": False,
    }
    return {"id": "E1USER", "aliases": list(hosts), "config": {"ViewerCertificate": viewer}}


def in_use(*, expires_in_s: float = 198 * 86400) -> dict[str, Any]:
    """A world with an issued certificate that a distribution uses."""
    arn = f"arn:aws:acm:us-east-1:{NUMBER}:certificate/one"
    certificate = {"id": "one", "domain": HOST, "expires_in_s": expires_in_s}
    return world(account(certificates=[certificate], distributions=[using(arn, HOST)]))


def test_a_certificate_is_issued_some_minutes_after_its_record_is_seen(aws: Bench) -> None:
    arn = aws.request(HOST)
    aws.advance(3600)
    assert aws.status(arn) == "PENDING_VALIDATION"
    aws.prove(arn)
    assert aws.status(arn) == "PENDING_VALIDATION"
    aws.advance(60)
    found = aws.describe(arn)
    assert (found["Status"], found["DomainValidationOptions"][0]["ValidationStatus"]) == (
        *("PENDING_VALIDATION", "SUCCESS"),
    )
    aws.advance(125)
    found = aws.describe(arn)
    assert (found["Status"], found["Issuer"]) == ("ISSUED", "Amazon")
    assert found["NotAfter"] - found["NotBefore"] == timedelta(days=198)
    assert found["IssuedAt"] > found["CreatedAt"]


def test_the_world_says_how_long_acm_takes() -> None:
    quick = {"record_s": 0, "look_s": 5, "issue_s": 10}
    with bench(world(account(acm_timing=quick))) as aws:
        arn = aws.request(HOST)
        aws.prove(arn)
        aws.advance(5)
        assert aws.describe(arn)["DomainValidationOptions"][0]["ValidationStatus"] == "SUCCESS"
        aws.patch(acm={"timing": {"issue_s": 3600}})  # from the next certificate on
        aws.advance(10)
        assert aws.status(arn) == "ISSUED"


@pytest.mark.parametrize(
    ("timing", "words"),
    [
        ({"look_s": "soon"}, "timing.look_s: write how many seconds"),
        ({"issue_s": -1}, "timing.issue_s: write how many seconds"),
        ({"record_s": True}, "timing.record_s: write how many seconds"),
        ({"look_s": 0}, "timing.look_s: ACM looks at moments"),
        ({"looks": 1}, "timing.looks: unknown key"),
        (7, "timing: write a mapping"),
    ],
)
def test_a_time_that_cannot_be_is_named_in_the_world_and_from_outside(
    aws: Bench, timing: Any, words: str
) -> None:
    with (
        pytest.raises(WorldError) as wrong,
        started({"aws": [account(acm_timing=timing)]}, emulators=[EMULATOR]),
    ):
        pass
    assert f"aws[0].acm_{words}" in str(wrong.value)
    with pytest.raises(ControlError) as caught:
        aws.patch(acm={"timing": timing})
    assert words in str(caught.value)


def test_every_name_must_be_proven_with_its_own_value(aws: Bench) -> None:
    arn = aws.request(HOST, "go.example.com")
    aws.advance(6)
    first, second = (o["ResourceRecord"] for o in aws.describe(arn)["DomainValidationOptions"])
    aws.add_record(first["Name"], "CNAME", first["Value"])
    aws.add_record(second["Name"], "CNAME", first["Value"])
    aws.settle(arn)
    statuses = [option["ValidationStatus"] for option in aws.describe(arn)["DomainValidationOptions"]]
    assert statuses == ["SUCCESS", "PENDING_VALIDATION"]
    aws.remove_record(second["Name"], "CNAME")
    aws.add_record(second["Name"], "CNAME", second["Value"])
    aws.settle(arn)
    assert aws.status(arn) == "ISSUED"


def test_reading_more_often_changes_nothing() -> None:
    def issued_after(pause_s: float) -> float:
        with bench() as aws:
            arn = aws.request(HOST)
            aws.prove(arn)
            for _ in range(int(240 / pause_s)):
                aws.advance(pause_s)
                aws.describe(arn)
            found = aws.describe(arn)
            return float((found["IssuedAt"] - found["CreatedAt"]).total_seconds())

    assert issued_after(5) == issued_after(40)


@pytest.mark.parametrize(
    ("records", "status"),
    [
        ([("example.com", '0 issue "letsencrypt.org"')], "FAILED"),
        ([("example.com", '0 issue ";"')], "FAILED"),
        (
            [("example.com", '0 issue "letsencrypt.org"'), ("example.com", '0 issue "amazonaws.com"')],
            "ISSUED",
        ),
        ([("example.com", '0 issue "amazontrust.com; account=1"')], "ISSUED"),
        ([("example.com", '0 iodef "mailto:a@example.com"')], "ISSUED"),
        ([("example.com", '0 issue "letsencrypt.org"'), (HOST, '0 issue "amazon.com"')], "ISSUED"),
        ([("example.com", '0 issuewild "letsencrypt.org"')], "ISSUED"),
    ],
)
def test_caa_decides_from_the_name_upwards(records: list[tuple[str, str]], status: str) -> None:
    given = [{"name": name, "type": "CAA", "content": content} for name, content in records]
    with bench(world(records=given)) as aws:
        arn = aws.issued(HOST)
        found = aws.describe(arn)
        assert found["Status"] == status
        if status == "FAILED":
            assert found["FailureReason"] == "CAA_ERROR"
            assert found["DomainValidationOptions"][0]["ValidationStatus"] == "FAILED"


def test_caa_for_wildcards_is_their_own() -> None:
    given = [{"name": "example.com", "type": "CAA", "content": '0 issuewild "letsencrypt.org"'}]
    with bench(world(records=given)) as aws:
        assert aws.describe(aws.issued("*.example.com"))["FailureReason"] == "CAA_ERROR"


def test_who_does_not_answer_is_no_refusal(aws: Bench) -> None:
    arn = aws.request(HOST)
    aws.prove(arn)
    aws.sandbox.control("POST", "/dns/outages", {"answer": "SERVFAIL", "name": HOST, "type": "CAA"})
    aws.settle(arn)
    assert aws.status(arn) == "PENDING_VALIDATION"
    aws.sandbox.control("DELETE", "/dns/outages")
    aws.settle(arn)
    assert aws.status(arn) == "ISSUED"


def test_a_request_dies_after_three_days(aws: Bench) -> None:
    arn = aws.request(HOST)
    aws.advance(72 * 3600 - 10)
    assert aws.status(arn) == "PENDING_VALIDATION"
    aws.advance(20)
    found = aws.describe(arn)
    assert found["Status"] == "VALIDATION_TIMED_OUT"
    assert found["DomainValidationOptions"][0]["ValidationStatus"] == "FAILED"
    aws.prove(arn)
    aws.settle(arn)
    assert aws.status(arn) == "VALIDATION_TIMED_OUT"


def test_email_validation_waits_for_somebody(aws: Bench) -> None:
    arn = aws.request(HOST, ValidationMethod="EMAIL")
    aws.advance(600)
    option = aws.describe(arn)["DomainValidationOptions"][0]
    assert f"admin@{HOST}" in option["ValidationEmails"]
    aws.patch(acm={"certificates": {arn: {"status": "ISSUED"}}})
    assert aws.status(arn) == "ISSUED"


def test_a_certificate_in_use_is_renewed_while_its_record_stands() -> None:
    with bench(in_use(expires_in_s=50 * 86400)) as aws:
        arn = f"arn:aws:acm:us-east-1:{NUMBER}:certificate/one"
        aws.prove(arn)
        before = aws.describe(arn)
        assert before["RenewalEligibility"] == "ELIGIBLE"
        aws.advance(10 * 86400)
        after = aws.describe(arn)
        assert after["NotAfter"] > before["NotAfter"]
        assert after["RenewalSummary"]["RenewalStatus"] == "SUCCESS"


def test_without_its_record_a_certificate_is_not_renewed_and_expires() -> None:
    with bench(in_use(expires_in_s=50 * 86400)) as aws:
        arn = f"arn:aws:acm:us-east-1:{NUMBER}:certificate/one"
        aws.advance(10 * 86400)
        assert aws.describe(arn)["RenewalSummary"]["RenewalStatus"] == "PENDING_VALIDATION"
        aws.advance(41 * 86400)
        found = aws.describe(arn)
        assert (found["Status"], found["RenewalEligibility"]) == ("EXPIRED", "INELIGIBLE")


def test_a_certificate_nobody_uses_is_not_renewed(aws: Bench) -> None:
    arn = aws.issued(HOST)
    assert aws.describe(arn)["RenewalEligibility"] == "INELIGIBLE"
    aws.advance(199 * 86400)
    assert aws.status(arn) == "EXPIRED"


def test_a_certificate_in_use_is_not_deleted_until_minutes_after_it_was_let_go() -> None:
    with bench(in_use()) as aws:
        arn = f"arn:aws:acm:us-east-1:{NUMBER}:certificate/one"
        used = aws.describe(arn)["InUseBy"]
        assert used == [f"arn:aws:cloudfront::{NUMBER}:distribution/E1USER"]
        assert aws.acm.list_certificates()["CertificateSummaryList"][0]["InUse"] is True
        status, code, text = refused(aws.acm.delete_certificate, CertificateArn=arn)
        assert (status, code) == (400, "ResourceInUseException")
        assert text == f"Certificate {arn} in account {NUMBER} is in use."
        cloudfront = aws.of("cloudfront")
        found = cloudfront.get_distribution_config(Id="E1USER")
        changed = {**found["DistributionConfig"], "Enabled": False}
        etag = cloudfront.update_distribution(Id="E1USER", IfMatch=found["ETag"], DistributionConfig=changed)[
            "ETag"
        ]
        aws.advance(3600)
        cloudfront.delete_distribution(Id="E1USER", IfMatch=etag)
        assert refused(aws.acm.delete_certificate, CertificateArn=arn)[1] == "ResourceInUseException"
        aws.advance(600)
        aws.acm.delete_certificate(CertificateArn=arn)
        assert refused(aws.acm.describe_certificate, CertificateArn=arn)[1] == "ResourceNotFoundException"


def test_certificates_are_issued_revoked_expired_and_deleted_from_outside(aws: Bench) -> None:
    arn = aws.request(HOST)
    for status in ("ISSUED", "EXPIRED", "ISSUED", "REVOKED"):
        aws.patch(acm={"certificates": {HOST: {"status": status}}})
        assert aws.status(arn) == status
    assert aws.describe(arn)["RevocationReason"] == "UNSPECIFIED"
    aws.patch(acm={"certificates": {arn: {"delete": True}}})
    assert aws.acm.list_certificates()["CertificateSummaryList"] == []


def test_the_state_outlives_a_restart(aws: Bench) -> None:
    arn = aws.issued(HOST)
    state = aws.sandbox.do(aws.sandbox.kernel.dump)
    with bench() as again:
        again.sandbox.do(lambda: again.sandbox.kernel.load(state))
        found = again.describe(arn)
        assert (found["Status"], found["SubjectAlternativeNames"]) == ("ISSUED", [HOST])
