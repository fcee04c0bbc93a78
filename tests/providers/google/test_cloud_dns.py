"""The dns part on Cloud DNS: reading, spelling, exact changes, and what every server knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest

from providers.google.cloud_dns_convert import native_of, stood_from
from providers.google.cloud_dns_records import parts
from providers.google.cloud_dns_refusals import moved_names
from providers.google.cloud_dns_zones import Quota, ZoneState
from reconciler.dns import DNS_RECORD, Record
from reconciler.errors import Conflict, InvalidRequest, UnexpectedResponse
from reconciler.model import Action, Change, Ref, ResourceId
from reconciler.provider import Done, Parts, Scope, Wanted
from tests.providers.google.cloud_dns_memory import (
    MANAGED,
    NAME,
    ZONE,
    Bench,
    MemoryCloudDns,
    Refused,
    claim_record,
    errors_of,
    failures,
    host_record,
    native,
    routed,
)

OTHER = "open.example.com"
OLD = native(NAME, "CNAME", "spgo.io.")
ADDRESS = "203.0.113.99"


def rows(memory: MemoryCloudDns, member: str) -> list[tuple[str, str]]:
    """What all changes added or deleted: name and type."""
    return [(row["name"], row["type"]) for change in memory.changes for row in change[member]]


class Refusing(MemoryCloudDns):
    """Refuses changes a number of times, whatever they ask."""

    def __init__(self, error: Refused, *, times: int) -> None:
        super().__init__()
        self.error, self.times = error, times

    def change(self, managed: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refuse, or do what is asked."""
        if self.times > 0:
            self.times -= 1
            raise self.error
        return super().change(managed, body)


# -- reading
def test_reading_takes_lists_only_and_one_for_each_page() -> None:
    memory = MemoryCloudDns(*(native(f"h{n}.example.com", "A", ADDRESS) for n in range(2300)))
    memory.zone("elsewhere.example", "elsewhere")
    bench = Bench(memory)
    found = bench.read(*(f"h{n}.example.com" for n in range(2300)))
    assert dict(bench.asked) == {
        "dns.managedZones.list": 1,
        "dns.projects.get": 1,
        "dns.resourceRecordSets.list": 3,
    }
    assert [zone.name for zone in found.zones] == [ZONE]
    assert len(found.rrsets) == 2301


def test_pages_are_as_long_as_the_server_likes() -> None:
    memory = MemoryCloudDns(*(native(f"h{n}.example.com", "A", ADDRESS) for n in range(250)))
    memory.page = 100
    bench = Bench(memory)
    assert len(bench.read().rrsets) == 251
    assert bench.asked["dns.resourceRecordSets.list"] == 3


def test_all_zones_are_listed_however_many_pages_there_are() -> None:
    memory = MemoryCloudDns()
    for n in range(250):
        memory.zone(f"z{n:03}.example", f"z{n:03}")
    bench = Bench(memory)
    assert [zone.name for zone in bench.read("click.z249.example").zones] == ["z249.example"]
    assert bench.asked["dns.managedZones.list"] == 3


def test_nothing_is_asked_for_an_alias_that_holds_no_zone_of_the_run() -> None:
    bench = Bench(MemoryCloudDns())
    assert bench.dns.read(Scope(Parts()), "google.acme-mail").zones == ()
    assert dict(bench.asked) == {}


def test_everything_is_all_public_zones() -> None:
    memory = MemoryCloudDns()
    memory.zone("a.example", "a")
    memory.zone("b.example", "b", visibility="private")
    found = Bench(memory).dns.read(Scope(Parts(), everything=True), "google.acme-mail")
    assert [zone.name for zone in found.zones] == ["a.example", ZONE]


def test_a_zone_is_told_as_it_is() -> None:
    (zone,) = Bench(MemoryCloudDns()).read().zones
    servers = ("ns-cloud-a1.googledomains.com", "ns-cloud-a2.googledomains.com")
    told = (zone.container, zone.name_servers, zone.min_ttl, zone.account)
    assert told == ("zone/example.com", servers, 0, "google.acme-mail")
    assert (zone.atomic, zone.compares, zone.tells_sync, zone.cname_beside) == (True, True, True, False)


