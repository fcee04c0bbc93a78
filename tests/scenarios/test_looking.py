"""How tdr looks at DNS meanwhile: nothing is asked for before it is there; a network without port 53."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.scenarios.town import CLICK, Town, cname, live_click, world, zone

Open = Callable[[Mapping[str, Any]], Town]
DEEP = "click.eu.example.com"
MINE = {CLICK: {"sending_domains": ["mail.example.com"]}}


def denied(town: Town) -> list[tuple[str, str]]:
    """What resolvers were asked for and was not there: each remembers that for a while, for everybody."""
    found = town.control("GET", "/dns/queries")
    return [(q["name"], q["type"]) for q in found if q["server"] == "resolver" and q["rcode"] == "NXDOMAIN"]


@pytest.mark.parametrize("domain", [{"cdn": "web"}, {"cdn": "sp"}], ids=["a CDN", "SparkPost's own"])
@pytest.mark.parametrize("host", ["new.example.com", DEEP])
def test_no_resolver_is_asked_for_a_name_that_is_not_there_yet(
    open_town: Open, host: str, domain: Mapping[str, Any]
) -> None:
    """The negative answer would outlive the making of the name, which then seems dead (RFC 2308)."""
    town = open_town(world(zone("example.com", packs=[PACK])))
    file = town.file({host: {**domain, "sending_domains": ["mail.example.com"]}})
    town.tdr("plan", file)
    assert denied(town) == []
    town.apply(file)
    assert denied(town) == []


PACK = {"type": "advanced", "hosts": ["example.com", "*.example.com", "*.eu.example.com"], "status": "active"}


def test_a_network_without_port_53_waits_until_its_resolvers_have_the_new_record(open_town: Open) -> None:
    town = open_town(world(zone("example.com", cname(CLICK, ttl=1200)), sp=live_click()))
    file = town.file(MINE)
    planned = town.tdr("plan", file, TDR_DNS="recursive")
    assert "TDR_DNS: authoritative servers are not asked" in planned.err
    assert "every resolver that is asked (TDR_DNS=recursive) answers with the new record" in planned.out
    assert "at most 30m" in planned.out  # ten minutes for the servers, and the old TTL for the resolvers
    before = town.control("GET", "/clock")["now"]
    ran = town.tdr("apply", "-auto-approve", file, TDR_DNS="recursive")
    assert ran.code == 0, str(ran)
    assert "1 of 1 resolvers not yet: resolver (" in ran.err
    # the old TTL until the resolver asks anew, then what was handed out last before the move
    assert 1200 <= town.control("GET", "/clock")["now"] - before < 1560
    town.settled(file)
