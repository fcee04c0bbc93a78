"""CloudFront's edge: names and certificates, refusals, what reaches the origin."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509

from providers.sandbox.fetch import Fetched, FetchError
from providers.sandbox.http1 import EdgeResponse, Headers
from tests.sandbox.aws.acm_bench import account
from tests.sandbox.aws.edge_bench import (
    DISTRIBUTION,
    HOST,
    EdgeBench,
    behavior,
    edge_bench,
    edge_world,
    named,
    names,
    origin,
    request_policy,
)

PROTO = "CloudFront-Forwarded-Proto"
VIEWER: Headers = (
    ("User-Agent", "Phone/1.0"),
    ("Accept-Encoding", "gzip, deflate, br;q=0.9"),
    ("Accept-Language", "de"),
    ("Cookie", "session=1; seen=2"),
    ("Referer", "https://mail.example/"),
    ("X-Sandbox-Client", "198.51.100.200"),
)


@pytest.fixture
def edge() -> Iterator[EdgeBench]:
    with edge_bench() as running:
        yield running


def subject_names(got: Fetched) -> list[str]:
    assert got.certificate is not None
    leaf = x509.load_der_x509_certificate(got.certificate)
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return found.get_values_for_type(x509.DNSName)


def test_an_alias_is_served_with_its_certificate_over_both_schemes(edge: EdgeBench) -> None:
    got = edge.visit(f"https://{HOST}/f/a")
    assert (got.status, got.header("location")) == (302, "https://target.example/")
    assert got.header("server") == "msys-http"
    assert subject_names(got) == [HOST, "*.example.com"]
    assert got.certificate is not None
    leaf = x509.load_der_x509_certificate(got.certificate)
    assert leaf.issuer.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)[0].value == "Amazon"
    assert (leaf.not_valid_after_utc - datetime.now(UTC)).days in range(166, 169)  # 30 of 198 days are over
    assert edge.visit(f"http://{HOST}/f/b").status == 302


def test_a_distributions_own_name_resolves_and_has_cloudfronts_certificate(edge: EdgeBench) -> None:
    name = edge.domain_name
    assert edge.resolved(name, "A")[1] == ("198.51.100.60", "198.51.100.61")
    assert edge.resolved(name, "AAAA")[1] == ("2001:db8:60::1",)
    got = edge.visit(f"https://{name}/", connect_to=None)
    assert (got.status, subject_names(got)) == (302, ["*.cloudfront.net", "cloudfront.net"])
    assert edge.visit(f"https://{name}/", connect_to="2001:db8:60::1").status == 302
    assert edge.resolved("d0nowhere.cloudfront.net", "A") == ("NXDOMAIN", ())


def test_the_name_is_gone_with_the_distribution(edge: EdgeBench) -> None:
    name, cloudfront = edge.domain_name, edge.of("cloudfront")
    found = cloudfront.get_distribution_config(Id=DISTRIBUTION)
    changed = {**found["DistributionConfig"], "Enabled": False, "IsIPV6Enabled": False}
    etag = cloudfront.update_distribution(Id=DISTRIBUTION, IfMatch=found["ETag"], DistributionConfig=changed)[
        "ETag"
    ]
    assert edge.visit(f"https://{HOST}/").status == 302  # not deployed yet
    edge.advance(3600)
    assert edge.resolved(name, "AAAA") == ("NOERROR", ())
    got = edge.visit(f"https://{HOST}/")
    assert (got.status, got.header("x-cache")) == (403, "Error from cloudfront")
    cloudfront.delete_distribution(Id=DISTRIBUTION, IfMatch=etag)
    assert edge.resolved(name, "A") == ("NXDOMAIN", ())


def test_a_new_distribution_resolves_at_once_and_serves_when_deployed(edge: EdgeBench) -> None:
    cloudfront = edge.of("cloudfront")
    config = cloudfront.get_distribution_config(Id=DISTRIBUTION)["DistributionConfig"]
    config |= {"CallerReference": "another", "Aliases": names("go.example.com")}
    made = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]
    assert edge.resolved(made["DomainName"], "A")[0] == "NOERROR"
    assert edge.visit("http://go.example.com/").status == 403
    edge.advance(600)
    assert edge.visit("https://go.example.com/").status == 302


def test_a_name_that_no_distribution_has_gets_cloudfronts_certificate_and_403(edge: EdgeBench) -> None:
    with pytest.raises(FetchError) as caught:
        edge.visit("https://stranger.example.com/")
    assert caught.value.stage == "tls"
    for url in ("https://stranger.example.com/", "http://stranger.example.com/"):
        got = edge.visit(url, verify=False)
        assert (got.status, got.header("server")) == (403, "CloudFront")
        assert got.header("x-cache") == "Error from cloudfront"
        assert b"The request could not be satisfied" in got.body
    edge.switch("aws.unknown-server-name", "handshake-refused")
    with pytest.raises(FetchError):
        edge.visit("https://stranger.example.com/", verify=False)


def test_a_wildcard_alias_serves_what_no_exact_one_does() -> None:
    with edge_bench(edge_world(aliases=("*.example.com",))) as edge:
        assert edge.visit("https://any.example.com/").status == 302


def test_an_expired_certificate_is_served_and_refused_by_who_checks(edge: EdgeBench) -> None:
    edge.patch(acm={"certificates": {"one": {"status": "EXPIRED"}}})
    with pytest.raises(FetchError) as caught:
        edge.visit(f"https://{HOST}/")
    assert caught.value.stage == "tls"
    assert subject_names(edge.visit(f"https://{HOST}/", verify=False)) == [HOST, "*.example.com"]


def test_a_certificate_runs_out_in_the_sandboxs_time(edge: EdgeBench) -> None:
    assert edge.visit(f"https://{HOST}/").status == 302
    edge.advance(169 * 86400)
    with pytest.raises(FetchError) as caught:
        edge.visit(f"https://{HOST}/")
    assert caught.value.stage == "tls"


def test_one_accounts_handshake_is_not_for_anothers_host() -> None:
    other = account(
        "444455556666",
        certificates=[{"id": "two", "domain": "other.example.com"}],
        distributions=[{"id": "E2OTHER", "aliases": ["other.example.com"]}],
    )
    with edge_bench(edge_world(accounts=(other,))) as edge:
        fronted = edge.visit(f"https://{HOST}/", headers=(("Host", "other.example.com"),))
        assert fronted.status == 421


def test_http_is_redirected_or_refused_as_the_behavior_says() -> None:
    with edge_bench(
        edge_world(DefaultCacheBehavior=behavior(ViewerProtocolPolicy="redirect-to-https"))
    ) as edge:
        got = edge.visit(f"http://{HOST}/f/a?target=b")
        assert (got.status, got.header("location")) == (301, f"https://{HOST}/f/a?target=b")
        assert got.header("x-cache") == "Redirect from cloudfront"
        assert edge.origin.asked == []
    with edge_bench(edge_world(DefaultCacheBehavior=behavior(ViewerProtocolPolicy="https-only"))) as edge:
        assert edge.visit(f"http://{HOST}/").status == 403
        assert edge.visit(f"https://{HOST}/").status == 302


def test_methods_that_are_not_allowed_are_refused(edge: EdgeBench) -> None:
    got = edge.visit(f"https://{HOST}/", method="POST", body=b"x")
    assert (got.status, edge.origin.asked) == (403, [])
    assert b"HTTP request method" in got.body
    assert edge.visit(f"https://{HOST}/", method="OPTIONS").status == 403
    assert edge.visit(f"https://{HOST}/", method="HEAD").status == 302
    everything = names("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    with edge_bench(edge_world(DefaultCacheBehavior=behavior(AllowedMethods=everything))) as other:
        assert other.visit(f"https://{HOST}/", method="POST", body=b"x").status == 302
        assert other.last().body == b"x"


def test_the_origin_gets_what_the_policies_let_through_and_no_more(edge: EdgeBench) -> None:
    url = f"https://{HOST}/f/a/b?target=https%3A%2F%2Fshop.example&x=1"
    edge.visit(url, headers=VIEWER)
    asked = edge.last()
    assert asked.target == "/f/a/b?target=https%3A%2F%2Fshop.example"
    sent = {name.lower(): value for name, value in asked.headers}
    assert sent.pop("via").endswith(".cloudfront.net (CloudFront)")
    assert len(sent.pop("x-amz-cf-id")) >= 32
    assert sent.pop("connection")
    assert sent == {
        "host": "spgo.io",
        "user-agent": "Phone/1.0",
        "x-forwarded-for": "198.51.100.200",
        "x-forwarded-host": HOST,
        "accept-encoding": "br,gzip",
    }
    assert (asked.sni, asked.scheme) == ("spgo.io", "https")


def test_without_an_origin_request_policy_the_user_agent_is_cloudfronts_and_the_query_is_cut() -> None:
    bare = behavior()
    del bare["OriginRequestPolicyId"]
    with edge_bench(edge_world(DefaultCacheBehavior=bare)) as edge:
        edge.visit(f"http://{HOST}/f/a?target=b", headers=(*VIEWER, ("X-Forwarded-For", "192.0.2.77")))
        asked = edge.last()
        assert (asked.target, asked.header("user-agent")) == ("/f/a", "Amazon CloudFront")
        assert asked.header("x-forwarded-for") == "192.0.2.77, 198.51.100.200"
        assert asked.scheme == "http"


@pytest.mark.parametrize(
    ("policy", "header", "value"),
    [
        ({"headers": named("Headers", "allViewer")}, "host", HOST),
        ({"headers": named("Headers", "allViewer")}, "accept-language", "de"),
        ({"headers": named("Headers", "allExcept", "Host")}, "host", "spgo.io"),
        ({"headers": named("Headers", "allExcept", "Host")}, "referer", "https://mail.example/"),
        ({"headers": named("Headers", "whitelist", PROTO)}, PROTO, "http"),
        ({"cookies": named("Cookies", "all")}, "cookie", "session=1; seen=2"),
        ({"cookies": named("Cookies", "whitelist", "seen")}, "cookie", "seen=2"),
        ({"cookies": named("Cookies", "allExcept", "seen")}, "cookie", "session=1"),
    ],
)
def test_each_kind_of_origin_request_policy(policy: dict[str, Any], header: str, value: str) -> None:
    with edge_bench(edge_world(request=request_policy(**policy))) as edge:
        edge.visit(f"http://{HOST}/", headers=VIEWER)
        assert edge.last().header(header) == value


def test_a_behavior_without_policies_has_the_settings_of_old() -> None:
    old = behavior(
        MinTTL=0,
        DefaultTTL=10,
        MaxTTL=10,
        ForwardedValues={
            "QueryString": True,
            "QueryStringCacheKeys": names("target"),
            "Cookies": {"Forward": "none"},
            "Headers": names("User-Agent"),
        },
    )
    del old["CachePolicyId"], old["OriginRequestPolicyId"]
    with edge_bench(edge_world(DefaultCacheBehavior=old)) as edge:
        edge.visit(f"http://{HOST}/?target=1&x=2", headers=(*VIEWER, ("X-Own", "yes")))
        asked = edge.last()
        assert (asked.target, asked.header("user-agent")) == ("/?target=1&x=2", "Phone/1.0")
        assert (asked.header("x-own"), asked.header("referer"), asked.header("cookie")) == ("yes", "", "")
        again = edge.visit(f"http://{HOST}/?target=1&x=3", headers=VIEWER)
        assert again.header("x-cache") == "Hit from cloudfront"
        assert edge.visit(f"http://{HOST}/?target=1", headers=(("User-Agent", "B"),)).header("x-cache") == (
            "Miss from cloudfront"
        )


@pytest.mark.parametrize(("policy", "scheme"), [("http-only", "http"), ("https-only", "https")])
def test_the_origin_is_reached_as_its_protocol_policy_says(policy: str, scheme: str) -> None:
    with edge_bench(edge_world(origins=[origin(custom={"OriginProtocolPolicy": policy})])) as edge:
        for given in ("http", "https"):
            edge.visit(f"{given}://{HOST}/{given}")
            assert edge.last().scheme == scheme


def test_the_origin_path_comes_before_the_path() -> None:
    with edge_bench(edge_world(origins=[origin(OriginPath="/base")])) as edge:
        edge.visit(f"https://{HOST}/f/a")
        assert edge.last().path == "/base/f/a"


def test_an_origin_that_cannot_be_had_is_502(edge: EdgeBench) -> None:
    edge.origin.names = ["other.example"]  # its certificate is for another name
    got = edge.visit(f"https://{HOST}/")
    assert (got.status, got.header("x-cache")) == (502, "Error from cloudfront")
    assert edge.visit(f"http://{HOST}/plain").status == 302
    edge.origin.addresses = []
    edge.advance(61)
    got = edge.visit(f"http://{HOST}/gone")
    assert (got.status, b"resolve the origin" in got.body) == (502, True)
    edge.origin.addresses = ["203.0.113.250"]
    edge.advance(301)
    assert edge.visit(f"http://{HOST}/gone").status == 502


def test_path_patterns_choose_other_behaviors() -> None:
    other = {**behavior(ViewerProtocolPolicy="https-only"), "PathPattern": "/secure/*"}
    with edge_bench(edge_world(CacheBehaviors={"Quantity": 1, "Items": [other]})) as edge:
        assert edge.visit(f"http://{HOST}/secure/a").status == 403
        assert edge.visit(f"http://{HOST}/open").status == 302


def test_every_answer_says_where_it_was_made(edge: EdgeBench) -> None:
    got = edge.visit(f"https://{HOST}/")
    assert got.header("via").startswith("1.1 ")
    assert got.header("x-amz-cf-pop")
    assert got.header("x-amz-cf-id") != edge.visit(f"https://{HOST}/").header("x-amz-cf-id")


def test_custom_error_responses_stand_in_for_errors() -> None:
    item = {
        "ErrorCode": 404,
        "ResponsePagePath": "/sorry",
        "ResponseCode": "200",
        "ErrorCachingMinTTL": 60,
    }
    with edge_bench(edge_world(CustomErrorResponses={"Quantity": 1, "Items": [item]})) as edge:
        edge.origin.answer = EdgeResponse(404, (), b"raw")
        edge.origin.pages["/sorry"] = EdgeResponse(200, (("Content-Type", "text/plain"),), b"sorry")
        got = edge.visit(f"https://{HOST}/missing")
        assert (got.status, got.body) == (200, b"sorry")
        assert got.header("x-cache") == "Error from cloudfront"
        asked = len(edge.origin.asked)
        edge.advance(50)
        assert edge.visit(f"https://{HOST}/missing").body == b"sorry"
        assert len(edge.origin.asked) == asked
