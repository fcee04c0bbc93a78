"""What an answer proves: SparkPost's marks, and the failures that have names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.probe import Probe, describe, judge

CLICK = Probe(
    "click.example.com",
    "http",
    "/f/a/b/c/d",
    address="198.51.100.7",
    port=80,
    status=302,
    server="msys-http",
    content_type="text/plain",
    robots="noindex",
    location="https://www.example.com/",
)
HTTPS = replace(CLICK, scheme="https", port=443, verified=True)
ROOT = replace(CLICK, path="/f/", status=200, location="", robots="")


@pytest.mark.parametrize(
    ("probe", "marks"),
    [
        (CLICK, ("text/plain", "x-robots-tag: noindex", "server: msys-http")),
        (replace(CLICK, server="cloudflare"), ("text/plain", "x-robots-tag: noindex")),
        (replace(CLICK, server="nginx", robots=""), ("text/plain",)),
        (replace(CLICK, content_type="", robots=""), ("server: msys-http",)),
        (
            replace(CLICK, content_type="Text/Plain; charset=utf-8", server="", robots="", location=""),
            ("text/plain",),
        ),
        (replace(HTTPS, server="cloudflare"), ("text/plain", "x-robots-tag: noindex")),
        (ROOT, ("text/plain", "server: msys-http")),
        (replace(ROOT, status=302), ("text/plain", "server: msys-http")),
    ],
)
def test_sparkpost_is_known_by_any_of_its_marks(probe: Probe, marks: tuple[str, ...]) -> None:
    verdict = judge(probe)
    assert (verdict.ok, verdict.code, verdict.marks) == (True, "ok", marks)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": 200}, "not-sparkpost"),
        ({"status": 204}, "not-sparkpost"),
        ({"body_bytes": 138, "body": "<html>302 Found</html>"}, "not-sparkpost"),
        ({"content_type": "text/html", "server": "nginx", "robots": ""}, "not-sparkpost"),
        ({"status": 301, "location": "https://click.example.com/f/a/b/c/d"}, "forced-https"),
        ({"status": 302, "location": "https://CLICK.example.com/f/a/b/c/d"}, "forced-https"),
        ({"status": 308, "location": "https://click.example.com:443/f/a/b/c/d"}, "forced-https"),
        ({"status": 301, "location": "https://www.example.com/"}, "redirect"),
        ({"status": 302, "location": "http://click.example.com/f/a/b/c/d"}, "redirect"),
        ({"status": 307, "location": "https://[broken/"}, "redirect"),
        ({"status": 403, "body": "error code: 1014"}, "edge-1014"),
        ({"status": 530, "body": "error code: 1016"}, "edge-1016"),
        ({"status": 409, "body": '<h1>Error <span class="cf-error-code">1001</span></h1>'}, "edge-1001"),
        ({"status": 403, "body": "error code: 1099"}, "edge-1099"),
        ({"status": 525}, "edge-525"),
        ({"status": 526, "body": "error code: 526"}, "edge-526"),
        ({"status": 530}, "edge-530"),
        ({"status": 403}, "refused"),
        ({"status": 401}, "refused"),
        ({"status": 404}, "not-sparkpost"),
        ({"status": 418}, "refused"),
        ({"status": 429}, "rate-limited"),
        ({"status": 503}, "server-error"),
        ({"status": None, "stage": "dns", "error": "it does not resolve"}, "no-dns"),
        ({"status": None, "stage": "connect", "error": "Connection refused"}, "no-connect"),
        ({"status": None, "stage": "tls", "error": "unrecognized name"}, "no-tls"),
        ({"status": None, "stage": "http", "error": "no answer in time"}, "no-http"),
    ],
)
def test_what_is_not_sparkpost_is_named(changes: dict[str, object], code: str) -> None:
    verdict = judge(replace(CLICK, **changes))  # type: ignore[arg-type]
    assert (verdict.ok, verdict.code) == (False, code)
    assert verdict.reason


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("Hostname mismatch, certificate is not valid for 'click.example.com'.", "certificate-name"),
        ("certificate has expired", "certificate-dates"),
        ("certificate is not yet valid", "certificate-dates"),
        ("self-signed certificate", "certificate-chain"),
        ("", "certificate-chain"),
    ],
)
def test_an_unsound_certificate_outweighs_a_right_answer(error: str, code: str) -> None:
    verdict = judge(replace(HTTPS, verified=False, verify_error=error))
    assert (verdict.ok, verdict.code) == (False, code)


def test_a_body_that_only_talks_of_errors_is_no_error_of_the_edge() -> None:
    assert judge(replace(ROOT, body="Error 1014 explained", body_bytes=20)).code == "not-sparkpost"


def test_a_forced_redirect_says_what_to_do() -> None:
    probe = replace(CLICK, status=301, location="https://click.example.com/f/a/b/c/d")
    assert judge(probe).reason == (
        "http is redirected to https (301 to https://click.example.com/f/a/b/c/d); links in mail already "
        "delivered need an answer on http: switch forced https off for this host"
    )


@pytest.mark.parametrize(
    ("probe", "text"),
    [
        (ROOT, "200 empty, text/plain, server: msys-http"),
        (CLICK, "302 empty, text/plain, x-robots-tag: noindex, server: msys-http"),
        (Probe("h", "http", "/f/", status=200, body_bytes=7), "200 7 bytes"),
        (Probe("h", "http", "/f/", error="Connection refused"), "failed: Connection refused"),
    ],
)
def test_an_answer_is_described_in_a_few_words(probe: Probe, text: str) -> None:
    assert describe(probe) == text