def test_an_answer_that_is_no_record_set_is_told_so() -> None:
    memory = MemoryCloudDns()
    memory.sets[MANAGED]["x", "A"] = {"name": "x.example.com.", "ttl": 300}
    with pytest.raises(UnexpectedResponse, match="a record set that is none"):
        Bench(memory).read()


# -- zones in doubt
def test_the_longest_suffix_is_the_zone() -> None:
    memory = MemoryCloudDns()
    memory.zone(NAME, "click")
    assert [zone.name for zone in Bench(memory).read().zones] == [NAME]


def test_a_private_zone_is_passed_over() -> None:
    memory = MemoryCloudDns()
    memory.zone(ZONE, "within", visibility="private")
    memory.zone(NAME, "below", visibility="private")
    bench = Bench(memory)
    assert [zone.name for zone in bench.read().zones] == [ZONE]
    assert bench.spell(host_record()).findings == ()


PRIVATE: Sequence[tuple[dict[str, object], str]] = [
    ({}, "is private"),
    ({"forwardingConfig": {"targetNameServers": []}}, "forwards what it is asked to servers of yours"),
    ({"peeringConfig": {"targetNetwork": {}}}, "peers with another network's names"),
    ({"reverseLookupConfig": {"kind": "x"}}, "answers reverse lookups of a network"),
    ({"serviceDirectoryConfig": {"namespace": {}}}, "is Service Directory's"),
]


@pytest.mark.parametrize(("more", "clause"), PRIVATE)
def test_a_host_whose_only_zone_is_private_is_told_what_that_zone_is(
    more: Mapping[str, object], clause: str
) -> None:
    memory = MemoryCloudDns()
    memory.zone("corp.example", "within", visibility="private", **more)
    bench = Bench(memory)
    found = bench.read("click.corp.example")
    text = f"zone corp.example of project acme-mail is seen by nobody outside its networks: within {clause}"
    unclear = [*bench.dns.unclear([Wanted("click.corp.example", "spgo.io", 300)], found.state)]
    assert errors_of(unclear) == [text]
    assert errors_of(bench.spell(host_record(host="click.corp.example")).findings) == [text]


def test_two_public_zones_of_one_name_are_told_with_the_way_to_pin_one() -> None:
    memory = MemoryCloudDns()
    memory.zone(ZONE, "twin")
    (finding,) = Bench(memory).spell(host_record()).findings
    assert finding.text == "2 public zones of project acme-mail serve example.com (example-com, twin)"
    assert finding.lift.startswith("write zones: {example.com: example-com} at the alias")
    pinned = Bench(memory, zones={ZONE: "twin"})
    assert failures(pinned.create(host_record())) == []
    assert (NAME, "A") in memory.sets["twin"]
    assert (NAME, "A") not in memory.sets[MANAGED]


def test_a_pin_in_vain_is_told() -> None:
    (finding,) = Bench(MemoryCloudDns(), zones={ZONE: "gone"}).spell(host_record()).findings
    text = "`zones` pins example.com to gone, and no public zone of project acme-mail is that"
    assert finding.text == text


def test_a_host_without_a_zone_is_told_so() -> None:
    bench = Bench(MemoryCloudDns())
    (finding,) = bench.spell(host_record(host="click.example.net")).findings
    assert finding.text == "no public zone of project acme-mail holds click.example.net"
    wanted = Wanted("click.example.net", "spgo.io", 300)
    assert list(bench.dns.unclear([wanted], bench.read().state)) == [finding]


# -- spelling
def test_records_are_spelt_as_they_are_read() -> None:
    bench = Bench(MemoryCloudDns())
    records = (host_record("SpGo.io.", kind="CNAME"), claim_record('v=tdr1 "ö" \\'))
    bench.create(*records)
    found = {rrset.name: rrset for rrset in bench.read().rrsets}
    for record in records:
        spelt, rrset = bench.one(record).attrs, found[str(record.name)]
        assert (spelt["type"], spelt["values"], spelt["ttl"]) == (rrset.type, rrset.values, rrset.ttl)


