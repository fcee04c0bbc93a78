"""Edges, certificates and fetching: TLS and HTTP as any client sees them."""

import http.client
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography import x509

from providers.sandbox.fetch import Fetched, FetchError
from providers.sandbox.running import Running
from providers.sandbox.zone import Record
from tests.sandbox.acme import ADDRESS, Acme, acme_world

World = tuple[Running, Acme]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with acme_world() as running:
        yield running


def fetch(world: World, url: str, **options: Any) -> Fetched:
    return world[0].run(world[0].kernel.fetch(url, **options))


def connect(world: World, port: int) -> socket.socket:
    host, _, mapped = world[0].net_map[f"{ADDRESS}:{port}"].partition(":")
    return socket.create_connection((host, int(mapped)), timeout=5)


def handshake(world: World, name: str | None) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=world[0].env["TDR_CA_FILE"])
    if name is None:
        context.check_hostname = False
    return context.wrap_socket(connect(world, 443), server_hostname=name)


def test_the_certificate_verifies_and_names_its_issuer(world: World) -> None:
    with handshake(world, "www.acme.com") as tls:
        leaf = tls.getpeercert()

    assert leaf is not None
    assert leaf["subjectAltName"] == (("DNS", "www.acme.com"),)
    assert dict(pair for (pair,) in leaf["issuer"])["organizationName"] == "Acme Trust"


@pytest.mark.parametrize("name", ["unknown.acme.com", None])
def test_a_name_without_certificate_fails_the_handshake(world: World, name: str | None) -> None:
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        handshake(world, name)


def test_a_wrong_name_is_noticed_by_who_verifies(world: World) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(world, "other.acme.com")


def test_requests_arrive_as_sent_and_answers_leave_as_given(world: World) -> None:
    with connect(world, 80) as sock:
        sock.sendall(
            b"GET /f/%2e%2E/a?target=http%3A//x&b HTTP/1.1\r\nhOsT: www.acme.com\r\nX-a:  v \r\n\r\n"
        )
        answer = sock.recv(65536).decode()

    head, _, body = answer.partition("\r\n\r\n")
    assert head.split("\r\n") == [
        "HTTP/1.1 200 OK",
        "sErVer: acme",
        "X-Two: 1",
        "X-Two: 2",
        f"Content-Length: {len(body)}",
    ]
    assert body.split("\n") == [
        "GET /f/%2e%2E/a?target=http%3A//x&b sni=None client=192.0.2.200",
        "hOsT: www.acme.com",
        "X-a: v",
    ]


def test_a_connection_serves_many_requests_with_bodies_and_without(world: World) -> None:
    host, _, port = world[0].net_map[f"{ADDRESS}:80"].partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    lines = []
    for method, body in [
        ("POST", b"x" * 100_000),
        ("GET", None),
        ("HEAD", None),
        ("PUT", iter([b"a", b"b"])),
    ]:
        connection.request(method, "/n", body, {"Host": "www.acme.com"})
        lines.append(connection.getresponse().read().decode().partition(" ")[0])
    connection.close()

    assert lines == ["POST", "GET", "", "PUT"]


def test_a_client_may_say_whom_it_stands_for(world: World) -> None:
    got = fetch(world, "http://www.acme.com/", headers=(("X-Sandbox-Client", "192.0.2.77"),))

    assert "client=192.0.2.77" in got.body.decode()
    assert "sandbox" not in got.body.decode().lower()


def test_an_edge_may_hang_up(world: World) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(world, "http://www.acme.com/drop")
    assert caught.value.stage == "protocol"


def test_fetch_resolves_connects_and_verifies(world: World) -> None:
    got = fetch(world, "https://www.acme.com/f/?a=1", headers=(("X-One", "1"),), source="198.51.100.7")

    assert (got.status, got.header("server")) == (200, "acme")
    assert got.body.decode().split("\n") == [
        "GET /f/?a=1 sni=www.acme.com client=198.51.100.7",
        "Host: www.acme.com",
        "X-One: 1",
        "Connection: close",
    ]
    assert got.certificate is not None
    assert x509.load_der_x509_certificate(got.certificate).subject.rfc4514_string() == "CN=www.acme.com"


