"""A vendor that can tell when all its name servers have a record is asked before they are."""

from __future__ import annotations

from reconciler.errors import AuthError
from reconciler.plan import Gate, GateKind
from reconciler.report import Outcome
from tests.laws.bench import Bench, desired, domain
from tests.laws.memory import ORIGIN

COUNT = 12
HOSTS = tuple(f"h{number}.example.com" for number in range(COUNT))
STATE = desired(*(domain(host) for host in HOSTS))
RECORDS = tuple(sorted(f"{host}/host" for host in HOSTS))


def bench_of(sync_s: float) -> Bench:
    bench = Bench()
    bench.world.tells_sync, bench.world.sync_s = True, sync_s
    for host in HOSTS:
        bench.world.records[host, "CNAME"] = (60, (ORIGIN,))
    return bench


def asked_of_records(bench: Bench) -> list[tuple[str, ...]]:
    return [keys for keys in bench.world.asked_ready if keys[0].endswith("/host")]


def answers_events(bench: Bench, what: str) -> list[str]:
    return [
        event.text
        for event in bench.events
        if isinstance(event.node, Gate) and event.node.kind is GateKind.ANSWERS and event.what == what
    ]


def test_all_records_of_an_account_are_asked_about_at_once_until_they_are_in_sync() -> None:
    bench = bench_of(sync_s=35.0)
    assert bench.apply(STATE).succeeded
    asked = asked_of_records(bench)
    assert asked[-1] == RECORDS
    assert 35 / 10 < len(asked) < 35 / 10 * COUNT / 2  # the first come in as many parts as their moves do
    assert set(answers_events(bench, "progress")) == {"change C1 is PENDING"}
    assert len(answers_events(bench, "applied")) == COUNT


def test_a_vendor_that_says_ready_is_asked_once() -> None:
    bench = bench_of(sync_s=0.0)
    assert bench.apply(STATE).succeeded
    assert sorted(key for keys in asked_of_records(bench) for key in keys) == list(RECORDS)
    assert answers_events(bench, "progress") == []


def test_a_vendor_that_cannot_tell_is_not_asked() -> None:
    bench = bench_of(sync_s=9999.0)
    bench.world.tells_sync = False
    assert bench.apply(STATE).succeeded
    assert asked_of_records(bench) == []


def test_what_is_not_in_sync_in_time_is_told_in_the_vendors_words() -> None:
    bench = bench_of(sync_s=9999.0)
    report = bench.apply(STATE)
    assert {host.outcome for host in report.hosts} == {Outcome.WAITING}
    assert all(host.why.endswith("change C1 is PENDING") for host in report.hosts)


def test_a_vendor_that_refuses_to_tell_is_told_of() -> None:
    bench = bench_of(sync_s=0.0)
    state = desired(domain(HOSTS[0]))
    bench.world.refuses_ready = AuthError("it needs route53:GetChange")
    (host,) = bench.apply(state).hosts
    assert host.outcome is Outcome.FAILED
    assert "it needs route53:GetChange" in host.why
