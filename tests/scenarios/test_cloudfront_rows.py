"""Every row of SparkPost's guide on CloudFront and ACM, read back by AWS's own SDK; one test a row.

docs: "Enabling HTTPS Engagement Tracking on SparkPost", section CloudFront.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.scenarios.aws import FILE, REGION, aws_world, r53, with_options
from tests.scenarios.town import CLICK, Town, live_click, town


@dataclass(frozen=True, slots=True)
class Made:
    """What AWS holds once tdr is done: configurations as its SDK reads them."""

    distribution: Mapping[str, Any]
    config: Mapping[str, Any]
    cache: Mapping[str, Any]
    request: Mapping[str, Any]
    certificate: Mapping[str, Any]
    records: tuple[Mapping[str, Any], ...]

    @property
    def origin(self) -> Mapping[str, Any]:
        """The only origin."""
        (origin,) = self.config["Origins"]["Items"]
        found: Mapping[str, Any] = origin
        return found

    @property
    def behaviour(self) -> Mapping[str, Any]:
        """The default behaviour."""
        found: Mapping[str, Any] = self.config["DefaultCacheBehavior"]
        return found

    @property
    def custom_origin(self) -> Mapping[str, Any]:
        """How the origin is asked."""
        found: Mapping[str, Any] = self.origin["CustomOriginConfig"]
        return found

    @property
    def cache_key(self) -> Mapping[str, Any]:
        """What the cache tells requests apart by."""
        found: Mapping[str, Any] = self.cache["ParametersInCacheKeyAndForwardedToOrigin"]
        return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """One live http host, made https; then only read."""
    folder = tmp_path_factory.mktemp("cloudfront")
    with town(aws_world(r53(), sp=live_click()), folder) as here:
        here.apply(here.file({CLICK: {}}, **FILE))
        yield read_back(here)


@pytest.fixture(scope="module")
def otherwise(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The same host in an account that has a certificate for it, every option written, none as if omitted."""
    folder = tmp_path_factory.mktemp("otherwise")
    wildcard = [{"id": "w1", "domain": "*.example.com"}]
    switches = {"sparkpost.verify-accepts": "reached"}  # without its host SparkPost may never verify
    world = {**aws_world(r53(), sp=live_click(), certificates=wildcard), "switches": switches}
    with town(world, folder) as here:
        file = here.file({CLICK: {}}, **with_options(**OTHERWISE))
        here.apply(file)
        here.settled(file)
        yield read_back(here)


OTHERWISE = {
    "forwarded_host": False,
    "forward_target": False,
    "cache_ttl": {"min": 0, "default": 5, "max": 60},
    "cache_key": "target",
    "price_class": "PriceClass_100",
    "reuse_certificates": False,
    "minimum_tls": "TLSv1.2_2019",
    "http_version": "http2and3",
    "ipv6": False,
    "key_algorithm": "EC_prime256v1",
    "alias_records": True,
}


def read_back(here: Town) -> Made:
    """Read all that was made."""

    def client(name: str) -> Any:
        env = here.sandbox.env
        session = boto3.Session(
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        return session.client(name, endpoint_url=env["AWS_ENDPOINT_URL"])

    cloudfront, acm, route53 = client("cloudfront"), client("acm"), client("route53")
    (summary,) = cloudfront.list_distributions()["DistributionList"]["Items"]
    config = cloudfront.get_distribution_config(Id=summary["Id"])["DistributionConfig"]
    behaviour = config["DefaultCacheBehavior"]
    cache = cloudfront.get_cache_policy(Id=behaviour["CachePolicyId"])["CachePolicy"]
    request = cloudfront.get_origin_request_policy(Id=behaviour["OriginRequestPolicyId"])
    arn = config["ViewerCertificate"]["ACMCertificateArn"]
    (zone,) = route53.list_hosted_zones()["HostedZones"]
    return Made(
        distribution=summary,
        config=config,
        cache=cache["CachePolicyConfig"],
        request=request["OriginRequestPolicy"]["OriginRequestPolicyConfig"],
        certificate=acm.describe_certificate(CertificateArn=arn)["Certificate"],
        records=tuple(route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]),
    )


def listed(part: Mapping[str, Any]) -> list[str]:
    """Give the items of one of CloudFront's lists, sorted; its quantity must be true."""
    items = sorted(part.get("Items", []))
    assert part["Quantity"] == len(items)
    return items


# -- the origin
def test_the_origin_is_sparkposts_tracking_host_with_a_blank_path(made: Made) -> None:
    assert (made.origin["DomainName"], made.origin["OriginPath"]) == ("spgo.io", "")


def test_the_origin_is_asked_as_the_viewer_asks_on_default_ports(made: Made) -> None:
    asked = made.custom_origin
    assert asked["OriginProtocolPolicy"] == "match-viewer"
    assert (asked["HTTPPort"], asked["HTTPSPort"]) == (80, 443)


