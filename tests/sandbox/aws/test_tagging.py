"""What is read across services: resources by tag, and price plans."""

from typing import Any

from tests.sandbox.aws.bench import NUMBER, account, bench, refused, world


def distribution(number: int, **more: Any) -> dict[str, Any]:
    tags = {"tdr:owner": "acme" if number % 2 else "other", "n": str(number)}
    return {"id": f"E{number:03d}", "tags": tags, **more}


def owned(values: list[str]) -> dict[str, Any]:
    return {"TagFilters": [{"Key": "tdr:owner", "Values": values}]}


def test_a_sweep_finds_what_has_a_tag_of_both_services_a_hundred_a_page() -> None:
    certificates = [
        {"id": f"c{n:03d}", "domain": f"h{n}.example.com", "tags": {"tdr:owner": "acme"}} for n in range(60)
    ]
    distributions = [distribution(n) for n in range(120)]
    with bench(world(account(certificates=certificates, distributions=distributions))) as aws:
        client = aws.client("resourcegroupstaggingapi")
        asked = {
            **owned(["acme"]),
            "ResourceTypeFilters": ["cloudfront:distribution", "acm:certificate"],
        }
        first = client.get_resources(**asked)
        assert len(first["ResourceTagMappingList"]) == 100
        assert first["PaginationToken"] != ""
        pages = client.get_paginator("get_resources").paginate(**asked)
        found = [row["ResourceARN"] for page in pages for row in page["ResourceTagMappingList"]]
        assert len(found) == len(set(found)) == 120
        assert f"arn:aws:cloudfront::{NUMBER}:distribution/E001" in found
        only = client.get_resources(**owned([]), ResourceTypeFilters=["acm:certificate"])
        assert len(only["ResourceTagMappingList"]) == 60


def test_filters_must_all_be_met_and_a_region_has_its_own() -> None:
    with bench(world(account(distributions=[distribution(n) for n in range(4)]))) as aws:
        client = aws.client("resourcegroupstaggingapi")
        both = {"TagFilters": [{"Key": "tdr:owner", "Values": ["acme", "x"]}, {"Key": "n", "Values": ["3"]}]}
        (row,) = client.get_resources(**both)["ResourceTagMappingList"]
        assert row["Tags"] == [{"Key": "tdr:owner", "Value": "acme"}, {"Key": "n", "Value": "3"}]
        elsewhere = aws.client("resourcegroupstaggingapi", region="eu-west-1")
        assert elsewhere.get_resources()["ResourceTagMappingList"] == []
        status, code, _ = refused(client.get_resources, ResourcesPerPage=101)
        assert (status, code) == (400, "InvalidParameterException")


def test_distributions_with_a_price_plan_are_told_with_family_and_tier() -> None:
    distributions = [distribution(1, plan={"tier": "FREE"}), distribution(2)]
    with bench(world(account(distributions=distributions))) as aws:
        client = aws.client("pricing-plan-manager")
        (plan,) = client.list_subscriptions()["subscriptionSummaries"]
        assert plan["resourceArns"] == [f"arn:aws:cloudfront::{NUMBER}:distribution/E001"]
        assert (plan["planTier"], plan["status"]) == ("FREE", "ACTIVE")
        assert refused(client.list_subscriptions, nextToken="x")[1] == "ValidationException"


def test_an_alias_record_answers_where_the_distribution_is() -> None:
    """Route 53 beside CloudFront: both address families, and no target outside its zone."""
    zones = [{"name": "example.com", "id": "Z0EXAMPLE"}]
    given = distribution(1, config={"IsIPV6Enabled": True})
    with bench(world(account(zones=zones, distributions=[given]))) as aws:
        aws.switch("aws.route53-propagation", "at-once")
        host = aws.client("cloudfront").get_distribution(Id="E001")["Distribution"]["DomainName"]

        def change(name: str, kind: str) -> dict[str, Any]:
            target = {"HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": name, "EvaluateTargetHealth": False}
            made = {"Name": "example.com", "Type": kind, "AliasTarget": target}
            return {"Action": "CREATE", "ResourceRecordSet": made}

        batch = {"Changes": [change(host, "A"), change(host, "AAAA")]}
        aws.route53.change_resource_record_sets(HostedZoneId="Z0EXAMPLE", ChangeBatch=batch)
        assert aws.dns("example.com", "A") == aws.dns(host, "A") != ()
        assert aws.dns("example.com", "AAAA") == aws.dns(host, "AAAA") != ()
        wrong = {"Changes": [change("spgo.io", "A")]}
        message = refused(
            aws.route53.change_resource_record_sets, HostedZoneId="Z0EXAMPLE", ChangeBatch=wrong
        )[2]
        assert "does not lie within the target zone" in message