def test_an_address_that_is_not_known_yet_is_spelt_as_it_is_given() -> None:
    address = Ref(ResourceId("gcp", "google_address", "spgo.io"), "address")
    spelt = Bench(MemoryCloudDns()).one(Record(NAME, "host", NAME, "A", (address,), 3600)).attrs
    assert (spelt["type"], spelt["values"], spelt["ttl"]) == ("A", (address,), 3600)


@pytest.mark.parametrize(
    "row",
    [
        native(NAME, "A", "192.0.2.1", "192.0.2.2"),
        native(NAME, "AAAA", "2001:db8::1"),
        native(NAME, "CNAME", "spgo.io."),
        native(ZONE, "ALIAS", "edge.example.net."),
        native(ZONE, "CAA", '0 issue "pki.goog"'),
        native(NAME, "TXT", '"' + "x" * 255 + '" "y"'),
        native(NAME, "TXT", r'"a \"quoted\" \\ word"', r'"v=1"', ttl=0),
        native(f"*.{ZONE}", "A", "192.0.2.1"),
    ],
)
def test_a_set_is_written_as_it_was_read(row: Mapping[str, Any]) -> None:
    exact = {member: row[member] for member in ("name", "type", "ttl", "rrdatas")}
    stood = stood_from(row)
    assert stood.native == exact
    assert native_of(stood.found) == exact


@pytest.mark.parametrize(
    ("value", "read"),
    [("10 Mail.example.com.", "10 mail.example.com"), ("10 mail", "10 mail")],
)
def test_a_value_that_ends_in_a_name_is_read(value: str, read: str) -> None:
    assert stood_from(native(ZONE, "MX", value)).found.values == (read,)


def test_a_value_that_is_no_address_is_read_as_it_stands() -> None:
    assert stood_from(native(NAME, "A", "nonsense")).found.values == ("nonsense",)


def test_a_proxied_record_cannot_be_had() -> None:
    record = Record(NAME, "host", NAME, "CNAME", ("spgo.io",), 300, proxied=True)
    assert len(errors_of(Bench(MemoryCloudDns()).spell(record).findings)) == 1


# -- routing policies
WEIGHTED = {"items": [{"weight": 1.0, "rrdatas": ["192.0.2.1"]}, {"weight": 2.0, "rrdatas": ["192.0.2.2"]}]}
FAILOVER = {
    "primaryTargets": {"internalLoadBalancers": [{"ipAddress": "10.0.0.1"}]},
    "backupGeoTargets": {"items": [{"location": "europe-west1", "rrdatas": ["192.0.2.9"]}]},
}


@pytest.mark.parametrize(
    ("policy", "word", "values"),
    [
        ({"wrr": WEIGHTED}, "weighted", ("192.0.2.1", "192.0.2.2")),
        ({"geo": {"items": WEIGHTED["items"]}}, "geolocation", ("192.0.2.1", "192.0.2.2")),
        ({"primaryBackup": FAILOVER}, "failover", ("192.0.2.9",)),
        ({"fortuneTelling": {}}, "routed", ()),
    ],
)
def test_a_routing_policy_at_the_hosts_name_forbids_its_record_and_no_other(
    policy: Mapping[str, Any], word: str, values: tuple[str, ...]
) -> None:
    bench = Bench(MemoryCloudDns(routed(NAME, "A", **policy)))
    composed = bench.spell(host_record(), claim_record())
    assert errors_of(composed.findings) == [
        f"a {word} record (A) stands at {NAME} in zone {ZONE}, and tdr never overwrites a routing policy"
    ]
    assert {rrset.values for rrset in bench.read().rrsets if rrset.type == "A"} == {values}


def test_a_policy_beside_is_in_the_way_of_a_cname_alone() -> None:
    bench = Bench(MemoryCloudDns(routed(NAME, "TXT", wrr=WEIGHTED)))
    assert errors_of(bench.spell(host_record()).findings) == []
    assert len(errors_of(bench.spell(host_record("spgo.io", kind="CNAME")).findings)) == 1


