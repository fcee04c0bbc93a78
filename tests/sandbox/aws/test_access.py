"""Who may call what: signatures, roles, policies, profiles, and the limits of each service."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from providers.sandbox import started
from providers.sandbox.aws import EMULATOR, cbor
from providers.sandbox.aws.call import Call, Caller, Refusal
from providers.sandbox.aws.throttling import Buckets
from providers.sandbox.contract import ControlError, WorldError
from tests.sandbox.aws.bench import (
    KEY,
    NUMBER,
    OTHER,
    SECRET,
    Bench,
    account,
    bench,
    needs_judge,
    refused,
    world,
)

CALLS = {
    "sts": "get_caller_identity",
    "route53": "list_hosted_zones",
    "cloudfront": "list_distributions",
    "acm": "list_certificates",
    "resourcegroupstaggingapi": "get_resources",
    "pricing-plan-manager": "list_subscriptions",
}
WHO = f"User: arn:aws:iam::{NUMBER}:user/tdr is not authorized to perform:"
JSON = ("acm", "resourcegroupstaggingapi", "pricing-plan-manager")
EVERY = [pytest.param(service, id=service) for service in CALLS]


@pytest.fixture
def aws() -> Iterator[Bench]:
    with bench(
        world(account(roles=["tdr"]), account(OTHER, roles=[{"name": "mail", "external_id": "x1"}]))
    ) as a:
        yield a


def call(client: Any) -> Any:
    return getattr(client, CALLS[client.meta.service_model.service_name])


@pytest.mark.parametrize("service", EVERY)
def test_every_service_answers_in_its_protocol_as_its_model_says(aws: Bench, service: str) -> None:
    needs_judge()
    call(aws.client(service))()
    assert aws.judged == 1
    assert aws.findings == []


@pytest.mark.parametrize("service", EVERY)
def test_a_wrong_secret_is_a_signature_that_does_not_match(aws: Bench, service: str) -> None:
    status, code, message = refused(call(aws.client(service, secret="another")))
    json = service in JSON
    assert code == ("InvalidSignatureException" if json else "SignatureDoesNotMatch")
    assert status in ((400, 403) if json else (403,))
    assert message.startswith("The request signature we calculated does not match")


@pytest.mark.parametrize("service", EVERY)
def test_an_unknown_key_is_refused_in_each_protocols_words(aws: Bench, service: str) -> None:
    _, code, message = refused(call(aws.client(service, key="AKIANOBODY")))
    assert code == ("UnrecognizedClientException" if service in JSON else "InvalidClientTokenId")
    assert message == "The security token included in the request is invalid."


def test_a_request_without_a_signature_is_refused(aws: Bench) -> None:
    answer = httpx.get(f"{aws.sandbox.env['AWS_ENDPOINT_URL']}/2013-04-01/hostedzone")
    assert answer.status_code == 403
    assert "<Code>MissingAuthenticationToken</Code>" in answer.text


def test_a_call_that_is_not_emulated_is_501_and_remembered(aws: Bench) -> None:
    with pytest.raises(ClientError, match="501"):
        aws.client("route53").list_health_checks()
    assert aws.sandbox.kernel.unemulated == ["aws GET /2013-04-01/healthcheck"]
    aws.sandbox.kernel.calls.clear()


def test_the_caller_is_named(aws: Bench) -> None:
    found = aws.client("sts").get_caller_identity()
    assert (found["Account"], found["Arn"]) == (NUMBER, f"arn:aws:iam::{NUMBER}:user/tdr")


def assumed(aws: Bench, number: str = NUMBER, role: str = "tdr", **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:iam::{number}:role/{role}"
    found = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="run-1", **more)["Credentials"]
    keys = {"key": found["AccessKeyId"], "secret": found["SecretAccessKey"]}
    return {**keys, "token": found["SessionToken"]}


def test_a_role_gives_keys_of_its_account(aws: Bench) -> None:
    keys = assumed(aws, OTHER, "mail", ExternalId="x1")
    found = aws.client("sts", **keys).get_caller_identity()
    assert (found["Account"], found["Arn"]) == (OTHER, f"arn:aws:sts::{OTHER}:assumed-role/mail/run-1")
    without = {**keys, "token": ""}
    assert refused(call(aws.client("sts", **without)))[1] == "InvalidClientTokenId"


@pytest.mark.parametrize("more", [{}, {"ExternalId": "wrong"}])
def test_a_role_is_refused_without_its_external_id(aws: Bench, more: dict[str, str]) -> None:
    arn = f"arn:aws:iam::{OTHER}:role/mail"
    found = refused(aws.client("sts").assume_role, RoleArn=arn, RoleSessionName="run-1", **more)
    words = f"{WHO} sts:AssumeRole on resource: {arn}"
    assert found == (403, "AccessDenied", words)


def test_temporary_keys_end(aws: Bench) -> None:
    keys = assumed(aws)
    call(aws.client("route53", **keys))()
    aws.patch(expire_keys=True)
    message = "The security token included in the request is expired"
    assert refused(call(aws.client("route53", **keys))) == (403, "ExpiredToken", message)
    assert refused(call(aws.client("acm", **keys))) == (400, "ExpiredTokenException", message)


def test_temporary_keys_are_kept_without_their_secrets(aws: Bench) -> None:
    keys = assumed(aws)
    state = aws.state()
    assert keys["secret"] not in str(state)
    assert keys["token"] not in str(state)
    with bench(world(account(roles=["tdr"]), account(OTHER))) as again:
        again.sandbox.do(lambda: again.sandbox.kernel.vendors["aws"].load(state))
        call(again.client("sts", **keys))()


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["route53:List*", "acm:*", "sts:*"], "Resource": "*"},
        {"Effect": "Allow", "Action": "route53:GetHostedZone", "Resource": "arn:aws:route53:::hostedzone/Z1"},
        {"Effect": "Deny", "Action": "acm:DeleteCertificate", "Resource": "*"},
    ],
}


def lacking(action: str, at: str = "") -> str:
    """What IAM says of an action that no statement allows."""
    what = f"{action} {at}".strip()
    return f"{WHO} {what} because no identity-based policy allows the {action} action"


def test_a_policy_lets_through_what_it_allows_and_names_what_it_does_not() -> None:
    zones = [{"name": "example.com", "id": "Z1"}, {"name": "example.net", "id": "Z2"}]
    with bench(world(account(policy=POLICY, zones=zones))) as aws:
        route53 = aws.client("route53")
        route53.list_hosted_zones()
        route53.get_hosted_zone(Id="Z1")
        at = "on resource: arn:aws:route53:::hostedzone/Z2"
        assert refused(route53.get_hosted_zone, Id="Z2") == (
            403,
            "AccessDenied",
            lacking("route53:GetHostedZone", at),
        )
        denied = refused(call(aws.client("resourcegroupstaggingapi")))
        assert denied == (400, "AccessDeniedException", lacking("tag:GetResources"))
        arn = f"arn:aws:acm:us-east-1:{NUMBER}:certificate/c1"
        status, code, message = refused(aws.client("acm").delete_certificate, CertificateArn=arn)
        assert (status, code) == (400, "AccessDeniedException")
        why = "with an explicit deny in an identity-based policy"
        assert message == f"{WHO} acm:DeleteCertificate on resource: {arn} {why}"
        aws.patch(policy=None)
        route53.get_hosted_zone(Id="Z2")


def test_making_a_distribution_with_tags_needs_the_right_to_tag() -> None:
    allowed = {"Effect": "Allow", "Action": "cloudfront:CreateDistribution", "Resource": "*"}
    origin = {"Id": "o", "DomainName": "spgo.io"}
    config = {
        "CallerReference": "once",
        "Comment": "",
        "Enabled": False,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"},
    }
    tagged = {"DistributionConfig": config, "Tags": {"Items": [{"Key": "a", "Value": "b"}]}}
    with bench(world(account(policy={"Statement": allowed}))) as aws:
        make = aws.client("cloudfront").create_distribution_with_tags
        status, code, message = refused(make, DistributionConfigWithTags=tagged)
        assert (status, code) == (403, "AccessDenied")
        assert "cloudfront:TagResource on resource: arn:aws:cloudfront::" in message


def test_a_limit_from_outside_stands_in_place_of_the_services_own(aws: Bench) -> None:
    aws.sandbox.control("PUT", "/limits/aws", {"requests": 1, "per_s": 300})
    client = aws.client("acm")
    call(client)()
    assert refused(call(client)) == (400, "ThrottlingException", "Rate exceeded")
    assert refused(call(aws.client("cloudfront"))) == (400, "Throttling", "Rate exceeded")


def take(buckets: Buckets, service: str, operation: str, now: float) -> bool:
    """Make a call at a moment; say whether it was let through."""
    who: Any = SimpleNamespace(number=NUMBER)
    kernel: Any = None
    made = Call(service, operation, {}, who, Caller("arn", "id"), "us-east-1", now, kernel, {})
    try:
        buckets.take(made)
    except Refusal:
        return False
    return True


@pytest.mark.parametrize(
    ("service", "operations", "a_second"),
    [
        ("route53", ["GetChange", "ListHostedZones", "ChangeResourceRecordSets"], 5),
        ("acm", ["RequestCertificate"], 5),
        ("acm", ["DescribeCertificate"], 10),
        ("acm", ["ListCertificates"], 8),
        ("acm", ["DeleteCertificate"], 10),
        ("acm", ["AddTagsToCertificate"], 5),
        ("acm", ["ListTagsForCertificate"], 10),
    ],
)
def test_a_service_takes_so_many_calls_a_second(service: str, operations: list[str], a_second: int) -> None:
    buckets = Buckets()
    calls = [operations[n % len(operations)] for n in range(a_second + 1)]
    at_once = [take(buckets, service, operation, 100.0) for operation in calls]
    assert at_once == [True] * a_second + [False]
    assert take(buckets, service, operations[0], 100.0 + 1.01 / a_second)
    assert [take(buckets, service, operation, 200.0) for operation in calls] == at_once


def test_the_limits_of_one_operation_leave_others_alone() -> None:
    buckets = Buckets()
    assert [take(buckets, "acm", "RequestCertificate", 1.0) for _ in range(6)].count(True) == 5
    assert take(buckets, "acm", "ListCertificates", 1.0)
    assert all(take(buckets, "cloudfront", "ListDistributions", 1.0) for _ in range(100))


def code_of(method: Any) -> str:
    """Make a call and give the code that it is refused with, if it is."""
    try:
        method()
    except ClientError as refusal:
        return str(refusal.response["Error"]["Code"])
    return ""


def test_a_client_that_does_not_wait_is_throttled(aws: Bench) -> None:
    aws.limited()
    client = aws.client("route53")
    codes = [code_of(call(client)) for _ in range(40)]
    assert set(codes) == {"", "Throttling"}


def test_keys_with_a_profile_are_in_a_file_and_others_in_the_environment() -> None:
    other = account(OTHER, access_key="AKIAOTHER", secret_key="s2", profile="mail")
    with started(world(account(), other), emulators=[EMULATOR]) as box:
        assert (box.env["AWS_ACCESS_KEY_ID"], box.env["AWS_SECRET_ACCESS_KEY"]) == (KEY, SECRET)
        file = Path(box.env["AWS_SHARED_CREDENTIALS_FILE"])
        assert file.read_text() == "[mail]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = s2\n"
        assert Path(box.env["AWS_CONFIG_FILE"]).read_text() == ""
        assert box.env["AWS_EC2_METADATA_DISABLED"] == "true"


def test_the_tagging_api_speaks_the_newer_protocol_too(aws: Bench) -> None:
    """SDKs choose between JSON and CBOR: botocore has both in its model of this service."""
    path = "/service/ResourceGroupsTaggingAPI_20170126/operation/GetResources"
    url = aws.sandbox.env["AWS_ENDPOINT_URL"] + path

    def answer(members: dict[str, Any]) -> httpx.Response:
        headers = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
        request = AWSRequest("POST", url, headers, cbor.encoded(members))
        SigV4Auth(Credentials(KEY, SECRET), "tagging", "us-east-1").add_auth(request)
        return httpx.post(url, headers=dict(request.headers.items()), content=request.body)

    good = answer({"ResourcesPerPage": 5, "TagFilters": [{"Key": "tdr:owner", "Values": ["a", "é" * 200]}]})
    assert cbor.decoded(good.content) == {"PaginationToken": "", "ResourceTagMappingList": []}
    bad = answer({"ResourcesPerPage": 500})
    assert bad.status_code == 400
    assert cbor.decoded(bad.content)["__type"] == "InvalidParameterException"


def statement(**members: Any) -> dict[str, Any]:
    """A policy of one statement."""
    return {"Statement": [members]}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"account": 7}, "aws[0].account"),
        ({"account": NUMBER, "colour": 1}, "aws[0].colour"),
        ({"account": NUMBER, "access_key": "A"}, "aws[0].secret_key"),
        ({"account": NUMBER, "profile": "p"}, "aws[0].profile"),
        ({"account": NUMBER, "zones": [{"name": "com"}]}, "aws[0].zones[0].name"),
        (
            {"account": NUMBER, "zones": [{"name": "a.example", "records": [{"type": "A"}]}]},
            "aws[0].zones[0].records[0]",
        ),
        (
            {"account": NUMBER, "policy": {"Statement": [{"Effect": "Maybe"}]}},
            "aws[0].policy.Statement[0].Effect",
        ),
        (
            {"account": NUMBER, "policy": {"Statement": [{"Effect": "Allow", "Condition": {}}]}},
            "aws[0].policy.Statement[0].Condition",
        ),
        ({"account": NUMBER, "quotas": {"distributions": "many"}}, "aws[0].quotas.distributions"),
        ({"account": NUMBER, "roles": [{"named": "x"}]}, "aws[0].roles[0].named"),
    ],
)
def test_a_mistake_of_the_world_is_told_with_its_place(given: dict[str, Any], path: str) -> None:
    with pytest.raises(WorldError) as caught, started({"aws": [given]}, emulators=[EMULATOR]):
        pass
    assert caught.value.path == path


def test_an_account_of_the_world_is_a_mapping() -> None:
    with pytest.raises(WorldError) as caught, started({"aws": [NUMBER]}, emulators=[EMULATOR]):
        pass
    assert caught.value.path == "aws[0]"


def test_two_accounts_cannot_both_be_the_environments() -> None:
    second = account(OTHER, access_key="AKIAOTHER", secret_key="s2")
    with (
        pytest.raises(WorldError, match="write a profile of its own"),
        started(world(account(), second), emulators=[EMULATOR]),
    ):
        pass


def test_a_patch_of_an_unknown_account_is_refused(aws: Bench) -> None:
    with pytest.raises(ControlError, match="there is no account 999999999999: there are"):
        aws.patch("999999999999", policy=None)
    with pytest.raises(ControlError, match=r"there is no zone example\.org"):
        aws.patch(route53={"zones": {"example.org": {}}})


def test_boto3_finds_the_sandbox_by_the_environment_alone() -> None:
    """What the sandbox exports is all that an SDK needs; here its values are given by hand."""
    with started(world(), emulators=[EMULATOR]) as box:
        client = boto3.client(
            "sts",
            region_name=box.env["AWS_DEFAULT_REGION"],
            endpoint_url=box.env["AWS_ENDPOINT_URL"],
            aws_access_key_id=box.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=box.env["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}),
        )
        assert client.get_caller_identity()["Account"] == NUMBER


def test_calls_are_named_and_a_fault_strikes_the_nth_of_one_operation() -> None:
    with bench(world(account())) as running:
        acm, sts = running.client("acm"), running.client("sts")
        strike = {"kind": "status", "status": 400, "operation": "acm:ListCertificates", "nth": 2}
        running.sandbox.control("POST", "/faults", strike)

        acm.list_certificates()
        sts.get_caller_identity()
        assert refused(acm.list_certificates)[0] == 400
        sts.get_caller_identity()

        named = [call["operation"] for call in running.sandbox.control("GET", "/calls")]
        assert named == ["acm:ListCertificates", "sts:GetCallerIdentity"] * 2
        found = running.sandbox.control("GET", "/calls?operation=acm:ListCertificates")
        assert [call["status"] for call in found] == [200, 400]
