"""Writes to Compute Engine: in rounds, each thing once, in the order that Google takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from providers.google.compute_api import Native
from providers.google.compute_apply import ComputeApply, Operations
from providers.google.managed import (
    address_attrs,
    backend_attrs,
    classic_attrs,
    group_attrs,
    https_proxy_attrs,
    member_attrs,
    rule_attrs,
    url_map_attrs,
)
from providers.google.members_apply import Members
from providers.google.names import (
    ADDRESS,
    BACKEND,
    CONTAINERS,
    HTTPS_PROXY,
    NEG,
    PROXY_CERTIFICATE,
    RULE,
    SSL_CERTIFICATE,
    URL_MAP,
    mark,
    proxy_container,
)
from providers.google.natives import Address, Backend, Classic, Group, HttpsProxy, Rule, UrlMap
from reconciler.errors import Conflict, InvalidRequest, NotReady
from reconciler.model import Action, Attrs, Change, Resource, ResourceId, attrs
from reconciler.provider import Done, Failed, one_by_one
from tests.providers.google.compute_desk import Desk, refused

OWNER, KEY = "acme", "spgo.io"
MARK = mark(OWNER, KEY)
PATH = "projects/acme-mail/global"
GROUP = group_attrs(Group("neg", MARK, "INTERNET_FQDN_PORT", 443, (f"{KEY}:443",)))
SERVICE = backend_attrs(
    Backend("backend", MARK, scheme="EXTERNAL_MANAGED", protocol="HTTPS", groups=("neg",), timeout_s=30)
)
LIVE_SERVICE = {
    "name": "backend",
    "description": MARK,
    "loadBalancingScheme": "EXTERNAL_MANAGED",
    "protocol": "HTTPS",
    "timeoutSec": 30,
    "enableCDN": False,
    "backends": [{"group": f"https://www.googleapis.com/compute/v1/{PATH}/networkEndpointGroups/neg"}],
    "sessionAffinity": "NONE",
    "fingerprint": "abc=",
    "creationTimestamp": "2026-01-05T01:00:00.000-08:00",
    "selfLink": f"https://www.googleapis.com/compute/v1/{PATH}/backendServices/backend",
}


def change(kind: str, after: Attrs | None, before: Attrs | None = None, key: str = KEY) -> Change:
    id_ = ResourceId("lb", kind, key)

    def of(managed: Attrs | None) -> Resource | None:
        return None if managed is None else Resource(id_, managed, container=CONTAINERS.get(kind))

    action = Action.DELETE if after is None else Action.CREATE if before is None else Action.UPDATE
    return Change(id_, action, of(before), of(after))


class Rounds:
    """What the engine does: asks again as long as it is NotReady."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.operations = desk, Operations(desk, one_by_one)
        self.compute = ComputeApply(desk, self.operations, one_by_one)
        self.members = Members(desk, self.operations, OWNER)

    def run(self, batch: Sequence[Change], *, most: int = 20) -> dict[str, Done | Failed]:
        found: dict[ResourceId, Done | Failed] = {}
        part: Any = self.members if batch[0].id.kind == PROXY_CERTIFICATE else self.compute
        left = list(batch)
        for _ in range(most):
            found |= part.apply(left)
            left = [c for c in left if _waits(found[c.id])]
            if not left:
                break
        return {id_.key: outcome for id_, outcome in found.items()}

    def one(self, made: Change) -> Done | Failed:
        (outcome,) = self.run([made]).values()
        return outcome


class Hidden(Desk):
    """A project where another run's insert is under way: not listed yet, and not to be begun again."""

    def insert(self, kind: str, body: Native) -> Native:
        raise refused(409, "alreadyExists", f"The resource '{body['name']}' already exists")


def _waits(outcome: Done | Failed) -> bool:
    return isinstance(outcome, Failed) and isinstance(outcome.error, NotReady)


def methods(desk: Desk) -> list[str]:
    return [said[0] for said in desk.written]


