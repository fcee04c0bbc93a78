"""Zones that cannot be listed, asked for a name that only a CDN's account tells, on real servers."""

from __future__ import annotations

import pytest

from providers.manual.provider import ManualProvider
from reconciler.dns import Record
from reconciler.model import Action
from reconciler.provider import Parts, ReadsByName, Scope, Wanted
from reconciler.records import live_record, zone_views
from tests.providers.rfc2136.rfc2136_stand import HOST_NAME, SERVERS, ZONE, change, stand
from tests.reconciler.test_propagation import internet
from tests.servers.bind import bind

CHECK = f"_0123abcd.{HOST_NAME}"
VALUE = "_4567.acm-validations.aws"
LINES = f"click 300 CNAME spgo.io.\n_0123abcd.click 300 CNAME {VALUE}.\n"
WILD = f"* 300 CNAME {VALUE}.\nclick 300 CNAME spgo.io.\n"


def validation() -> Record:
    return Record(HOST_NAME, "validation", CHECK, "CNAME", (VALUE,), 3600)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("transfer", ["query", "auto"])
def test_a_zone_that_was_read_by_names_is_asked_for_further_ones(server: str, transfer: str) -> None:
    with stand(server, LINES, transfers=False, transfer=transfer) as on:
        live = on.read()
        assert [zone.asked is not None and CHECK not in zone.asked for zone in live.zones] == [True]
        assert CHECK not in {rrset.name for rrset in live.rrsets}
        assert isinstance(on.provider, ReadsByName)
        more = on.provider.read_names([CHECK], live)
        assert {r.name: r.values for r in more.rrsets if r.type == "CNAME"} == {
            HOST_NAME: ("spgo.io",),
            CHECK: (VALUE,),
        }
        assert [zone.asked is not None and {CHECK, HOST_NAME} <= zone.asked for zone in more.zones] == [True]

        view = zone_views(more.zones, more.rrsets)[ZONE]
        held = live_record("ns", HOST_NAME, "validation", view.zone, view.sets(CHECK, "CNAME"))
        (wanted,) = on.provider.spell([validation()], more).resources
        made = change(held, wanted)
        assert made is not None
        assert made.action is Action.UPDATE
        on.done([made])
        again = on.provider.read_names([CHECK], more)
        assert [r.ttl for r in again.rrsets if r.name == CHECK] == [3600]


def test_a_zone_that_was_transferred_says_so() -> None:
    with stand("bind", LINES) as on:
        live = on.read()
        assert [zone.asked for zone in live.zones] == [None]
        assert CHECK in {rrset.name for rrset in live.rrsets}
        assert on.provider.read_names([CHECK], live).rrsets == live.rrsets


def test_what_a_wildcard_answers_for_such_a_name_does_not_stand_there() -> None:
    wild = f"*.click 300 CNAME {VALUE}.\nclick 300 CNAME spgo.io.\n"
    with stand("bind", wild, transfers=False) as on:
        more = on.provider.read_names([CHECK], on.read())
        assert CHECK not in {rrset.name for rrset in more.rrsets}


@pytest.mark.parametrize(("lines", "values"), [(LINES, [(VALUE,)]), (WILD, [])], ids=("own", "none"))
def test_a_zone_that_people_edit_is_asked_for_further_names(lines: str, values: list[tuple[str]]) -> None:
    with bind({ZONE: lines}) as server, internet(server, server) as net:
        provider = ManualProvider("people", [ZONE], net)
        live = provider.read(Scope(Parts(dns=(Wanted(HOST_NAME, "spgo.io", 3600),))))
        (zone,) = live.zones
        assert zone.asked is not None
        assert CHECK not in zone.asked
        assert isinstance(provider, ReadsByName)
        more = provider.read_names([CHECK], live)
        assert [r.values for r in more.rrsets if r.name == CHECK] == values
        assert [r.values for r in more.rrsets if r.name == HOST_NAME] == [("spgo.io",)]
        assert [zone.asked for zone in more.zones] == [zone.asked | {CHECK}]
