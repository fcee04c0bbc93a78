"""What a real nginx does with the configuration that tdr renders, seen by SparkPost's origin behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from providers.external.nginx import rendered
from tests.providers.external.proxies import CLICK, GO, Front, front
from tests.servers.nginx import complaints, nginx
from tests.servers.programs import program

# What people have in their own http context, and what must not reach the links.
AROUND = """
  add_header Strict-Transport-Security "max-age=31536000; includeSubDomains";
  proxy_set_header Host wrong.example.com;
  proxy_redirect https://www.example.com/ http://click.example.com/;
  gzip on;
"""
PIXEL_BYTES = 44


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    program("nginx")
    folder = tmp_path_factory.mktemp("nginx")
    with front(folder) as found, nginx(folder / "run", rendered(found.proxy), AROUND):
        yield found


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", [CLICK, GO])
def test_a_click_leads_on_without_a_detour(served: Front, scheme: str, host: str) -> None:
    answer = served.visit(f"{scheme}://{host}/f/a/b/c/d-{scheme}")
    assert (answer.status, answer.body) == (302, b"")
    assert answer.header("location") == "https://www.example.com/"
    assert answer.header("server") == "msys-http"
    assert answer.header("strict-transport-security", "none") == "none"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_probe_path_and_the_pixel_answer_200(served: Front, scheme: str) -> None:
    assert served.visit(f"{scheme}://{CLICK}/f/").status == 200
    pixel = served.visit(f"{scheme}://{CLICK}/q/{scheme}")
    assert (pixel.status, len(pixel.body), pixel.header("content-type")) == (200, PIXEL_BYTES, "image/gif")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_host_user_agent_and_client_arrive_and_what_a_client_forges_does_not(
    served: Front, scheme: str
) -> None:
    forged = (("X-Forwarded-For", "203.0.113.99"), ("X-Forwarded-Host", "evil.example.com"))
    served.visit(f"{scheme}://{CLICK}/f/a/1", headers=(("User-Agent", f"Mailer/{scheme}"), *forged))
    (event,) = served.events(user_agent=f"Mailer/{scheme}")
    assert (event["host"], event["tracking_host"], event["forwarded_host"]) == (CLICK, CLICK, "")
    assert event["client"] == "127.0.0.1"
    assert (event["scheme"], event["sni"]) == ("https", "spgo.io")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_query_is_kept_and_part_of_what_a_cache_keeps_apart(served: Front, scheme: str) -> None:
    for target in ("https://one.example.org/a?b=c%26d", "https://two.example.org/"):
        answer = served.visit(f"{scheme}://{CLICK}/f/a/{scheme}?target={target}")
        assert (answer.status, answer.header("location")) == (302, unquote(target))


@pytest.mark.parametrize("path", ["/f/a/%2Fb%20c/~x~~/%C3%A9", "/f/a//b/./c", "/f/a/b=c+d,e;f:g@h"])
def test_a_path_arrives_as_it_was_sent(served: Front, path: str) -> None:
    assert served.visit(f"https://{CLICK}{path}").status == 302
    (call,) = [c for c in served.sandbox.control("GET", "/calls?kind=edge") if c["path"] == path]
    assert call["vendor"] == "sparkpost"


def test_a_repeat_within_ten_seconds_counts_once(served: Front) -> None:
    for _ in range(3):
        assert served.visit(f"https://{CLICK}/f/a/repeat").status == 302
    assert len(served.events(path="/f/a/repeat")) == 1
    assert served.visit(f"https://{GO}/f/a/repeat").status == 302
    assert served.visit(f"http://{CLICK}/f/a/repeat").status == 302
    assert len(served.events(path="/f/a/repeat")) == 3


def test_what_says_that_it_must_not_be_held_is_not_held(served: Front) -> None:
    for _ in range(2):
        assert served.visit(f"https://{CLICK}/q/twice").status == 200
    assert len(served.events(path="/q/twice")) == 2


def test_a_head_is_not_turned_into_a_click(served: Front) -> None:
    answer = served.visit(f"https://{CLICK}/f/a/head", method="HEAD")
    assert answer.status == 405
    assert [e["method"] for e in served.events(path="/f/a/head")] == ["HEAD"]


def test_errors_of_the_origin_are_passed_on_and_not_held(served: Front) -> None:
    for _ in range(2):
        assert served.visit(f"https://{CLICK}/nothing").status == 404
    assert len(served.events(path="/nothing")) == 2


def test_what_is_held_is_asked_for_again_when_its_time_has_passed(tmp_path: Path) -> None:
    program("nginx")
    with front(tmp_path, cache_ttl_s=1) as short, nginx(tmp_path / "run", rendered(short.proxy)):
        clicks = 0
        while len(short.events(path="/f/a/again")) < 2:  # as long as a second lasts
            clicks += 1
            assert short.visit(f"https://{CLICK}/f/a/again").status == 302
    assert clicks > 2


def test_without_a_cache_every_click_counts(tmp_path: Path) -> None:
    program("nginx")
    with front(tmp_path, cache_ttl_s=0) as none, nginx(tmp_path / "run", rendered(none.proxy)):
        for _ in range(2):
            assert none.visit(f"https://{CLICK}/f/a/each").status == 302
        assert len(none.events(path="/f/a/each")) == 2


def test_an_origin_whose_certificate_is_not_sparkposts_is_not_believed(tmp_path: Path) -> None:
    program("nginx")
    with front(tmp_path) as found:
        other = replace(found.proxy.sites[0], origin="eu.spgo.io")
        proxy = replace(found.proxy, sites=(other,))
        with nginx(tmp_path / "run", rendered(proxy)) as log:
            assert found.visit(f"https://{CLICK}/f/a/1").status == 502
            assert found.events() == []
    assert any("certificate" in line for line in log)


def test_nginx_accepts_many_hosts_and_long_names_without_a_warning(tmp_path: Path) -> None:
    program("nginx")
    long = f"{'a' * 60}.{'b' * 60}.example.com"
    with front(tmp_path) as found:
        first = found.proxy.sites[0]
        sites = [replace(first, host=f"t{number}.example.com") for number in range(200)]
        proxy = replace(found.proxy, sites=(first, *sites, replace(first, host=long)))
        assert complaints(tmp_path / "run", rendered(proxy)) == ""