@pytest.mark.parametrize("at_once", [False, True])
def test_a_group_is_made_then_given_its_endpoint(at_once: bool) -> None:
    desk = Desk(at_once=at_once)
    outcome = Rounds(desk).one(change(NEG, GROUP))
    assert isinstance(outcome, Done)
    assert outcome.resource is not None
    assert outcome.resource.attrs == GROUP
    assert desk.written == [
        (
            "insert",
            NEG,
            {
                "name": "neg",
                "description": MARK,
                "networkEndpointType": "INTERNET_FQDN_PORT",
                "defaultPort": 443,
            },
        ),
        ("attachNetworkEndpoints", NEG, "neg", {"networkEndpoints": [{"fqdn": KEY, "port": 443}]}),
    ]


def test_a_group_that_leads_elsewhere_since_the_plan_is_left_to_the_next_plan() -> None:
    desk = Desk()
    desk.put(NEG, {"name": "neg", "description": MARK, "networkEndpointType": "INTERNET_FQDN_PORT"})
    desk.held[NEG]["neg"]["defaultPort"] = 443
    desk.attached["neg"] = [{"fqdn": "other.example", "port": 443}]
    before = attrs(**{**GROUP, "endpoints": ("other.example:443",)})
    outcome = Rounds(desk).one(change(NEG, GROUP, before))
    assert isinstance(outcome, Failed)
    assert "neg: endpoints cannot be changed" in outcome.error.message
    assert methods(desk) == []


def test_what_a_killed_run_began_is_not_begun_again() -> None:
    desk = Desk()
    Rounds(desk).run([change(NEG, GROUP)], most=1)
    for name in ("operation-1", "operation-1"):
        desk.operation(name)
    assert isinstance(Rounds(desk).one(change(NEG, GROUP)), Done)
    assert methods(desk) == ["insert", "attachNetworkEndpoints"]


def test_what_is_being_made_by_a_killed_run_is_waited_for() -> None:
    desk = Hidden()
    outcome = Rounds(desk).run([change(NEG, GROUP)], most=1)[KEY]
    assert _waits(outcome)


def test_a_backend_service_is_put_whole_with_its_fingerprint() -> None:
    desk = Desk()
    live = {**LIVE_SERVICE, "enableCDN": True, "customRequestHeaders": ["Host: x"], "iap": {"enabled": True}}
    desk.put(BACKEND, live)
    before = attrs(**{**SERVICE, "cdn": True, "request_headers": ("Host: x",), "iap": True})
    outcome = Rounds(desk).one(change(BACKEND, SERVICE, before))
    assert isinstance(outcome, Done), outcome
    [(method, _, name, body)] = desk.written
    assert (method, name, body["fingerprint"], body["sessionAffinity"]) == (
        "update",
        "backend",
        "abc=",
        "NONE",
    )
    assert body["enableCDN"] is False
    assert body["customRequestHeaders"] == []
    assert not {"iap", "creationTimestamp", "selfLink"} & body.keys()


def test_what_moved_since_the_plan_is_a_conflict() -> None:
    desk = Desk()
    desk.put(BACKEND, {**LIVE_SERVICE, "timeoutSec": 99})
    before = attrs(**{**SERVICE, "timeout_s": 10})
    outcome = Rounds(desk).one(change(BACKEND, SERVICE, before))
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Conflict)
    assert desk.written == []


def test_a_name_that_another_has_is_left_alone() -> None:
    desk = Desk()
    desk.put(BACKEND, {**LIVE_SERVICE, "description": "ours"})
    outcome = Rounds(desk).one(change(BACKEND, SERVICE))
    assert isinstance(outcome, Failed)
    assert outcome.error.message == "backend is there already, and is not tdr's: 'ours'"


