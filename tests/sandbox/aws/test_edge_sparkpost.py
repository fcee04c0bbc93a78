"""A tracking domain behind CloudFront, certificate and all, as SparkPost's origin sees it."""

from collections.abc import Mapping
from typing import Any

from tests.sandbox.aws.acm_bench import NUMBER, Bench, account, bench
from tests.sandbox.aws.edge_bench import HOST, edge_world, names

ZONE = {"name": "example.com", "id": "Z0EXAMPLE"}
TARGET = "https%3A%2F%2Fshop.example%2Fsale"
SPARK = {
    "region": "us",
    "key": "key-us",
    "tracking_domains": [{"domain": HOST, "secure": True, "verified": True}],
}


def events(aws: Bench) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = aws.sandbox.control("GET", "/vendors/sparkpost")["events"]
    return found


def test_user_agent_client_and_tracking_host_arrive_and_a_repeat_within_ten_seconds_does_not() -> None:
    with bench({**edge_world(), "sparkpost": [SPARK]}) as aws:
        headers = (("User-Agent", "Phone/1.0"), ("X-Sandbox-Client", "198.51.100.77"))
        url = f"https://{HOST}/f/a/b/c/d?target={TARGET}"
        got = aws.visit(url, headers=headers)
        assert (got.status, got.header("server")) == (302, "msys-http")
        (event,) = events(aws)
        expected = {
            "tracking_host": HOST,
            "user_agent": "Phone/1.0",
            "client": "198.51.100.77",
            "host": "spgo.io",
            "forwarded_host": HOST,
            "sni": "spgo.io",
            "query": f"target={TARGET}",
            "scheme": "https",
        }
        assert {key: event[key] for key in expected} == expected
        aws.advance(5)
        aws.visit(url, headers=headers)
        assert len(events(aws)) == 1
        aws.advance(5)
        aws.visit(url, headers=headers)
        assert len(events(aws)) == 2
        probe = aws.visit(f"https://{HOST}/f/", headers=headers)
        assert (probe.status, probe.header("content-type"), probe.body) == (200, "text/plain", b"")


def test_from_nothing_to_a_click_with_the_records_in_route_53() -> None:
    given = account(zones=[ZONE])
    with bench({"clock": "2026-01-05T09:00:00Z", "aws": [given], "sparkpost": [SPARK]}) as aws:
        arn = aws.request(HOST)
        aws.advance(6)
        record = aws.describe(arn)["DomainValidationOptions"][0]["ResourceRecord"]
        write(aws, record["Name"], record["Value"])
        aws.settle(arn)
        assert aws.status(arn) == "ISSUED"
        made = aws.of("cloudfront").create_distribution(DistributionConfig=config(arn))["Distribution"]
        aws.advance(600)
        write(aws, HOST, made["DomainName"])
        aws.advance(120)
        assert aws.visit(f"https://{HOST}/f/", connect_to=None, fresh=True).status == 200
        assert aws.describe(arn)["InUseBy"] == [f"arn:aws:cloudfront::{NUMBER}:distribution/{made['Id']}"]


def write(aws: Bench, name: str, value: str) -> None:
    """Create a CNAME in the zone."""
    rrset = {"Name": name, "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": value}]}
    changes = [{"Action": "CREATE", "ResourceRecordSet": rrset}]
    aws.route53.change_resource_record_sets(HostedZoneId=ZONE["id"], ChangeBatch={"Changes": changes})
    aws.advance(70)


def config(arn: str) -> dict[str, Any]:
    """The least of a distribution for the host."""
    custom = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "match-viewer"}
    origin = {"Id": "o", "DomainName": "spgo.io", "CustomOriginConfig": custom}
    return {
        "CallerReference": "one",
        "Comment": "",
        "Enabled": True,
        "Aliases": names(HOST),
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
        "ViewerCertificate": {
            "ACMCertificateArn": arn,
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        },
    }
