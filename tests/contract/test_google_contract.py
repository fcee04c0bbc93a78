"""The sandbox's Google Cloud by discovery documents, by recordings of real calls, by Google's clients."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

pytest.importorskip("googleapiclient", reason="google-api-python-client is not installed: no documents")
pytest.importorskip("google.cloud.dns", reason="google-cloud-dns is not installed")
pytest.importorskip(
    "google.cloud.certificate_manager_v1", reason="google-cloud-certificate-manager is not installed"
)

import httplib2
from google.api_core.exceptions import Conflict, NotFound, PreconditionFailed
from google.cloud import certificate_manager_v1 as cm
from google.cloud import dns
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from providers.sandbox.calls import Call
from providers.sandbox.google.api import ROUTES
from providers.sandbox.google.call import CERTIFICATE_MANAGER, DNS, Service
from tests.contract.google_judge import google_findings, reached, recordings, refusal_errors, spec_of
from tests.sandbox.google.bench import PROJECT, Bench, bench, credentials, project, world

HOST = "click.example.com."
CLICK = {"name": HOST, "type": "CNAME", "ttl": 300, "rrdatas": ["old.example.net."]}
NEW = {"name": HOST, "type": "A", "ttl": 60, "rrdatas": ["198.51.100.7"]}
ROUTED = {
    "name": "w.example.net.",
    "type": "A",
    "ttl": 60,
    "routingPolicy": {"wrr": {"items": [{"weight": 1.0, "rrdatas": ["192.0.2.7"]}]}},
}


def zones() -> list[dict[str, Any]]:
    forward = {"forwardingConfig": {"targetNameServers": [{"ipv4Address": "192.0.2.9"}]}}
    return [
        {"name": "example-com", "dnsName": "example.com.", "records": [CLICK], "labels": {"a": "b"}},
        {"name": "routed", "dnsName": "example.net.", "records": [ROUTED]},
        {"name": "inside", "dnsName": "corp.example.", "visibility": "private", **forward},
    ]


@pytest.fixture
def google() -> Iterator[Bench]:
    with bench(world(project(zones=zones()))) as running:
        yield running
        assert google_findings(running.sandbox.kernel.calls) == []


def asked(google: Bench, method: str, path: str, body: Any = None, **query: Any) -> Any:
    url = f"{google.url('DNS')}/projects/{PROJECT}/{path}".rstrip("/")
    answer = google.call(method, url, params=query, **({} if body is None else {"json": body}))
    return answer.json() if answer.content else None


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_a_method_of_the_discovery_document(route: Any) -> None:
    spec = spec_of(route.service.name)
    assert spec is not None
    path = re.sub(r"\{[^}]+\}", "x", route.path)
    assert spec.find(route.method, path)[0] is not None


def call_all_of_dns(google: Bench) -> None:
    zone = "managedZones/example-com"
    asked(google, "GET", "")
    asked(google, "GET", "managedZones", maxResults=1)
    asked(google, "GET", zone)
    asked(google, "POST", "managedZones", {"name": "new", "dnsName": "new.example.", "description": "x"})
    asked(google, "DELETE", "managedZones/new")
    asked(google, "GET", f"{zone}/rrsets", maxResults=1)
    asked(google, "POST", f"{zone}/changes", {"deletions": [CLICK], "additions": [NEW]})
    asked(google, "GET", f"{zone}/changes", sortBy="changeSequence", maxResults=1)
    asked(google, "GET", f"{zone}/changes/1")
    asked(google, "POST", f"{zone}/rrsets", {**NEW, "name": "x.example.com."})
    asked(google, "GET", "managedZones/routed/rrsets/w.example.net./A")
    asked(google, "PATCH", f"{zone}/rrsets/x.example.com./A", {"ttl": 300})
    asked(google, "DELETE", f"{zone}/rrsets/x.example.com./A")


def test_every_method_of_cloud_dns_answers_as_its_document_says(google: Bench) -> None:
    call_all_of_dns(google)
    calls = [call for call in google.sandbox.kernel.calls if call.listener == "dns"]
    assert {call.status for call in calls} == {200, 204}
    assert {reached(call) for call in calls} == methods_of(DNS)


def call_all_of_certificate_manager(google: Bench) -> None:
    base = f"{google.url('CERTIFICATEMANAGER')}/v1/projects/{PROJECT}/locations/global"
    managed = {"domains": ["a.example.com"], "dnsAuthorizations": [_auth()]}
    bodies: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("dnsAuthorizations", {"dnsAuthorizationId": "x"}, {"domain": "a.example.com"}),
        ("certificates", {"certificateId": "x"}, {"managed": managed}),
        ("certificateMaps", {"certificateMapId": "x"}, {"labels": {"tdr": "acme"}}),
        (
            "certificateMaps/x/certificateMapEntries",
            {"certificateMapEntryId": "x"},
            {
                "hostname": "a.example.com",
                "certificates": [_auth().replace("dnsAuthorizations", "certificates")],
            },
        ),
    ]
    google.call("GET", base)
    google.call("GET", base.removesuffix("/global"))
    for path, query, body in bodies:
        google.call("POST", f"{base}/{path}", params=query, json=body)
        google.advance(60)
    for path, _, _ in bodies:
        google.call("GET", f"{base}/{path}", params={"pageSize": 1})
        google.call("GET", f"{base}/{path}/x")
        google.call("PATCH", f"{base}/{path}/x", params={"updateMask": "labels"}, json={"labels": {"a": "b"}})
    google.advance(60)
    operation = google.call("GET", f"{base}/operations").json()["operations"][0]["name"]
    root = base.partition("/projects/")[0]
    google.call("GET", f"{root}/{operation}")
    google.call("DELETE", f"{root}/{operation}")
    for path, _, _ in reversed(bodies):
        google.call("DELETE", f"{base}/{path}/x")
        google.advance(60)


def _auth() -> str:
    return f"projects/{PROJECT}/locations/global/dnsAuthorizations/x"


def methods_of(service: Service) -> set[str]:
    """The methods that the sandbox has of an API, as its document names them."""
    spec = spec_of(service.name)
    assert spec is not None
    paths = [(r.method, re.sub(r"\{[^}]+\}", "x", r.path)) for r in ROUTES if r.service is service]
    return {spec.find(method, path)[1]["operationId"] for method, path in paths}


def test_every_method_of_certificate_manager_answers_as_its_document_says(google: Bench) -> None:
    call_all_of_certificate_manager(google)
    calls = [call for call in google.sandbox.kernel.calls if call.listener == "certificatemanager"]
    assert [call for call in calls if call.status != 200] == []
    assert {reached(call) for call in calls} == methods_of(CERTIFICATE_MANAGER)


def test_refusals_are_in_googles_form(google: Bench) -> None:
    zone = "managedZones/example-com"
    google.control(quotas={"rrsetDeletionsPerChange": 1})
    for body in (
        {},
        {"additions": [CLICK]},
        {"deletions": [{**CLICK, "ttl": 1}]},
        {"deletions": [{**CLICK, "name": "gone.example.com."}]},
        {"additions": [{**NEW, "rrdatas": ["a", "b"]}]},
        {"deletions": [CLICK, NEW]},
    ):
        told = asked(google, "POST", f"{zone}/changes", body)
        assert refusal_errors("dns", told["error"]["code"], json.dumps(told)) == []
    assert asked(google, "GET", "managedZones/gone")["error"]["code"] == 404
    google.control(permissions=["compute.*"])
    assert asked(google, "GET", "managedZones")["error"]["code"] == 403
    google.control(permissions=None, services=["compute.googleapis.com"])
    assert asked(google, "GET", "managedZones")["error"]["errors"][0]["reason"] == "accessNotConfigured"


WRONG: list[tuple[str, Callable[[dict[str, Any]], None]]] = [
    ("a member that is none", lambda told: told.update(colour="red")),
    ("a wrong value", lambda told: told.update(dnsName=7)),
    ("a word that is none", lambda told: told.update(visibility="hidden")),
]


@pytest.mark.parametrize("spoil", [row[1] for row in WRONG], ids=[row[0] for row in WRONG])
def test_the_judge_finds_what_is_wrong(google: Bench, spoil: Callable[[dict[str, Any]], None]) -> None:
    asked(google, "GET", "managedZones/example-com")
    call = next(call for call in google.sandbox.kernel.calls if call.listener == "dns")
    told = json.loads(call.response_body)
    spoil(told)
    fields = {name: getattr(call, name) for name in Call.__slots__}
    assert len(google_findings([Call(**{**fields, "response_body": json.dumps(told)})])) == 1


# -- recordings of real calls (2018), in the order in which they were made, from an empty zone on

RECORDED, ZONE_ID, FIRST_CHANGE = "named-archway-209418", "699036609868956548", 211
NEWER = {"visibility"}  # a member that zones have had since


def recorded_world() -> dict[str, Any]:
    listed = recordings()[0]["response"]["managedZones"][0]
    zone = {name: listed[name] for name in ("name", "dnsName", "id", "dnssecConfig")}
    return world({"project": RECORDED, "number": 123456789012, "zones": [zone]})


def told_alike(answer: Any) -> Any:
    """An answer without what is another's each time: moments, numbers of changes, sets of servers."""
    text = re.sub(r"ns-cloud-[a-e]", "ns-cloud-x", json.dumps(answer))
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "MOMENT", text)
    alike = json.loads(text)
    for zone in alike.get("managedZones", ()):
        for name in NEWER:
            zone.pop(name, None)
    return alike