def test_rules_of_a_url_map_made_by_hand_go() -> None:
    desk = Desk()
    link = f"{PATH}/backendServices/backend"
    desk.put(
        URL_MAP,
        {"name": "map", "description": MARK, "defaultService": link, "hostRules": [{"hosts": ["x"]}]},
    )
    want = url_map_attrs(UrlMap("map", MARK, "backend"))
    assert isinstance(
        Rounds(desk).one(change(URL_MAP, want, attrs(**{**want, "beside": ("hostRules",)}))), Done
    )
    assert "hostRules" not in desk.held[URL_MAP]["map"]


def test_a_proxy_gets_its_map_last() -> None:
    desk = Desk()
    desk.put(HTTPS_PROXY, {"name": "p", "description": MARK, "urlMap": f"{PATH}/urlMaps/old"})
    before = https_proxy_attrs(HttpsProxy("p", MARK, "old"))
    want = https_proxy_attrs(HttpsProxy("p", MARK, "new", certificate_map="m", ssl_policy="tls"))
    outcome = Rounds(desk).one(change(HTTPS_PROXY, want, before))
    assert isinstance(outcome, Done), outcome
    assert methods(desk) == ["setUrlMap", "setSslPolicy", "setCertificateMap"]
    assert desk.written[2][3] == {
        "certificateMap": "//certificatemanager.googleapis.com/projects/acme-mail/locations/global"
        "/certificateMaps/m"
    }


def test_a_proxy_without_a_map_is_made_with_the_first_certificate_that_is_there() -> None:
    desk = Desk()
    names = ("left-out", "c")
    want = attrs(**https_proxy_attrs(HttpsProxy("p", MARK, "u", ssl_policy="t")), first_certificate=names)
    waits = Rounds(desk).one(change(HTTPS_PROXY, want))
    assert isinstance(waits, Failed)
    assert isinstance(waits.error, NotReady)
    desk.held[SSL_CERTIFICATE] = {"c": {"name": "c"}}
    assert isinstance(Rounds(desk).one(change(HTTPS_PROXY, want)), Done)
    assert desk.written[0][2]["sslCertificates"] == [f"{PATH}/sslCertificates/c"]


def test_an_address_tells_itself_and_a_rule_has_it() -> None:
    desk = Desk()
    run = Rounds(desk)
    assert isinstance(run.one(change(ADDRESS, address_attrs(Address("a", MARK)))), Done)
    desk.held[ADDRESS]["a"]["address"] = "203.0.113.9"
    again = run.one(change(ADDRESS, address_attrs(Address("a", MARK))))
    assert isinstance(again, Done)
    assert again.resource is not None
    assert again.resource.outputs == {"address": "203.0.113.9"}

    rule = rule_attrs(Rule("r", MARK, "203.0.113.9", "80", "TCP", "EXTERNAL_MANAGED", "PREMIUM", "h"))
    assert isinstance(run.one(change(RULE, rule, key=f"{KEY}/80")), Done)
    assert desk.written[-1][2]["target"] == f"{PATH}/targetHttpProxies/h"


def test_a_rule_is_led_elsewhere_in_place_and_nothing_else_of_it_changes() -> None:
    desk = Desk()
    one = Rule("r", MARK, "203.0.113.9", "443", "TCP", "EXTERNAL_MANAGED", "PREMIUM", "old")
    native = {
        "name": "r",
        "description": MARK,
        "IPAddress": "203.0.113.9",
        "IPProtocol": "TCP",
        "portRange": "443-443",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "networkTier": "PREMIUM",
        "target": f"{PATH}/targetHttpsProxies/old",
    }
    desk.put(RULE, native)
    before = rule_attrs(one)
    run = Rounds(desk)
    other = attrs(**{**before, "address": "203.0.113.10"})
    outcome = run.one(change(RULE, other, before))
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InvalidRequest)
    assert isinstance(run.one(change(RULE, attrs(**{**before, "target": "new"}), before)), Done)
    assert methods(desk) == ["setTarget"]


def test_a_deletion_is_done_when_it_is_gone() -> None:
    desk = Desk()
    desk.put(BACKEND, LIVE_SERVICE)
    run = Rounds(desk)
    assert run.one(change(BACKEND, None, SERVICE)) == Done(None)
    assert run.one(change(BACKEND, None, SERVICE)) == Done(None)
    assert methods(desk) == ["delete"]


