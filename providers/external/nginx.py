"""nginx as the https front of SparkPost's links. Pure.

docs: ngx_http_proxy_module, ngx_http_core_module, ngx_http_ssl_module; tried with nginx 1.22.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from providers.external.proxy import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S, TRUSTED, Proxy, Site, proxy_of
from reconciler.errors import TdrError
from reconciler.provider import Wanted

LONG_NAME_CHARS: Final = 40
"""nginx's table of names takes no longer ones on machines with cache lines of 64 bytes."""


def configuration(alias: str, options: Mapping[str, Any], wanted: Sequence[Wanted]) -> str:
    """Return the text for nginx's http context; raises TdrError where nginx would have no resolver."""
    if not options.get("resolvers"):
        raise TdrError(
            f"nginx looks SparkPost's addresses up by itself and does not read /etc/resolv.conf: "
            f"add `resolvers: [ADDRESS]` to the alias {alias}, such as 127.0.0.53 where systemd-resolved runs"
        )
    return rendered(proxy_of(alias, options, wanted))


def rendered(proxy: Proxy) -> str:
    """Return the configuration of a proxy."""
    return (
        "\n".join([*_preface(proxy), *(line for site in proxy.sites for line in _server(proxy, site))]) + "\n"
    )


def _preface(proxy: Proxy) -> Iterator[str]:
    yield f"# Made by `tdr proxy-config nginx -alias {proxy.alias}`: make it again rather than edit it."
    yield "# It belongs into the http context: a file of its own in /etc/nginx/conf.d/."
    if any(len(site.host) > LONG_NAME_CHARS for site in proxy.sites):
        yield "server_names_hash_bucket_size 512;"
    if proxy.cache_ttl_s:
        yield f"proxy_cache_path {proxy.cache_folder} keys_zone={_zone(proxy)}:10m max_size=256m inactive=1m;"


def _zone(proxy: Proxy) -> str:
    return f"tdr_{proxy.alias.replace('-', '_')}"


def _server(proxy: Proxy, site: Site) -> Iterator[str]:
    yield ""
    yield "server {"
    yield f"    server_name {site.host};"
    yield "    # Links of old mail are http: they are answered as they are, never redirected to https."
    for before in _listening(proxy):
        yield f"    listen {before}{proxy.http_port};"
        yield f"    listen {before}{proxy.https_port} ssl;"
    yield f"    ssl_certificate {site.certificate};"
    yield f"    ssl_certificate_key {site.key};"
    yield "    ssl_protocols TLSv1.2 TLSv1.3;"
    yield "    server_tokens off;"
    yield "    # Takes the place of any that stands further out: with HSTS, old http links would fail."
    yield '    add_header Strict-Transport-Security "";'
    yield ""
    yield "    location / {"
    yield from (f"        {line}" for line in _location(proxy, site))
    yield "    }"
    yield "}"


def _listening(proxy: Proxy) -> tuple[str, ...]:
    """Return what stands before a port in `listen`."""
    if proxy.listen:
        return tuple(f"{address}:" for address in proxy.listen)
    return ("", "[::]:") if proxy.ipv6 else ("",)


def _location(proxy: Proxy, site: Site) -> Iterator[str]:
    yield "# In a variable, so that its address is looked up again: SparkPost's addresses change."
    yield f"resolver {' '.join(proxy.resolvers)} valid={proxy.looked_up_s}s;"
    yield f"set $tdr_origin {site.upstream};"
    yield "proxy_pass https://$tdr_origin;"
    yield "proxy_redirect off;"
    yield "proxy_http_version 1.1;"
    yield f"proxy_connect_timeout {CONNECT_TIMEOUT_S}s;"
    yield f"proxy_read_timeout {ANSWER_TIMEOUT_S}s;"
    yield from _headers(site)
    yield "# SparkPost needs its own name in the handshake (SNI), and has a certificate for it."
    yield "proxy_ssl_server_name on;"
    yield f"proxy_ssl_name {site.origin};"
    yield "proxy_ssl_verify on;"
    yield "proxy_ssl_verify_depth 4;"
    yield f"proxy_ssl_trusted_certificate {proxy.trusted or TRUSTED};"
    yield from _cache(proxy) if proxy.cache_ttl_s else ("proxy_cache off;",)


def _headers(site: Site) -> Iterator[str]:
    yield "# By Host SparkPost knows whose link it is, by the address where the reader is."
    yield f"proxy_set_header Host {site.host};"
    yield 'proxy_set_header X-Forwarded-Host "";'
    yield "proxy_set_header X-Forwarded-For $remote_addr;"
    yield "proxy_set_header X-Forwarded-Proto $scheme;"
    yield 'proxy_set_header Connection "";'
    yield "proxy_pass_header Server;"


def _cache(proxy: Proxy) -> Iterator[str]:
    """Hold a repeat of the same link for some seconds, never longer, and nothing that says not to."""
    yield f"# A mail scanner's repeats within {proxy.cache_ttl_s} s are answered here and not recorded."
    yield f"proxy_cache {_zone(proxy)};"
    yield 'proxy_cache_key "$request_method $scheme://$host$request_uri";'
    yield "proxy_cache_convert_head off;"
    yield "proxy_no_cache $upstream_http_cache_control $upstream_http_expires;"
    yield f"proxy_cache_valid 200 302 {proxy.cache_ttl_s}s;"
