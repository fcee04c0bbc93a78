"""The sandbox's AWS by the services' own models: every operation is answered as its model says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from providers.sandbox.aws import route53, sts, tagging
from providers.sandbox.aws.pricing import HANDLERS as PRICING
from tests.contract.aws_judge import asked, aws_findings, aws_judge, code_of
from tests.sandbox.aws.bench import NUMBER, Bench, account, bench, refused, world

pytestmark = pytest.mark.skipif(
    aws_judge("sts") is None,
    reason="no contract.py: name its folder in TDR_API_SPECS, or put it at ../shared/api-specs",
)

ZONE, HOST = "Z0EXAMPLE", "click.example.com"
HANDLERS: Mapping[str, Mapping[str, Any]] = {
    "route53": route53.HANDLERS,
    "sts": sts.HANDLERS,
    "resourcegroupstaggingapi": tagging.HANDLERS,
    "pricing-plan-manager": PRICING,
}


def given() -> dict[str, Any]:
    """A world in which every list has something in it, and more than a page where that is short."""
    alias = {"zone": "Z2FDTNDATAQYW2", "name": "d111111abcdef8.cloudfront.net"}
    records = [
        {"name": HOST, "type": "CNAME", "values": ["spgo.io"]},
        {"name": "example.com", "type": "A", "alias": alias},
        {"name": "w.example.com", "type": "A", "values": ["192.0.2.7"], "identifier": "one", "weight": 10},
        {"name": "w.example.com", "type": "A", "values": ["192.0.2.8"], "identifier": "two", "weight": 10},
    ]
    zones = [
        {"name": "example.com", "id": ZONE, "records": records, "tags": {"a": "b"}, "comment": "ours"},
        {"name": "example.net", "id": "Z0INSIDE", "private": True},
    ]
    plans = [{"id": "E1", "tags": {"a": "b"}, "plan": {"tier": "FREE"}}]
    return world(account(zones=zones, distributions=plans, roles=["tdr"]))


def change(**more: Any) -> dict[str, Any]:
    made = {"Name": "new.example.com", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"x"'}]}
    return {"Changes": [{"Action": "CREATE", "ResourceRecordSet": {**made, **more}}]}


def call_everything(aws: Bench) -> None:
    route = aws.client("route53")
    route.list_hosted_zones(MaxItems="1")
    route.list_hosted_zones_by_name(DNSName="example.com", MaxItems="1")
    route.get_hosted_zone_count()
    for zone in (ZONE, "Z0INSIDE"):
        route.get_hosted_zone(Id=zone)
        route.list_resource_record_sets(HostedZoneId=zone, MaxItems="4")
    route.list_tags_for_resource(ResourceType="hostedzone", ResourceId=ZONE)
    made = route.change_resource_record_sets(
        HostedZoneId=ZONE, ChangeBatch={**change(), "Comment": "by hand"}
    )
    route.get_change(Id=made["ChangeInfo"]["Id"])
    route.test_dns_answer(HostedZoneId=ZONE, RecordName=HOST, RecordType="CNAME")
    aws.client("sts").get_caller_identity()
    role = f"arn:aws:iam::{NUMBER}:role/tdr"
    aws.client("sts").assume_role(RoleArn=role, RoleSessionName="run-1")
    aws.client("resourcegroupstaggingapi").get_resources(ResourcesPerPage=1)
    aws.client("pricing-plan-manager").list_subscriptions()


def test_every_operation_answers_as_its_model_says() -> None:
    with bench(given()) as aws:
        call_everything(aws)
        calls = list(aws.sandbox.kernel.calls)
    assert aws_findings(calls) == []
    reached = {asked(call) for call in calls}
    assert {(service, name) for service, listed in HANDLERS.items() for name in listed} - reached == set()


REFUSALS: list[tuple[str, Callable[[Any], Any], dict[str, Any]]] = [
    ("route53", lambda c: c.get_hosted_zone, {"Id": "ZGONE"}),
    ("route53", lambda c: c.get_change, {"Id": "CGONE"}),
    ("route53", lambda c: c.list_hosted_zones, {"Marker": "ZGONE"}),
    (
        "route53",
        lambda c: c.change_resource_record_sets,
        {"HostedZoneId": ZONE, "ChangeBatch": change(Type="ALIAS")},
    ),
    (
        "route53",
        lambda c: c.change_resource_record_sets,
        {"HostedZoneId": ZONE, "ChangeBatch": change(Name="new.example.net")},
    ),
    ("sts", lambda c: c.assume_role, {"RoleArn": "arn:aws:iam::1:role/x", "RoleSessionName": "run-1"}),
    ("resourcegroupstaggingapi", lambda c: c.get_resources, {"PaginationToken": "never"}),
    ("pricing-plan-manager", lambda c: c.list_subscriptions, {"nextToken": "never"}),
]


def test_every_refusal_has_a_code_that_its_model_or_all_services_know() -> None:
    with bench(given()) as aws:
        for service, method, params in REFUSALS:
            _, code, _ = refused(method(aws.client(service)), **params)
            last = list(aws.sandbox.kernel.calls)[-1]
            assert code == code_of(last.response_body, dict(last.response_headers))
        assert aws_findings(aws.sandbox.kernel.calls) == []
