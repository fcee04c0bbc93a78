"""A load balancer from its endpoint group to its rules and back, by google-cloud-compute on the sandbox.

Each call is held against Google's own description when the sandbox ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from providers.google.compute_api import Compute
from providers.google.compute_apply import ComputeApply, Operations
from providers.google.errors import translate
from providers.google.managed import (
    address_attrs,
    backend_attrs,
    classic_attrs,
    group_attrs,
    http_proxy_attrs,
    https_proxy_attrs,
    member_attrs,
    policy_attrs,
    rule_attrs,
    url_map_attrs,
)
from providers.google.members_apply import Members
from providers.google.names import (
    ADDRESS,
    BACKEND,
    CONTAINERS,
    HTTP_PROXY,
    HTTPS_PROXY,
    NEG,
    PROXY_CERTIFICATE,
    RULE,
    SSL_CERTIFICATE,
    SSL_POLICY,
    URL_MAP,
    mark,
    proxy_container,
)
from providers.google.natives import (
    Address,
    Backend,
    Classic,
    Group,
    HttpProxy,
    HttpsProxy,
    Policy,
    Rule,
    UrlMap,
)
from providers.google.session import Session
from reconciler.errors import AuthError, Conflict, NotReady
from reconciler.model import Action, Attrs, Change, Resource, ResourceId, attrs
from reconciler.provider import Done, Failed, Setting, one_by_one
from tests.sandbox.google.bench import Bench, bench, project, world

T = TypeVar("T")
KEY, OWNER = "spgo.io", "acme"
M = mark(OWNER, KEY)
A, B = "a.example.com", "b.example.com"
BACKEND_ATTRS = backend_attrs(
    Backend("be", M, scheme="EXTERNAL_MANAGED", protocol="HTTPS", groups=("neg",), timeout_s=30)
)
POLICY_ATTRS = policy_attrs(Policy("pol", M, "TLS_1_2", "MODERN"))


def calls(_unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = "") -> T:
    """Call once, and translate as the engine does."""
    try:
        return fn()
    except Exception as error:
        meaning = translate(error)
        if meaning is None:
            raise
        meaning.operation = operation
        raise meaning from error


def certificate(name: str, host: str) -> Attrs:
    return classic_attrs(Classic(name, mark(OWNER, host), managed=True, domains=frozenset({host})))


def rule(name: str, address: str, port: str, target: str) -> Attrs:
    description = mark(OWNER, f"{KEY}/{port}")
    return rule_attrs(Rule(name, description, address, port, "TCP", "EXTERNAL_MANAGED", "PREMIUM", target))


class Stand:
    """The provider's writes on one sandbox; time passes while Google is at it."""

    def __init__(self, on: Bench, api: Compute) -> None:
        self.on, operations = on, Operations(api, one_by_one)
        self.compute = ComputeApply(api, operations, one_by_one)
        self.members = Members(api, operations, OWNER)

    def write(self, kind: str, after: Attrs | None, before: Attrs | None = None, key: str = KEY) -> Any:
        id_ = ResourceId("lb", kind, key)
        where = proxy_container(KEY) if kind == PROXY_CERTIFICATE else CONTAINERS[kind]
        old, new = (None if m is None else Resource(id_, m, container=where) for m in (before, after))
        action = Action.DELETE if after is None else Action.CREATE if before is None else Action.UPDATE
        part: Any = self.members if kind == PROXY_CERTIFICATE else self.compute
        for _ in range(30):
            (outcome,) = part.apply([Change(id_, action, old, new)]).values()
            if not (isinstance(outcome, Failed) and isinstance(outcome.error, NotReady)):
                return outcome
            self.on.advance(5)
        return outcome

    def done(self, *wanted: Any, key: str = KEY) -> Resource | None:
        outcome = self.write(*wanted, key=key)
        assert isinstance(outcome, Done), outcome
        return outcome.resource


@pytest.fixture
def stand() -> Iterator[Stand]:
    with bench(world(project())) as on:
        session = Session(Setting("lb", {"project": "acme-mail"}, {}, on.sandbox.env, OWNER, calls))
        api = Compute(session, calls)
        try:
            yield Stand(on, api)
        finally:
            api.close()
            session.close()


def test_a_load_balancer_is_made_changed_and_taken_down_again(stand: Stand) -> None:
    made: list[tuple[str, Attrs, str]] = [
        (NEG, group_attrs(Group("neg", M, "INTERNET_FQDN_PORT", 443, (f"{KEY}:443",))), KEY),
        (BACKEND, BACKEND_ATTRS, KEY),
        (URL_MAP, url_map_attrs(UrlMap("um", M, "be")), KEY),
        (SSL_POLICY, POLICY_ATTRS, KEY),
        (SSL_CERTIFICATE, certificate("c1", A), A),
        (SSL_CERTIFICATE, certificate("c2", B), B),
        (HTTPS_PROXY, https_proxy_attrs(HttpsProxy("hp", M, "um", ssl_policy="pol")), KEY),
        (HTTP_PROXY, http_proxy_attrs(HttpProxy("ht", M, "um")), KEY),
        (ADDRESS, address_attrs(Address("ad", M)), KEY),
    ]
    for kind, managed, key in made:
        first = {"first_certificate": ("c1",)} if kind == HTTPS_PROXY else {}
        reserved = stand.done(kind, attrs(**managed, **first), key=key)
    assert reserved is not None
    address = str(reserved.outputs["address"])
    for name, port, target in (("r1", "443", "hp"), ("r2", "80", "ht")):
        managed = rule(name, address, port, target)
        stand.done(RULE, managed, key=f"{KEY}/{port}")
        made.append((RULE, managed, f"{KEY}/{port}"))
    stand.done(PROXY_CERTIFICATE, member_attrs("c2"), key=B)

    cached = {"cdn": True, "cache_mode": "FORCE_CACHE_ALL", "default_ttl": 10, "client_ttl": 10}
    other = attrs(**{**BACKEND_ATTRS, **cached, "request_headers": (f"Host: {KEY}",)})
    stand.done(BACKEND, other, BACKEND_ATTRS)
    stand.done(BACKEND, BACKEND_ATTRS, other)
    weak = attrs(**{**POLICY_ATTRS, "profile": "COMPATIBLE", "min_tls": "TLS_1_0"})
    stand.done(SSL_POLICY, weak, POLICY_ATTRS)
    stand.done(SSL_POLICY, POLICY_ATTRS, weak)

    refused = stand.write(BACKEND, None, BACKEND_ATTRS)
    assert isinstance(refused, Failed)
    assert isinstance(refused.error, Conflict)
    assert "being used by" in refused.error.message

    stand.done(PROXY_CERTIFICATE, None, member_attrs("c2"), key=B)
    taken = {RULE: 0, HTTPS_PROXY: 1, HTTP_PROXY: 1, SSL_CERTIFICATE: 2, URL_MAP: 2, BACKEND: 3, NEG: 4}
    for kind, managed, key in sorted(made, key=lambda one: taken.get(one[0], 5)):
        assert stand.done(kind, None, managed, key=key) is None
    assert stand.on.compute("GET", "global/forwardingRules").get("items", []) == []
    assert stand.on.compute("GET", "global/networkEndpointGroups").get("items", []) == []


def test_an_api_that_is_off_is_named_with_the_line_to_type(stand: Stand) -> None:
    stand.on.control(services=["dns.googleapis.com"])
    with pytest.raises(AuthError) as found:
        stand.write(SSL_POLICY, POLICY_ATTRS)
    assert "gcloud services enable compute.googleapis.com --project acme-mail" in str(found.value)
