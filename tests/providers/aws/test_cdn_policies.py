"""Shared policies: their names say what they hold, and a hundred distributions use each."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.aws.cdn_options import wishes_from
from providers.aws.names import CACHE_POLICY, REQUEST_POLICY
from providers.aws.policies import (
    assigned,
    cache_base,
    content_from,
    content_of,
    key_of,
    policy_resource,
    request_base,
)
from reconciler.model import attrs
from tests.providers.aws.cdn_values import ALIAS, HOST, OWNER, composed, distribution, policy, state

seconds = st.integers(0, 100)
KEYS = ["cache-1-10-10-0", "cache-0-0-0-7", "cache-1-10-60-target-3"]


@pytest.mark.parametrize("key", [*KEYS, "request-ua-0", "request-ua-target-12"])
def test_a_policy_reads_as_its_name_says(key: str) -> None:
    kind = CACHE_POLICY if key.startswith("cache") else REQUEST_POLICY
    assert content_from(policy(kind, key, "id")) == content_of(key)
    assert key_of(policy(kind, key, "id"), OWNER) == key


def test_the_guides_cache_policy() -> None:
    assert content_of("cache-1-10-10-0") == attrs(
        min_ttl=1,
        default_ttl=10,
        max_ttl=10,
        header_behavior="none",
        headers=(),
        cookie_behavior="none",
        cookies=(),
        query_string_behavior="none",
        query_strings=(),
        accept_encoding_gzip=True,
        accept_encoding_brotli=True,
    )


def test_the_origin_request_policy_of_today_and_of_2021() -> None:
    today = attrs(
        header_behavior="whitelist",
        headers=("User-Agent",),
        cookie_behavior="none",
        cookies=(),
        query_string_behavior="whitelist",
        query_strings=("target",),
    )
    assert content_of("request-ua-target-0") == today
    guide = {**today, "query_string_behavior": "none", "query_strings": ()}
    assert content_of("request-ua-0") == attrs(**guide)


@given(seconds, seconds, seconds, st.booleans(), st.booleans())
def test_options_that_differ_make_another_name(
    low: int, default: int, high: int, keyed: bool, sent: bool
) -> None:
    options = {
        "cache_ttl": {"min": low, "default": default, "max": high},
        "cache_key": "target" if keyed else "none",
        "forward_target": sent,
    }
    wishes = wishes_from(ALIAS, OWNER, options)
    content = content_of(f"{cache_base(wishes)}-0")
    assert (content["min_ttl"], content["default_ttl"], content["max_ttl"]) == (low, default, high)
    assert (content["query_strings"] == ("target",)) is (keyed and high > 0)
    assert content_of(f"{request_base(wishes)}-0")["query_strings"] == (("target",) if sent else ())


@pytest.mark.parametrize(
    "name",
    [
        "tdr-acme-mail-extra-cache-1-10-10-0",
        "tdr-acme-cache-1-10-10-0",
        "SparkPost_ET_short_cache",
        "tdr-acme-mail-cache-1-10",
    ],
)
def test_another_name_is_not_ours(name: str) -> None:
    assert key_of(replace(policy(CACHE_POLICY, "cache-1-10-10-0", "id"), name=name), OWNER) is None


def test_a_policy_that_the_users_distribution_uses_is_not_ours_to_remove() -> None:
    mine = policy(CACHE_POLICY, "cache-1-10-10-0", "p-cache")
    assert state(policies=(mine,)).resources() == (
        policy_resource(ALIAS, OWNER, CACHE_POLICY, "cache-1-10-10-0", mine),
    )
    theirs = replace(distribution(), host=None)
    used = state(policies=(mine,), distributions=(theirs,), origins={})
    assert [r.mark for r in used.resources()] == [None]


# -- shards
def test_the_hundred_and_first_goes_to_the_next() -> None:
    hosts = {f"h{n:03}.example.com": None for n in range(101)}
    found = assigned("cache-1-10-10", hosts, {}, 100)
    assert sorted(set(found.values())) == ["cache-1-10-10-0", "cache-1-10-10-1"]
    assert [h for h, key in found.items() if key.endswith("-1")] == ["h100.example.com"]


def test_what_others_use_counts() -> None:
    assert assigned("request-ua", {HOST: None}, {"request-ua-0": 100, "request-ua-1": 99}, 100) == {
        HOST: "request-ua-1"
    }


standing = st.dictionaries(
    st.text("abc", min_size=1, max_size=4),
    st.none() | st.sampled_from(["x-0", "x-1", "x-4", "y-0"]),
    max_size=20,
)


@given(standing, st.integers(1, 5))
def test_hosts_stay_and_no_policy_gets_more_than_it_has_room_for(
    hosts: dict[str, str | None], room: int
) -> None:
    users = {key: list(hosts.values()).count(key) for key in set(hosts.values()) if key}
    found = assigned("x", hosts, users, room)
    assert found.keys() == hosts.keys()
    for host, key in hosts.items():
        if key is not None and key.startswith("x-"):
            assert found[host] == key
    for key in set(found.values()):
        assert list(found.values()).count(key) <= max(room, users.get(key, 0))
    assert assigned("x", found, {k: list(found.values()).count(k) for k in found.values()}, room) == found


def test_sharding_shows_in_what_is_composed() -> None:
    hosts = [f"h{n:03}.example.com" for n in range(3)]
    found = composed(None, *hosts, quotas={"distributions_per_policy": 2})
    shared = [r.id.key for r in found.resources if r.host is None]
    assert shared == ["cache-1-10-10-0", "cache-1-10-10-1", "request-ua-target-0", "request-ua-target-1"]