def test_the_origin_is_asked_over_tls_1_2_at_least(made: Made) -> None:
    assert listed(made.custom_origin["OriginSslProtocols"]) == ["TLSv1.2"]


def test_origin_shield_is_off(made: Made) -> None:
    assert made.origin["OriginShield"] == {"Enabled": False}


def test_the_origin_is_told_the_tracking_host(made: Made) -> None:
    headers = made.origin["CustomHeaders"]["Items"]
    assert headers == [{"HeaderName": "X-Forwarded-Host", "HeaderValue": CLICK}]


def test_the_origins_additional_settings_are_the_consoles(made: Made) -> None:
    assert (made.origin["ConnectionAttempts"], made.origin["ConnectionTimeout"]) == (3, 10)
    asked = made.custom_origin
    assert (asked["OriginReadTimeout"], asked["OriginKeepaliveTimeout"]) == (30, 5)


# -- the behaviour
def test_there_is_the_default_behaviour_and_no_other(made: Made) -> None:
    assert made.config["CacheBehaviors"]["Quantity"] == 0
    assert made.behaviour["TargetOriginId"] == made.origin["Id"]


def test_answers_are_compressed(made: Made) -> None:
    assert made.behaviour["Compress"] is True


def test_viewers_may_come_over_http_and_https(made: Made) -> None:
    assert made.behaviour["ViewerProtocolPolicy"] == "allow-all"


def test_get_and_head_are_allowed_and_cached(made: Made) -> None:
    methods = made.behaviour["AllowedMethods"]
    assert sorted(methods["Items"]) == ["GET", "HEAD"]
    assert listed(methods["CachedMethods"]) == ["GET", "HEAD"]


def test_viewer_access_is_not_restricted(made: Made) -> None:
    assert made.behaviour["TrustedSigners"]["Enabled"] is False
    assert made.behaviour["TrustedKeyGroups"]["Enabled"] is False


def test_no_function_is_associated(made: Made) -> None:
    assert made.behaviour["FunctionAssociations"]["Quantity"] == 0
    assert made.behaviour["LambdaFunctionAssociations"]["Quantity"] == 0


def test_policies_say_what_is_cached_and_forwarded_and_no_legacy_setting_does(made: Made) -> None:
    legacy = {"ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL"}
    assert legacy & made.behaviour.keys() == set()


# -- the policies
def test_the_cache_holds_an_answer_for_one_to_ten_seconds(made: Made) -> None:
    assert [made.cache[name] for name in ("MinTTL", "DefaultTTL", "MaxTTL")] == [1, 10, 10]


def test_the_cache_policys_name_has_no_space(made: Made) -> None:
    assert " " not in made.cache["Name"]


def test_nothing_is_in_the_cache_key(made: Made) -> None:
    key = made.cache_key
    assert key["HeadersConfig"]["HeaderBehavior"] == "none"
    assert key["QueryStringsConfig"]["QueryStringBehavior"] == "none"
    assert key["CookiesConfig"]["CookieBehavior"] == "none"


def test_the_cache_policy_has_the_consoles_compression(made: Made) -> None:
    assert made.cache_key["EnableAcceptEncodingGzip"] is True
    assert made.cache_key["EnableAcceptEncodingBrotli"] is True


def test_the_user_agent_is_let_through_and_no_other_header(made: Made) -> None:
    headers = made.request["HeadersConfig"]
    assert headers["HeaderBehavior"] == "whitelist"
    assert listed(headers["Headers"]) == ["User-Agent"]


def test_the_query_string_target_is_let_through_and_no_other(made: Made) -> None:
    strings = made.request["QueryStringsConfig"]
    assert strings["QueryStringBehavior"] == "whitelist"
    assert listed(strings["QueryStrings"]) == ["target"]


def test_no_cookie_is_let_through(made: Made) -> None:
    assert made.request["CookiesConfig"] == {"CookieBehavior": "none"}


# -- the distribution
def test_all_edge_locations_serve(made: Made) -> None:
    assert made.config["PriceClass"] == "PriceClass_All"


def test_no_firewall_is_attached(made: Made) -> None:
    assert made.config["WebACLId"] == ""


def test_the_tracking_host_is_the_only_alternate_name(made: Made) -> None:
    assert listed(made.config["Aliases"]) == [CLICK]


def test_the_certificate_is_acms_by_sni_with_tls_1_2(made: Made) -> None:
    viewer = made.config["ViewerCertificate"]
    assert viewer["ACMCertificateArn"] == made.certificate["CertificateArn"]
    assert viewer["SSLSupportMethod"] == "sni-only"
    assert viewer["MinimumProtocolVersion"] == "TLSv1.2_2021"


def test_http_2_and_ipv6_are_on(made: Made) -> None:
    assert (made.config["HttpVersion"], made.config["IsIPV6Enabled"]) == ("http2", True)


