"""The forecast: calls, least times, waits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.forecast import forecast_text
from reconciler.plan import Plan
from reconciler.provider import Kind, Limit, ProviderType
from tests.reconciler.plans import CHANGES, CLAIM, DESIRED, EDGE, EMPTY, MIXED, creation, rid, step
from tests.reconciler.vendors import cannot_open


def type_of(name: str, *limits: Limit) -> ProviderType:
    return ProviderType(name, frozenset(), open=cannot_open, limits=limits)


SLOW = Limit("account", 2.0, 10, "docs: 120 calls a minute")
FAST = Limit("address", 100.0, 100, "docs: 100 calls a second")
TYPES = {"sparkpost": type_of("sparkpost"), "edge": type_of("edge", FAST, SLOW)}


def told(plan: Plan, **reads: int) -> list[str]:
    return forecast_text(plan, DESIRED, TYPES, reads).splitlines()


def test_a_plan_that_does_nothing_tells_its_reads() -> None:
    assert told(EMPTY, sp=1, web=1234) == ["sp (sparkpost): 1 read", "web (edge): 1,234 reads"]


def test_each_account_is_told_with_the_rate_that_binds() -> None:
    sp, web, _ = told(MIXED, sp=2, web=204)
    assert sp == "sp (sparkpost): 2 reads, about 3 writes"
    assert web == "web (edge): 204 reads, about 6 writes, at least 1m40s (docs: 120 calls a minute)"


def test_a_rate_that_nobody_notices_is_not_told() -> None:
    assert told(MIXED, web=20)[1] == "web (edge): 20 reads, about 6 writes, at least 8s"
    assert told(MIXED, web=1)[1] == "web (edge): 1 read, about 6 writes"


def test_the_waits_are_those_of_the_slowest_domain() -> None:
    assert told(MIXED)[-1] == (
        "waits: usually 1h1m, at most 1h30m in all; the longest: a.example.com: "
        "the old answer may be cached for 3600 s (usually 1h, at most 1h)"
    )


@pytest.mark.parametrize(("container", "writes"), [("zone:example.com", "1 write"), (None, "50 writes")])
def test_changes_of_one_container_that_are_ready_together_are_one_write(
    container: str | None, writes: str
) -> None:
    made = [replace(CLAIM, id=rid("dns_record", f"h{n}/claim"), container=container) for n in range(50)]
    changes = tuple(creation(one) for one in made)
    plan = replace(EMPTY, changes=changes, nodes=tuple(step(one) for one in changes))
    assert told(plan)[0].partition(", at least")[0] == f"web (edge): 0 reads, about {writes}"


def test_an_import_writes_nothing() -> None:
    assert told(replace(EMPTY, changes=CHANGES[4:5], nodes=(step(CHANGES[4]),)), sp=3) == [
        "sp (sparkpost): 3 reads"
    ]


def test_an_alias_that_no_file_names_is_left_out() -> None:
    assert told(EMPTY, elsewhere=7) == []


HOURLY = Limit("write", 0.0, 1000, "docs: 1,000 writes an hour", window_s=3600.0, reads=False)


def members(count: int) -> Plan:
    """Return a plan that makes so many members of one container, side by side."""
    made = [replace(EDGE, id=rid("edge_host", f"h{n}"), attrs={}, container="service") for n in range(count)]
    changes = tuple(creation(one) for one in made)
    return replace(EMPTY, changes=changes, nodes=tuple(step(one) for one in changes))


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (300, "about 301 writes"),
        (999, "about 1,000 writes"),
        (1000, "about 1,001 writes, at least 1h (docs: 1,000 writes an hour)"),
        (2500, "about 2,501 writes, at least 2h (docs: 1,000 writes an hour)"),
    ],
)
def test_writes_that_are_counted_by_the_hour_wait_for_whole_hours(count: int, expected: str) -> None:
    """What each member costs beside its batch is counted; reads are not, where they do not count."""
    edge = ProviderType(
        "edge", frozenset(), open=cannot_open, limits=(HOURLY,), kinds=(Kind("edge_host", writes=1),)
    )
    text = forecast_text(members(count), DESIRED, {**TYPES, "edge": edge}, {"web": 5000})
    assert text.splitlines()[0] == f"web (edge): 5,000 reads, {expected}"


def test_the_forecast_rests_on_the_limits_that_the_options_give() -> None:
    edge = ProviderType(
        "edge",
        frozenset(),
        open=cannot_open,
        limits=(HOURLY,),
        kinds=(Kind("edge_host", writes=1),),
        limits_for=lambda options: [replace(HOURLY, burst=10_000)] if options["region"] == "us" else [],
    )
    text = forecast_text(members(2500), DESIRED, {**TYPES, "edge": edge}, {})
    assert text.splitlines()[0] == "web (edge): 0 reads, about 2,501 writes"
