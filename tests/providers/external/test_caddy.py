"""What a real Caddy does with the configuration that tdr renders, seen by SparkPost's origin behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from providers.external.caddy import rendered
from tests.providers.external.proxies import CLICK, GO, Front, front
from tests.servers.caddy import caddy, complaints
from tests.servers.programs import program


def ports(found: Front) -> tuple[int, int]:
    return found.proxy.http_port, found.proxy.https_port


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    program("caddy")
    folder = tmp_path_factory.mktemp("caddy")
    with front(folder) as found, caddy(folder / "run", rendered(found.proxy), ports(found)):
        yield found


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", [CLICK, GO])
def test_a_click_leads_on_without_a_detour(served: Front, scheme: str, host: str) -> None:
    answer = served.visit(f"{scheme}://{host}/f/a/b/c/d-{scheme}")
    assert (answer.status, answer.body) == (302, b"")
    assert answer.header("location") == "https://www.example.com/"
    assert answer.header("strict-transport-security", "none") == "none"
    assert served.visit(f"{scheme}://{CLICK}/f/").status == 200


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
def test_the_query_is_kept(served: Front, scheme: str) -> None:
    target = "https://one.example.org/a?b=c%26d"
    answer = served.visit(f"{scheme}://{CLICK}/f/a/{scheme}?target={target}")
    assert (answer.status, answer.header("location")) == (302, unquote(target))


@pytest.mark.parametrize("path", ["/f/a/%2Fb%20c/~x~~/%C3%A9", "/f/a//b/c", "/f/a/b=c+d,e;f:g@h"])
def test_a_path_arrives_as_it_was_sent(served: Front, path: str) -> None:
    assert served.visit(f"https://{CLICK}{path}").status == 302
    (call,) = [c for c in served.sandbox.control("GET", "/calls?kind=edge") if c["path"] == path]
    assert call["vendor"] == "sparkpost"


def test_a_head_is_not_turned_into_a_click(served: Front) -> None:
    assert served.visit(f"https://{CLICK}/f/a/head", method="HEAD").status == 405
    assert [e["method"] for e in served.events(path="/f/a/head")] == ["HEAD"]


def test_an_origin_whose_certificate_is_not_sparkposts_is_not_believed(tmp_path: Path) -> None:
    program("caddy")
    with front(tmp_path) as found:
        other = replace(found.proxy.sites[0], origin="eu.spgo.io")
        sites = rendered(replace(found.proxy, sites=(other,)))
        with caddy(tmp_path / "run", sites, ports(found)) as log:
            assert found.visit(f"https://{CLICK}/f/a/1").status == 502
            assert found.events() == []
    assert any("certificate is valid for spgo.io, not eu.spgo.io" in line for line in log)


def test_caddy_accepts_what_is_rendered_for_several_origins(tmp_path: Path) -> None:
    program("caddy")
    with front(tmp_path) as found:
        first, second = found.proxy.sites
        proxy = replace(found.proxy, sites=(first, replace(second, origin="eu.spgo.io", connect="")))
        assert complaints(tmp_path / "run", rendered(proxy), ports(found)) == ""
