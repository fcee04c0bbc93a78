"""The protocols by value: what is read, what is refused, and in which words."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.sandbox.aws import cbor, signing
from providers.sandbox.aws.call import Answer, Refusal
from providers.sandbox.aws.protocol import Asked, Request, asked

LEAVES = st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text() | st.binary()
VALUES = st.recursive(
    st.none() | LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ROUTE53 = "https://route53.amazonaws.com/doc/2013-04-01/"
ACM = {"X-Amz-Target": "CertificateManager.RequestCertificate"}


def request(service: str, method: str, path: str, body: str = "", query: str = "", **headers: str) -> Asked:
    found = asked(service, Request(method, path, query, headers, body.encode()))
    assert found is not None
    return found


def acm(**members: Any) -> Asked:
    found = asked("acm", Request("POST", "/", "", ACM, json.dumps(members).encode()))
    assert found is not None
    return found


def refused(found: Asked) -> tuple[int, str, str]:
    with pytest.raises(Refusal) as caught:
        found.params()
    return caught.value.status, caught.value.code, caught.value.message


@given(VALUES)
def test_cbor_comes_back_as_it_was(value: Any) -> None:
    assert cbor.decoded(cbor.encoded(value)) == value


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\xbf\x61a\x01\x61b\x9f\x02\x03\xff\xff", {"a": 1, "b": [2, 3]}),  # without lengths
        (b"\x7f\x62ab\x61c\xff", "abc"),
        (b"\xc1\x1a\x51\x4b\x67\xb0", 1363896240),  # a time
        (b"\xf9\x3c\x00", 1.0),
    ],
)
def test_cbor_is_read_in_the_forms_that_others_write(data: bytes, value: Any) -> None:
    assert cbor.decoded(data) == value


@pytest.mark.parametrize("data", [b"", b"\x61", b"\x01\x01", b"\xff", b"\xf0"])
def test_what_is_no_cbor_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="CBOR"):
        cbor.decoded(data)


def test_the_operation_with_more_of_the_query_is_meant() -> None:
    plain = request("cloudfront", "POST", "/2020-05-31/distribution")
    tagged = request("cloudfront", "POST", "/2020-05-31/distribution", query="WithTags")
    assert (plain.operation.name, tagged.operation.name) == (
        *("CreateDistribution", "CreateDistributionWithTags"),
    )
    assert request("route53", "GET", "/2013-04-01/nothing").operation is None
    assert asked("nothing", Request("GET", "/", "", {}, b"")) is None


def test_members_come_from_path_query_and_body() -> None:
    listed = request("route53", "GET", "/2013-04-01/hostedzone/Z1/rrset", query="name=%5C052.a.&maxitems=2")
    assert listed.params() == {"HostedZoneId": "Z1", "StartRecordName": r"\052.a.", "MaxItems": "2"}
    body = "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx&RoleSessionName=me"
    body += "&Tags.member.1.Key=k&Tags.member.1.Value=v"
    assert request("sts", "POST", "/", body).params() == {
        "RoleArn": "arn:aws:iam::1:role/x",
        "RoleSessionName": "me",
        "Tags": [{"Key": "k", "Value": "v"}],
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<ChangeResourceRecordSetsRequest>", "not XML: "),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "a document type is not allowed"),
        ("<a><Colour>red</Colour></a>", "unexpected element Colour in a"),
    ],
)
def test_a_body_that_is_not_the_models_is_invalid_input(body: str, words: str) -> None:
    status, code, message = refused(request("route53", "POST", "/2013-04-01/hostedzone/Z1/rrset/", body))
    assert (status, code) == (400, "InvalidInput")
    assert message.startswith(words)


def test_every_broken_constraint_is_told() -> None:
    status, code, message = refused(acm(DomainName="*", KeyAlgorithm="RSA_1"))
    assert (status, code) == (400, "ValidationException")
    assert message.startswith("2 validation errors detected: Value '*' at 'domainName' failed to satisfy")
    assert "Value 'RSA_1' at 'keyAlgorithm' failed to satisfy constraint: Member must satisfy enum" in message
    assert refused(acm())[2] == (
        "1 validation error detected: Value null at 'domainName' failed to satisfy constraint: "
        "Member must not be null"
    )
    assert refused(acm(DomainName=7))[1] == "SerializationException"


def test_a_member_that_the_model_does_not_know_is_passed_over_in_json() -> None:
    assert acm(DomainName="example.com", Colour="red").params() == {"DomainName": "example.com"}


def test_an_answer_has_its_members_in_headers_and_in_the_models_order() -> None:
    found = request("cloudfront", "GET", "/2020-05-31/cache-policy/c1")
    config = {"Name": "short", "MinTTL": 1}
    policy = {"Id": "c1", "LastModifiedTime": 1_767_603_600.0, "CachePolicyConfig": config}
    made = found.answered(Answer({"CachePolicy": policy, "ETag": "E1"}), "r-1")
    assert (made.status, made.headers["ETag"], made.headers["x-amzn-RequestId"]) == (200, "E1", "r-1")
    assert made.body.decode().partition("\n")[2] == (
        '<CachePolicy xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>c1</Id>'
        "<LastModifiedTime>2026-01-05T09:00:00.000Z</LastModifiedTime>"
        "<CachePolicyConfig><Name>short</Name><MinTTL>1</MinTTL></CachePolicyConfig></CachePolicy>"
    )


def test_a_refusal_in_xml_says_who_is_to_blame() -> None:
    found = request("route53", "GET", "/2013-04-01/hostedzone/Z1")
    made = found.refused(Refusal(404, "NoSuchHostedZone", "No hosted zone found with ID: Z1"), "r-1")
    assert made.status == 404
    assert made.body.decode().partition("\n")[2] == (
        f'<ErrorResponse xmlns="{ROUTE53}"><Error><Type>Sender</Type><Code>NoSuchHostedZone</Code>'
        "<Message>No hosted zone found with ID: Z1</Message></Error>"
        "<RequestId>r-1</RequestId></ErrorResponse>"
    )


@pytest.mark.parametrize("text", ["", "Bearer x", "AWS4-HMAC-SHA256 Credential=A/20260105/us-east-1/sts"])
def test_what_is_no_signature_is_read_as_none(text: str) -> None:
    assert signing.signed(text) is None


def test_a_signature_says_key_region_and_service() -> None:
    found = signing.signed(
        "AWS4-HMAC-SHA256 Credential=AKIA1/20260105/us-east-1/tagging/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=0a"
    )
    assert found is not None
    assert (found.key, found.region, found.service) == ("AKIA1", "us-east-1", "resourcegroupstaggingapi")
    assert found.headers == ("host", "x-amz-date")
