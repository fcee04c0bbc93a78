"""The rows of SparkPost's guide for Google Cloud, value by value, and what tdr adds to them."""

from __future__ import annotations

from providers.google.names import (
    ADDRESS,
    BACKEND,
    HTTP_PROXY,
    HTTPS_PROXY,
    NEG,
    RULE,
    SSL_CERTIFICATE,
    SSL_POLICY,
    URL_MAP,
)
from reconciler.dns import HostTarget
from reconciler.model import Ref, ResourceId
from tests.providers.google.google_values import ALIAS, HOST, NAME, OWNER, composed, one, wanted

MARK = f"tdr {OWNER} spgo.io"


def test_the_backend_is_an_internet_neg_by_fqdn_and_port() -> None:
    assert one(composed(), NEG).attrs == {
        "name": NAME,
        "description": MARK,
        # "Internet network endpoint group", "Fully qualified domain name and port"
        "type": "INTERNET_FQDN_PORT",
        # "Set Default port to 443"
        "default_port": 443,
        # "add the correct endpoint address for your service"
        "endpoints": ("spgo.io:443",),
    }


def test_the_endpoint_of_each_region_is_its_own_backend() -> None:
    found = composed(hosts=[wanted(), wanted("go.example.net", "eu.spgo.io")])
    assert one(found, NEG, "eu.spgo.io").attrs["endpoints"] == ("eu.spgo.io:443",)
    assert one(found, NEG, "spgo.io").attrs["endpoints"] == ("spgo.io:443",)


def test_the_backend_service_is_https_with_defaults_and_without_cloud_cdn() -> None:
    assert one(composed(), BACKEND).attrs == {
        "name": NAME,
        "description": MARK,
        # external, internet-facing
        "scheme": "EXTERNAL_MANAGED",
        # "For Protocol, choose HTTPS"
        "protocol": "HTTPS",
        "groups": (NAME,),
        # "Leave Timeout at defaults": 30 s
        "timeout_s": 30,
        # "Leave Enable Cloud CDN unchecked"
        "cdn": False,
        "cache_mode": None,
        "default_ttl": None,
        "client_ttl": None,
        "max_ttl": None,
        "negative_caching": False,
        "negative_ttls": (),
        # "Host not rewritten"; User-Agent and the reader's address pass through
        "request_headers": (),
        "response_headers": (),
        # "no health check"
        "health_checks": (),
        "iap": False,
    }


def test_the_url_map_leads_everything_to_the_backend() -> None:
    managed = one(composed(), URL_MAP).attrs
    # the simple mode of "Host and path rules"
    assert managed == {"name": NAME, "description": MARK, "default_service": NAME, "beside": ()}


def test_the_frontend_is_https_on_a_reserved_address_with_an_a_record() -> None:
    found = composed()
    front = one(found, RULE, "spgo.io/443")
    address = Ref(ResourceId(ALIAS, ADDRESS, "spgo.io"), "address")
    assert front.attrs["port"] == "443"
    assert front.attrs["protocol"] == "TCP"
    assert front.attrs["target"] == one(found, HTTPS_PROXY).attrs["name"]
    assert front.attrs["address"] == address
    reserved = one(found, ADDRESS).attrs
    assert (reserved["type"], reserved["ip_version"]) == ("EXTERNAL", "IPV4")
    # the record that the guide has at the DNS provider
    assert found.targets == {HOST: HostTarget("A", (address,), before_dns=True)}


def test_old_http_links_are_answered_on_port_80_of_the_same_address() -> None:
    found = composed()
    front, secure = one(found, RULE, "spgo.io/80"), one(found, RULE, "spgo.io/443")
    assert front.attrs["port"] == "80"
    assert front.attrs["address"] == secure.attrs["address"]
    plain = one(found, HTTP_PROXY).attrs
    assert front.attrs["target"] == plain["name"]
    # the same URL map: no redirect
    assert plain["url_map"] == one(found, HTTPS_PROXY).attrs["url_map"] == NAME


def test_visitors_are_met_with_tls_1_2_at_least() -> None:
    policy = one(composed(), SSL_POLICY).attrs
    assert (policy["min_tls"], policy["profile"]) == ("TLS_1_2", "MODERN")
    assert one(composed(), HTTPS_PROXY).attrs["ssl_policy"] == policy["name"]


def test_the_guides_managed_certificate_comes_with_the_frontend_and_is_issued_after_dns() -> None:
    found = composed(certificates="load-balancer")
    assert one(found, SSL_CERTIFICATE).attrs["domains"] == (HOST,)
    assert one(found, HTTPS_PROXY).attrs["certificate_map"] is None
    assert one(found, HTTPS_PROXY).attrs["first_certificate"] == (one(found, SSL_CERTIFICATE).attrs["name"],)
    assert found.targets[HOST].move_class == "C"


def test_the_ttl_rules_ten_seconds_are_cloud_cdns_where_asked_for() -> None:
    managed = one(composed(cache_ttl=10), BACKEND).attrs
    assert managed["cdn"] is True
    assert managed["cache_mode"] == "FORCE_CACHE_ALL"
    assert (managed["default_ttl"], managed["client_ttl"]) == (10, 10)
    # a click is answered 302, which Cloud CDN keeps only if told
    assert (managed["negative_caching"], managed["negative_ttls"]) == (True, ("302:10",))


def test_the_host_of_sparkpost_is_asked_for_where_that_is_written() -> None:
    told = composed(host_header="origin")
    assert one(told, BACKEND).attrs["request_headers"] == ("Host: spgo.io",)
    assert "is not told the tracking domain" in told.findings[0].text
