"""The network settings, and GETs to edges: against tiny servers on loopback."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import TdrError
from reconciler.net import Network, from_environment
from reconciler.net_settings import Address, NetSettings, Timeouts, settings_from
from reconciler.probe import judge
from tests.reconciler.tiny_servers import Authority, Site, Zone, dns_server, free_port, page, web_server

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.probe import Probe

HOST = "click.example.com"
EDGE = "198.51.100.7"
CLICK = page(
    "302 Found", "Content-Type: text/plain", "Server: msys-http", "X-Robots-Tag: noindex", "Location: /x"
)
ROOT = page("200 OK", "Content-Type: text/plain", "Server: msys-http")
SPARKPOST = {"/f/": ROOT, "/f/a/b/c/d": CLICK}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def network(
    ports: dict[int, tuple[str, int]], ca_file: str = "", resolver: tuple[str, int] | None = None
) -> Network:
    net_map = {Address(EDGE, port): Address(*to) for port, to in ports.items()}
    return Network(NetSettings((Address(*resolver),) if resolver else (), net_map, ca_file))


def https(authority: Authority, tmp_path: Path, *names: str, days: tuple[int, int] = (-1, 30)) -> Probe:
    """Probe an edge that shows a certificate for these names."""
    context = authority.context(tmp_path, *names, days=days)
    with web_server(Site(SPARKPOST), context) as at:
        return network({443: at}, authority.write(tmp_path / "ca.pem")).probe(HOST, "https", address=EDGE)


def test_https_goes_to_the_edge_with_the_tracking_host_as_sni_and_host(
    authority: Authority, tmp_path: Path
) -> None:
    site = Site(SPARKPOST)
    with web_server(site, authority.context(tmp_path, HOST)) as at:
        probe = network({443: at}, authority.write(tmp_path / "ca.pem")).probe(HOST, "https", address=EDGE)
    assert site.names == [HOST]
    assert site.requests[0].splitlines()[:2] == ["GET /f/a/b/c/d HTTP/1.1", f"Host: {HOST}"]
    assert (probe.address, probe.port, probe.status, probe.location) == (EDGE, 443, 302, "/x")
    assert (probe.server, probe.content_type, probe.robots) == ("msys-http", "text/plain", "noindex")
    assert probe.tls.startswith("TLSv1")
    assert judge(probe).ok


def test_a_sound_certificate_is_read_whole(authority: Authority, tmp_path: Path) -> None:
    probe = https(authority, tmp_path, HOST, "*.example.net")
    assert probe.verified
    shown = probe.certificate
    assert shown is not None
    assert (shown.subject, shown.common_name, shown.names) == (f"CN={HOST}", HOST, (HOST, "*.example.net"))
    assert (shown.issuer, shown.issuer_organization, shown.issuer_name) == ("O=Tests; CN=R1", "Tests", "R1")
    assert round((shown.not_after - shown.not_before) / 86400) == 31


def test_a_certificate_for_another_name_is_shown_and_refused(authority: Authority, tmp_path: Path) -> None:
    probe = https(authority, tmp_path, "other.example.net")
    assert (probe.status, probe.verified) == (302, False)
    assert probe.certificate
    assert probe.certificate.names == ("other.example.net",)
    verdict = judge(probe)
    assert (verdict.ok, verdict.code) == (False, "certificate-name")
    assert verdict.reason == f"the certificate is for other.example.net, not for {HOST}"


def test_a_certificate_that_ended_is_shown_and_refused(authority: Authority, tmp_path: Path) -> None:
    probe = https(authority, tmp_path, HOST, days=(-30, -1))
    assert probe.certificate
    assert probe.certificate.names == (HOST,)
    assert judge(probe).code == "certificate-dates"


def test_a_certificate_of_a_stranger_is_shown_and_refused(authority: Authority, tmp_path: Path) -> None:
    with web_server(Site(SPARKPOST), Authority().context(tmp_path, HOST)) as at:
        probe = network({443: at}, authority.write(tmp_path / "ca.pem")).probe(HOST, "https", address=EDGE)
    assert probe.certificate
    assert probe.certificate.issuer == "O=Tests; CN=R1"
    assert judge(probe).code == "certificate-chain"


def test_http_needs_no_certificate() -> None:
    with web_server(Site(SPARKPOST)) as at:
        net = network({80: at})
        assert judge(net.probe(HOST, "http", address=EDGE)).ok
        assert judge(net.probe(HOST, "http", "/f/", address=EDGE)).ok


def test_a_redirect_is_told_and_not_followed() -> None:
    forced = page("301 Moved Permanently", f"Location: https://{HOST}/f/a/b/c/d")
    site = Site({"/f/a/b/c/d": forced})
    with web_server(site) as at:
        probe = network({80: at}).probe(HOST, "http", address=EDGE)
    assert len(site.requests) == 1
    assert judge(probe).code == "forced-https"


def test_a_host_without_an_address_is_a_value() -> None:
    with dns_server(Zone()) as resolver:
        probe = network({}, resolver=resolver).probe(HOST, "https")
    assert (probe.stage, judge(probe).code) == ("dns", "no-dns")


def test_the_next_address_is_tried_where_one_takes_no_connection() -> None:
    zone = Zone({(HOST, "A"): [f"{HOST} 60 A 127.0.0.9 | {EDGE}"]})
    with dns_server(zone) as resolver, web_server(Site(SPARKPOST)) as at:
        settings = NetSettings(
            (Address(*resolver),),
            {Address("127.0.0.9", 80): Address("127.0.0.1", free_port()), Address(EDGE, 80): Address(*at)},
        )
        probe = Network(settings).probe(HOST, "http")
    assert (probe.address, probe.status) == (EDGE, 302)


def test_every_address_can_be_probed() -> None:
    with web_server(Site(SPARKPOST)) as at:
        settings = NetSettings(
            net_map={
                Address(EDGE, 80): Address(*at),
                Address("198.51.100.8", 80): Address("127.0.0.1", free_port()),
            }
        )
        probes = Network(settings).probes(HOST, "http", "/f/", (EDGE, "198.51.100.8"))
    assert [(probe.address, probe.stage) for probe in probes] == [(EDGE, ""), ("198.51.100.8", "connect")]
    assert judge(probes[1]).code == "no-connect"
    assert Network(NetSettings()).probes(HOST, "http", "/f/", ()) == ()


def test_an_edge_that_speaks_no_tls_is_a_value() -> None:
    with web_server(Site(SPARKPOST, greeting=b"220 mail\r\n")) as at:
        probe = network({443: at}).probe(HOST, "https", address=EDGE)
    assert (probe.stage, judge(probe).code) == ("tls", "no-tls")


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_an_edge_that_says_nothing_ends_the_probe_in_time(scheme: str) -> None:
    silent = Site(stall=threading.Event())
    with web_server(silent) as at:
        settings = NetSettings(
            net_map={Address(EDGE, 443): Address(*at), Address(EDGE, 80): Address(*at)},
            timeouts=Timeouts(connect_s=0.1, answer_s=0.1),
        )
        probe = Network(settings).probe(HOST, scheme, address=EDGE)
        silent.release()
    assert (probe.status, probe.error) == (None, "no answer in time")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nContent-Length: 5\r\n\r\nab",
        b"HTTP/1.1 302\r\n" + b"A" * 70000,
    ],
    ids=["nothing", "no HTTP", "cut short", "endless header"],
)
def test_a_broken_answer_is_a_value(answer: bytes) -> None:
    with web_server(Site({"/f/a/b/c/d": answer})) as at:
        probe = network({80: at}).probe(HOST, "http", address=EDGE)
    assert (probe.status, judge(probe).ok) == (None, False)
    assert probe.stage == "http"


def test_a_body_without_end_is_read_to_a_bound() -> None:
    body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + b"x" * 300_000
    with web_server(Site({"/f/a/b/c/d": body})) as at:
        probe = network({80: at}).probe(HOST, "http", address=EDGE)
    assert (probe.body_bytes, len(probe.body)) == (65536, 4096)


def test_what_a_terminal_might_obey_is_not_passed_on() -> None:
    with web_server(Site({"/f/": page("200 OK", "Server: \x1b[31mevil", "Content-Type: text/plain")})) as at:
        probe = network({80: at}).probe(HOST, "http", "/f/", address=EDGE)
    assert probe.server == "?[31mevil"


def test_an_edge_that_never_ends_its_answer_does_not_hold_the_body_back() -> None:
    """Keep-alive: the answer is whole by its length, the connection stays open."""
    site = Site(SPARKPOST, stall=threading.Event())
    with web_server(site) as at:
        probe = network({80: at}).probe(HOST, "http", address=EDGE)
        site.release()
    assert probe.status == 302


def test_the_evidence_is_both_paths_over_both_schemes(authority: Authority, tmp_path: Path) -> None:
    with (
        web_server(Site(SPARKPOST), authority.context(tmp_path, HOST)) as secure,
        web_server(Site(SPARKPOST)) as plain,
    ):
        net = network({443: secure, 80: plain}, authority.write(tmp_path / "ca.pem"))
        evidence = net.evidence(HOST, EDGE)
    assert [(probe.scheme, probe.path, probe.status) for probe in evidence.probes] == [
        ("https", "/f/", 200),
        ("https", "/f/a/b/c/d", 302),
        ("http", "/f/", 200),
        ("http", "/f/a/b/c/d", 302),
    ]


def test_the_settings_are_read_and_announced(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("")
    net = from_environment(
        {
            "TDR_RESOLVERS": "127.0.0.1:5300, 192.0.2.53",
            "TDR_NET_MAP": "198.51.100.7:443=127.0.0.1:40001,[2001:db8::7]:443=[::1]:40001,",
            "TDR_CA_FILE": str(authority),
            "TDR_DNS": "recursive",
        }
    )
    assert net.settings.recursive
    assert net.settings.resolvers == (Address("127.0.0.1", 5300), Address("192.0.2.53", 53))
    assert net.settings.route(Address("2001:db8::7", 443)) == Address("::1", 40001)
    assert net.settings.route(Address("198.51.100.7", 80)) == Address("198.51.100.7", 80)
    assert net.announcements() == (
        "TDR_NET_MAP: 2 addresses are redirected; this is not the real network",
        "TDR_RESOLVERS: names are looked up at 127.0.0.1:5300, 192.0.2.53:53",
        "TDR_DNS: authoritative servers are not asked; what resolvers answer, caches included, counts",
        f"TDR_CA_FILE: certificates signed by {authority} are trusted, too",
    )


def test_nothing_set_is_nothing_announced() -> None:
    net = from_environment({})
    assert (net.settings, net.announcements()) == (NetSettings(), ())


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TDR_NET_MAP", "198.51.100.7:443", "write IP:PORT=IP:PORT"),
        ("TDR_NET_MAP", "198.51.100.7=127.0.0.1:1", "the port is missing"),
        ("TDR_NET_MAP", "198.51.100.7:0=127.0.0.1:1", "is no port"),
        ("TDR_NET_MAP", "edge:443=127.0.0.1:1", "edge"),
        ("TDR_NET_MAP", "192.0.2.1:53=127.0.0.1:1,192.0.2.1:53=127.0.0.1:2", "redirected twice"),
        ("TDR_RESOLVERS", "localhost:53", "localhost"),
        ("TDR_RESOLVERS", "127.0.0.1:65536", "is no port"),
        ("TDR_DNS", "resolvers", "write recursive, or leave it out"),
    ],
)
def test_a_malformed_setting_is_one_clear_error(name: str, value: str, said: str) -> None:
    with pytest.raises(TdrError) as caught:
        settings_from({name: value})
    assert name in str(caught.value)
    assert said in str(caught.value)


def test_all_malformed_settings_are_told_at_once() -> None:
    with pytest.raises(TdrError) as caught:
        settings_from({"TDR_RESOLVERS": "x,y", "TDR_NET_MAP": "z"})
    assert len(str(caught.value).splitlines()) == 3


def test_an_authority_file_that_is_missing_or_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(TdrError, match="TDR_CA_FILE: there is no file"):
        from_environment({"TDR_CA_FILE": str(tmp_path / "none.pem")})
    (tmp_path / "bad.pem").write_text("no certificate")
    net = from_environment({"TDR_CA_FILE": str(tmp_path / "bad.pem")})
    with pytest.raises(TdrError, match="TDR_CA_FILE"):
        net.probe(HOST, "https", address="127.0.0.1", port=free_port())