def test_a_policy_that_came_after_the_plan_is_not_overwritten() -> None:
    memory = MemoryCloudDns(OLD)
    bench = Bench(memory)
    was, becomes = bench.one(host_record("spgo.io", kind="CNAME")), bench.one(host_record())
    memory.remove(NAME, "CNAME")
    memory.put(routed(NAME, "CNAME", wrr={"items": [{"weight": 1.0, "rrdatas": ["spgo.io."]}]}))
    (error,) = failures(bench.applied(Change(was.id, Action.UPDATE, was, becomes)))
    assert isinstance(error, Conflict)
    assert memory.changes == []


# -- quotas
def test_what_no_longer_fits_the_zone_is_refused_in_the_plan() -> None:
    memory = MemoryCloudDns(OLD)
    memory.quota = {"rrsetsPerManagedZone": 4}
    records = [
        host_record(),  # takes the place of what stands
        claim_record(),
        host_record("192.0.2.1", "2001:db8::1", host=OTHER, kind="A+AAAA"),
    ]
    (finding,) = Bench(memory).spell(*records).findings
    assert (finding.host, finding.text) == (
        OTHER,
        "zone example.com holds 2 of the 4 record sets that the project allows a zone: 3 more do not fit",
    )


def test_a_quota_that_may_not_be_read_is_as_documented() -> None:
    memory = MemoryCloudDns()
    memory.quota = None
    assert Bench(memory).read().state.quota == Quota(1000, 1000, 100_000, 10_000, 100)


def test_changes_are_cut_between_hosts_at_the_projects_quota() -> None:
    bench = Bench(MemoryCloudDns())
    hosts = [f"h{n}.example.com" for n in range(600)]
    records = [r for host in hosts for r in (host_record(host=host), claim_record(host=host))]
    changes = [Change(one.id, Action.CREATE, None, one) for one in bench.spell(*records).resources]
    cut = list(parts(changes, {}, Quota()))
    assert [len(part) for part in cut] == [1000, 200]
    assert all({c.host for c in one}.isdisjoint({c.host for c in other}) for one, other in pairwise(cut))
    assert [len(part) for part in parts(changes[:8], {}, Quota(additions=4))] == [4, 4]
    texts = [claim_record("x" * 3000, host=host) for host in hosts[:40]]
    long = [Change(one.id, Action.CREATE, None, one) for one in bench.spell(*texts).resources]
    assert [len(part) for part in parts(long, {}, Quota())] == [32, 8]
    standing = {
        (host, "A"): stood_from(native(host, "A", "192.0.2.1")) for host in hosts[:6]
    }  # each of them is a deletion, too
    assert [len(part) for part in parts(changes[:12], standing, Quota(deletions=2))] == [4, 4, 4]


def test_a_project_with_a_small_quota_gets_several_changes() -> None:
    memory = MemoryCloudDns()
    memory.quota = {"rrsetAdditionsPerChange": 2, "rrsetDeletionsPerChange": 2}
    hosts = [f"h{n}.example.com" for n in range(3)]
    outcomes = Bench(memory).create(
        *(r for host in hosts for r in (host_record(host=host), claim_record(host=host)))
    )
    assert failures(outcomes) == []
    assert [len(change["additions"]) for change in memory.changes] == [2, 2, 2]


# -- writing
def test_all_that_is_ready_for_a_zone_is_one_change() -> None:
    memory = MemoryCloudDns()
    hosts = [f"h{n}.example.com" for n in range(100)]
    bench = Bench(memory)
    made = [r for host in hosts for r in (host_record(host=host), claim_record(host=host))]
    spelt = bench.spell(*made).resources
    bench.asked.clear()
    outcomes = bench.applied(*(Change(one.id, Action.CREATE, None, one) for one in spelt))
    assert failures(outcomes) == []
    assert len(outcomes) == 200
    assert dict(bench.asked) == {"dns.resourceRecordSets.list": 2, "dns.changes.create": 1}


