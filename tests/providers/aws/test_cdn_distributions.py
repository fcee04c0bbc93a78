"""A distribution's settings: read, merged, written whole; nothing of the user's is lost."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.aws.cdn_names import MARKS
from providers.aws.distributions import (
    TLS_BY_STRICTNESS,
    fresh,
    http_version,
    items,
    listed,
    merged,
    minimum_tls,
    settings,
)
from reconciler.model import Attrs, attrs
from tests.providers.aws.cdn_values import HOST, OWNER, arn, config, wanted_settings

words = st.text("abcdefgh", min_size=1, max_size=6)
members = st.dictionaries(words, words, max_size=3)
methods = st.sampled_from([("GET", "HEAD"), ("GET", "HEAD", "OPTIONS")])


@st.composite
def chosen(draw: st.DrawFn) -> Attrs:
    """Settings that tdr may want."""
    return attrs(
        tags=MARKS,
        aliases=(draw(words) + ".example.com",),
        enabled=draw(st.booleans()),
        origin=draw(words),
        origin_path="",
        origin_protocol=draw(st.sampled_from(["match-viewer", "https-only"])),
        origin_ports=(80, draw(st.sampled_from([443, 8443]))),
        origin_tls=("TLSv1.2",),
        origin_shield=False,
        forwarded_host=draw(st.none() | words),
        compress=draw(st.booleans()),
        viewer_protocol="allow-all",
        allowed_methods=draw(methods),
        cached_methods=("GET", "HEAD"),
        restrict_viewer_access=False,
        cache_policy=draw(words),
        origin_request_policy=draw(words),
        functions=(),
        certificate=draw(words),
        minimum_tls=draw(st.sampled_from(TLS_BY_STRICTNESS)),
        price_class=draw(st.sampled_from(["PriceClass_All", "PriceClass_100"])),
        http_version=draw(st.sampled_from(["http2", "http2and3"])),
        ipv6=draw(st.booleans()),
    )


@st.composite
def live(draw: st.DrawFn) -> dict[str, Any]:
    """A distribution that stands, with much that is the user's."""
    headers = [{"HeaderName": f"X-{name}", "HeaderValue": value} for name, value in draw(members).items()]
    if draw(st.booleans()):
        headers.append({"HeaderName": "x-forwarded-host", "HeaderValue": draw(words)})
    origin = {
        "Id": draw(words),
        "DomainName": draw(words),
        "CustomHeaders": listed(headers),
        "ConnectionAttempts": draw(st.integers(1, 3)),
        "OriginShield": {"Enabled": True, "OriginShieldRegion": "us-east-1"},
        "CustomOriginConfig": {"HTTPPort": 8080, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"},
    }
    behavior = {
        "TargetOriginId": origin["Id"],
        "ViewerProtocolPolicy": "redirect-to-https",
        "ResponseHeadersPolicyId": draw(words),
        "RealtimeLogConfigArn": draw(words),
        "ForwardedValues": {"QueryString": True},
        "MinTTL": 0,
        "FunctionAssociations": listed([{"FunctionARN": draw(words), "EventType": "viewer-request"}]),
    }
    return {
        **{f"U{name}": value for name, value in draw(members).items()},
        "CallerReference": draw(words),
        "Comment": draw(words),
        "WebACLId": draw(words),
        "Logging": draw(members),
        "Aliases": listed(draw(st.lists(words, max_size=2))),
        "Origins": listed([origin]),
        "DefaultCacheBehavior": behavior,
        "CacheBehaviors": listed([]),
        "ViewerCertificate": {"CloudFrontDefaultCertificate": True, "CertificateSource": "cloudfront"},
        "HttpVersion": "HTTP1.1",
    }


@given(live(), chosen())
def test_what_was_written_reads_as_wanted(before: dict[str, Any], wanted: Attrs) -> None:
    assert settings(merged(before, wanted), OWNER) == wanted


@given(chosen())
def test_a_new_one_reads_as_wanted(wanted: Attrs) -> None:
    assert settings(fresh("ref", "a comment", wanted), OWNER) == wanted


@given(live(), chosen())
def test_merging_twice_is_merging_once(before: dict[str, Any], wanted: Attrs) -> None:
    once = merged(before, wanted)
    assert merged(once, wanted) == once


@given(live(), chosen())
def test_merging_leaves_what_it_was_given_alone(before: dict[str, Any], wanted: Attrs) -> None:
    kept = copy.deepcopy(before)
    merged(before, wanted)
    assert before == kept


OURS = {
    *("Aliases", "Enabled", "PriceClass", "HttpVersion", "IsIPV6Enabled", "ViewerCertificate"),
    *("Origins", "DefaultCacheBehavior"),
}
OURS_OF_BEHAVIOR = {
    *("TargetOriginId", "Compress", "ViewerProtocolPolicy", "AllowedMethods", "CachePolicyId"),
    *("OriginRequestPolicyId", "FunctionAssociations", "LambdaFunctionAssociations"),
    *("TrustedSigners", "TrustedKeyGroups", "ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL"),
}


@given(live(), chosen())
def test_every_member_of_the_users_survives(before: dict[str, Any], wanted: Attrs) -> None:
    after = merged(before, wanted)
    assert {k: v for k, v in after.items() if k not in OURS} == {
        k: v for k, v in before.items() if k not in OURS
    }
    behaviors = before["DefaultCacheBehavior"], after["DefaultCacheBehavior"]
    theirs = [{k: v for k, v in b.items() if k not in OURS_OF_BEHAVIOR} for b in behaviors]
    assert theirs[0] == theirs[1]
    (was,), (origin,) = items(before["Origins"]), items(after["Origins"])
    assert (was["Id"], was["ConnectionAttempts"]) == (origin["Id"], origin["ConnectionAttempts"])
    headers = [
        {
            h["HeaderName"]: h["HeaderValue"]
            for h in items(o["CustomHeaders"])
            if "orwarded" not in h["HeaderName"]
        }
        for o in (was, origin)
    ]
    assert headers[0] == headers[1]


def test_the_list_and_the_configuration_say_the_same() -> None:
    # docs: DistributionSummary spells HttpVersion in capitals, and the certificate twice
    whole = config()
    line = {**whole, "HttpVersion": "HTTP2"}
    line["ViewerCertificate"] = {
        **whole["ViewerCertificate"],
        "Certificate": arn("c1"),
        "CertificateSource": "acm",
    }
    assert settings(line, OWNER) == settings(whole, OWNER) == wanted_settings()


def test_sets_are_compared_as_sets() -> None:
    whole = config()
    methods = whole["DefaultCacheBehavior"]["AllowedMethods"]
    methods["Items"] = ["HEAD", "GET"]
    methods["CachedMethods"]["Items"] = ["HEAD", "GET"]
    assert settings(whole, OWNER) == wanted_settings()
    kept = merged(whole, wanted_settings())
    assert kept["DefaultCacheBehavior"]["AllowedMethods"]["Items"] == ["HEAD", "GET"]


def test_another_origin_and_behavior_of_a_distribution_of_ours_stay() -> None:
    whole = config()
    other = {
        "Id": "assets",
        "DomainName": "assets.example.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    whole["Origins"] = listed([other, *items(whole["Origins"])])
    whole["CacheBehaviors"] = listed([{"PathPattern": "/.well-known/*", "TargetOriginId": "assets"}])
    after = merged(whole, wanted_settings(origin="eu.spgo.io"))
    assert other in items(after["Origins"])
    assert after["CacheBehaviors"] == whole["CacheBehaviors"]
    assert settings(after, OWNER)["origin"] == "eu.spgo.io"


def test_viewers_that_had_an_address_of_their_own_keep_it() -> None:
    whole = config()
    whole["ViewerCertificate"]["SSLSupportMethod"] = "vip"
    assert merged(whole, wanted_settings())["ViewerCertificate"]["SSLSupportMethod"] == "vip"


@pytest.mark.parametrize(
    ("there", "asked", "becomes"),
    [
        (None, None, "TLSv1.2_2021"),
        ("TLSv1_2016", None, "TLSv1.2_2021"),
        ("TLSv1.2_2019", None, "TLSv1.2_2021"),
        ("TLSv1.2_2021", None, "TLSv1.2_2021"),
        ("TLSv1.3_2025", None, "TLSv1.3_2025"),
        ("TLSv1.4_2031", None, "TLSv1.4_2031"),
        ("TLSv1.3_2025", "TLSv1.2_2021", "TLSv1.2_2021"),
    ],
)
def test_a_stricter_tls_policy_is_left_alone_unless_one_is_asked(
    there: str | None, asked: str | None, becomes: str
) -> None:
    assert minimum_tls(there, asked) == becomes


@pytest.mark.parametrize(
    ("there", "asked", "becomes"),
    [
        (None, None, "http2"),
        ("http1.1", None, "http2"),
        ("http2and3", None, "http2and3"),
        ("http2and3", "http2", "http2"),
    ],
)
def test_http_2_or_more(there: str | None, asked: str | None, becomes: str) -> None:
    assert http_version(there, asked) == becomes


def test_each_row_of_the_guide_has_its_member() -> None:
    whole = config()
    (origin,) = items(whole["Origins"])
    behavior = whole["DefaultCacheBehavior"]
    assert origin["DomainName"] == "spgo.io"
    assert origin["OriginPath"] == ""
    assert origin["CustomOriginConfig"] == {
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "match-viewer",
        "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
        "OriginReadTimeout": 30,
        "OriginKeepaliveTimeout": 5,
    }
    assert origin["OriginShield"] == {"Enabled": False}
    assert items(origin["CustomHeaders"]) == ({"HeaderName": "X-Forwarded-Host", "HeaderValue": HOST},)
    assert behavior["Compress"] is True
    assert behavior["ViewerProtocolPolicy"] == "allow-all"
    assert set(items(behavior["AllowedMethods"])) == {"GET", "HEAD"}
    assert set(items(behavior["AllowedMethods"]["CachedMethods"])) == {"GET", "HEAD"}
    assert behavior["TrustedSigners"]["Enabled"] is behavior["TrustedKeyGroups"]["Enabled"] is False
    assert behavior["FunctionAssociations"] == behavior["LambdaFunctionAssociations"] == {"Quantity": 0}
    assert whole["PriceClass"] == "PriceClass_All"
    assert whole["WebACLId"] == ""
    assert whole["Aliases"] == {"Quantity": 1, "Items": [HOST]}
    assert whole["ViewerCertificate"]["SSLSupportMethod"] == "sni-only"
    assert whole["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert (whole["HttpVersion"], whole["IsIPV6Enabled"]) == ("http2", True)
