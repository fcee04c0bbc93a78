"""Route 53 as boto3 sees it: zones, records, batches, and what its name servers answer."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.aws.bench import Bench, account, bench, refused, world

ZONE, HOST = "Z0EXAMPLE", "click.example.com"


@pytest.fixture
def aws() -> Iterator[Bench]:
    with bench() as running:
        yield running


def rrset(name: str = HOST, kind: str = "CNAME", *values: str, ttl: int = 300, **more: Any) -> dict[str, Any]:
    records = [{"Value": value} for value in values or ("spgo.io",)]
    return {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": records, **more}


def alias(name: str, kind: str, target: str, zone: str = "Z2FDTNDATAQYW2") -> dict[str, Any]:
    found = {"HostedZoneId": zone, "DNSName": target, "EvaluateTargetHealth": False}
    return {"Name": name, "Type": kind, "AliasTarget": found}


def batch(*changes: tuple[str, dict[str, Any]], zone: str = ZONE) -> dict[str, Any]:
    listed = [{"Action": action, "ResourceRecordSet": record_set} for action, record_set in changes]
    return {"HostedZoneId": zone, "ChangeBatch": {"Changes": listed}}


def write(aws: Bench, *changes: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = aws.route53.change_resource_record_sets(**batch(*changes))["ChangeInfo"]
    return found


def listed(aws: Bench, zone: str = ZONE, **more: Any) -> dict[tuple[str, str], Any]:
    found = aws.route53.list_resource_record_sets(HostedZoneId=zone, **more)["ResourceRecordSets"]
    return {(s["Name"], s["Type"]): s for s in found}


def wrong(aws: Bench, *changes: tuple[str, dict[str, Any]]) -> str:
    """Make a batch that must be refused as one, and give Route 53's words."""
    before = listed(aws)
    status, code, message = refused(aws.route53.change_resource_record_sets, **batch(*changes))
    assert (status, code) == (400, "InvalidChangeBatch")
    assert listed(aws) == before
    return message


def test_a_zone_is_listed_and_told_with_its_four_servers(aws: Bench) -> None:
    (zone,) = aws.route53.list_hosted_zones()["HostedZones"]
    assert (zone["Id"], zone["Name"]) == ("/hostedzone/Z0EXAMPLE", "example.com.")
    assert zone["Config"] == {"PrivateZone": False}
    found = aws.route53.get_hosted_zone(Id=ZONE)
    assert len(set(found["DelegationSet"]["NameServers"])) == 4
    assert set(aws.dns("example.com", "NS")) == set(found["DelegationSet"]["NameServers"])
    assert aws.route53.get_hosted_zone_count()["HostedZoneCount"] == 1


def test_a_zone_that_is_not_there_is_no_such_zone(aws: Bench) -> None:
    gone = (404, "NoSuchHostedZone", "No hosted zone found with ID: ZNOWHERE")
    assert refused(aws.route53.get_hosted_zone, Id="ZNOWHERE") == gone
    assert refused(aws.route53.list_resource_record_sets, HostedZoneId="ZNOWHERE") == gone


def test_zones_come_a_hundred_a_page(aws: Bench) -> None:
    zones = [{"name": f"z{n:03d}.example"} for n in range(101)]
    with bench(world(account(zones=zones))) as many:
        first = many.route53.list_hosted_zones()
        assert (len(first["HostedZones"]), first["IsTruncated"]) == (100, True)
        pages = many.route53.get_paginator("list_hosted_zones").paginate()
        names = [zone["Name"] for page in pages for zone in page["HostedZones"]]
        assert names == [f"z{n:03d}.example." for n in range(101)]
        found = many.route53.list_hosted_zones_by_name(DNSName="z050.example", MaxItems="2")
        assert [zone["Name"] for zone in found["HostedZones"]] == ["z050.example.", "z051.example."]
        assert found["NextDNSName"] == "z052.example."