def test_a_change_deletes_exactly_what_stands() -> None:
    memory = MemoryCloudDns(native(NAME, "CNAME", "Old.example.", ttl=77))
    bench = Bench(memory)
    assert failures(bench.update(host_record("old.example", kind="CNAME", ttl=77), host_record())) == []
    gone = {"name": f"{NAME}.", "type": "CNAME", "ttl": 77, "rrdatas": ["Old.example."]}
    comes = {"name": f"{NAME}.", "type": "A", "ttl": 300, "rrdatas": [ADDRESS]}
    assert memory.changes == [{"additions": [comes], "deletions": [gone]}]


def test_a_text_goes_as_it_was_spelt() -> None:
    theirs = native(f"_tdr.{NAME}", "TXT", r'"v=tdr1 o=" "\097cme"')
    memory = MemoryCloudDns(theirs)
    assert failures(Bench(memory).delete(claim_record("v=tdr1 o=acme"))) == []
    assert [row["rrdatas"] for row in memory.changes[0]["deletions"]] == [theirs["rrdatas"]]


def test_a_cname_becomes_an_address_and_back_in_one_change_each() -> None:
    memory = MemoryCloudDns(OLD)
    bench = Bench(memory)
    assert failures(bench.update(host_record("spgo.io", kind="CNAME"), host_record())) == []
    assert failures(bench.update(host_record(), host_record("spgo.io", kind="CNAME"))) == []
    assert [(len(c["deletions"]), len(c["additions"])) for c in memory.changes] == [(1, 1), (1, 1)]
    assert memory.sets[MANAGED][NAME, "CNAME"]["rrdatas"] == ["spgo.io."]


def test_other_sets_are_not_touched() -> None:
    mx = native(NAME, "MX", "10 mx.example.com.")
    memory = MemoryCloudDns(mx, native(NAME, "A", "192.0.2.1"))
    assert failures(Bench(memory).update(host_record("192.0.2.1"), host_record())) == []
    assert memory.sets[MANAGED][NAME, "MX"] == mx


def test_a_few_names_of_a_large_zone_are_asked_for_by_name() -> None:
    memory = MemoryCloudDns(*(native(f"h{n}.example.com", "A", ADDRESS) for n in range(2500)))
    bench = Bench(memory)
    spelt = bench.spell(host_record(), claim_record()).resources
    memory.queries.clear()
    assert failures(bench.applied(*(Change(one.id, Action.CREATE, None, one) for one in spelt))) == []
    named = [query.get("name") for query in memory.queries if query["method"] == "GET"]
    assert named == [f"_tdr.{NAME}.", f"{NAME}."] * 2


def test_a_repeat_finds_what_was_made() -> None:
    memory = MemoryCloudDns()
    bench = Bench(memory)
    for _ in range(2):
        assert failures(bench.create(host_record(), claim_record())) == []
    assert len(memory.changes) == 1


def test_what_moved_before_the_look_is_a_conflict_and_holds_back_its_host_alone() -> None:
    memory = MemoryCloudDns(native(NAME, "CNAME", "theirs.example."))
    outcomes = Bench(memory).create(host_record(), claim_record(), host_record(host=OTHER))
    assert sorted(type(error).__name__ for error in failures(outcomes)) == ["Conflict", "Conflict"]
    assert rows(memory, "additions") == [(f"{OTHER}.", "A")]


@pytest.mark.parametrize(
    "moves",
    [
        lambda memory: memory.put(native(NAME, "CNAME", "theirs.example.")),  # 412
        lambda memory: memory.put(native(NAME, "CNAME", "spgo.io.", ttl=60)),  # 412
        lambda memory: memory.remove(NAME, "CNAME"),  # 404
        lambda memory: memory.put(native(f"_tdr.{NAME}", "TXT", '"theirs"')),  # 409
    ],
)
def test_what_moves_between_look_and_write_is_a_conflict_and_the_others_are_written(moves: Any) -> None:
    memory = MemoryCloudDns(OLD)
    bench = Bench(memory)
    was, becomes = bench.one(host_record("spgo.io", kind="CNAME")), bench.one(host_record())
    changes = [Change(was.id, Action.UPDATE, was, becomes)]
    changes += [
        Change(one.id, Action.CREATE, None, one)
        for one in bench.spell(claim_record(), host_record(host=OTHER)).resources
    ]
    bench.before["dns.changes.create"] = lambda: moves(memory)
    outcomes = bench.applied(*changes)
    assert [type(error) for error in failures(outcomes)] == [Conflict, Conflict]
    assert isinstance(outcomes[changes[2].id], Done)
    assert rows(memory, "additions") == [(f"{OTHER}.", "A")]


