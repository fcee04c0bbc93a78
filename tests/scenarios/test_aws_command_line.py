"""A user with the `aws` command line, who knows nothing of tdr, does the whole job on the sandbox by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.town import CLICK, Town
from tests.servers.aws_command import REFUSED, AwsCommand

ZONE = "Z0EXAMPLECOM"
NUMBER = "111122223333"
WRITE = f"route53 change-resource-record-sets --hosted-zone-id {ZONE}"
HOUR_S = 3600.0

Open = Callable[[Mapping[str, Any]], Town]


def world(*, records: Sequence[Mapping[str, Any]] = (), **more: Any) -> dict[str, Any]:
    """An account with one zone, and what else it has."""
    account = {
        "account": NUMBER,
        "access_key": "AKIASANDBOX0000MAIL",
        "secret_key": "sandbox-secret",
        "zones": [{"name": "example.com", "id": ZONE, "delegated": True, "records": list(records)}],
    }
    return {"clock": "2026-01-05T09:00:00Z", "aws": [{**account, **more}]}


WORLD = world()


def batch(action: str, name: str, value: str, ttl: int = 300) -> dict[str, Any]:
    """A batch of one change."""
    rrset = {"Name": name, "Type": "CNAME", "TTL": ttl, "ResourceRecords": [{"Value": value}]}
    return {"Changes": [{"Action": action, "ResourceRecordSet": rrset}]}


NOTHING_ELSE = {
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
}


def cache_policy(aws: AwsCommand) -> tuple[str, str]:
    """Make the guide's; gives its id and its ETag."""
    key = {
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": True,
        "HeadersConfig": {"HeaderBehavior": "none"},
        **NOTHING_ELSE,
    }
    times = {"MinTTL": 1, "DefaultTTL": 10, "MaxTTL": 10}
    wanted = {"Name": "short", **times, "ParametersInCacheKeyAndForwardedToOrigin": key}
    made = aws("cloudfront create-cache-policy", cache_policy_config=wanted).json
    return made["CachePolicy"]["Id"], made["ETag"]


def request_policy(aws: AwsCommand) -> str:
    """Make the guide's; gives its id."""
    agent = {"HeaderBehavior": "whitelist", "Headers": {"Quantity": 1, "Items": ["User-Agent"]}}
    wanted = {"Name": "agent", "HeadersConfig": agent, **NOTHING_ELSE}
    made = aws("cloudfront create-origin-request-policy", origin_request_policy_config=wanted).json
    return str(made["OriginRequestPolicy"]["Id"])


def config(reference: str, cache_policy: str, request_policy: str, arn: str) -> dict[str, Any]:
    """A distribution with no more than CloudFront asks for."""
    origin = {
        "Id": "sparkpost",
        "DomainName": "spgo.io",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "match-viewer"},
    }
    behaviour = {
        "TargetOriginId": "sparkpost",
        "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": cache_policy,
        "OriginRequestPolicyId": request_policy,
    }
    certificate = {
        "ACMCertificateArn": arn,
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    }
    return {
        "CallerReference": reference,
        "Comment": "by hand",
        "Enabled": True,
        "Aliases": {"Quantity": 1, "Items": [CLICK]},
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": behaviour,
        "ViewerCertificate": certificate,
    }


def test_a_certificate_is_proven_by_a_record_and_issued(open_town: Open, tmp_path: Path) -> None:
    town = open_town(WORLD)
    aws = AwsCommand(town.sandbox.env, tmp_path)
    asked = aws(f"acm request-certificate --domain-name {CLICK} --validation-method DNS")
    arn = asked.json["CertificateArn"]
    assert arn.startswith(f"arn:aws:acm:us-east-1:{NUMBER}:certificate/")
    town.advance(60)
    told = aws(f"acm describe-certificate --certificate-arn {arn}").json["Certificate"]
    assert (told["Status"], told["Type"]) == ("PENDING_VALIDATION", "AMAZON_ISSUED")
    record = told["DomainValidationOptions"][0]["ResourceRecord"]
    assert record["Type"] == "CNAME"
    assert record["Name"].endswith(f".{CLICK}.")
    made = aws(WRITE, change_batch=batch("CREATE", record["Name"], record["Value"])).json
    town.advance(HOUR_S)
    assert aws(f"route53 wait resource-record-sets-changed --id {made['ChangeInfo']['Id']}").code == 0
    assert aws(f"acm wait certificate-validated --certificate-arn {arn}").code == 0