def test_records_are_sorted_by_reversed_labels_and_come_three_hundred_a_page(aws: Bench) -> None:
    names = [f"h{n:03d}.example.com" for n in range(305)]
    write(aws, *[("CREATE", rrset(name)) for name in names], ("CREATE", rrset("a.h001.example.com")))
    first = aws.route53.list_resource_record_sets(HostedZoneId=ZONE)
    assert (len(first["ResourceRecordSets"]), first["MaxItems"]) == (300, "300")
    pages = aws.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=ZONE)
    found = [s["Name"] for page in pages for s in page["ResourceRecordSets"]]
    assert found[:6] == [
        *("example.com.", "example.com.", "h000.example.com.", "h001.example.com."),
        *("a.h001.example.com.", "h002.example.com."),
    ]
    assert len(found) == 308
    one = listed(aws, StartRecordName="h100.example.com", StartRecordType="CNAME", MaxItems="1")
    assert list(one) == [("h100.example.com.", "CNAME")]


def test_a_change_is_pending_until_every_server_has_it(aws: Bench) -> None:
    info = write(aws, ("CREATE", rrset()))
    assert (info["Status"], aws.dns(HOST, "CNAME")) == ("PENDING", ())
    assert list(listed(aws)) == [(n, k) for n, k in listed(aws)]
    assert (f"{HOST}.", "CNAME") in listed(aws)
    aws.advance(60)
    assert aws.route53.get_change(Id=info["Id"])["ChangeInfo"]["Status"] == "INSYNC"
    assert aws.dns(HOST, "CNAME") == ("spgo.io",)
    status, code, _ = refused(aws.route53.get_change, Id="C0NOWHERE")
    assert (status, code) == (404, "NoSuchChange")


def test_a_switch_lets_servers_answer_at_once(aws: Bench) -> None:
    aws.switch("aws.route53-propagation", "at-once")
    assert write(aws, ("CREATE", rrset()))["Status"] == "PENDING"
    assert aws.dns(HOST, "CNAME") == ("spgo.io",)


def test_delete_and_create_in_one_batch_is_compare_and_swap(aws: Bench) -> None:
    write(aws, ("CREATE", rrset()))
    write(aws, ("DELETE", rrset()), ("CREATE", rrset(HOST, "CNAME", "d1.cloudfront.net", ttl=3600)))
    assert listed(aws)[f"{HOST}.", "CNAME"]["TTL"] == 3600
    swap = ("DELETE", rrset()), ("CREATE", rrset(HOST, "CNAME", "other.example.net"))
    what = "Tried to delete resource record set [name='click.example.com.', type='CNAME']"
    assert wrong(aws, *swap) == f"[{what} but the values provided do not match the current values]"


