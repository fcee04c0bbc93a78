"""The load balancer's edge: certificates, routes, what the origin is asked, Cloud CDN."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from cryptography import x509

from providers.sandbox import started
from providers.sandbox.fetch import Fetched, FetchError
from providers.sandbox.google import EMULATOR
from providers.sandbox.http1 import EdgeResponse
from providers.sandbox.sparkpost import EMULATOR as SPARKPOST
from tests.sandbox.google.bench import PROJECT, project, world
from tests.sandbox.google.certmanager_bench import HOST, PARENT, record, zone
from tests.sandbox.google.edge_bench import ADDRESS, MANAGER, EdgeBench, backend, balancer, edge, link

URL = f"https://{HOST}/f/a/b/c/d?target=x"
OTHER = "open.example.com"


def names(got: Fetched) -> list[str]:
    """The names of the certificate that was shown."""
    assert got.certificate is not None
    leaf = x509.load_der_x509_certificate(got.certificate)
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return found.get_values_for_type(x509.DNSName)


def test_https_is_answered_by_the_certificate_map_and_the_origin_gets_host_agent_and_client() -> None:
    with edge() as bench:
        headers = (("User-Agent", "Phone/1.0"), ("X-Sandbox-Client", "192.0.2.77"))
        got = bench.visit(URL, headers=headers)
        assert (got.status, got.header("location")) == (302, "https://target.example/")
        assert (got.header("server"), got.header("via")) == ("msys-http", "1.1 google")
        assert names(got) == [HOST]
        asked = bench.last()
        assert (asked.host, asked.sni, asked.port) == (HOST, "spgo.io", 443)
        assert asked.target == "/f/a/b/c/d?target=x"
        assert asked.header("user-agent") == "Phone/1.0"
        assert asked.header("x-forwarded-for") == f"192.0.2.77,{ADDRESS}"
        assert (asked.header("x-forwarded-proto"), asked.header("via")) == ("https", "1.1 google")


def test_a_map_tells_its_load_balancers_and_is_not_deleted_under_one() -> None:
    with edge() as bench:
        (target,) = bench.raw("GET", "certificateMaps/links")["gclbTargets"]
        assert target["targetHttpsProxy"] == (
            f"//compute.googleapis.com/projects/{PROJECT}/global/targetHttpsProxies/https"
        )
        assert target["ipConfigs"] == [{"ipAddress": ADDRESS, "ports": [443]}]
        error = bench.error("DELETE", "certificateMaps/links")
        assert error["message"] == "can't delete certificate map that is referenced by a target proxy"


def test_a_certificate_may_be_authorized_by_the_load_balancer_that_serves_it() -> None:
    with edge() as bench:
        body = {"managed": {"domains": [HOST]}}
        bench.raw("POST", "certificates", body, certificateId="two")
        bench.advance(120)
        (attempt,) = bench.managed("two")["authorizationAttemptInfo"]
        assert attempt["troubleshooting"]["issues"] == ["CERTIFICATE_NOT_ATTACHED"]
        both = {"certificates": [f"{PARENT}/certificates/{name}" for name in ("one", "two")]}
        bench.raw("PATCH", "certificateMaps/links/certificateMapEntries/one", both, updateMask="certificates")
        bench.advance(60)
        assert bench.managed("two")["authorizationAttemptInfo"][0]["state"] == "AUTHORIZED"
        bench.advance(600)
        assert bench.managed("two")["state"] == "ACTIVE"


def test_sparkposts_origin_sees_agent_client_and_tracking_host() -> None:
    spark = {
        "region": "us",
        "key": "key-us",
        "tracking_domains": [{"domain": HOST, "secure": True, "verified": True}],
    }
    given = world(project(certificate_manager=MANAGER), dns=[zone(record("A", HOST, ADDRESS))])
    with started({**given, "sparkpost": [spark]}, emulators=[SPARKPOST, EMULATOR]) as sandbox:
        bench = EdgeBench(sandbox, httpx.Client())
        bench.put(dict(balancer()))
        bench.advance(61)
        headers = (("User-Agent", "Phone/1.0"), ("X-Sandbox-Client", "192.0.2.77"))
        url = f"https://{HOST}/f/a/b/c/d?target=https%3A%2F%2Fshop.example%2Fsale"
        got = bench.visit(url, headers=headers, connect_to=None)
        assert (got.status, got.header("location")) == (302, "https://shop.example/sale")
        (event,) = sandbox.control("GET", "/vendors/sparkpost")["events"]
        expected = {
            "tracking_host": HOST,
            "user_agent": "Phone/1.0",
            "client": "192.0.2.77",
            "host": HOST,
            "sni": "spgo.io",
            "scheme": "https",
        }
        assert {key: event[key] for key in expected} == expected
        bench.http.close()


def test_port_80_serves_the_same_and_without_its_rule_nothing_answers() -> None:
    with edge() as bench:
        headers = (("X-Forwarded-For", "192.0.2.1"), ("X-Sandbox-Client", "192.0.2.77"))
        assert bench.visit(f"http://{HOST}/f/", headers=headers).status == 302
        asked = bench.last()
        assert (asked.scheme, asked.header("x-forwarded-proto")) == ("https", "http")
        assert asked.header("x-forwarded-for") == f"192.0.2.1,192.0.2.77,{ADDRESS}"
    with edge(balancer(port_80=False)) as bench:
        with pytest.raises(FetchError):
            bench.visit(f"http://{HOST}/f/")
        assert bench.visit(URL).status == 302


def test_a_host_that_no_entry_is_for_is_refused_in_the_handshake_unless_one_is_primary() -> None:
    with edge() as bench, pytest.raises(FetchError) as refused:
        bench.visit(f"https://{OTHER}/f/")
    assert refused.value.stage == "tls"
    manager = {
        "certificates": [*MANAGER["certificates"], {"name": "all", "domains": ["*.example.com"]}],
        "maps": [
            {
                "name": "links",
                "entries": [
                    {"name": "one", "hostname": HOST, "certificates": ["one"]},
                    {"name": "all", "hostname": "*.example.com", "certificates": ["all"]},
                    {"name": "primary", "matcher": "PRIMARY", "certificates": ["one"]},
                ],
            }
        ],
    }
    with edge(manager=manager) as bench:
        assert names(bench.visit(URL)) == [HOST]
        assert names(bench.visit(f"https://{OTHER}/f/")) == ["*.example.com"]
        assert names(bench.visit("https://elsewhere.test/f/", verify=False)) == [HOST]


def test_a_certificate_that_is_not_active_is_not_served() -> None:
    manager = {**MANAGER, "certificates": [{"name": "one", "domains": [HOST], "state": "provisioning"}]}
    with edge(manager=manager) as bench, pytest.raises(FetchError) as refused:
        bench.visit(URL)
    assert refused.value.stage == "tls"


def test_classic_certificates_are_chosen_by_the_name_in_the_handshake_else_the_first() -> None:
    proxy = {"sslCertificates": [link("sslCertificates", name) for name in ("one", "two")]}
    with edge(balancer(proxy=proxy)) as bench:
        with pytest.raises(FetchError):
            bench.visit(URL)
        bench.classic("one", HOST, active=True)
        bench.classic("two", OTHER, active=True)
        bench.advance(61)
        assert names(bench.visit(URL)) == [HOST]
        assert names(bench.visit(f"https://{OTHER}/f/")) == [OTHER]
        assert names(bench.visit("https://elsewhere.test/f/", verify=False)) == [HOST]


def test_a_map_on_the_proxy_outdoes_its_classic_certificates() -> None:
    bodies = balancer()
    bodies["targetHttpsProxies", "https"]["sslCertificates"] = [link("sslCertificates", "two")]
    with edge(bodies) as bench:
        bench.classic("two", OTHER, active=True)
        bench.advance(61)
        assert bench.visit(URL).status == 302
        with pytest.raises(FetchError):
            bench.visit(f"https://{OTHER}/f/")


def test_changes_reach_the_edge_after_a_while_and_a_deleted_rule_stops_answering() -> None:
    with edge() as bench:
        bench.put({("forwardingRules", "443"): None, ("forwardingRules", "80"): None})
        bench.advance(30)
        assert bench.visit(URL).status == 302
        bench.advance(31)
        with pytest.raises(FetchError):
            bench.visit(URL)
        with pytest.raises(FetchError):
            bench.visit(f"http://{HOST}/f/")
        bench.switch("propagation", "at-once")
        bench.put(dict(balancer()))
        assert bench.visit(URL).status == 302


def test_host_may_be_rewritten_by_a_custom_header_and_others_be_added() -> None:
    headers = ["Host: spgo.io", "X-Forwarded-Host: click.example.com"]
    with edge(balancer(customRequestHeaders=headers, customResponseHeaders=["X-By:tdr"])) as bench:
        got = bench.visit(URL)
        assert (bench.last().header("host"), got.header("x-by")) == ("spgo.io", "tdr")
        assert bench.last().header("x-forwarded-host") == HOST


def test_what_is_wrong_between_load_balancer_and_origin_is_a_502() -> None:
    with edge() as bench:
        bench.origin.host = "other.example"
        assert bench.visit(URL).status == 502
    gone = balancer()
    gone["networkEndpointGroups", "spgo"]["_endpoints"] = []
    with edge(gone) as bench:
        got = bench.visit(URL)
        assert (got.status, b"Please try again in 30" in got.body) == (502, True)


def test_a_url_map_may_redirect_and_choose_by_host_and_path() -> None:
    bodies = balancer()
    bodies["backendServices", "other"] = backend(name="other", customRequestHeaders=["X-Service:other"])
    bodies["urlMaps", "spgo"] |= {
        "hostRules": [{"hosts": [HOST], "pathMatcher": "m"}],
        "pathMatchers": [
            {
                "name": "m",
                "defaultService": link("backendServices", "spgo"),
                "pathRules": [
                    {"paths": ["/f/*"], "service": link("backendServices", "other")},
                    {"paths": ["/old"], "urlRedirect": {"pathRedirect": "/new", "stripQuery": True}},
                ],
            }
        ],
    }
    bodies["urlMaps", "http"] = {"name": "http", "defaultUrlRedirect": {"httpsRedirect": True}}
    bodies["targetHttpProxies", "http"]["urlMap"] = link("urlMaps", "http")
    with edge(bodies) as bench:
        bench.visit(URL)
        assert bench.last().header("x-service") == "other"
        bench.visit(f"https://{HOST}/q/")
        assert bench.last().header("x-service") == ""
        moved = bench.visit(f"https://{HOST}/old?a=b")
        assert (moved.status, moved.header("location")) == (301, f"https://{HOST}/new")
        moved = bench.visit(f"http://{HOST}/f/?a=b")
        assert (moved.status, moved.header("location")) == (301, f"https://{HOST}/f/?a=b")


def cached(bench: Any, answer: EdgeResponse, *, after_s: float) -> bool:
    """Say whether a second visit so much later is answered from the cache."""
    bench.origin.answer = answer
    bench.visit(URL)
    asked = len(bench.origin.asked)
    bench.advance(after_s)
    bench.visit(URL)
    return len(bench.origin.asked) == asked


PIXEL = EdgeResponse(200, (("Content-Type", "image/gif"), ("Cache-Control", "no-cache")), b"GIF")
REDIRECT = EdgeResponse(302, (("Location", "https://target.example/"),))


def test_without_cloud_cdn_nothing_is_kept() -> None:
    with edge() as bench:
        assert not cached(bench, EdgeResponse(200, (("Cache-Control", "max-age=60"),)), after_s=0)


def test_forced_caching_keeps_successes_for_its_ttl_and_tells_the_visitor() -> None:
    policy = {"cacheMode": "FORCE_CACHE_ALL", "defaultTtl": 10, "clientTtl": 10}
    with edge(balancer(enableCDN=True, cdnPolicy=policy)) as bench:
        assert cached(bench, PIXEL, after_s=9)
        got = bench.visit(URL)
        assert (got.header("cache-control"), got.header("age")) == ("public, max-age=10", "9")
        bench.advance(2)
        assert not cached(bench, PIXEL, after_s=11)


def test_temporary_redirects_are_kept_only_where_negative_caching_names_them() -> None:
    policy: dict[str, Any] = {"cacheMode": "FORCE_CACHE_ALL", "defaultTtl": 10, "clientTtl": 10}
    with edge(balancer(enableCDN=True, cdnPolicy=policy)) as bench:
        assert not cached(bench, REDIRECT, after_s=1)
        assert cached(bench, EdgeResponse(404), after_s=60)
    listed = {**policy, "negativeCaching": True, "negativeCachingPolicy": [{"code": 302, "ttl": 10}]}
    with edge(balancer(enableCDN=True, cdnPolicy=listed)) as bench:
        assert cached(bench, REDIRECT, after_s=9)
        bench.advance(2)
        assert not cached(bench, EdgeResponse(404), after_s=1)


def test_other_modes_hear_the_origin() -> None:
    for mode, kept in (("USE_ORIGIN_HEADERS", False), ("CACHE_ALL_STATIC", True)):
        with edge(balancer(enableCDN=True, cdnPolicy={"cacheMode": mode})) as bench:
            static = EdgeResponse(200, (("Content-Type", "image/gif"),), b"GIF")
            assert cached(bench, static, after_s=60) is kept
        with edge(balancer(enableCDN=True, cdnPolicy={"cacheMode": mode})) as bench:
            assert not cached(bench, PIXEL, after_s=1)
            told = EdgeResponse(302, (("Cache-Control", "max-age=30"), ("Location", "https://a.example/")))
            assert cached(bench, told, after_s=29)
