"""Resolvers that are asked over HTTPS, against tiny ones on loopback."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import dns.message
import dns.rcode
import pytest

from reconciler.errors import TdrError
from reconciler.net import Network, from_environment
from reconciler.net_settings import Address, HttpsResolver, NetSettings, Timeouts, settings_from
from tests.reconciler.tiny_servers import Authority, Doh, Zone, dns_server, doh_server, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URL = "https://resolver.example/dns-query"
PLAIN, DOH = "192.0.2.53", "192.0.2.54"
ADDRESS = Zone({("spgo.io", "A"): ["spgo.io 60 A 203.0.113.10"]})
FAILING = {"spgo.io": dns.rcode.SERVFAIL}
NAMED = Zone({("resolver.example", "A"): [f"resolver.example 60 A {DOH}"]})


@contextlib.contextmanager
def served(
    doh: Doh, folder: Path, *resolvers: str, names: Zone = NAMED, certified: str = "resolver.example"
) -> Iterator[Network]:
    """Serve a resolver over HTTPS at 192.0.2.54, and one over UDP, which knows its name, at 192.0.2.53."""
    authority = Authority()
    with doh_server(doh, authority.context(folder, certified)) as secure, dns_server(names) as plain:
        settings = settings_from(
            {
                "TDR_RESOLVERS": ",".join(resolvers or (URL, PLAIN)),
                "TDR_NET_MAP": f"{DOH}:443=127.0.0.1:{secure[1]},{PLAIN}:53=127.0.0.1:{plain[1]}",
                "TDR_CA_FILE": authority.write(folder / "ca.pem"),
            }
        )
        yield Network(settings)


def test_a_resolver_is_asked_over_https_at_the_address_of_its_name(tmp_path: Path) -> None:
    doh = Doh(ADDRESS)
    with served(doh, tmp_path) as net:
        assert net.query("spgo.io", "A").values == ("203.0.113.10",)
    assert doh.asked == [("resolver.example", "/dns-query", "application/dns-message")]
    assert doh.names == ["resolver.example"]
    assert doh.zone.asked[-1] == ("spgo.io", "A", True)


def test_many_questions_need_one_connection(tmp_path: Path) -> None:
    doh = Doh(ADDRESS)
    with served(doh, tmp_path) as net:
        for _ in range(5):
            assert net.query("spgo.io", "A").certain
    assert (len(doh.asked), len(doh.names)) == (5, 1)


def test_an_address_in_the_url_needs_no_other_resolver(tmp_path: Path) -> None:
    doh = Doh(ADDRESS)
    with served(doh, tmp_path, f"https://{DOH}/q", certified=DOH) as net:
        assert net.query("spgo.io", "A").values == ("203.0.113.10",)
    assert doh.asked == [(DOH, "/q", "application/dns-message")]


def test_a_port_in_the_url_is_kept(tmp_path: Path) -> None:
    doh, authority = Doh(ADDRESS), Authority()
    with doh_server(doh, authority.context(tmp_path, "127.0.0.1")) as (_, port):
        environ = {
            "TDR_RESOLVERS": f"https://127.0.0.1:{port}/dns-query",
            "TDR_CA_FILE": authority.write(tmp_path / "ca.pem"),
        }
        net = from_environment(environ)
        assert net.query("spgo.io", "A").values == ("203.0.113.10",)
    assert net.announcements()[0] == (
        f"TDR_RESOLVERS: names are looked up at https://127.0.0.1:{port}/dns-query"
    )
    assert doh.asked[0][0] == f"127.0.0.1:{port}"


NOT_ASKED = dns.message.make_response(dns.message.make_query("other.example", "A")).to_wire()


@pytest.mark.parametrize(
    ("doh", "said"),
    [
        (Doh(status=403), "it answered HTTP 403"),
        (Doh(kind="text/html; charset=utf-8"), "its answer is no DNS message"),
        (Doh(body=b"nonsense"), "its answer is a broken DNS message"),
        (Doh(body=NOT_ASKED), "it answered another question"),
        (Doh(body=bytes(70000)), "longer than a DNS message can be"),
    ],
    ids=["refuses", "a web page", "broken", "another question", "endless"],
)
def test_what_a_resolver_over_https_gets_wrong_is_told(doh: Doh, said: str, tmp_path: Path) -> None:
    with served(doh, tmp_path, f"https://{DOH}/q", certified=DOH) as net:
        answer = net.query("spgo.io", "A")
    assert not answer.certain
    assert (answer.error or "").startswith(f"https://{DOH}/q: ")
    assert said in (answer.error or "")


def test_the_next_resolver_is_asked_where_one_over_https_fails(tmp_path: Path) -> None:
    with served(
        Doh(status=500), tmp_path, URL, PLAIN, names=Zone({**ADDRESS.answers, **NAMED.answers})
    ) as net:
        assert net.query("spgo.io", "A").values == ("203.0.113.10",)


def test_a_certificate_that_is_not_trusted_is_told(tmp_path: Path) -> None:
    with doh_server(Doh(ADDRESS), Authority().context(tmp_path, "127.0.0.1")) as (_, port):
        net = from_environment({"TDR_RESOLVERS": f"https://127.0.0.1:{port}/dns-query"})
        error = net.query("spgo.io", "A").error or ""
    assert "its certificate is not trusted: " in error
    assert "TDR_CA_FILE" in error


def test_a_certificate_for_another_name_is_told(tmp_path: Path) -> None:
    names = Zone(NAMED.answers, rcodes=FAILING)
    with served(Doh(ADDRESS), tmp_path, PLAIN, URL, names=names, certified="other.example") as net:
        error = net.query("spgo.io", "A").error or ""
    assert "not valid for 'resolver.example'" in error


def test_a_resolver_that_is_silent_or_gone_is_told(tmp_path: Path) -> None:
    over, authority = threading.Event(), Authority()
    with doh_server(Doh(stall=over), authority.context(tmp_path, "127.0.0.1")) as (ip, port):
        silent = HttpsResolver(f"https://{ip}:{port}/q", ip, port)
        ca, timeouts = authority.write(tmp_path / "ca.pem"), Timeouts(resolver_s=0.2)
        net = Network(NetSettings((silent,), ca_file=ca, timeouts=timeouts))
        assert "no answer in time" in (net.query("spgo.io", "A").error or "")
        over.set()
    port = free_port()
    net = Network(NetSettings((HttpsResolver(f"https://127.0.0.1:{port}/q", "127.0.0.1", port),)))
    assert "refused" in (net.query("spgo.io", "A").error or "")


def test_a_resolver_whose_name_nobody_knows_is_told(tmp_path: Path) -> None:
    with served(Doh(ADDRESS), tmp_path, PLAIN, URL, names=Zone(rcodes=FAILING)) as net:
        assert net.query("spgo.io", "A").error == f"{URL}: its name has no address"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("http://resolver.example/dns-query", "DNS over HTTP needs https://"),
        ("https:///dns-query", "the host is missing"),
        ("https://me:secret@resolver.example/q", "a user name or a fragment has no place here"),
        ("https://resolver.example", "the path is missing, which usually is /dns-query"),
        ("https://resolver.example:x/q", "write IP:PORT or https://HOST/PATH"),
    ],
)
def test_a_url_that_is_none_of_a_resolver_is_told(value: str, said: str) -> None:
    with pytest.raises(TdrError, match="TDR_RESOLVERS") as caught:
        settings_from({"TDR_RESOLVERS": value})
    assert said in str(caught.value)


def test_a_template_is_taken_for_its_url() -> None:
    settings = settings_from({"TDR_RESOLVERS": f"{URL}{{?dns}}, 192.0.2.53"})
    assert settings.resolvers == (HttpsResolver(URL, "resolver.example", 443), Address("192.0.2.53", 53))
