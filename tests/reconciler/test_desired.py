"""Desired state: defaults filled in, spelt one way, and unchanged by a trip through JSON."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.desired import Account, Desired, Domain, Mark, Policy, frozen, read_only, thawed
from tests.reconciler.vendors import HEAD, desired_from


def domain(options: str) -> Domain:
    return desired_from(f"{HEAD}domains:\n  a.example.com: {options}\n").domains["a.example.com"]


@pytest.mark.parametrize(
    ("options", "key", "value"),
    [
        ("", "state", "present"),
        ("", "sparkpost", "sp"),
        ("", "cdn", "web"),
        ("", "dns", "web"),
        ("", "ttl", 3600),
        ("{}", "default", None),
        ("{}", "sending_domains", None),
        ("{}", "subaccount", None),
        ("{}", "allow_gap_s", None),
        ("{default: false}", "default", False),
        ("{sending_domains: []}", "sending_domains", ()),
        (
            "{sending_domains: [B.example.com., a.example.com]}",
            "sending_domains",
            ("a.example.com", "b.example.com"),
        ),
        ("{subaccount: 7}", "subaccount", 7),
        ("{subaccount: 0}", "subaccount", None),
        ("{allow_gap: 90s}", "allow_gap_s", 90),
        ("{allow_gap: 5m}", "allow_gap_s", 300),
        ("{allow_gap: 2h}", "allow_gap_s", 7200),
        ("{sparkpost: none, origin: track.example.net}", "sparkpost", None),
        ("{origin: SPGO.io.}", "origin", "spgo.io"),
        ("{state: absent, default: true}", "default", None),
        ("{state: absent, sending_domains: [m.example.com]}", "sending_domains", None),
        ("{state: absent, allow_gap: 5m}", "allow_gap_s", None),
        ("{state: absent, subaccount: 7}", "subaccount", 7),
        ("{cdn: sp}", "managed", True),
        ("{}", "managed", False),
        ("{sparkpost: none, origin: o.example.net}", "managed", False),
        ("{cdn: sp}", "aliases", frozenset({"sp", "web"})),
    ],
)
def test_every_option_is_settled(options: str, key: str, value: object) -> None:
    assert getattr(domain(options), key) == value


def test_defaults_hold_where_a_domain_is_silent() -> None:
    text = HEAD.replace("dns: web}", "dns: web, ttl: 60, allow_gap: 1h, subaccount: 7}")
    desired = desired_from(
        f"{text}domains:\n  a.example.com:\n  b.example.com: {{ttl: 90, subaccount: 0}}\n"
        "  c.example.com: {sparkpost: none, origin: o.example.net}\n"
    )
    found = {d.host: (d.ttl, d.allow_gap_s, d.subaccount) for d in desired.domains.values()}
    assert found == {
        "a.example.com": (60, 3600, 7),
        "b.example.com": (90, 3600, None),
        "c.example.com": (60, 3600, None),
    }
    assert str(desired.domains["a.example.com"].marks["ttl"]) == "f.yaml:6:52"
    assert str(desired.domains["b.example.com"].marks["ttl"]) == "f.yaml:9:24"


def test_policy_and_accounts_are_read() -> None:
    desired = desired_from(HEAD + "policy: {max_deletes: 3, protected: [A.example.com.]}\n")
    assert desired.policy == Policy(3, frozenset({"a.example.com"}))
    assert str(desired.policy.mark) == "f.yaml:7:1"
    assert desired.accounts["sp"].options == {"region": "us"}
    assert str(desired.accounts["sp"].marks["region"]) == "f.yaml:4:33"
    assert str(desired.accounts["sp"].mark) == "f.yaml:4:3"
    assert desired.domains == {}


def test_without_a_policy_nothing_may_be_deleted() -> None:
    assert desired_from(HEAD).policy == Policy(0, frozenset())


def test_desired_state_cannot_be_changed() -> None:
    desired = desired_from(
        HEAD.replace("{type: edge}", "{type: edge, zones: [a, b]}") + "domains: {a.example.com: }"
    )
    with pytest.raises(FrozenInstanceError):
        desired.owner = "x"  # type: ignore[misc]  # that it is refused is the claim
    with pytest.raises(TypeError):
        desired.domains["b"] = desired.domains["a.example.com"]  # type: ignore[index]  # as above
    with pytest.raises(TypeError):
        desired.accounts["web"].options["zones"] = ()  # type: ignore[index]  # as above
    assert desired.accounts["web"].options["zones"] == ("a", "b")


def digest(options: str, head: str = HEAD) -> str:
    return desired_from(f"{head}domains:\n  a.example.com: {options}\n").digest("a.example.com")


def test_a_digest_is_eight_hexadecimal_digits() -> None:
    assert digest("{}") == "322c2e88"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{}", ""),
        ("{ttl: 3600}", ""),
        ("{state: present}", ""),
        ("{subaccount: 0}", ""),
        ("{cdn: web, dns: web}", "{dns: web, cdn: web}"),
        ("{allow_gap: 60m}", "{allow_gap: 1h}"),
        (
            "{sending_domains: [b.example.com, a.example.com]}",
            "{sending_domains: [A.example.com, b.example.com.]}",
        ),
        ("{state: absent, default: true}", "{state: absent}"),
    ],
)
def test_the_spelling_of_a_file_changes_no_digest(one: str, other: str) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    "options",
    [
        "{ttl: 60}",
        "{state: absent}",
        "{default: false}",
        "{sending_domains: []}",
        "{subaccount: 7}",
        "{allow_gap: 1m}",
        "{cdn: sp}",
        "{origin: spgo.io}",
        "{sparkpost: none, origin: spgo.io}",
    ],
)
def test_what_a_file_says_changes_the_digest(options: str) -> None:
    assert digest(options) != digest("{}")


def test_a_digest_covers_the_accounts_that_the_domain_names_and_no_other() -> None:
    assert digest("{}", HEAD.replace("us", "eu")) != digest("{}")
    assert digest("{}", HEAD.replace("  web:", "  eu: {type: sparkpost}\n  web:")) == digest("{}")
    assert digest("{}", HEAD.replace("acme", "other")) == digest("{}")


def test_a_digest_of_no_domain_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        desired_from(HEAD).digest("a.example.com")


NAMES = st.sampled_from(["a", "b", "c-1"])
HOSTS = st.sampled_from(["a.example.com", "b.example.com", "xn--bcher-kva.example.com"])
MARKS = st.builds(Mark, st.sampled_from(["f.yaml", "d/g.yaml"]), st.integers(0, 9), st.integers(0, 9))
PLACES = st.dictionaries(NAMES, MARKS, max_size=2).map(read_only)
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
JSONS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
OPTIONS: st.SearchStrategy[Any] = st.dictionaries(NAMES, JSONS, max_size=3).map(frozen)


def accounts(alias: str) -> st.SearchStrategy[Account]:
    return st.builds(Account, st.just(alias), st.sampled_from(["sparkpost", "edge"]), OPTIONS, MARKS, PLACES)


def domains(host: str) -> st.SearchStrategy[Domain]:
    return st.builds(
        Domain,
        host=st.just(host),
        state=st.sampled_from(["present", "absent"]),
        sparkpost=st.none() | NAMES,
        cdn=NAMES,
        dns=NAMES,
        default=st.none() | st.booleans(),
        sending_domains=st.none() | st.lists(HOSTS, unique=True).map(lambda hosts: tuple(sorted(hosts))),
        subaccount=st.none() | st.integers(1, 9),
        origin=st.none() | HOSTS,
        ttl=st.integers(60, 86400),
        allow_gap_s=st.none() | st.integers(1, 999),
        mark=MARKS,
        marks=PLACES,
    )


DESIRED = st.builds(
    Desired,
    owner=NAMES,
    accounts=st.tuples(*map(accounts, ["a", "b", "c-1"])).map(
        lambda some: read_only({a.alias: a for a in some})
    ),
    policy=st.builds(Policy, st.integers(0, 9), st.frozensets(HOSTS), MARKS),
    domains=st.sets(HOSTS)
    .flatmap(lambda hosts: st.tuples(*map(domains, sorted(hosts))))
    .map(lambda some: read_only({d.host: d for d in some})),
)


@given(DESIRED)
def test_desired_state_survives_a_round_trip_through_json(desired: Desired) -> None:
    """A saved plan carries it; the places too, which no comparison looks at."""
    data = desired.as_data()
    again = Desired.from_data(json.loads(json.dumps(data)))
    assert again == desired
    assert again.as_data() == data
    assert {host: again.digest(host) for host in again.domains} == {
        h: desired.digest(h) for h in desired.domains
    }
    with pytest.raises(TypeError):
        again.domains["x"] = 1  # type: ignore[index]  # that it is refused is the claim


@given(JSONS)
def test_freezing_loses_nothing(value: Any) -> None:
    assert thawed(frozen(value)) == value