def test_what_came_beside_a_cname_is_a_conflict() -> None:
    memory = MemoryCloudDns()
    bench = Bench(memory)
    (one,) = bench.spell(host_record("spgo.io", kind="CNAME")).resources
    bench.before["dns.changes.create"] = lambda: memory.put(native(NAME, "TXT", '"theirs"'))
    assert [type(e) for e in failures(bench.applied(Change(one.id, Action.CREATE, None, one)))] == [Conflict]


def test_what_cloud_dns_names_as_moved_has_moved_though_the_list_does_not_show_it() -> None:
    said = f"The resource 'entity.change.additions[0]' named '{NAME}. (A)' already exists"
    memory = Refusing(Refused(409, "alreadyExists", said), times=1)
    outcomes = Bench(memory).create(host_record(), claim_record(), host_record(host=OTHER))
    assert [type(error) for error in failures(outcomes)] == [Conflict, Conflict]
    assert rows(memory, "additions") == [(f"{OTHER}.", "A")]


def test_a_refusal_that_nothing_explains_is_raised_for_the_engine_to_bisect() -> None:
    said = "Invalid value for 'entity.change.additions[0].rrdata[0]': 'nonsense'"
    memory = Refusing(Refused(400, "invalid", said), times=9)
    with pytest.raises(InvalidRequest, match="Invalid value"):
        Bench(memory).create(host_record())
    assert memory.changes == []


def test_a_lost_answer_is_no_second_change() -> None:
    memory = MemoryCloudDns()
    bench = Bench(memory)
    bench.lost.add("dns.changes.create")
    assert failures(bench.create(host_record(), claim_record())) == []
    assert len(memory.changes) == 1