def replayed(google: Bench, recorded: Mapping[str, Any]) -> Any:
    url = f"{google.url('DNS').removesuffix('/dns/v1')}{recorded['path']}"
    body = {"json": recorded["body"]} if "body" in recorded else {}
    answer = google.call(recorded["method"], url, params=recorded.get("query") or {}, **body)
    assert answer.status_code == recorded["status"], answer.text
    return answer.json()


@pytest.mark.skipif(not recordings(), reason="no recordings: name their folder in TDR_API_SPECS")
def test_recorded_calls_are_answered_as_they_were() -> None:
    with bench(recorded_world()) as google:
        for number, recorded in enumerate(recordings()):
            told, wanted = told_alike(replayed(google, recorded)), told_alike(recorded["response"])
            if "status" in wanted:  # a change
                told["id"] = str(int(told["id"]) + FIRST_CHANGE)
            if "rrsets" in wanted:  # the recordings keep the first rows of a longer list
                told["rrsets"] = told["rrsets"][: max(len(wanted["rrsets"]), 0)]
            assert told == wanted, f"recording {number}: {recorded['source']}"
        assert google_findings(google.sandbox.kernel.calls) == []


# -- Google's own clients


def dns_client(google: Bench) -> dns.Client:
    options = {"api_endpoint": google.url("DNS").removesuffix("/dns/v1")}
    return dns.Client(project=PROJECT, credentials=credentials(google.sandbox.env), client_options=options)


