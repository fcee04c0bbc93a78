"""The sandbox's PowerDNS beside a real one: the same questions, the same answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from providers.sandbox import started
from tests.conformance.candidates import named
from tests.conformance.score import DESTROY
from tests.conformance.stand import stand
from tests.servers.powerdns import PdnsServer, rrset, running

KEY = "sandbox-pdns-key"
#: What moves with each write, and what a server's settings say.
VOLATILE = frozenset({"serial", "edited_serial", "notified_serial", "last_check", "modified_at"})
COMMENT = {"content": "ask Ada", "account": "ada", "modified_at": 1700000000}


@pytest.fixture(scope="module")
def real() -> Iterator[PdnsServer]:
    with running() as server:
        yield server


def lasting(value: Any) -> Any:
    """An answer without what differs from server to server; lists of things without an order sorted."""
    if isinstance(value, Mapping):
        return {name: lasting(value[name]) for name in sorted(value.keys() - VOLATILE)}
    if isinstance(value, list):
        # The SOA is the server's own, with its serial.
        return sorted((lasting(each) for each in value if not _is_soa(each)), key=repr)
    return value


def _is_soa(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("type") == "SOA"


def emptied(real: PdnsServer) -> None:
    for zone in real.ask("GET", "/zones"):
        real.ask("DELETE", f"/zones/{zone['id']}", None, 204)


def test_a_run_of_tdr_is_answered_by_the_real_server_as_by_the_sandbox(real: PdnsServer) -> None:
    """Create, change, destroy: every call to PowerDNS again, on a server that began with the same zones."""
    candidate = named("powerdns")
    emptied(real)
    with stand(candidate) as at:
        (began,) = at.control("GET", "/state")["vendors"]["powerdns"]
        at.done()
        at.done(candidate.file("changed"))
        at.done(choice=DESTROY.choice)
        calls = [call for call in at.calls if call.vendor == "powerdns"]
    for zone in began["zones"].values():
        real.zone(zone["name"], kind=zone["kind"], nameservers=[])
        real.put(
            zone["name"], *({**each, "changetype": "REPLACE"} for each in map(written, zone["sets"].values()))
        )
    assert {call.method for call in calls} == {"GET", "PATCH"}
    for call in calls:
        body = call.request_body.encode() or None
        answer = real.http.request(call.method, f"{call.path}?{call.query}", content=body)
        assert answer.status_code == call.status, (call.request_body, answer.text)
        if call.method == "GET":
            sandbox = httpx.Response(200, text=call.response_body)
            assert lasting(answer.json()) == lasting(sandbox.json())


def written(rrset: Mapping[str, Any]) -> dict[str, Any]:
    """A set of the sandbox's state as a body: times in whole seconds."""
    comments = [{**comment, "modified_at": int(comment["modified_at"])} for comment in rrset["comments"]]
    return {**rrset, "comments": comments}


DELETE_A = {"name": "a.example.com.", "type": "A", "changetype": "DELETE"}
CNAME_A = rrset("a.example.com", "CNAME", "spgo.io.")
MESSAGES: Mapping[str, list[Any]] = {
    "a CNAME beside an address": [CNAME_A],
    "a CNAME before the address goes": [CNAME_A, DELETE_A],
    "a CNAME after the address went": [DELETE_A, CNAME_A],
    "an address beside a CNAME": [rrset("c.example.com", "A", "192.0.2.1")],
    "only what is switched off beside a CNAME": [rrset("c.example.com", "A", off=("192.0.2.1",))],
    "a CNAME beside what is switched off": [rrset("off.example.com", "CNAME", "spgo.io.")],
    "two CNAMEs": [rrset("two.example.com", "CNAME", "one.example.", off=("two.example.",))],
    "the same record on and off": [rrset("two.example.com", "A", "192.0.2.1", off=("192.0.2.1",))],
    "the same set twice": [
        rrset("b.example.com", "A", "192.0.2.1"),
        rrset("b.example.com", "A", "192.0.2.2"),
    ],
    "a good set and a bad one": [rrset("b.example.com", "A", "192.0.2.1"), CNAME_A],
    "out of the zone": [rrset("a.example.org", "A", "192.0.2.1")],
    "a name without its dot": [{**CNAME_A, "name": "a.example.com"}],
    "a target without its dot": [rrset("b.example.com", "CNAME", "spgo.io")],
    "a text without quotes": [rrset("b.example.com", "TXT", "plain")],
    "a text with escapes": [rrset("b.example.com", "TXT", '"a\\"b\\\\c" "\\195\\169"')],
    "no TTL": [{name: value for name, value in CNAME_A.items() if name != "ttl"}],
    "no such type": [rrset("b.example.com", "NONESUCH", "x")],
    "no such change": [{**CNAME_A, "changetype": "UPDATE"}],
    "an upper-case name": [rrset("B.Example.COM", "A", "192.0.2.1")],
    "an address spelt at length": [rrset("b.example.com", "AAAA", "2001:DB8:0:0:0:0:0:1")],
    "below a delegation": [rrset("x.sub.example.com", "A", "192.0.2.1")],
    "what PowerDNS makes up beside a CNAME": [rrset("c.example.com", "ALIAS", "spgo.io.")],
    "a set without comments keeps them": [rrset("a.example.com", "A", "192.0.2.7")],
    "a set that goes takes its comments along": [DELETE_A, rrset("x.example.com", "A", "192.0.2.1")],
    "comments alone": [{"name": "a.example.com.", "type": "A", "changetype": "REPLACE", "comments": []}],
    "what is not there goes": [{**DELETE_A, "name": "none.example.com."}],
    "nothing": [],
}
BEGAN = [
    rrset("a.example.com", "A", "192.0.2.1", comments=[COMMENT]),
    rrset("c.example.com", "CNAME", "spgo.io."),
    rrset("off.example.com", "A", off=("192.0.2.1",)),
    rrset("sub.example.com", "NS", "ns.example.net."),
]