def test_a_write_that_does_not_stick_is_told() -> None:
    class Forgetful(MemoryCloudDns):
        def change(self, managed: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
            answer = super().change(managed, body)
            self.sets[managed].pop((NAME, "A"))
            return answer

    (error,) = failures(Bench(Forgetful()).create(host_record()))
    assert isinstance(error, UnexpectedResponse)
    assert error.message == "the write did not stick: click.example.com is now nothing"


def test_a_zone_that_is_gone_is_a_conflict() -> None:
    memory = MemoryCloudDns()
    one = Bench(memory).one(host_record())
    memory.listed.clear()
    with pytest.raises(Conflict, match="is gone"):
        Bench(memory).applied(Change(one.id, Action.CREATE, None, one))


def test_a_process_that_read_nothing_finds_the_zone_by_itself() -> None:
    memory = MemoryCloudDns()
    one = Bench(memory).one(host_record())
    assert failures(Bench(memory).applied(Change(one.id, Action.CREATE, None, one))) == []
    assert (NAME, "A") in memory.sets[MANAGED]


# -- what every server knows
def test_a_record_is_ready_when_its_change_is_done_and_asked_once_for_each_change() -> None:
    memory = MemoryCloudDns()
    bench = Bench(memory)
    outcomes = bench.create(host_record(), claim_record(), host_record(host=OTHER))
    pending = bench.dns.ready(list(outcomes))
    assert {(s.ready, s.text) for s in pending.values()} == {(False, "pending")}
    assert bench.asked["dns.changes.get"] == 1
    memory.statuses["1"] = "done"
    assert all(status.ready for status in bench.dns.ready(list(outcomes)).values())
    assert all(status.ready for status in bench.dns.ready(list(outcomes)).values())
    assert bench.asked["dns.changes.get"] == 2


def test_a_change_that_google_no_longer_knows_is_left_to_the_servers_to_tell() -> None:
    memory = MemoryCloudDns()
    bench = Bench(memory)
    outcomes = bench.create(host_record())
    memory.statuses.clear()
    assert all(status.ready for status in bench.dns.ready(list(outcomes)).values())


def test_changes_of_two_zones_bear_the_same_id_and_are_told_apart() -> None:
    memory = MemoryCloudDns()
    memory.zone("example.net", "example-net")
    bench = Bench(memory)
    first = bench.create(host_record())
    memory.statuses["1"] = "done"
    memory.changes.clear()  # each zone counts its changes by itself
    second = bench.create(host_record(host="click.example.net"))
    assert bench.dns.ready(list(second))[next(iter(second))].text == "pending"
    assert {query["path"] for query in memory.queries if "/changes/" in query["path"]} == {
        "/managedZones/example-net/changes/1"
    }
    memory.statuses["1"] = "done"
    assert bench.dns.ready(list(first))[next(iter(first))].ready


def test_a_change_that_is_done_at_once_is_not_asked_for() -> None:
    class Quick(MemoryCloudDns):
        def change(self, managed: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
            return {**super().change(managed, body), "status": "done"}

    bench = Bench(Quick())
    outcomes = bench.create(host_record())
    assert all(status.ready for status in bench.dns.ready(list(outcomes)).values())
    assert "dns.changes.get" not in bench.asked


def test_what_this_run_did_not_write_is_ready() -> None:
    bench = Bench(MemoryCloudDns())
    id_ = ResourceId("gcp", DNS_RECORD, f"{NAME}/host")
    assert bench.dns.ready([id_])[id_].ready
    assert dict(bench.asked) == {}


def test_what_was_written_before_a_refusal_is_waited_for() -> None:
    class Second(MemoryCloudDns):
        def change(self, managed: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
            if self.changes:
                raise Refused(400, "invalid", "Invalid value")
            return super().change(managed, body)

    memory = Second()
    memory.quota = {"rrsetAdditionsPerChange": 1}
    bench = Bench(memory)
    spelt = bench.spell(host_record(), host_record(host=OTHER)).resources
    with pytest.raises(InvalidRequest):
        bench.applied(*(Change(one.id, Action.CREATE, None, one) for one in spelt))
    told = bench.dns.ready([one.id for one in spelt])
    assert [told[one.id].text for one in spelt] == ["pending", "done"]


# -- Google's words
ADDED = [native_of(stood_from(native(name, "A", ADDRESS)).found) for name in (NAME, OTHER)]
GONE = [stood_from(OLD).native]
ENTITY = "The resource record set 'entity.change.additions"
BOTH = "may have either one CNAME resource record set or resource record sets of other types, but not both."


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Precondition not met for 'entity.change.deletions[0]'", {NAME}),
        (f"The resource 'entity.change.additions[1]' named '{OTHER}. (A)' already exists", {OTHER}),
        (f"The 'entity.change.deletions[0]' resource named '{NAME}. (CNAME)' does not exist.", {NAME}),
        (f"{ENTITY}[1]' is invalid because the DNS name {BOTH}", {OTHER}),
        (f"{ENTITY}[{OTHER}.][CNAME]' is invalid because the DNS name '{OTHER}.' has … {BOTH}", {OTHER}),
        ("Precondition not met for 'entity.change.deletions[1st.example.com.][A]'", {"1st.example.com"}),
        ("Precondition not met for 'entity.change.deletions[7]'", set()),
        ("Invalid value for 'entity.change.additions[0].name': 'x'", set()),
        ("The 'parameters.managedZone' resource named 'gone' does not exist.", set()),
    ],
)
def test_a_refusal_names_what_moved(text: str, names: set[str]) -> None:
    assert moved_names(text, ADDED, GONE) == names


def test_a_zone_knows_what_stands_in_it() -> None:
    zone = ZoneState(ZONE, MANAGED).with_sets([OLD, routed(OTHER, "A", wrr=WEIGHTED)])
    assert zone.keys == {(NAME, "CNAME"), (OTHER, "A")}
    assert set(zone.routed) == {OTHER}
