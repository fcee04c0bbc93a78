"""The proof block, as it is printed."""

from __future__ import annotations

from dataclasses import replace

from reconciler.net_settings import Address, NetSettings
from reconciler.probe import Probe, ServedCertificate
from reconciler.proof import Evidence, curl_line, prove

HOST = "click.example.com"
CERTIFICATE = ServedCertificate(
    subject=f"CN={HOST}",
    common_name=HOST,
    issuer="C=US; O=Let's Encrypt; CN=R11",
    issuer_organization="Let's Encrypt",
    issuer_name="R11",
    names=(HOST, "*.example.com"),
    not_before=1767571200.0,
    not_after=1775347200.0,
)
ROOT = Probe(HOST, "http", "/f/", "198.51.100.7", 80, 200, server="msys-http", content_type="text/plain")
CLICK = replace(ROOT, path="/f/a/b/c/d", status=302, robots="noindex", location="https://www.example.com/")
SECURE = {"scheme": "https", "port": 443, "tls": "TLSv1.3", "certificate": CERTIFICATE, "verified": True}
HTTPS_ROOT, HTTPS_CLICK = (replace(each, **SECURE) for each in (ROOT, CLICK))  # type: ignore[arg-type]
GOOD = Evidence(HOST, (HTTPS_ROOT, HTTPS_CLICK, ROOT, CLICK))


def test_the_proof_of_a_working_domain() -> None:
    proof = prove(GOOD, NetSettings())
    assert (proof.ok, proof.reasons) == (True, ())
    assert (
        proof.text
        == """\
click.example.com: proven
  TLS handshake with click.example.com: subject: CN=click.example.com, \
SAN: click.example.com, *.example.com, issuer: C=US; O=Let's Encrypt; CN=R11, valid 2026-01-05 \
to 2026-04-05, verify ok
  GET https://click.example.com/f/ -> 200 empty, text/plain, server: msys-http
    curl -v https://click.example.com/f/
  GET https://click.example.com/f/a/b/c/d -> 302 empty, text/plain, x-robots-tag: noindex, server: msys-http
    curl -v https://click.example.com/f/a/b/c/d
  GET http://click.example.com/f/ -> 200 empty, text/plain, server: msys-http
    curl -v http://click.example.com/f/
  GET http://click.example.com/f/a/b/c/d -> 302 empty, text/plain, x-robots-tag: noindex, server: msys-http
    curl -v http://click.example.com/f/a/b/c/d"""
    )


def test_the_proof_of_a_broken_domain_says_why_under_each_get() -> None:
    other = replace(CERTIFICATE, names=("other.example.net",))
    wrong = {"certificate": other, "verified": False, "verify_error": "Hostname mismatch"}
    secure = [replace(each, **wrong) for each in (HTTPS_ROOT, HTTPS_CLICK)]  # type: ignore[arg-type]
    refused = [
        replace(
            each,
            status=None,
            stage="connect",
            error="Connection refused",
            server="",
            content_type="",
            robots="",
        )
        for each in (ROOT, CLICK)
    ]
    proof = prove(Evidence(HOST, (*secure, *refused)), NetSettings())
    assert not proof.ok
    assert proof.reasons == (
        "https: the certificate is for other.example.net, not for click.example.com",
        "http: nothing answers for click.example.com at 198.51.100.7:80: Connection refused",
    )
    assert (
        proof.text
        == """\
click.example.com: not proven
  TLS handshake with click.example.com: subject: CN=click.example.com, \
SAN: other.example.net, issuer: C=US; O=Let's Encrypt; CN=R11, valid 2026-01-05 \
to 2026-04-05, verify FAILED: Hostname mismatch
  GET https://click.example.com/f/ -> 200 empty, text/plain, server: msys-http
    note: the certificate is for other.example.net, not for click.example.com
    curl -v https://click.example.com/f/
  GET https://click.example.com/f/a/b/c/d -> 302 empty, text/plain, x-robots-tag: noindex, server: msys-http
    the certificate is for other.example.net, not for click.example.com
    curl -v https://click.example.com/f/a/b/c/d
  GET http://click.example.com/f/ -> failed: Connection refused
    note: nothing answers for click.example.com at 198.51.100.7:80: Connection refused
    curl -v http://click.example.com/f/
  GET http://click.example.com/f/a/b/c/d -> failed: Connection refused
    nothing answers for click.example.com at 198.51.100.7:80: Connection refused
    curl -v http://click.example.com/f/a/b/c/d"""
    )


def test_a_handshake_that_failed_is_told() -> None:
    failed = Probe(HOST, "https", "/f/a/b/c/d", "198.51.100.7", 443, stage="tls", error="unrecognized name")
    assert (
        f"TLS handshake with {HOST}: none (unrecognized name)"
        in prove(Evidence(HOST, (failed,)), NetSettings()).text
    )
    unread = replace(HTTPS_CLICK, certificate=None)
    assert "TLSv1.3, verify ok" in prove(Evidence(HOST, (unread,)), NetSettings()).text


def test_only_clicks_decide() -> None:
    changed = replace(ROOT, status=404, content_type="", server="")
    proof = prove(Evidence(HOST, (HTTPS_ROOT, HTTPS_CLICK, changed, CLICK)), NetSettings())
    assert proof.ok
    assert "note: 404" in proof.text


def test_http_alone_is_no_handshake() -> None:
    assert "TLS" not in prove(Evidence(HOST, (ROOT, CLICK)), NetSettings()).text


def test_the_curl_line_goes_where_the_probe_went() -> None:
    settings = NetSettings(
        net_map={
            Address("198.51.100.7", 443): Address("127.0.0.1", 40443),
            Address("198.51.100.7", 80): Address("::1", 40080),
        },
        ca_file="my sandbox/ca.pem",
    )
    assert curl_line(HTTPS_CLICK, settings) == (
        "curl -v --cacert 'my sandbox/ca.pem' --noproxy '*' "
        "--connect-to click.example.com:443:127.0.0.1:40443 https://click.example.com/f/a/b/c/d"
    )
    assert curl_line(ROOT, settings) == (
        "curl -v --noproxy '*' --connect-to 'click.example.com:80:[::1]:40080' http://click.example.com/f/"
    )
    assert curl_line(replace(CLICK, port=8080), settings) == "curl -v http://click.example.com:8080/f/a/b/c/d"