@pytest.mark.parametrize("kind", ["Native", "Slave"])
def test_every_message_is_taken_or_refused_as_by_the_real_server(real: PdnsServer, kind: str) -> None:
    emptied(real)
    zone = {"name": "example.com", "kind": kind, "masters": ["192.0.2.9"] if kind == "Slave" else []}
    world = {"powerdns": [{"key": KEY, "zones": [zone]}]}
    with (
        started(world) as sandbox,
        httpx.Client(
            base_url=sandbox.env["TDR_POWERDNS_ENDPOINT"], headers={"X-API-Key": KEY}, trust_env=False
        ) as emulated,
    ):
        differing: dict[str, Any] = {}
        for what, message in MESSAGES.items():
            answers = [told(http, zone, message) for http in (real.http, emulated)]
            if answers[0] != answers[1]:
                differing[what] = answers
        assert differing == {}, differing


def told(http: httpx.Client, zone: Mapping[str, Any], message: list[Any]) -> tuple[int, str, Any]:
    """Write a message into a zone that is as in the beginning; give the answer and what is there then."""
    path = "/api/v1/servers/localhost/zones"
    if http.get(f"{path}/example.com.").status_code == 404:
        made = {**zone, "name": "example.com.", "nameservers": []}
        assert http.post(path, json=made).status_code == 201
    there = [
        each
        for each in http.get(f"{path}/example.com.").json()["rrsets"]
        if each["type"] not in ("SOA", "NS")
    ]
    gone = [{"name": each["name"], "type": each["type"], "changetype": "DELETE"} for each in there]
    gone.append({"name": "example.com.", "type": "NS", "changetype": "DELETE"})
    assert http.patch(f"{path}/example.com.", json={"rrsets": gone}).status_code == 204
    assert http.patch(f"{path}/example.com.", json={"rrsets": BEGAN}).status_code == 204
    answer = http.patch(f"{path}/example.com.", json={"rrsets": message})
    words = answer.json()["error"] if answer.text else ""
    return answer.status_code, words, lasting(http.get(f"{path}/example.com.").json()["rrsets"])


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("GET", "/api/v1/servers/localhost/zones", "wrong"),
        ("GET", "/api/v1/servers/none/zones", KEY),
        ("GET", "/api/v1/servers/localhost/zones/none.example.", KEY),
        ("PATCH", "/api/v1/servers/localhost/zones/none.example.", KEY),
    ],
)
def test_what_is_not_there_or_not_allowed_is_refused_alike(
    real: PdnsServer, method: str, path: str, key: str
) -> None:
    world = {"powerdns": [{"key": KEY, "zones": []}]}
    with started(world) as sandbox:
        url = sandbox.env["TDR_POWERDNS_ENDPOINT"]
        headers = {"X-API-Key": key, "Accept": "application/json"}
        emulated = httpx.request(
            method, f"{url}{path}", headers=headers, json={"rrsets": []}, trust_env=False
        )
    actual = real.http.request(
        method, path, headers={"X-API-Key": "wrong"} if key == "wrong" else {}, json={"rrsets": []}
    )
    assert emulated.status_code == actual.status_code
    if actual.headers["content-type"] == "application/json":
        assert emulated.json() == actual.json()
