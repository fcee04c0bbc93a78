"""The whole job with a real proxy: tdr proves it, moves DNS to it, SparkPost verifies through it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from providers.external import caddy as caddyfile
from providers.external import nginx as nginx_conf
from providers.external.proxy import Proxy
from tests.providers.external.proxies import ADDRESS, CLICK, NAME, front, world
from tests.scenarios import town as towns
from tests.scenarios.town import PROVIDERS, Town, clicking, cname, live_click, zone
from tests.servers.caddy import caddy
from tests.servers.nginx import nginx
from tests.servers.programs import program

Started = AbstractContextManager[object]


def with_nginx(folder: Path, proxy: Proxy) -> Started:
    return nginx(folder, nginx_conf.rendered(proxy))


def with_caddy(folder: Path, proxy: Proxy) -> Started:
    return caddy(folder, caddyfile.rendered(proxy), (proxy.http_port, proxy.https_port))


@pytest.mark.parametrize(
    ("name", "serving"), [("nginx", with_nginx), ("caddy", with_caddy)], ids=["nginx", "caddy"]
)
@pytest.mark.parametrize("target", [NAME, [ADDRESS]], ids=["name", "address"])
def test_a_live_host_moves_behind_a_real_proxy(
    name: str, serving: Callable[[Path, Proxy], Started], target: object, tmp_path: Path
) -> None:
    program(name)
    given = {**towns.world(zone("example.com", cname(CLICK)), sp=live_click()), "dns": world()["dns"]}
    with front(tmp_path, given) as found:
        town = Town(found.sandbox, tmp_path)
        found.sandbox.env.update(found.sandbox.kernel.env())
        file = town.file(
            {CLICK: {"default": True, "cdn": "front"}},
            providers={**PROVIDERS, "front": {"type": "external", "target": target}},
        )
        link = town.mail("mail.example.com", "https://shop.example.org/")["click"]
        late = town.tdr("apply", "-auto-approve", "-timeout", "1m", file)
        assert late.code == 1
        assert town.dns(CLICK) == ("spgo.io",)
        with serving(tmp_path / "run", found.proxy), clicking(town, link) as answers:
            town.apply(file)
            town.settled(file)
            assert town.ok("check", file).code == 0
        assert set(answers) == {(302, "https://shop.example.org/")}
        town.judge()


def test_nginx_follows_an_origin_that_moves(tmp_path: Path) -> None:
    program("nginx")
    given = {**towns.world(zone(), sp=live_click()), "dns": world()["dns"][:1]}
    moving = {"type": "A", "name": "origin.example.com", "content": "127.0.0.2", "ttl": 3600}
    with front(tmp_path, given) as found:
        town = Town(found.sandbox, tmp_path)
        town.zone_now(add_records=[moving])
        port = found.proxy.sites[0].connect.rpartition(":")[2]
        there = replace(found.proxy.sites[0], connect=f"origin.example.com:{port}")
        short = replace(found.proxy, sites=(there,), cache_ttl_s=0, looked_up_s=1)
        with nginx(tmp_path / "run", nginx_conf.rendered(short)):
            assert found.visit(f"https://{CLICK}/f/a/1").status == 502
            town.zone_now(
                remove_records=["origin.example.com A"], add_records=[{**moving, "content": "127.0.0.1"}]
            )
            town.advance(4000)  # past the TTL that the resolver keeps
            while found.visit(f"https://{CLICK}/f/a/1").status == 502:
                pass
            assert found.visit(f"https://{CLICK}/f/a/1").status == 302