def test_google_cloud_dns_reads_and_changes_a_zone(google: Bench) -> None:
    client = dns_client(google)
    assert [zone.name for zone in client.list_zones()] == ["example-com", "inside", "routed"]
    assert [zone.name for zone in client.list_zones(max_results=1)] == ["example-com"]
    assert client.quotas()["rrsetAdditionsPerChange"] == 1000
    zone = client.zone("example-com", "example.com.")
    assert zone.exists()
    assert not client.zone("gone", "example.org.").exists()
    plain = [one for one in zone.list_resource_record_sets() if one.record_type == "CNAME"]
    (there,) = plain
    changes = zone.changes()
    changes.delete_record_set(there)
    changes.add_record_set(zone.resource_record_set(HOST, "A", 60, ["198.51.100.7"]))
    changes.create()
    assert changes.status == "pending"
    google.advance(5)
    changes.reload()
    assert changes.status == "done"
    assert google.sandbox.kernel.resolve(HOST, "A", fresh=True).values("A") == ("198.51.100.7",)
    with pytest.raises(NotFound):
        _create(zone.changes(), gone=[there])
    with pytest.raises(PreconditionFailed):
        _create(zone.changes(), gone=[zone.resource_record_set(HOST, "A", 61, ["198.51.100.7"])])
    with pytest.raises(Conflict):
        _create(zone.changes(), new=[zone.resource_record_set(HOST, "A", 61, ["198.51.100.7"])])
    assert [change.name for change in zone.list_changes()] == ["0", "1"]
    made = client.zone("new", "new.example.", description="made by a client")
    made.create()
    assert made.name_servers[0] == "ns-cloud-a1.googledomains.com."
    made.delete()


def _create(changes: Any, new: list[Any] | None = None, gone: list[Any] | None = None) -> None:
    for one in new or ():
        changes.add_record_set(one)
    for one in gone or ():
        changes.delete_record_set(one)
    changes.create()


def test_google_api_python_client_reads_and_changes_a_zone_by_its_own_documents(google: Bench) -> None:
    http = AuthorizedHttp(credentials(google.sandbox.env), http=httplib2.Http(proxy_info=None))
    options = {"api_endpoint": google.url("DNS").removesuffix("/dns/v1")}
    with build("dns", "v1", http=http, client_options=options, static_discovery=True) as api:
        names = {"project": PROJECT, "managedZone": "example-com"}
        (there,) = api.resourceRecordSets().list(**names, name=HOST).execute()["rrsets"]
        body = {"deletions": [there], "additions": [NEW]}
        made = api.changes().create(**names, body=body).execute()
        assert api.changes().get(**names, changeId=made["id"]).execute()["status"] == "pending"
        with pytest.raises(HttpError, match="does not exist"):
            api.changes().create(**names, body=body).execute()


def test_googles_client_of_certificate_manager_waits_for_its_operations(google: Bench) -> None:
    options = {"api_endpoint": google.url("CERTIFICATEMANAGER")}
    client = cm.CertificateManagerClient(
        credentials=credentials(google.sandbox.env), transport="rest", client_options=options
    )
    parent = f"projects/{PROJECT}/locations/global"
    made = client.create_dns_authorization(
        parent=parent,
        dns_authorization_id="one",
        dns_authorization=cm.DnsAuthorization(domain="a.example.com", labels={"tdr": "acme"}),
    )
    google.advance(60)
    record = made.result(timeout=30).dns_resource_record
    assert (record.name, record.type_) == ("_acme-challenge.a.example.com.", "CNAME")
    (listed,) = client.list_dns_authorizations(parent=parent)
    assert listed.labels == {"tdr": "acme"}
    with pytest.raises(NotFound):
        client.get_certificate(name=f"{parent}/certificates/gone")
