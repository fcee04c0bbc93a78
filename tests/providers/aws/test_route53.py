"""The dns part on Route 53: reading, spelling, exact changes, and what every server knows."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from providers.aws.route53_records import parts
from providers.aws.route53_refusals import moved_names
from reconciler.dns import DNS_RECORD, Record
from reconciler.errors import AuthError, Conflict, InvalidRequest, UnexpectedResponse
from reconciler.model import Action, Change, Ref, ResourceId
from reconciler.provider import Done, Parts, Scope, Wanted
from tests.providers.aws.route53_memory import (
    EDGE,
    NAME,
    ZONE,
    ZONE_ID,
    Bench,
    MemoryRoute53,
    alias,
    claim_record,
    errors_of,
    failures,
    host_record,
    native,
    refusal,
)

OTHER = "open.example.com"


def written(memory: MemoryRoute53) -> list[tuple[str, str, str]]:
    """Every change of every batch: action, type, name."""
    return [
        (change["Action"], change["ResourceRecordSet"]["Type"], change["ResourceRecordSet"]["Name"])
        for batch in memory.batches
        for change in batch["Changes"]
    ]


class Refusing(MemoryRoute53):
    """Refuses batches a number of times, whatever they ask."""

    def __init__(self, text: str, *, times: int) -> None:
        super().__init__()
        self.text, self.times = text, times

    def change_resource_record_sets(self, **asked: Any) -> Mapping[str, Any]:
        """Refuse, or do what is asked."""
        if self.times > 0:
            self.times -= 1
            raise refusal("InvalidChangeBatch", self.text)
        return super().change_resource_record_sets(**asked)


# -- reading
def test_reading_takes_lists_only_and_one_for_each_300_sets() -> None:
    memory = MemoryRoute53(*(native(f"h{n}.example.com", "CNAME", "spgo.io.") for n in range(700)))
    memory.zone("elsewhere.example", "Z1ELSEWHERE")
    bench = Bench(memory)
    found = bench.read(*(f"h{n}.example.com" for n in range(700)))
    assert dict(bench.asked) == {"ListHostedZones": 1, "ListResourceRecordSets": 3}
    assert [zone.name for zone in found.zones] == [ZONE]
    assert len(found.rrsets) == 701


def test_all_zones_are_listed_however_many_pages_there_are() -> None:
    memory = MemoryRoute53()
    for n in range(250):
        memory.zone(f"z{n:03}.example", f"Z{n:03}")
    bench = Bench(memory)
    assert [zone.name for zone in bench.read("click.z249.example").zones] == ["z249.example"]
    assert bench.asked["ListHostedZones"] == 3


def test_nothing_is_asked_for_an_alias_that_holds_no_zone_of_the_run() -> None:
    bench = Bench(MemoryRoute53())
    assert bench.dns.read(Scope(Parts()), "aws.111122223333").zones == ()
    assert dict(bench.asked) == {}


def test_everything_is_all_public_zones() -> None:
    memory = MemoryRoute53()
    memory.zone("a.example", "ZA")
    memory.zone("b.example", "ZB", private=True)
    found = Bench(memory).dns.read(Scope(Parts(), everything=True), "aws.111122223333")
    assert [zone.name for zone in found.zones] == ["a.example", ZONE]


def test_a_zone_is_told_as_it_is() -> None:
    (zone,) = Bench(MemoryRoute53()).read().zones
    told = (zone.container, zone.name_servers, zone.min_ttl, zone.account, zone.read_only)
    servers = ("ns-1.awsdns-01.org", "ns-2.awsdns-02.com")
    assert told == ("zone/example.com", servers, 0, "aws.111122223333", "")
    assert (zone.atomic, zone.compares, zone.aliases, zone.cname_beside) == (True, True, True, False)


def test_a_zone_of_another_service_is_read_only() -> None:
    memory = MemoryRoute53()
    linked = {"ServicePrincipal": "servicediscovery.amazonaws.com"}
    memory.zone("svc.example", "ZSVC", LinkedService=linked)
    (zone,) = Bench(memory).read("click.svc.example").zones
    assert zone.read_only == "it was made by servicediscovery.amazonaws.com, which alone writes into it"


# -- zones in doubt
def test_the_longest_suffix_is_the_zone() -> None:
    memory = MemoryRoute53()
    memory.zone(NAME, "ZCLICK")
    assert [zone.name for zone in Bench(memory).read().zones] == [NAME]


def test_a_private_zone_is_passed_over() -> None:
    memory = MemoryRoute53()
    memory.zone(ZONE, "ZPRIVATE", private=True)
    memory.zone(NAME, "ZBELOW", private=True)
    bench = Bench(memory)
    assert [zone.name for zone in bench.read().zones] == [ZONE]
    assert bench.spell(host_record()).findings == ()


def test_a_host_whose_only_zone_is_private_is_told_so() -> None:
    memory = MemoryRoute53()
    memory.zone("corp.example", "ZPRIVATE", private=True)
    bench = Bench(memory)
    found = bench.read("click.corp.example")
    text = "the hosted zone corp.example is private (ZPRIVATE): nobody outside its networks asks it"
    unclear = list(bench.dns.unclear([Wanted("click.corp.example", "spgo.io", 300)], found.state))
    assert errors_of(unclear) == [text]
    assert errors_of(bench.spell(host_record(host="click.corp.example")).findings) == [text]


def test_two_public_zones_of_one_name_are_told_with_the_way_to_pin_one() -> None:
    memory = MemoryRoute53()
    memory.zone(ZONE, "Z0TWIN")
    (finding,) = Bench(memory).spell(host_record()).findings
    assert finding.text == "2 public hosted zones are called example.com (Z0EXAMPLE, Z0TWIN)"
    assert finding.lift.startswith("write zones: {example.com: Z0EXAMPLE} at the alias")
    pinned = Bench(memory, zones={ZONE: "Z0TWIN"})
    assert failures(pinned.create(host_record())) == []
    assert (NAME, "CNAME", "") in memory.sets["Z0TWIN"]
    assert (NAME, "CNAME", "") not in memory.sets[ZONE_ID]


def test_a_pin_in_vain_is_told() -> None:
    (finding,) = Bench(MemoryRoute53(), zones={ZONE: "ZGONE"}).spell(host_record()).findings
    assert finding.text == (
        "`zones` pins example.com to ZGONE, and no public hosted zone of the account is that"
    )


def test_a_host_without_a_zone_is_told_so() -> None:
    bench = Bench(MemoryRoute53())
    (finding,) = bench.spell(host_record(host="click.example.net")).findings
    assert finding.text == "no hosted zone of the AWS account holds click.example.net"
    wanted = Wanted("click.example.net", "spgo.io", 300)
    assert list(bench.dns.unclear([wanted], bench.read().state)) == [finding]


# -- spelling
def test_records_are_spelt_as_they_are_read() -> None:
    bench = Bench(MemoryRoute53())
    records = (host_record("SpGo.io."), claim_record('v=tdr1 "ö"'))
    bench.create(*records)
    found = {rrset.name: rrset for rrset in bench.read().rrsets}
    for record in records:
        spelt, rrset = bench.one(record).attrs, found[str(record.name)]
        assert (spelt["type"], spelt["values"], spelt["ttl"]) == (rrset.type, rrset.values, rrset.ttl)


REF = Ref(ResourceId("aws", "aws_cloudfront_distribution", NAME), "domain_name")


@pytest.mark.parametrize(
    ("record", "options", "kind", "ttl"),
    [
        (host_record(EDGE), {"alias_records": True}, "ALIAS", 60),
        (Record(NAME, "host", NAME, "CNAME", (REF,), 3600), {"alias_records": True}, "ALIAS", 60),
        (host_record(EDGE, ttl=3600), {}, "CNAME", 3600),
        (host_record("spgo.io"), {"alias_records": True}, "CNAME", 300),
        (
            Record(NAME, "validation", f"_x.{NAME}", "CNAME", (EDGE,), 300),
            {"alias_records": True},
            "CNAME",
            300,
        ),
        (host_record(EDGE, kind="ALIAS", ttl=3600), {}, "ALIAS", 60),
    ],
)
def test_an_alias_is_only_a_host_at_cloudfront_where_the_option_says_so(
    record: Record, options: dict[str, object], kind: str, ttl: int
) -> None:
    spelt = Bench(MemoryRoute53(), **options).one(record).attrs
    assert (spelt["type"], spelt["ttl"]) == (kind, ttl)


def test_a_proxied_record_cannot_be_had() -> None:
    record = Record(NAME, "host", NAME, "CNAME", ("spgo.io",), 300, proxied=True)
    assert len(errors_of(Bench(MemoryRoute53()).spell(record).findings)) == 1


WEIGHTED = native(NAME, "A", "192.0.2.1", SetIdentifier="eu", Weight=1)


def test_a_weighted_set_at_the_hosts_name_forbids_its_record_and_no_other() -> None:
    bench = Bench(MemoryRoute53(WEIGHTED))
    composed = bench.spell(host_record(), claim_record())
    assert errors_of(composed.findings) == [
        "a weighted record (A) stands at click.example.com in zone example.com, and tdr never overwrites one"
    ]


def test_a_weighted_set_that_came_after_the_plan_is_not_overwritten() -> None:
    memory = MemoryRoute53(native(NAME, "CNAME", "old.example."))
    bench = Bench(memory)
    was, becomes = bench.one(host_record("old.example")), bench.one(host_record())
    memory.remove(NAME, "CNAME")
    memory.put(native(NAME, "CNAME", "old.example.", SetIdentifier="eu", Weight=1))
    (error,) = failures(bench.dns.apply([Change(was.id, Action.UPDATE, was, becomes)]))
    assert isinstance(error, Conflict)
    assert memory.batches == []


# -- writing
def test_all_that_is_ready_for_a_zone_is_one_batch_and_says_whose_it_is() -> None:
    memory = MemoryRoute53()
    hosts = [f"h{n}.example.com" for n in range(100)]
    bench = Bench(memory)
    made = [r for host in hosts for r in (host_record(host=host), claim_record(host=host))]
    spelt = bench.spell(*made).resources
    bench.asked.clear()
    outcomes = bench.dns.apply([Change(one.id, Action.CREATE, None, one) for one in spelt])
    assert failures(outcomes) == []
    assert len(outcomes) == 200
    assert [batch["Comment"] for batch in memory.batches] == ["tdr acme h0.example.com and 99 more"]
    assert dict(bench.asked) == {"ListResourceRecordSets": 2, "ChangeResourceRecordSets": 1}


def test_a_change_deletes_exactly_what_stands_and_never_upserts() -> None:
    memory = MemoryRoute53(native(NAME, "CNAME", "Old.example.", ttl=77))
    assert failures(Bench(memory).update(host_record("old.example", ttl=77), host_record())) == []
    (batch,) = memory.batches
    stood = {"Action": "DELETE", "ResourceRecordSet": native(NAME, "CNAME", "Old.example.", ttl=77)}
    comes = {"Action": "CREATE", "ResourceRecordSet": native(NAME, "CNAME", "spgo.io.")}
    assert batch["Changes"] == [stood, comes]


def test_a_text_goes_as_it_was_spelt() -> None:
    theirs = native(f"_tdr.{NAME}", "TXT", r'"v=tdr1 o=" "\141cme"')
    memory = MemoryRoute53(theirs)
    assert failures(Bench(memory).delete(claim_record("v=tdr1 o=acme"))) == []
    assert [change["ResourceRecordSet"] for change in memory.batches[0]["Changes"]] == [theirs]


def test_a_cname_becomes_an_alias_and_back_in_one_batch() -> None:
    memory = MemoryRoute53(native(NAME, "CNAME", "spgo.io."))
    bench = Bench(memory, alias_records=True)
    assert failures(bench.update(host_record(), host_record(EDGE))) == []
    assert set(memory.sets[ZONE_ID]) >= {(NAME, "A", ""), (NAME, "AAAA", "")}
    assert failures(bench.update(host_record(EDGE), host_record())) == []
    name = f"{NAME}."
    assert written(memory) == [
        *(("DELETE", "CNAME", name), ("CREATE", "A", name), ("CREATE", "AAAA", name)),
        *(("DELETE", "A", name), ("DELETE", "AAAA", name), ("CREATE", "CNAME", name)),
    ]


def test_half_an_alias_goes_whole() -> None:
    memory = MemoryRoute53(alias(NAME, "A"))
    assert failures(Bench(memory, alias_records=True).update(host_record(EDGE), host_record())) == []
    assert set(memory.sets[ZONE_ID]) == {(ZONE, "NS", ""), (NAME, "CNAME", "")}


def test_other_sets_are_not_touched() -> None:
    mx = native(NAME, "MX", "10 mx.example.com.")
    memory = MemoryRoute53(mx, native(NAME, "A", "192.0.2.1"))
    bench = Bench(memory)
    was = host_record("192.0.2.1", kind="A")
    assert failures(bench.update(was, host_record("192.0.2.2", kind="A"))) == []
    assert memory.sets[ZONE_ID][NAME, "MX", ""] == mx


def test_a_repeat_finds_what_was_made() -> None:
    memory = MemoryRoute53()
    bench = Bench(memory)
    for _ in range(2):
        assert failures(bench.create(host_record(), claim_record())) == []
    assert len(memory.batches) == 1


def test_what_moved_before_the_look_is_a_conflict_and_holds_back_its_host_alone() -> None:
    memory = MemoryRoute53(native(NAME, "CNAME", "theirs.example."))
    outcomes = Bench(memory).create(host_record(), claim_record(), host_record(host=OTHER))
    assert sorted(type(error).__name__ for error in failures(outcomes)) == ["Conflict", "Conflict"]
    assert written(memory) == [("CREATE", "CNAME", f"{OTHER}.")]


def test_what_moves_between_look_and_write_is_a_conflict_and_the_others_are_written() -> None:
    memory = MemoryRoute53(native(NAME, "CNAME", "old.example."))
    bench = Bench(memory)
    was, becomes = bench.one(host_record("old.example")), bench.one(host_record())
    changes = [Change(was.id, Action.UPDATE, was, becomes)]
    changes += [
        Change(one.id, Action.CREATE, None, one)
        for one in bench.spell(claim_record(), host_record(host=OTHER)).resources
    ]
    bench.before["ChangeResourceRecordSets"] = lambda: memory.put(native(NAME, "CNAME", "theirs.example."))
    outcomes = bench.dns.apply(changes)
    assert [type(error) for error in failures(outcomes)] == [Conflict, Conflict]
    assert memory.sets[ZONE_ID][NAME, "CNAME", ""] == native(NAME, "CNAME", "theirs.example.")
    assert isinstance(outcomes[changes[2].id], Done)
    assert written(memory) == [("CREATE", "CNAME", f"{OTHER}.")]


def test_what_route_53_names_as_moved_has_moved_though_the_list_does_not_show_it() -> None:
    said = f"[Tried to create resource record set [name='{NAME}.', type='CNAME'] but it already exists]"
    memory = Refusing(said, times=1)
    outcomes = Bench(memory).create(host_record(), claim_record(), host_record(host=OTHER))
    assert [type(error) for error in failures(outcomes)] == [Conflict, Conflict]
    assert written(memory) == [("CREATE", "CNAME", f"{OTHER}.")]


def test_a_refusal_that_nothing_explains_is_raised_for_the_engine_to_bisect() -> None:
    memory = Refusing("[The resource record set is protected]", times=9)
    with pytest.raises(InvalidRequest, match="protected"):
        Bench(memory).create(host_record())
    assert memory.batches == []


def test_a_lost_answer_is_no_second_change() -> None:
    memory = MemoryRoute53()
    bench = Bench(memory)
    bench.lost.add("ChangeResourceRecordSets")
    assert failures(bench.create(host_record(), claim_record())) == []
    assert len(memory.batches) == 1


def test_a_zone_that_is_gone_is_a_conflict() -> None:
    memory = MemoryRoute53()
    one = Bench(memory).one(host_record())
    memory.listed.clear()
    with pytest.raises(Conflict, match="is gone"):
        Bench(memory).dns.apply([Change(one.id, Action.CREATE, None, one)])


def test_batches_are_cut_between_hosts_at_the_vendors_limits() -> None:
    bench = Bench(MemoryRoute53())
    hosts = [f"h{n}.example.com" for n in range(600)]
    changes = [
        Change(one.id, Action.CREATE, None, one)
        for host in hosts
        for one in bench.spell(host_record(host=host), claim_record(host=host)).resources
    ]
    cut = list(parts(changes, {}))
    assert [len(part) for part in cut] == [1000, 200]
    long = [
        Change(one.id, Action.CREATE, None, one)
        for host in hosts[:20]
        for one in bench.spell(claim_record("x" * 3000, host=host)).resources
    ]
    assert [len(part) for part in parts(long, {})] == [10, 10]
    assert all({c.host for c in one}.isdisjoint({c.host for c in other}) for one, other in pairwise(cut))


# -- what every server knows
def test_a_record_is_ready_when_its_change_is_insync_and_asked_once_for_each_change() -> None:
    memory = MemoryRoute53()
    bench = Bench(memory)
    outcomes = bench.create(host_record(), claim_record(), host_record(host=OTHER))
    pending = bench.dns.ready(list(outcomes))
    assert {(s.ready, s.text) for s in pending.values()} == {(False, "PENDING")}
    assert bench.asked["GetChange"] == 1
    memory.statuses["C1"] = "INSYNC"
    assert all(status.ready for status in bench.dns.ready(list(outcomes)).values())
    assert all(status.ready for status in bench.dns.ready(list(outcomes)).values())
    assert bench.asked["GetChange"] == 2


def test_what_this_run_did_not_write_is_ready() -> None:
    bench = Bench(MemoryRoute53())
    id_ = ResourceId("aws", DNS_RECORD, f"{NAME}/host")
    assert bench.dns.ready([id_])[id_].ready
    assert dict(bench.asked) == {}


def test_a_missing_right_is_told_by_its_name() -> None:
    class Forbidden(MemoryRoute53):
        def list_hosted_zones(self, **_asked: object) -> dict[str, object]:  # type: ignore[override]
            raise refusal("AccessDenied", "Access denied", 403, "ListHostedZones")

    with pytest.raises(AuthError, match=r"allow route53:ListHostedZones in the IAM policy"):
        Bench(Forbidden()).read()


TRIED = "Tried to delete resource record set"
DIFFERS = "but the values provided do not match the current values"
HELD = f"is not permitted as it conflicts with other records with the same DNS name in zone {ZONE}."
TAKEN = "is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (rf"[{TRIED} [name='\052.{ZONE}.', type='A'] but it was not found]", {f"*.{ZONE}"}),
        (f"[{TRIED} [name='{NAME}.', type='TXT', set identifier='x'] {DIFFERS}]", {NAME}),
        (f"[RRSet of type A with DNS name {NAME}. {TAKEN} in zone {ZONE}.]", {NAME}),
        (f"[RRSet of type CNAME with DNS name {OTHER}. {HELD}, {TRIED}]", {OTHER}),
        (f"[RRSet of type CNAME with DNS name {ZONE}. is not permitted at apex in zone {ZONE}.]", set()),
        (f"[Resource record set [name='{NAME}.', type='A'] is protected from changes]", set()),
    ],
)
def test_a_refusal_names_what_moved(text: str, names: set[str]) -> None:
    assert moved_names(text) == names


def test_what_was_written_before_a_refusal_is_waited_for() -> None:
    class OnceOnly(MemoryRoute53):
        def change_resource_record_sets(self, **asked: Any) -> Mapping[str, Any]:
            if self.batches:
                raise refusal("InvalidInput", "not this one")
            return super().change_resource_record_sets(**asked)

    bench = Bench(OnceOnly())
    hosts = [f"h{n}.example.com" for n in range(1100)]
    changes = [
        Change(one.id, Action.CREATE, None, one)
        for one in bench.spell(*(host_record(host=host) for host in hosts)).resources
    ]
    with pytest.raises(InvalidRequest, match="not this one"):
        bench.dns.apply(changes)
    ready = bench.dns.ready([change.id for change in changes])
    assert sum(not status.ready for status in ready.values()) == 1000


def test_a_routed_set_that_is_longer_than_a_page_is_read_on() -> None:
    rows = [native(NAME, "A", f"192.0.2.{n % 250}", SetIdentifier=f"{n:03}", Weight=1) for n in range(350)]
    memory = MemoryRoute53(*rows, *(native(f"h{n}.{NAME}", "A", "192.0.2.1") for n in range(400)))
    bench = Bench(memory)
    found = {rrset.name: rrset for rrset in bench.read().rrsets}
    assert len(found[NAME].values) == 250
    assert len(found) == 402
    one = Bench(MemoryRoute53()).one(host_record())
    outcomes = bench.dns.apply([Change(one.id, Action.CREATE, None, one)])
    assert [type(error) for error in failures(outcomes)] == [Conflict]


def test_an_answer_that_holds_no_record_set_is_told_as_such() -> None:
    memory = MemoryRoute53()
    memory.put({"Name": f"{NAME}.", "Type": "A"})
    with pytest.raises(UnexpectedResponse, match="a record set that is none"):
        Bench(memory).read()