def test_what_an_operation_fails_with_is_told() -> None:
    desk = Desk()
    desk.put(BACKEND, LIVE_SERVICE)
    row = {"code": "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", "message": "used by 'map'"}
    desk.failing["operation-1"] = {"error": {"errors": [row]}, "httpErrorStatusCode": 400}
    outcome = Rounds(desk).one(change(BACKEND, None, SERVICE))
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Conflict)
    assert "used by 'map'" in outcome.error.message


def test_many_are_asked_for_side_by_side_and_one_list_tells_of_all_operations() -> None:
    desk = Desk()
    hosts = [f"h{i}.example.com" for i in range(50)]
    batch = [
        change(
            SSL_CERTIFICATE,
            classic_attrs(Classic(f"c{i}", mark(OWNER, host), managed=True, domains=frozenset({host}))),
            key=host,
        )
        for i, host in enumerate(hosts)
    ]
    outcomes = Rounds(desk).run(batch)
    assert all(isinstance(one, Done) for one in outcomes.values())
    assert len(desk.written) == 50
    assert desk.asked == 2


# -- certificates on a proxy
def member(host: str, certificate: str, *, gone: bool = False) -> Change:
    id_ = ResourceId("lb", PROXY_CERTIFICATE, host)
    one = Resource(id_, member_attrs(certificate), host=host, container=proxy_container(KEY))
    if gone:
        return Change(id_, Action.DELETE, one, None)
    return Change(id_, Action.CREATE, None, one)


def on_proxy(desk: Desk) -> list[str]:
    links = desk.held[HTTPS_PROXY]["p"]["sslCertificates"]
    return [link.rpartition("/")[2] for link in links]


def proxy(*names: str) -> dict[str, Any]:
    links = [f"{PATH}/sslCertificates/{name}" for name in names]
    return {"name": "p", "description": MARK, "sslCertificates": links}


@pytest.mark.parametrize("at_once", [False, True])
def test_certificates_come_and_go_in_one_write(at_once: bool) -> None:
    desk = Desk(at_once=at_once)
    desk.put(HTTPS_PROXY, proxy("first", "old", "theirs"))
    batch = [member("a.example", "a"), member("b.example", "b"), member("o.example", "old", gone=True)]
    outcomes = Rounds(desk).run(batch)
    assert all(isinstance(one, Done) for one in outcomes.values()), outcomes
    assert methods(desk) == ["setSslCertificates"]
    assert on_proxy(desk) == ["first", "theirs", "a", "b"]


def test_the_last_certificate_of_a_proxy_goes_with_it() -> None:
    desk = Desk()
    desk.put(HTTPS_PROXY, proxy("a"))
    assert Rounds(desk).run([member("a.example", "a", gone=True)]) == {"a.example": Done(None)}
    assert desk.written == []


def test_a_certificate_that_another_host_rests_on_stays_till_that_one_goes() -> None:
    desk = Desk()
    desk.put(HTTPS_PROXY, proxy("x", "theirs"))
    rounds, left = Rounds(desk), [member(host, "x") for host in ("a.example", "b.example")]
    rounds.members.remember({KEY: "p"}, [change.resource for change in left])
    assert rounds.run([member("a.example", "x", gone=True)]) == {"a.example": Done(None)}
    assert on_proxy(desk) == ["x", "theirs"]
    assert rounds.run([member("b.example", "x", gone=True)]) == {"b.example": Done(None)}
    assert on_proxy(desk) == ["theirs"]


def test_a_certificate_of_a_proxy_that_is_gone_is_gone() -> None:
    outcomes = Rounds(Desk()).run([member("a.example", "a", gone=True), member("b.example", "b")])
    assert outcomes["a.example"] == Done(None)
    assert isinstance(outcomes["b.example"], Failed)
