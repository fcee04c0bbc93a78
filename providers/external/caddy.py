"""Caddy as the https front of SparkPost's links. Pure.

docs: Caddyfile: reverse_proxy, tls, bind; automatic HTTPS; tried with Caddy 2.6. By itself Caddy passes
Host, User-Agent, path and query on as they came, puts the client's address into X-Forwarded-For and believes
no client's own; where a site for http:// stands beside the one for https://, it redirects nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from providers.external.proxy import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S, Proxy, Site, proxy_of
from reconciler.provider import Wanted


def configuration(alias: str, options: Mapping[str, Any], wanted: Sequence[Wanted]) -> str:
    """Return a Caddyfile, or a file to be imported by one."""
    return rendered(proxy_of(alias, options, wanted))


def rendered(proxy: Proxy) -> str:
    """Return the configuration of a proxy."""
    upstreams = {(site.upstream, site.origin): None for site in proxy.sites}
    names = {key: f"tdr-{proxy.alias}-{number}" for number, key in enumerate(upstreams, 1)}
    lines = [*_preface(proxy)]
    for key, name in names.items():
        lines += _snippet(proxy, name, *key)
    for site in proxy.sites:
        lines += _sites(proxy, site, names[site.upstream, site.origin])
    return "\n".join(lines) + "\n"


def _preface(proxy: Proxy) -> Iterator[str]:
    yield f"# Made by `tdr proxy-config caddy -alias {proxy.alias}`: make it again rather than edit it."
    yield "# A Caddyfile, or a file that one imports. Caddy holds no answers: a mail scanner's repeats count."


def _snippet(proxy: Proxy, name: str, upstream: str, origin: str) -> Iterator[str]:
    yield ""
    yield f"({name}) {{"
    if proxy.listen:
        yield f"\tbind {' '.join(proxy.listen)}"
    yield f"\treverse_proxy https://{upstream} {{"
    yield "\t\t# Host says whose link it is, and says it alone."
    yield "\t\theader_up -X-Forwarded-Host"
    yield "\t\ttransport http {"
    yield "\t\t\t# SparkPost needs its own name in the handshake (SNI), and has a certificate for it."
    yield f"\t\t\ttls_server_name {origin}"
    if proxy.trusted:
        yield f"\t\t\ttls_trusted_ca_certs {proxy.trusted}"
    if proxy.resolvers:
        yield f"\t\t\tresolvers {' '.join(proxy.resolvers)}"
    yield f"\t\t\tdial_timeout {CONNECT_TIMEOUT_S}s"
    yield f"\t\t\tresponse_header_timeout {ANSWER_TIMEOUT_S}s"
    yield "\t\t}"
    yield "\t}"
    yield "}"


def _sites(proxy: Proxy, site: Site, snippet: str) -> Iterator[str]:
    yield ""
    yield "# Links of old mail are http: they are answered as they are, never redirected to https."
    yield f"http://{site.host}{_port(proxy.http_port, 80)} {{"
    yield f"\timport {snippet}"
    yield "}"
    yield ""
    yield f"https://{site.host}{_port(proxy.https_port, 443)} {{"
    yield f"\ttls {site.certificate} {site.key}"
    yield f"\timport {snippet}"
    yield "}"


def _port(port: int, usual: int) -> str:
    return "" if port == usual else f":{port}"
