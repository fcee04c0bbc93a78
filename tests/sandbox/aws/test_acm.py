"""ACM as boto3 sees it: requests, lists, tags, deletion."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509

from tests.sandbox.aws.acm_bench import NUMBER, Bench, account, bench, refused, world

HOST = "click.example.com"
NOWHERE = f"arn:aws:acm:us-east-1:{NUMBER}:certificate/nowhere"


@pytest.fixture
def aws() -> Iterator[Bench]:
    with bench() as running:
        yield running


def listed(aws: Bench, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = aws.acm.list_certificates(**more)["CertificateSummaryList"]
    return found


def test_a_certificate_is_pending_and_its_record_is_told_some_seconds_later(aws: Bench) -> None:
    arn = aws.request(HOST)
    found = aws.describe(arn)
    assert (found["Status"], found["Type"], found["KeyAlgorithm"]) == (
        *("PENDING_VALIDATION", "AMAZON_ISSUED", "RSA_2048"),
    )
    option = found["DomainValidationOptions"][0]
    assert (option["ValidationStatus"], "ResourceRecord" in option) == ("PENDING_VALIDATION", False)
    aws.advance(6)
    record = aws.describe(arn)["DomainValidationOptions"][0]["ResourceRecord"]
    assert record["Type"] == "CNAME"
    assert record["Name"].startswith("_")
    assert record["Name"].endswith(f".{HOST}.")
    assert record["Value"].endswith(".acm-validations.aws.")


def test_a_name_has_one_record_in_every_certificate_and_shares_it_with_its_wildcard(aws: Bench) -> None:
    first = aws.request("example.com")
    second = aws.request("*.example.com", "example.com")
    aws.advance(6)
    options = [o for arn in (first, second) for o in aws.describe(arn)["DomainValidationOptions"]]
    assert [option["DomainName"] for option in options] == ["example.com", "*.example.com", "example.com"]
    assert len({option["ResourceRecord"]["Name"] for option in options}) == 1
    assert len({option["ResourceRecord"]["Value"] for option in options}) == 1


def test_a_token_gives_the_same_certificate_for_an_hour(aws: Bench) -> None:
    first = aws.request(HOST, IdempotencyToken="once")
    assert aws.request(HOST, IdempotencyToken="once") == first
    aws.advance(3600)
    assert aws.request(HOST, IdempotencyToken="once") != first
    assert aws.request(HOST) != aws.request(HOST)


def test_a_token_with_other_arguments_is_another_certificate_or_refused(aws: Bench) -> None:
    first = aws.request(HOST, IdempotencyToken="once")
    assert aws.request("go.example.com", IdempotencyToken="once") != first
    aws.switch("aws.acm-token-reuse", "refused")
    asked = {"DomainName": "x.example.com", "ValidationMethod": "DNS", "IdempotencyToken": "once"}
    assert refused(aws.acm.request_certificate, **asked)[:2] == (400, "InvalidParameterException")
    assert aws.request(HOST, IdempotencyToken="once") == first


def test_more_names_than_the_quota_are_refused_until_it_is_raised() -> None:
    names = [f"n{number}.example.com" for number in range(11)]
    with bench() as aws:
        asked = {"DomainName": names[0], "SubjectAlternativeNames": names[1:], "ValidationMethod": "DNS"}
        assert refused(aws.acm.request_certificate, **asked)[:2] == (400, "LimitExceededException")
        assert aws.request(*names[:10])
    with bench(world(account(quotas={"certificate_names": 11}))) as aws:
        assert aws.describe(aws.request(*names))["SubjectAlternativeNames"] == names


def test_the_quotas_count_certificates_that_are_there_and_requests_of_a_year() -> None:
    with bench(world(account(quotas={"certificates": 1, "certificates_per_year": 2}))) as aws:
        asked = {"DomainName": HOST, "ValidationMethod": "DNS"}
        arn = aws.request(HOST)
        assert "Cannot request more" in refused(aws.acm.request_certificate, **asked)[2]
        aws.acm.delete_certificate(CertificateArn=arn)
        aws.acm.delete_certificate(CertificateArn=aws.request(HOST))
        assert "limit of 2 certificates in the last year" in refused(aws.acm.request_certificate, **asked)[2]
        aws.advance(366 * 86400)
        assert aws.request(HOST)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"DomainName": f"{'a' * 60}.example.com"}, "InvalidParameterException"),
        ({"DomainName": HOST, "KeyAlgorithm": "RSA_4096"}, "InvalidParameterException"),
        ({"DomainName": HOST, "Tags": [{"Key": "aws:x", "Value": "1"}]}, "InvalidTagException"),
    ],
)
def test_what_acm_cannot_issue_is_refused(aws: Bench, asked: dict[str, Any], code: str) -> None:
    assert refused(aws.acm.request_certificate, ValidationMethod="DNS", **asked)[:2] == (400, code)


def test_names_of_amazons_own_fail_at_once(aws: Bench) -> None:
    found = aws.describe(aws.request("x.cloudfront.net"))
    assert (found["Status"], found["FailureReason"]) == ("FAILED", "DOMAIN_NOT_ALLOWED")


def test_a_certificate_is_known_in_its_region_only(aws: Bench) -> None:
    arn = aws.request(HOST)
    elsewhere = aws.of("acm", "eu-west-1")
    assert elsewhere.list_certificates()["CertificateSummaryList"] == []
    assert refused(elsewhere.describe_certificate, CertificateArn=arn)[1] == "ResourceNotFoundException"
    there = elsewhere.request_certificate(DomainName=HOST, ValidationMethod="DNS")["CertificateArn"]
    assert there.split(":")[3] == "eu-west-1"
    assert [each["CertificateArn"] for each in listed(aws)] == [arn]


def test_what_is_not_there_is_not_found(aws: Bench) -> None:
    for call in (aws.acm.describe_certificate, aws.acm.delete_certificate, aws.acm.list_tags_for_certificate):
        assert refused(call, CertificateArn=NOWHERE)[:2] == (400, "ResourceNotFoundException")
    wrong = NOWHERE.replace("certificate/", "certificates/")
    assert refused(aws.acm.describe_certificate, CertificateArn=wrong)[1] == "InvalidArnException"


def test_a_list_has_rsa_2048_only_unless_key_types_are_named(aws: Bench) -> None:
    rsa, ec = aws.request(HOST), aws.request(HOST, KeyAlgorithm="EC_prime256v1")
    assert [each["CertificateArn"] for each in listed(aws)] == [rsa]
    both = listed(aws, Includes={"keyTypes": ["RSA_2048", "EC_prime256v1"]})
    assert [each["CertificateArn"] for each in both] == [rsa, ec]


def test_a_list_is_filtered_by_status_sorted_and_paged(aws: Bench) -> None:
    arns = []
    for number in range(3):
        arns.append(aws.request(f"n{number}.example.com"))
        aws.advance(1)
    aws.patch(acm={"certificates": {arns[1]: {"status": "ISSUED"}}})
    assert [each["CertificateArn"] for each in listed(aws, CertificateStatuses=["ISSUED"])] == [arns[1]]
    first = aws.acm.list_certificates(MaxItems=2, SortBy="CREATED_AT", SortOrder="DESCENDING")
    rest = aws.acm.list_certificates(
        MaxItems=2, SortBy="CREATED_AT", SortOrder="DESCENDING", NextToken=first["NextToken"]
    )
    pages = [*first["CertificateSummaryList"], *rest["CertificateSummaryList"]]
    assert [each["CertificateArn"] for each in pages] == arns[::-1]
    assert "NextToken" not in rest
    first = aws.acm.list_certificates(MaxItems=1)
    aws.acm.delete_certificate(CertificateArn=arns[0])
    assert [each["CertificateArn"] for each in listed(aws, NextToken=first["NextToken"])] == arns[1:]
    assert refused(aws.acm.list_certificates, NextToken="bogus")[1] == "InvalidArgsException"
    assert refused(aws.acm.list_certificates, SortBy="CREATED_AT")[1] == "InvalidArgsException"


def test_a_summary_has_the_names_and_says_what_stands(aws: Bench) -> None:
    aws.request(HOST, "*.example.com")
    found = listed(aws)[0]
    assert found["SubjectAlternativeNameSummaries"] == [HOST, "*.example.com"]
    expected = {"HasAdditionalSubjectAlternativeNames": False, "InUse": False, "Status": "PENDING_VALIDATION"}
    assert {key: found[key] for key in expected} == expected


def test_tags_come_with_the_request_and_change(aws: Bench) -> None:
    arn = aws.request(HOST, Tags=[{"Key": "tdr:owner", "Value": "acme"}, {"Key": "bare"}])
    aws.acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": "tdr:host", "Value": HOST}])
    gone = [{"Key": "bare"}, {"Key": "tdr:owner", "Value": "another"}]
    aws.acm.remove_tags_from_certificate(CertificateArn=arn, Tags=gone)
    tags = aws.acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"tdr:owner": "acme", "tdr:host": HOST}
    many = [{"Key": f"k{number}", "Value": "v"} for number in range(49)]
    assert (
        refused(aws.acm.add_tags_to_certificate, CertificateArn=arn, Tags=many)[1] == "TooManyTagsException"
    )


def test_the_tagging_api_lists_certificates(aws: Bench) -> None:
    arn = aws.request(HOST, Tags=[{"Key": "tdr:owner", "Value": "acme"}])
    aws.request("other.example.com")
    found = aws.of("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "tdr:owner", "Values": ["acme"]}], ResourceTypeFilters=["acm:certificate"]
    )
    assert [each["ResourceARN"] for each in found["ResourceTagMappingList"]] == [arn]


def test_the_pem_is_had_once_issued(aws: Bench) -> None:
    arn = aws.request(HOST)
    assert refused(aws.acm.get_certificate, CertificateArn=arn)[1] == "RequestInProgressException"
    aws.patch(acm={"certificates": {HOST: {"status": "ISSUED"}}})
    found = aws.acm.get_certificate(CertificateArn=arn)
    leaf = x509.load_pem_x509_certificate(found["Certificate"].encode())
    validity = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    assert timedelta(days=197) < validity < timedelta(days=199)
    assert x509.load_pem_x509_certificate(found["CertificateChain"].encode()).subject == leaf.issuer


def test_the_world_has_certificates_of_both_types_and_every_status() -> None:
    given = [
        {"id": "one", "domain": HOST, "names": ["*.example.com"], "tags": {"team": "mail"}},
        {"id": "two", "domain": "own.example.com", "type": "IMPORTED", "key_algorithm": "EC_prime256v1"},
        *({"domain": "x.example.com", "status": s} for s in ("EXPIRED", "REVOKED", "VALIDATION_TIMED_OUT")),
    ]
    with bench(world(account(certificates=given))) as aws:
        one = aws.describe(NOWHERE.replace("nowhere", "one"))
        assert (one["Status"], one["SubjectAlternativeNames"]) == ("ISSUED", [HOST, "*.example.com"])
        assert one["NotAfter"] - one["NotBefore"] == timedelta(days=198)
        two = aws.describe(NOWHERE.replace("nowhere", "two"))
        assert (two["Type"], "ImportedAt" in two, two["RenewalEligibility"]) == (
            "IMPORTED",
            True,
            "INELIGIBLE",
        )
        assert "DomainValidationOptions" not in two
        found = {each["Status"] for each in listed(aws)}
        assert found == {"EXPIRED", "ISSUED", "REVOKED", "VALIDATION_TIMED_OUT"}
