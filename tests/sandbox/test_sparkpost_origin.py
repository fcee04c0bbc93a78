"""SparkPost's emulator: what the tracking origin answers, and what it counts."""

import asyncio
import ssl

import httpx
import pytest

from tests.sandbox.sparkpost_bench import KEY, bench

NAME = "click.example.net"
ACCOUNT = {"region": "us", "key": KEY, "tracking_domains": [{"domain": NAME, "verified": True}]}
ADDRESSES = {
    "spgo.io": "203.0.113.10",
    "v2.spgo.io": "203.0.113.11",
    "eu.spgo.io": "203.0.113.20",
    "eu.v2.spgo.io": "203.0.113.21",
}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_endpoint_answers_the_probe_of_the_guide_on_both_ports(scheme: str) -> None:
    with bench(ACCOUNT) as b:
        for name, address in ADDRESSES.items():
            old = b.ask(f"{scheme}://{name}/f/", address)
            assert (old.status_code, old.content) == (200, b"")
            new = b.ask(f"{scheme}://{name}/f/a/b/c/d", address)
            assert (new.status_code, new.content) == (302, b"")
            for answer in (old, new):
                assert answer.headers["content-type"] == "text/plain"
                assert answer.headers["content-length"] == "0"
                assert answer.headers["server"] == "msys-http"
            assert new.headers["x-robots-tag"] == "noindex"


def test_spgo_io_is_found_by_dns_from_the_root_down() -> None:
    with bench() as b:
        for name, address in ADDRESSES.items():
            found = b.sandbox.do(lambda name=name: b.sandbox.kernel.resolve(name, "A"))
            assert found.values("A") == (address,)


@pytest.mark.parametrize("path", ["/f", "/f/"])
def test_the_bare_click_path_is_200(path: str) -> None:
    with bench() as b:
        assert b.ask(f"http://spgo.io{path}").status_code == 200


@pytest.mark.parametrize("path", ["/f/a", "/f/a/", "/f/sub-path/x/y"])
def test_any_path_below_it_is_302(path: str) -> None:
    with bench() as b:
        assert b.ask(f"http://spgo.io{path}").status_code == 302


def test_an_old_link_goes_where_its_query_says() -> None:
    with bench(ACCOUNT) as b:
        answer = b.ask(f"http://{NAME}/f/a/x?target=https%3A%2F%2Fshop.example.org%2Fp%3Fq%3D1%26r%3D2")
        assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example.org/p?q=1&r=2")


def test_a_target_longer_than_4096_bytes_is_refused() -> None:
    with bench(ACCOUNT) as b:
        longest = "https://shop.example.org/" + "x" * (4096 - 25)
        assert b.ask(f"http://{NAME}/f/a/x?target={longest}").status_code == 302
        assert b.ask(f"http://{NAME}/f/a/x?target={longest}x").status_code == 400


def test_an_open_is_a_gif_of_44_bytes_that_is_not_cached() -> None:
    with bench(ACCOUNT) as b:
        answer = b.ask(f"http://{NAME}/q/abc~~/AAA~")
        assert (answer.status_code, len(answer.content)) == (200, 44)
        assert answer.headers["content-type"] == "image/gif"
        assert answer.headers["cache-control"] == "no-cache, max-age=0"
        assert answer.content.startswith(b"GIF89a")


@pytest.mark.parametrize(("method", "status"), [("HEAD", 405), ("OPTIONS", 405), ("POST", 405), ("PUT", 405)])
def test_only_get_is_served(method: str, status: int) -> None:
    with bench(ACCOUNT) as b:
        answer = b.ask(f"http://{NAME}/f/a/b/c/d", method=method)
        assert (answer.status_code, answer.headers["server"]) == (status, "msys-http")


def test_a_post_may_be_accepted() -> None:
    with bench(ACCOUNT, switches={"sparkpost.post-on-tracking-host": "accepted-200"}) as b:
        assert b.ask(f"http://{NAME}/f/a/b/c/d", method="POST").status_code == 200


def test_robots_are_sent_away_and_other_paths_are_404() -> None:
    with bench(ACCOUNT) as b:
        robots = b.ask(f"http://{NAME}/robots.txt")
        assert (robots.status_code, "Disallow: /" in robots.text) == (200, True)
        for path in ("/", "/index.html", "/.well-known/acme-challenge/none", "/fx/a"):
            assert b.ask(f"http://{NAME}{path}").status_code == 404