def test_a_zone_is_listed_in_pages_and_takes_exact_deletions_only(open_town: Open, tmp_path: Path) -> None:
    records = [{"type": "CNAME", "name": CLICK, "ttl": 300, "values": ["spgo.io"]}]
    aws = AwsCommand(open_town(world(records=records)).sandbox.env, tmp_path)
    listed = f"route53 list-resource-record-sets --hosted-zone-id {ZONE}"
    page = aws(f"{listed} --page-size 1 --max-items 2").json
    assert [rrset["Type"] for rrset in page["ResourceRecordSets"]] == ["NS", "SOA"]
    rest = aws(f"{listed} --starting-token {page['NextToken']}").json
    assert [rrset["Name"] for rrset in rest["ResourceRecordSets"]] == [f"{CLICK}."]
    assert aws.refused(WRITE, change_batch=batch("CREATE", CLICK, "spgo.io")) == (
        f"InvalidChangeBatch: [Tried to create resource record set [name='{CLICK}.', type='CNAME'] "
        "but it already exists]"
    )
    assert aws.refused(WRITE, change_batch=batch("DELETE", CLICK, "spgo.io", ttl=301)) == (
        f"InvalidChangeBatch: [Tried to delete resource record set [name='{CLICK}.', type='CNAME'] "
        "but the values provided do not match the current values]"
    )


@pytest.mark.timeout(240)  # each command is a process of a second or two
def test_a_distribution_lives_and_ends_in_amazons_order(open_town: Open, tmp_path: Path) -> None:
    certificate = {"id": "by-hand", "domain": CLICK, "names": [CLICK], "status": "ISSUED"}
    town = open_town(world(certificates=[certificate]))
    aws = AwsCommand(town.sandbox.env, tmp_path)
    arn = aws("acm list-certificates").json["CertificateSummaryList"][0]["CertificateArn"]
    short, cache_tag = cache_policy(aws)
    wanted = config("by-hand-1", short, request_policy(aws), arn)
    made = aws("cloudfront create-distribution", distribution_config=wanted).json
    id_, first = made["Distribution"]["Id"], made["ETag"]
    assert made["Distribution"]["Status"] == "InProgress"
    twice = {**wanted, "CallerReference": "by-hand-2"}
    assert aws.refused("cloudfront create-distribution", distribution_config=twice).startswith(
        "CNAMEAlreadyExists: "
    )
    town.advance(HOUR_S)
    assert aws(f"cloudfront wait distribution-deployed --id {id_}").code == 0

    # Who has not seen the latest changes nothing.
    had = aws(f"cloudfront get-distribution-config --id {id_}").json
    assert had["ETag"] == first
    off = {**had["DistributionConfig"], "Enabled": False}
    delete = f"cloudfront delete-distribution --id {id_} --if-match"
    assert aws.refused(f"{delete} {first}").startswith("DistributionNotDisabled: ")
    update = f"cloudfront update-distribution --id {id_} --if-match {first}"
    second = aws(update, distribution_config=off).json["ETag"]
    assert second != first
    assert aws.refused(update, distribution_config=off).startswith("PreconditionFailed: ")

    # Taken down in Amazon's order only.
    no_certificate = f"acm delete-certificate --certificate-arn {arn}"
    no_policy = f"cloudfront delete-cache-policy --id {short} --if-match {cache_tag}"
    assert aws.refused(f"{delete} {second}").startswith("DistributionNotDisabled: ")
    assert aws.refused(no_certificate).startswith("ResourceInUseException: ")
    assert aws.refused(no_policy).startswith("CachePolicyInUse: ")
    town.advance(HOUR_S)
    assert aws(f"{delete} {second}").code == 0
    assert aws(no_policy).code == 0
    town.advance(HOUR_S)
    assert aws(no_certificate).code == 0


def test_distributions_are_listed_in_pages(open_town: Open, tmp_path: Path) -> None:
    distributions = [{"id": f"EBYHAND{n}", "aliases": []} for n in range(3)]
    aws = AwsCommand(open_town(world(distributions=distributions)).sandbox.env, tmp_path)
    page = aws("cloudfront list-distributions --max-items 2 --page-size 2").json
    assert len(page["DistributionList"]["Items"]) == 2
    rest = aws(f"cloudfront list-distributions --starting-token {page['NextToken']}").json
    ids = {d["Id"] for told in (page, rest) for d in told["DistributionList"]["Items"]}
    assert ids == {"EBYHAND0", "EBYHAND1", "EBYHAND2"}


def test_a_wrong_secret_and_an_unknown_key_are_refused_in_amazons_words(
    open_town: Open, tmp_path: Path
) -> None:
    aws = AwsCommand(open_town(WORLD).sandbox.env, tmp_path)
    secret = aws("route53 list-hosted-zones", env={"AWS_SECRET_ACCESS_KEY": "another"})
    assert secret.code == REFUSED
    assert (
        "An error occurred (SignatureDoesNotMatch) when calling the ListHostedZones operation" in secret.err
    )
    key = aws("acm list-certificates", env={"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN000000000"})
    assert key.code == REFUSED
    assert "The security token included in the request is invalid" in key.err