def test_fetch_goes_elsewhere_with_another_host_and_sni(world: World) -> None:
    got = fetch(
        world,
        "https://click.example.net/",
        connect_to="www.acme.com",
        sni="other.acme.com",
        headers=(("Host", "click.example.net"),),
        verify=False,
    )

    assert got.body.decode().split("\n")[:2] == [
        "GET / sni=other.acme.com client=192.0.2.201",
        "Host: click.example.net",
    ]


def test_fetch_follows_redirects_when_told(world: World) -> None:
    first = fetch(world, "http://www.acme.com/to-https")
    last = fetch(world, "http://www.acme.com/to-https", follow=True)

    assert first.status == 301
    assert (last.status, last.url) == (200, "https://www.acme.com/f/")


@pytest.mark.parametrize(
    ("url", "options", "stage"),
    [
        ("https://nowhere.acme.com/", {}, "dns"),
        ("https://www.acme.com/", {"connect_to": "203.0.113.250"}, "connect"),
        ("https://www.acme.com:8443/", {}, "connect"),
        ("https://www.acme.com/", {"sni": "unknown.acme.com"}, "tls"),
        ("https://www.acme.com/", {"sni": "other.acme.com"}, "tls"),
    ],
)
def test_fetch_says_at_which_stage_it_failed(
    world: World, url: str, options: dict[str, Any], stage: str
) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(world, url, **options)
    assert caught.value.stage == stage


def test_edges_are_recorded_and_struck_by_faults() -> None:
    with acme_world() as world:
        sandbox = world[0]
        sandbox.control("POST", "/faults", {"kind": "status", "on": "edge", "vendor": "acme", "status": 521})
        first, second = fetch(world, "http://www.acme.com/x?y"), fetch(world, "http://www.acme.com/x?y")
        sandbox.control("POST", "/faults", {"kind": "reset", "on": "edge", "after": True})
        with pytest.raises(FetchError):
            fetch(world, "http://www.acme.com/")
        calls = sandbox.control("GET", "/calls?kind=edge")

    assert (first.status, second.status) == (521, 200)
    assert [(c["listener"], c["path"], c["query"], c["status"], c["handled"]) for c in calls] == [
        (f"{ADDRESS}:80", "/x", "y", 521, False),
        (f"{ADDRESS}:80", "/x", "y", 200, True),
        (f"{ADDRESS}:80", "/", "", None, True),
    ]


def test_an_edges_own_mistake_is_never_taken_for_the_vendors() -> None:
    with acme_world() as world:
        assert fetch(world, "http://www.acme.com/mistake").status == 501
        assert world[0].control("GET", "/unemulated") == ["acme GET /mistake"]


def test_garbage_is_hung_up_on(world: World) -> None:
    for garbage in (
        b"\x16\x03\x01\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ):
        with connect(world, 80) as sock:
            sock.sendall(garbage)
            assert sock.recv(100) == b""


def test_certificates_of_any_dates_are_issued(world: World) -> None:
    certificate = world[0].kernel.ca.issue(["*.acme.com", "acme.com"], not_before=1e9, not_after=1.1e9)
    leaf = x509.load_pem_x509_certificate(certificate.chain_pem)

    assert leaf.not_valid_after_utc.timestamp() == 1.1e9
    assert [certificate.covers(n) for n in ("acme.com", "A.acme.com", "a.b.acme.com", "xacme.com")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_zone_added_while_running_is_served(world: World) -> None:
    world[1].records = [*world[1].records, Record("late.acme.com", "A", 1, ADDRESS)]
    assert fetch(world, "http://late.acme.com/").status == 200


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_reaches_an_edge(world: World) -> None:
    mapped = world[0].net_map[f"{ADDRESS}:443"]
    command = ["curl", "-sS", "-i", "--noproxy", "*", "--cacert", world[0].env["TDR_CA_FILE"]]
    mapping = ["--connect-to", f"www.acme.com:443:{mapped}", "https://www.acme.com/f/a/b/c/d"]
    done = subprocess.run([*command, *mapping], capture_output=True, check=True, text=True)
    assert "GET /f/a/b/c/d sni=www.acme.com" in done.stdout