def test_a_handshake_without_sni_is_refused_or_gets_another_certificate() -> None:
    url = "https://203.0.113.10/f/"
    with bench() as b:
        refused = b.sandbox.run(handshake(b.sandbox.net_map["203.0.113.10:443"]))
        assert refused is False, url
    with bench(switches={"sparkpost.origin-without-sni": "wrong-certificate"}) as b:
        assert b.sandbox.run(handshake(b.sandbox.net_map["203.0.113.10:443"])) is True


async def handshake(where: str) -> bool:
    """Whether a handshake that names no host succeeds, no certificate being asked for."""
    host, port = where.split(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        _, writer = await asyncio.open_connection(host, int(port), ssl=context, server_hostname="")
    except OSError:
        return False
    writer.close()
    return True


def test_the_certificate_covers_the_endpoint_and_never_a_tracking_host() -> None:
    with bench(ACCOUNT) as b:
        with pytest.raises(httpx.ConnectError, match=NAME):
            b.ask(f"https://{NAME}/f/")
        assert b.ask(f"https://{NAME}/f/", sni="spgo.io").status_code == 200


@pytest.mark.parametrize(
    ("headers", "identified"),
    [
        ({"Host": NAME}, NAME),
        ({"Host": "CLICK.example.net:443"}, NAME),
        ({"Host": "spgo.io", "X-Forwarded-Host": NAME}, NAME),
        ({"Host": "spgo.io"}, None),
        ({"Host": "unknown.example.net"}, None),
        ({"Host": "spgo.io", "X-Forwarded-Host": "unknown.example.net"}, None),
    ],
)
def test_the_host_is_learnt_from_either_header(headers: dict[str, str], identified: str | None) -> None:
    with bench(ACCOUNT) as b:
        assert b.ask("http://spgo.io/f/a/b/c/d", headers=headers).status_code == 302
        (event,) = b.events("click")
        assert event["tracking_host"] == identified


def test_an_unidentified_host_redirects_unless_the_switch_says_no() -> None:
    with bench(ACCOUNT, switches={"sparkpost.unidentified-host": "not-found-404"}) as b:
        assert b.ask("http://spgo.io/f/a/b/c/d").status_code == 404
        assert b.ask(f"http://{NAME}/f/a/b/c/d").status_code == 302


def test_a_probe_may_come_without_a_location() -> None:
    for setting, present in (("elsewhere", True), ("absent", False)):
        with bench(ACCOUNT, switches={"sparkpost.probe-location": setting}) as b:
            assert ("location" in b.ask(f"http://{NAME}/f/a/b/c/d").headers) is present


def test_an_event_tells_who_asked_for_what() -> None:
    with bench(ACCOUNT) as b:
        headers = {
            "X-Forwarded-For": "198.51.100.44, 198.51.100.7",
            "User-Agent": "Mail/1.0",
            "X-Forwarded-Host": NAME,
        }
        b.ask("https://spgo.io/f/a/x?target=https%3A%2F%2Fa.example.org", headers=headers)
        (event,) = b.events("click")
        assert event == event | {
            "region": "us",
            "endpoint": "spgo.io",
            "account": KEY,
            "tracking_host": NAME,
            "client": "198.51.100.44",
            "user_agent": "Mail/1.0",
            "host": "spgo.io",
            "forwarded_host": NAME,
            "scheme": "https",
            "sni": "spgo.io",
            "path": "/f/a/x",
            "query": "target=https%3A%2F%2Fa.example.org",
            "status": 302,
            "location": "https://a.example.org",
        }


def test_without_a_forwarding_header_the_client_is_the_peer() -> None:
    with bench(ACCOUNT) as b:
        b.ask(f"http://{NAME}/f/a/x", headers={"X-Sandbox-Client": "198.51.100.55"})
        (event,) = b.events("click")
        assert event["client"] == "198.51.100.55"


def test_too_many_clicks_on_one_link_are_403() -> None:
    with bench({**ACCOUNT, "click_limit_per_minute": 2}) as b:
        statuses = [b.ask(f"http://{NAME}/f/a/x").status_code for _ in range(3)]
        assert statuses == [302, 302, 403]
        assert b.ask(f"http://{NAME}/f/a/y").status_code == 302
        b.advance(61)
        assert b.ask(f"http://{NAME}/f/a/x").status_code == 302
