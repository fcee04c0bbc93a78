"""The sandbox's Cloud DNS: exact changes, Google's refusals, and name servers that follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx
import pytest

from providers.sandbox import started
from providers.sandbox.contract import WorldError
from providers.sandbox.google import EMULATOR
from tests.contract.google_judge import google_findings
from tests.sandbox.google.bench import PROJECT, Bench, bench, project, world

HOST = "click.example.com."
ZONE = "managedZones/example-com"
TXT = {"name": "example.com", "type": "TXT", "ttl": 300, "rrdatas": ["v=spf1 -all"]}
CLICK = {"name": HOST, "type": "CNAME", "ttl": 300, "rrdatas": ["old.example.net."]}
WRR = {
    "wrr": {"items": [{"weight": 1.0, "rrdatas": ["192.0.2.7"]}, {"weight": 9.0, "rrdatas": ["192.0.2.8"]}]}
}
GEO = {"geo": {"items": [{"location": "us-east1", "rrdatas": ["192.0.2.5"]}]}}
BACKED = {
    "primaryBackup": {
        "primaryTargets": {"externalEndpoints": ["192.0.2.6"]},
        "backupGeoTargets": {"items": [{"location": "us-east1", "rrdatas": ["192.0.2.5"]}]},
    }
}


def zones() -> list[dict[str, Any]]:
    routed = [
        {"name": f"{name}.example.com", "type": "A", "ttl": 60, "routingPolicy": policy}
        for name, policy in (("w", WRR), ("g", GEO), ("b", BACKED))
    ]
    inside: dict[str, Any] = {"privateVisibilityConfig": {"networks": []}}
    return [
        {"name": "example-com", "dnsName": "example.com.", "id": "42", "records": [CLICK, TXT, *routed]},
        {"name": "inside", "dnsName": "example.com.", "visibility": "private", **inside},
        {"name": "second", "dnsName": "example.com.", "description": "of a migration"},
        {"name": "forwards", "dnsName": "corp.example.", "visibility": "private", "forwardingConfig": {}},
    ]


@pytest.fixture
def google() -> Iterator[Bench]:
    with bench(world(project(zones=zones()))) as running:
        yield running
        assert google_findings(running.sandbox.kernel.calls) == []


def rrset(name: str, kind: str, *rrdatas: str, ttl: int = 300) -> dict[str, Any]:
    return {"name": name, "type": kind, "ttl": ttl, "rrdatas": list(rrdatas)}


def asked(google: Bench, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
    url = f"{google.url('DNS')}/projects/{PROJECT}/{path}".rstrip("/")
    return google.call(method, url, params=query, **({} if body is None else {"json": body}))


def good(google: Bench, method: str, path: str, body: Any = None, **query: Any) -> Any:
    answer = asked(google, method, path, body, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def change(google: Bench, *, add: Sequence[Any] = (), drop: Sequence[Any] = (), zone: str = ZONE) -> Any:
    return good(google, "POST", f"{zone}/changes", {"additions": list(add), "deletions": list(drop)})


def refused(
    google: Bench, method: str, path: str, body: Any = None, **query: Any
) -> tuple[int, list[str], str]:
    answer = asked(google, method, path, body, **query)
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    assert error["message"] == error["errors"][0]["message"]
    return answer.status_code, [one["reason"] for one in error["errors"]], error["message"]


def refusal(
    google: Bench, *, add: Sequence[Any] = (), drop: Sequence[Any] = ()
) -> tuple[int, list[str], str]:
    body = {"additions": list(add), "deletions": list(drop)}
    return refused(google, "POST", f"{ZONE}/changes", body)


def answers(google: Bench, name: str, kind: str) -> tuple[str, ...]:
    return google.sandbox.kernel.resolve(name, kind, fresh=True).values(kind)


def test_zones_are_listed_with_their_servers_and_found_by_name_and_by_id(google: Bench) -> None:
    listed = good(google, "GET", "managedZones")["managedZones"]
    assert [zone["name"] for zone in listed] == ["example-com", "forwards", "inside", "second"]
    first, forwards, inside, second = listed
    assert first["nameServers"] == [f"ns-cloud-a{n}.googledomains.com." for n in (1, 2, 3, 4)]
    assert second["nameServers"][0] == "ns-cloud-b1.googledomains.com."
    assert (inside["visibility"], inside["nameServers"]) == ("private", ["ns-gcp-private.googledomains.com."])
    assert forwards["forwardingConfig"] == {}
    assert good(google, "GET", "managedZones/42") == good(google, "GET", ZONE) == first
    named = good(google, "GET", "managedZones", dnsName="corp.example.")["managedZones"]
    assert [zone["name"] for zone in named] == ["forwards"]


def test_records_are_listed_in_order_and_in_pages(google: Bench) -> None:
    page = good(google, "GET", f"{ZONE}/rrsets", maxResults=4)
    rest = good(google, "GET", f"{ZONE}/rrsets", pageToken=page["nextPageToken"])
    rows = [(one["name"], one["type"]) for one in (*page["rrsets"], *rest["rrsets"])]
    apex = [("example.com.", kind) for kind in ("NS", "SOA", "TXT")]
    assert rows == [*apex, *_routed("b"), (HOST, "CNAME"), *_routed("g", "w")]
    assert "nextPageToken" not in rest
    chosen = good(google, "GET", f"{ZONE}/rrsets", name=HOST, type="CNAME")["rrsets"]
    assert [one["rrdatas"] for one in chosen] == [["old.example.net."]]
    assert page["rrsets"][2]["rrdatas"] == ['"v=spf1 -all"']
    assert refused(google, "GET", f"{ZONE}/rrsets", type="A")[1] == ["required"]


def _routed(*names: str) -> list[tuple[str, str]]:
    return [(f"{name}.example.com.", "A") for name in names]


def test_a_change_is_pending_then_done_and_then_the_servers_have_it(google: Bench) -> None:
    assert answers(google, HOST, "CNAME") == ("old.example.net",)
    made = change(google, drop=[CLICK], add=[rrset(HOST, "A", "198.51.100.7", ttl=60)])
    assert (made["id"], made["status"]) == ("1", "pending")
    assert [one["kind"] for one in made["deletions"]] == ["dns#resourceRecordSet"]
    assert [(one["type"], one["ttl"]) for one in _sets(google, HOST)] == [("A", 60)]
    assert answers(google, HOST, "CNAME") == ("old.example.net",)
    google.advance(5)
    assert good(google, "GET", f"{ZONE}/changes/1")["status"] == "done"
    assert answers(google, HOST, "A") == ("198.51.100.7",)
    listed = good(google, "GET", f"{ZONE}/changes", sortBy="changeSequence", sortOrder="descending")
    assert [one["id"] for one in listed["changes"]] == ["1", "0"]


def _sets(google: Bench, name: str) -> list[dict[str, Any]]:
    return list(good(google, "GET", f"{ZONE}/rrsets", name=name)["rrsets"])


@pytest.mark.parametrize(("setting", "waits"), [("at-once", 0), ("when-done", 5), ("later", 35)])
def test_when_the_servers_have_a_change_is_a_switch(google: Bench, setting: str, waits: float) -> None:
    google.switch("dns-propagation", setting)
    change(google, add=[rrset("new.example.com.", "A", "198.51.100.7")])
    google.advance(max(0.0, waits - 1))
    assert answers(google, "new.example.com", "A") == (("198.51.100.7",) if setting == "at-once" else ())
    google.advance(1)
    assert answers(google, "new.example.com", "A") == ("198.51.100.7",)


def test_a_wildcard_answers_for_names_that_are_not_there(google: Bench) -> None:
    change(google, add=[rrset("*.t.example.com.", "CNAME", "spgo.io.")])
    google.advance(5)
    assert answers(google, "any.t.example.com", "CNAME") == ("spgo.io",)


def test_of_a_routing_policy_one_item_is_answered(google: Bench) -> None:
    assert answers(google, "w.example.com", "A") == ("192.0.2.8",)
    assert answers(google, "g.example.com", "A") == ("192.0.2.5",)
    assert answers(google, "b.example.com", "A") == ("192.0.2.6",)


def test_a_routed_set_is_deleted_as_it_is_listed(google: Bench) -> None:
    (listed,) = _sets(google, "w.example.com.")
    assert listed["routingPolicy"]["kind"] == "dns#rRSetRoutingPolicy"
    change(google, drop=[listed])
    assert _sets(google, "w.example.com.") == []


@pytest.mark.parametrize(
    "differing",
    [{"ttl": 301}, {"rrdatas": ["other.example.net."]}],
    ids=["the TTL", "the value"],
)
def test_a_deletion_that_does_not_match_is_refused_and_nothing_is_done(
    google: Bench, differing: Mapping[str, Any]
) -> None:
    new = rrset("new.example.com.", "A", "198.51.100.7")
    status, reasons, message = refusal(google, drop=[{**CLICK, **differing}], add=[new])
    assert (status, reasons) == (412, ["conditionNotMet"])
    assert message == f"Precondition not met for 'entity.change.deletions[{HOST}][CNAME]'"
    assert _sets(google, "new.example.com.") == []


def test_whether_the_order_of_values_counts_is_a_switch(google: Bench) -> None:
    change(google, add=[rrset("two.example.com.", "A", "192.0.2.1", "192.0.2.2")])
    turned = rrset("two.example.com.", "A", "192.0.2.2", "192.0.2.1")
    google.switch("dns-deletion-order", "as-listed")
    assert refusal(google, drop=[turned])[1] == ["conditionNotMet"]
    google.switch("dns-deletion-order", "any")
    change(google, drop=[turned])


def test_how_a_refusal_names_an_entry_is_a_switch(google: Bench) -> None:
    google.switch("dns-error-paths", "by-index")
    assert refusal(google, add=[CLICK]) == (
        409,
        ["alreadyExists"],
        f"The resource 'entity.change.additions[0]' named '{HOST} (CNAME)' already exists",
    )


SERVERS = [f"ns-cloud-a{n}.googledomains.com." for n in (1, 2, 3, 4)]
REFUSALS: list[tuple[str, dict[str, Any], int, str]] = [
    ("gone", {"drop": [rrset("gone.example.com.", "A", "192.0.2.1")]}, 404, "notFound"),
    ("there", {"add": [rrset(HOST, "CNAME", "spgo.io.")]}, 409, "alreadyExists"),
    ("beside", {"add": [rrset(HOST, "TXT", '"x"')]}, 400, "cnameResourceRecordSetConflict"),
    ("onto", {"add": [rrset("b.example.com.", "CNAME", "a.b.")]}, 400, "cnameResourceRecordSetConflict"),
    ("apex", {"add": [rrset("example.com.", "CNAME", "a.b.")]}, 400, "recordTypeDisallowedAtZoneApex"),
    ("servers", {"drop": [rrset("example.com.", "NS", *SERVERS, ttl=21600)]}, 400, "invalidZoneApex"),
    ("soa", {"add": [rrset("x.example.com.", "SOA", "a. b. 1 2 3 4 5")]}, 400, "invalidZoneApex"),
    ("two", {"add": [rrset("x.example.com.", "CNAME", "a.b.", "c.d.")]}, 400, "invalidRecordCount"),
    ("wild", {"add": [rrset("*.example.com.", "NS", "a.b.")]}, 400, "wildcardNotAllowed"),
    ("outside", {"add": [rrset("x.example.net.", "A", "192.0.2.1")]}, 400, "invalid"),
    ("dot", {"add": [rrset("x.example.com", "A", "192.0.2.1")]}, 400, "invalid"),
    ("type", {"add": [rrset("x.example.com.", "GROUP", "x")]}, 400, "invalid"),
    ("address", {"add": [rrset("x.example.com.", "A", "X.X.X.X")]}, 400, "invalid"),
    ("host", {"add": [rrset("x.example.com.", "CNAME", "spgo.io")]}, 400, "invalid"),
    ("ttl", {"add": [rrset("x.example.com.", "A", "192.0.2.1", ttl=-1)]}, 400, "invalid"),
    ("empty", {"add": [rrset("x.example.com.", "A")]}, 400, "invalid"),
    ("long", {"add": [rrset("x.example.com.", "TXT", f'"{"x" * 256}"')]}, 400, "invalid"),
    ("nothing", {}, 400, "required"),
]


@pytest.mark.parametrize(
    ("given", "status", "reason"), [row[1:] for row in REFUSALS], ids=[r[0] for r in REFUSALS]
)
def test_what_is_against_the_rules_is_refused_in_googles_words(
    google: Bench, given: Mapping[str, Any], status: int, reason: str
) -> None:
    before = good(google, "GET", f"{ZONE}/rrsets")
    assert refusal(google, **given)[:2] == (status, [reason])
    assert good(google, "GET", f"{ZONE}/rrsets") == before


def test_all_that_is_wrong_in_a_change_is_told_together(google: Bench) -> None:
    status, reasons, message = refusal(google, add=[rrset("x.example.com.", "A", "a", "b")])
    assert (status, reasons) == (400, ["invalid", "invalid"])
    assert message == "Invalid value for 'entity.change.additions[x.example.com.][A].rrdata[0]': 'a'"


def test_quotas_are_told_and_hold(google: Bench) -> None:
    google.control(quotas={"rrsetAdditionsPerChange": 1, "rrsetsPerManagedZone": 9})
    told = good(google, "GET", "")
    assert (told["id"], told["quota"]["rrsetAdditionsPerChange"]) == (PROJECT, 1)
    two = [rrset(f"{name}.example.com.", "A", "192.0.2.1") for name in ("x", "y")]
    assert refusal(google, add=two) == (
        403,
        ["quotaExceeded"],
        "The change would exceed quota for additions per change.",
    )
    for one in two:
        change(google, add=[one])
    assert refusal(google, add=[rrset("z.example.com.", "A", "192.0.2.1")])[1] == ["quotaExceeded"]


def test_a_single_set_has_methods_of_its_own(google: Bench) -> None:
    made = good(google, "POST", f"{ZONE}/rrsets", rrset("x.example.com.", "A", "192.0.2.1"))
    path = f"{ZONE}/rrsets/x.example.com./A"
    assert good(google, "GET", path) == made
    assert good(google, "PATCH", path, {"ttl": 60})["rrdatas"] == ["192.0.2.1"]
    status, reasons, message = refused(google, "POST", f"{ZONE}/rrsets", made)
    assert message == "The resource 'entity.rrset' named 'x.example.com. (A)' already exists"
    assert (status, reasons) == (409, ["alreadyExists"])
    assert good(google, "DELETE", path) == {}
    assert refused(google, "GET", path)[:2] == (404, ["notFound"])


def test_a_zone_is_made_empty_and_goes_only_empty(google: Bench) -> None:
    body = {"name": "new", "dnsName": "new.example.", "description": ""}
    made = good(google, "POST", "managedZones", body)
    assert made["nameServers"][0] == "ns-cloud-a1.googledomains.com."
    assert good(google, "GET", "managedZones/new/changes/0")["status"] == "done"
    change(google, add=[rrset("a.new.example.", "A", "192.0.2.1")], zone="managedZones/new")
    google.advance(5)
    assert answers(google, "a.new.example", "A") == ()
    google.control(zones={"new": {"delegated": True}})
    assert answers(google, "a.new.example", "A") == ("192.0.2.1",)
    status, reasons, _ = refused(google, "DELETE", "managedZones/new")
    assert (status, reasons) == (400, ["containerNotEmpty"])
    change(google, drop=[rrset("a.new.example.", "A", "192.0.2.1")], zone="managedZones/new")
    assert asked(google, "DELETE", "managedZones/new").status_code == 204
    status, _, message = refused(google, "GET", "managedZones/new")
    assert (status, message) == (404, "The 'parameters.managedZone' resource named 'new' does not exist.")


ZONE_REFUSALS: list[tuple[dict[str, Any], int, str]] = [
    ({"name": "new", "dnsName": "new.example."}, 400, "required"),
    ({"name": "New", "dnsName": "new.example.", "description": ""}, 400, "invalid"),
    ({"name": "new", "dnsName": "new.example", "description": ""}, 400, "invalid"),
    ({"name": "new", "dnsName": "com.", "description": ""}, 400, "managedZoneDnsNameNotAvailable"),
    ({"name": "second", "dnsName": "new.example.", "description": ""}, 409, "alreadyExists"),
]


@pytest.mark.parametrize(("body", "status", "reason"), ZONE_REFUSALS)
def test_a_zone_that_cannot_be_is_refused(
    google: Bench, body: Mapping[str, Any], status: int, reason: str
) -> None:
    assert refused(google, "POST", "managedZones", body)[:2] == (status, [reason])


def test_only_so_many_zones_of_one_name_find_servers(google: Bench) -> None:
    body = {"dnsName": "example.com.", "description": ""}
    for number in range(3):
        good(google, "POST", "managedZones", {**body, "name": f"more{number}"})
    assert refused(google, "POST", "managedZones", {**body, "name": "more"})[1] == [
        "managedZoneDnsNameNotAvailable"
    ]


def test_a_change_needs_the_permissions_of_what_is_in_it(google: Bench) -> None:
    google.control(permissions=["dns.changes.create", "dns.resourceRecordSets.create"])
    assert asked(google, "GET", "managedZones").status_code == 403
    assert refusal(google, drop=[CLICK])[:2] == (403, ["forbidden"])
    assert refusal(google, drop=[CLICK], add=[CLICK])[:2] == (403, ["forbidden"])
    change(google, add=[rrset("x.example.com.", "A", "192.0.2.1")])


def test_what_people_do_in_the_console_is_answered_at_once(google: Bench) -> None:
    change(google, add=[rrset("slow.example.com.", "A", "192.0.2.1")])
    google.control(zones={"example.com": {"add_records": [{**CLICK, "rrdatas": ["spgo.io."]}]}})
    assert answers(google, HOST, "CNAME") == ("spgo.io",)
    assert answers(google, "slow.example.com", "A") == ()
    google.control(zones={"example-com": {"remove_records": [f"{HOST} CNAME"]}})
    assert answers(google, HOST, "CNAME") == ()


def test_a_state_is_taken_up_again() -> None:
    given = world(project(zones=zones()))
    with started(given, emulators=[EMULATOR]) as sandbox:
        state = sandbox.kernel.vendors["google"].dump()
        sandbox.kernel.vendors["google"].load(state)
        assert sandbox.kernel.vendors["google"].dump() == state


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"name": "a.b", "dnsName": "example.com"}, "google[0].zones[0].name"),
        ({"name": "a", "dnsName": "com"}, "google[0].zones[0].dnsName"),
        ({"name": "a", "dnsName": "a.example", "records": [{"name": "x"}]}, "google[0].zones[0].records[0]"),
        ({"name": "a", "dnsName": "example.com", "records": [CLICK, CLICK]}, "google[0].zones[0].records"),
        ({"name": "a", "dnsName": "a.example", "colour": "red"}, "google[0].zones[0].colour"),
    ],
)
def test_a_zone_that_the_world_writes_wrongly_is_named(entry: Mapping[str, Any], place: str) -> None:
    with pytest.raises(WorldError) as told, started(world(project(zones=[entry])), emulators=[EMULATOR]):
        pass
    assert told.value.path == place