def test_the_rest_of_the_distribution_is_as_the_console_leaves_it(made: Made) -> None:
    assert made.config["DefaultRootObject"] == ""
    assert made.config["Logging"]["Enabled"] is False
    assert made.config["CustomErrorResponses"]["Quantity"] == 0
    assert made.config["Restrictions"]["GeoRestriction"] == {"RestrictionType": "none", "Quantity": 0}
    assert made.config["Staging"] is False


def test_the_distribution_is_enabled_and_deployed(made: Made) -> None:
    assert (made.config["Enabled"], made.distribution["Status"]) == (True, "Deployed")


# -- the certificate and the zone
def test_the_certificate_is_in_us_east_1_for_the_one_host(made: Made) -> None:
    assert made.certificate["CertificateArn"].split(":")[3] == "us-east-1"
    assert made.certificate["SubjectAlternativeNames"] == [CLICK]
    assert made.certificate["Type"] == "AMAZON_ISSUED"


def test_the_certificate_was_validated_by_dns_and_is_issued(made: Made) -> None:
    (validation,) = made.certificate["DomainValidationOptions"]
    assert (validation["ValidationMethod"], validation["ValidationStatus"]) == ("DNS", "SUCCESS")
    assert made.certificate["Status"] == "ISSUED"


def test_the_validation_record_stands_for_renewal(made: Made) -> None:
    (validation,) = made.certificate["DomainValidationOptions"]
    asked = validation["ResourceRecord"]
    (record,) = (r for r in made.records if r["Name"] == asked["Name"])
    assert [one["Value"] for one in record["ResourceRecords"]] == [asked["Value"]]


def test_the_host_is_a_cname_of_the_distribution_for_an_hour(made: Made) -> None:
    (record,) = (r for r in made.records if r["Name"] == f"{CLICK}.")
    assert (record["Type"], record["TTL"]) == ("CNAME", 3600)
    assert [r["Value"].rstrip(".") for r in record["ResourceRecords"]] == [made.distribution["DomainName"]]


# -- the options that give the guide's way of 2021, and others; docs/aws.md names them row by row
def test_forwarded_host_false_tells_the_origin_no_host(otherwise: Made) -> None:
    assert otherwise.origin["CustomHeaders"] == {"Quantity": 0}


def test_forward_target_false_lets_the_user_agent_through_and_no_query_string(otherwise: Made) -> None:
    assert otherwise.request["QueryStringsConfig"] == {"QueryStringBehavior": "none"}
    assert listed(otherwise.request["HeadersConfig"]["Headers"]) == ["User-Agent"]


def test_cache_ttl_gives_other_seconds(otherwise: Made) -> None:
    assert [otherwise.cache[name] for name in ("MinTTL", "DefaultTTL", "MaxTTL")] == [0, 5, 60]


def test_cache_key_target_tells_links_apart_by_it(otherwise: Made) -> None:
    query = otherwise.cache_key["QueryStringsConfig"]
    assert query["QueryStringBehavior"] == "whitelist"
    assert listed(query["QueryStrings"]) == ["target"]


def test_price_class_gives_fewer_edge_locations(otherwise: Made) -> None:
    assert otherwise.config["PriceClass"] == "PriceClass_100"


def test_reuse_certificates_false_requests_a_new_one_for_the_host(otherwise: Made) -> None:
    assert otherwise.certificate["SubjectAlternativeNames"] == [CLICK]
    assert otherwise.certificate["Status"] == "ISSUED"


def test_key_algorithm_gives_a_new_certificate_another_key(otherwise: Made) -> None:
    assert otherwise.certificate["KeyAlgorithm"] == "EC_prime256v1"


def test_minimum_tls_gives_another_security_policy(otherwise: Made) -> None:
    assert otherwise.config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2019"


def test_http_version_and_ipv6_give_others(otherwise: Made) -> None:
    assert (otherwise.config["HttpVersion"], otherwise.config["IsIPV6Enabled"]) == ("http2and3", False)


def test_alias_records_gives_route_53s_own_way(otherwise: Made) -> None:
    at_host = [r for r in otherwise.records if r["Name"] == f"{CLICK}."]
    assert {(r["Type"], r["AliasTarget"]["DNSName"].rstrip(".")) for r in at_host} == {
        (kind, otherwise.distribution["DomainName"]) for kind in ("A", "AAAA")
    }


def test_every_option_of_the_page_has_such_a_test() -> None:
    """`certificates` is in test_links_on_cloudfront.py: a named one leaves no other to ask for."""
    page = (Path(__file__).parents[2] / "docs/aws.md").read_text(encoding="utf-8")
    table = page[page.index("## tdr and the guide of 2021") :]
    ways = [row.split("|")[4] for row in table.splitlines() if row.startswith("| ")]
    assert {name for way in ways for name in re.findall(r"`(\w+)", way)} - {"certificates"} == set(OTHERWISE)