TRIED = "Tried to {} resource record set [name='{}.example.com.', type='{}'] but {}"
NOT_PERMITTED = "RRSet of type {} with DNS name {}example.com. is not permitted {} zone example.com."
FATAL = "Invalid Resource Record: 'FATAL problem: {} encountered with '{}''"
ALIAS = "Tried to create an alias that targets d1.cloudfront.net., type A in zone ZNOTHERS, but {}"
OTHER_VALUES = "the values provided do not match the current values"
BESIDE_CNAME = "because a conflicting RRSet of type CNAME with the same DNS name already exists in"
BESIDE_OTHERS = "as it conflicts with other records with the same DNS name in"
QUOTES = "InvalidCharacterString (Value should be enclosed in quotation marks)"
NO_IPV4 = "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"
ELSEWHERE = ("the alias target name does not lie within the target zone", "that target was not found")
REFUSED = {
    "exists": (
        *("CREATE", rrset("www.example.com")),
        TRIED.format("create", "www", "CNAME", "it already exists"),
    ),
    "absent": (
        *("DELETE", rrset("gone.example.com")),
        TRIED.format("delete", "gone", "CNAME", "it was not found"),
    ),
    "other TTL": (
        *("DELETE", rrset("www.example.com", ttl=60)),
        TRIED.format("delete", "www", "CNAME", OTHER_VALUES),
    ),
    "elsewhere": (
        *("CREATE", rrset("www.example.net")),
        "RRSet with DNS name www.example.net. is not permitted in zone example.com.",
    ),
    "apex": (*("CREATE", rrset("example.com")), NOT_PERMITTED.format("CNAME", "", "at apex in")),
    "beside a CNAME": (
        *("CREATE", rrset("www.example.com", "A", "192.0.2.7")),
        NOT_PERMITTED.format("A", "www.", BESIDE_CNAME),
    ),
    "CNAME beside others": (
        *("UPSERT", rrset("text.example.com")),
        NOT_PERMITTED.format("CNAME", "text.", BESIDE_OTHERS),
    ),
    "bare text": (*("CREATE", rrset("t.example.com", "TXT", "bare")), FATAL.format(QUOTES, "bare")),
    "long text": (
        *("CREATE", rrset("t.example.com", "TXT", f'"{"x" * 256}"')),
        FATAL.format("CharacterStringTooLong (Value is too long)", f'"{"x" * 256}"'),
    ),
    "no address": (
        *("CREATE", rrset("a.example.com", "A", "d1.cloudfront.net")),
        FATAL.format(NO_IPV4, "d1.cloudfront.net"),
    ),
    "twice": (
        *("CREATE", rrset("a.example.com", "A", "192.0.2.1", "192.0.2.1")),
        "Duplicate Resource Record: '192.0.2.1'",
    ),
    "alias": (
        *("CREATE", alias("al.example.com", "A", "d1.cloudfront.net", "ZNOTHERS")),
        ", ".join(ALIAS.format(why) for why in ELSEWHERE),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_route_53_does_not_take(case: str) -> None:
    action, given, words = REFUSED[case]
    records = [
        {"name": "www.example.com", "type": "CNAME", "values": ["spgo.io"]},
        {"name": "text.example.com", "type": "TXT", "values": ["mine"]},
    ]
    with bench(world(account(zones=[{"name": "example.com", "id": ZONE, "records": records}]))) as aws:
        assert wrong(aws, (action, given)) == f"[{words}]"


def test_all_that_is_wrong_with_a_batch_is_told_at_once(aws: Bench) -> None:
    message = wrong(aws, ("CREATE", rrset("a.example.net")), ("DELETE", rrset("b.example.com")))
    assert "a.example.net. is not permitted" in message
    assert "b.example.com.', type='CNAME'] but it was not found" in message


def test_a_set_is_changed_once_in_a_batch(aws: Bench) -> None:
    words = "The request contains an invalid set of changes for a resource record set"
    twice = wrong(aws, ("CREATE", rrset()), ("CREATE", rrset(ttl=60)))
    assert twice == f"[{words} 'CNAME click.example.com.']"


def test_a_batch_has_a_thousand_values_and_an_upsert_counts_twice(aws: Bench) -> None:
    hosts = [f"h{n}.example.com" for n in range(501)]
    words = "Number of records limit of 1000 exceeded."
    assert wrong(aws, *[("UPSERT", rrset(host)) for host in hosts]) == words
    write(aws, *[("UPSERT", rrset(host)) for host in hosts[:500]])
    texts = [rrset(f"t{n}.example.com", "TXT", f'"{"x" * 200}"') for n in range(160)]
    assert (
        wrong(aws, *[("CREATE", text) for text in texts]) == "Number of characters limit of 32000 exceeded."
    )


def test_a_set_without_values_and_alias_is_invalid_input(aws: Bench) -> None:
    bare = {"Name": HOST, "Type": "A"}
    status, code, message = refused(aws.route53.change_resource_record_sets, **batch(("CREATE", bare)))
    assert (status, code) == (400, "InvalidInput")
    assert message == (
        "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
        "TrafficPolicyInstanceId], but found none in Change with [Action=CREATE, Name=click.example.com, "
        "Type=A, SetIdentifier=null]"
    )


def test_an_unknown_type_is_refused_by_the_model(aws: Bench) -> None:
    status, code, message = refused(
        aws.route53.change_resource_record_sets, **batch(("CREATE", rrset(HOST, "ALIAS")))
    )
    assert (status, code) == (400, "InvalidInput")
    assert message.startswith(
        "1 validation error detected: Value 'ALIAS' at 'changeBatch.changes.1.member.resourceRecordSet.type' "
        "failed to satisfy constraint: Member must satisfy enum value set: [SOA, A, TXT"
    )


def test_the_zones_own_records_stay(aws: Bench) -> None:
    soa, ns = (listed(aws)["example.com.", kind] for kind in ("SOA", "NS"))
    assert wrong(aws, ("DELETE", soa), ("DELETE", ns)) == (
        "[A HostedZone must contain at least one NS record for the zone itself., "
        "A HostedZone must contain exactly one SOA record.]"
    )


def test_a_wildcard_is_shown_with_an_escape_and_answered(aws: Bench) -> None:
    aws.switch("aws.route53-propagation", "at-once")
    write(aws, ("CREATE", rrset("*.Example.com", "TXT", r'"a \"b\" \075"')))
    assert (r"\052.example.com.", "TXT") in listed(aws)
    assert aws.dns("any.example.com", "TXT") == ('a "b" =',)
    write(aws, ("DELETE", rrset(r"\052.example.com", "TXT", r'"a \"b\" \075"')))


def test_a_list_goes_on_at_any_name(aws: Bench) -> None:
    """Escapes and wildcards travel in the query, signed as they are sent."""
    hosts = ["*.example.com", "_dmarc.example.com", r"a\040b.example.com"]
    write(aws, *[("CREATE", rrset(host, "TXT", '"x"')) for host in hosts])
    pages = aws.route53.get_paginator("list_resource_record_sets").paginate(
        HostedZoneId=ZONE, PaginationConfig={"PageSize": 1}
    )
    found = [s["Name"] for page in pages for s in page["ResourceRecordSets"]]
    assert found[2:] == [r"\052.example.com.", "_dmarc.example.com.", r"a\040b.example.com."]
    assert (r"\052.example.com.", "TXT") in listed(aws, StartRecordName="*.example.com", MaxItems="1")


def test_an_edit_by_hand_leaves_what_is_pending_pending(aws: Bench) -> None:
    write(aws, ("CREATE", rrset()))
    record = {"name": "hand.example.com", "type": "A", "values": ["192.0.2.9"]}
    aws.patch(route53={"zones": {"example.com": {"add_records": [record]}}})
    assert (aws.dns(HOST, "CNAME"), aws.dns("hand.example.com", "A")) == ((), ("192.0.2.9",))
    aws.advance(60)
    assert (aws.dns(HOST, "CNAME"), aws.dns("hand.example.com", "A")) == (("spgo.io",), ("192.0.2.9",))


def test_an_alias_within_the_zone_answers_its_targets_addresses(aws: Bench) -> None:
    aws.switch("aws.route53-propagation", "at-once")
    target = rrset("www.example.com", "A", "192.0.2.200", ttl=120)
    write(aws, ("CREATE", target), ("CREATE", alias("example.com", "A", "www.example.com", ZONE)))
    assert aws.dns("example.com", "A") == ("192.0.2.200",)
    found = listed(aws)["example.com.", "A"]
    assert found["AliasTarget"] == {
        "HostedZoneId": ZONE,
        "DNSName": "www.example.com.",
        "EvaluateTargetHealth": False,
    }


def test_weighted_sets_are_kept_and_paged_by_identifier(aws: Bench) -> None:
    sets = [rrset("w.example.com", "A", f"192.0.2.{n}", SetIdentifier=f"s{n}", Weight=n) for n in range(1, 4)]
    write(aws, *[("CREATE", s) for s in sets])
    page = aws.route53.list_resource_record_sets(
        HostedZoneId=ZONE, StartRecordName="w.example.com", StartRecordType="A", MaxItems="2"
    )
    assert [s["SetIdentifier"] for s in page["ResourceRecordSets"]] == ["s1", "s2"]
    assert (page["NextRecordName"], page["NextRecordIdentifier"]) == ("w.example.com.", "s3")
    assert "other RRSets exist" in wrong(aws, ("CREATE", rrset("w.example.com", "A", "192.0.2.9")))


def test_what_is_protected_is_not_changed_with_all_of_its_batch(aws: Bench) -> None:
    aws.patch(route53={"zones": {"example.com": {"protect": [f"{HOST} CNAME"]}}})
    message = wrong(aws, ("CREATE", rrset()), ("CREATE", rrset("b.example.com")))
    assert "[name='click.example.com.', type='CNAME'] is protected" in message
    aws.patch(route53={"zones": {"example.com": {"unprotect": [f"{HOST} CNAME"]}}})
    write(aws, ("CREATE", rrset()))


def test_a_zone_that_is_busy_refuses_the_next_batch(aws: Bench) -> None:
    aws.switch("aws.route53-busy", "for-a-second")
    write(aws, ("CREATE", rrset()))
    again = batch(("CREATE", rrset("b.example.com")))
    status, code, message = refused(aws.route53.change_resource_record_sets, **again)
    assert (status, code) == (400, "PriorRequestNotComplete")
    assert message == "The request was rejected because Route 53 was still processing a prior request."
    aws.advance(2)
    aws.route53.change_resource_record_sets(**again)


def test_private_zones_are_listed_and_not_served() -> None:
    zones = [
        {"name": "example.com", "id": ZONE},
        {"name": "example.com", "id": "Z0INSIDE", "private": True},
    ]
    with bench(world(account(zones=zones))) as aws:
        record = {"name": HOST, "type": "CNAME", "values": ["inside.example.net"]}
        aws.patch(route53={"zones": {"Z0INSIDE": {"add_records": [record]}}})
        assert aws.dns(HOST, "CNAME") == ()
        private = aws.route53.list_hosted_zones(HostedZoneType="PrivateHostedZone")["HostedZones"]
        assert [zone["Id"] for zone in private] == ["/hostedzone/Z0INSIDE"]
        assert "VPCs" in aws.route53.get_hosted_zone(Id="Z0INSIDE")


def test_of_two_public_zones_of_a_name_the_delegated_one_is_found() -> None:
    def zone(number: int, *, delegated: bool) -> dict[str, Any]:
        record = {"name": HOST, "type": "CNAME", "values": [f"n{number}.example.net"]}
        return {"name": "example.com", "id": f"Z{number}", "delegated": delegated, "records": [record]}

    with bench(world(account(zones=[zone(1, delegated=False), zone(2, delegated=True)]))) as aws:
        assert aws.dns(HOST, "CNAME") == ("n2.example.net",)
        one, two = (aws.route53.get_hosted_zone(Id=i)["DelegationSet"]["NameServers"] for i in ("Z1", "Z2"))
        assert set(one) & set(two) == set()
        answer = aws.route53.test_dns_answer(HostedZoneId="Z1", RecordName=HOST, RecordType="CNAME")
        assert (answer["ResponseCode"], answer["RecordData"]) == ("NOERROR", ["n1.example.net."])


def test_people_edit_zones_and_their_edits_are_answered(aws: Bench) -> None:
    record = {"name": HOST, "type": "CNAME", "ttl": 60, "values": ["spgo.io"]}
    aws.patch(route53={"zones": {"example.com": {"add_records": [record]}}})
    assert listed(aws)[f"{HOST}.", "CNAME"]["TTL"] == 60
    assert aws.dns(HOST, "CNAME") == ("spgo.io",)
    aws.patch(route53={"zones": {"example.com": {"remove_records": [f"{HOST} CNAME"], "delegated": False}}})
    assert aws.dns("example.com", "NS") == ()


def test_the_state_comes_back_from_disk(aws: Bench) -> None:
    info = write(aws, ("CREATE", rrset()))
    kept = aws.state()
    with bench() as again:
        again.sandbox.do(lambda: again.sandbox.kernel.vendors["aws"].load(kept))
        assert again.dns(HOST, "CNAME") == ("spgo.io",)
        assert again.route53.get_change(Id=info["Id"])["ChangeInfo"]["Id"] == info["Id"]
        assert again.state() == kept
