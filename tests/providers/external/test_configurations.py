"""What is rendered from an alias's options, and how the command finds the alias."""

from __future__ import annotations

import re
from typing import Any

import pytest

from providers.external import TYPE
from providers.external.proxy import proxy_of
from reconciler.errors import TdrError
from reconciler.provider import Wanted

CLICK = "click.example.com"
HOSTS = (Wanted(CLICK, "spgo.io", 3600), Wanted("track.example.com", "eu.spgo.io", 3600))
OPTIONS: dict[str, Any] = {"target": "edge.example.net", "resolvers": ("127.0.0.53", "2001:db8::53")}


def made(software: str, **options: Any) -> str:
    return TYPE.configurations[software]("front", {**OPTIONS, **options}, HOSTS)


@pytest.mark.parametrize("software", ["nginx", "caddy"])
def test_each_host_has_its_certificate_and_goes_to_its_own_origin(software: str) -> None:
    text = made(software, certificates="/srv/{host}/tls")
    for wanted in HOSTS:
        assert f"/srv/{wanted.host}/tls/fullchain.pem" in text
        assert f"/srv/{wanted.host}/tls/privkey.pem" in text
        assert wanted.origin in text
    assert "{host}" not in text
    assert "/etc/letsencrypt/live/click.example.com/fullchain.pem" in made(software)


@pytest.mark.parametrize("software", ["nginx", "caddy"])
def test_nothing_redirects_and_nothing_is_made_strict(software: str) -> None:
    lines = [line.strip() for line in made(software).splitlines() if not line.strip().startswith("#")]
    assert [line for line in lines if re.search(r"\b(return|rewrite|redir)\b|max-age", line)] == []


def test_nginx_says_what_the_facts_ask_for() -> None:
    lines = {line.strip() for line in made("nginx").splitlines()}
    assert {
        "listen 80;",
        "listen 443 ssl;",
        "resolver 127.0.0.53 [2001:db8::53] valid=10s;",
        "set $tdr_origin spgo.io;",
        f"proxy_set_header Host {CLICK};",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_ssl_server_name on;",
        "proxy_ssl_name eu.spgo.io;",
        "proxy_ssl_verify on;",
        "proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;",
        "proxy_cache_valid 200 302 10s;",
    } <= lines
    assert "proxy_cache_path /var/cache/tdr-front keys_zone=tdr_front:10m" in made("nginx")


def test_ipv6_is_listened_on_unless_the_target_has_none() -> None:
    assert "listen [::]:443 ssl;" in made("nginx")
    assert "listen [::]:443 ssl;" in made("nginx", target=("2001:db8::7",))
    assert "[::]" not in made("nginx", target=("198.51.100.7",))


def test_no_seconds_mean_no_cache() -> None:
    text = made("nginx", cache_ttl=0)
    assert "proxy_cache off;" in text
    assert "proxy_cache_path" not in text


def test_nginx_without_a_resolver_is_refused_with_what_to_write() -> None:
    with pytest.raises(TdrError, match=r"add `resolvers: \[ADDRESS\]` to the alias front"):
        TYPE.configurations["nginx"]("front", {"target": "edge.example.net"}, HOSTS)
    assert "resolvers" not in TYPE.configurations["caddy"]("front", {"target": "edge.example.net"}, HOSTS)


def test_authorities_of_ones_own_are_taken_by_both() -> None:
    assert "proxy_ssl_trusted_certificate /srv/ca.pem;" in made("nginx", trusted="/srv/ca.pem")
    assert "tls_trusted_ca_certs /srv/ca.pem" in made("caddy", trusted="/srv/ca.pem")
    assert "tls_trusted_ca_certs" not in made("caddy")


def test_ten_thousand_hosts_are_rendered_once_each() -> None:
    many = [Wanted(f"t{number}.example.com", "spgo.io", 3600) for number in range(10_000)]
    assert len(proxy_of("front", OPTIONS, many).sites) == 10_000
    text = TYPE.configurations["caddy"]("front", OPTIONS, many)
    assert text.count("reverse_proxy") == 1
    assert text.count("\ttls ") == 10_000
