"""A container whose every write is a whole version is written once for all hosts that are under way."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.desired import Desired
from reconciler.errors import InvalidRequest
from reconciler.planner import Choice
from tests.laws.bench import Bench, desired, domain

quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def many(count: int) -> tuple[Bench, Desired]:
    """Return so many hosts, each in a zone of its own, on one account's versioned services."""
    zones = tuple(f"z{number}.test" for number in range(count))
    bench = Bench()
    bench.world.zones, bench.world.versioned = zones, True
    domains = [domain(f"click.{zone}", cdn="proxy", dns="proxy") for zone in zones]
    return bench, desired(*domains)


def slow(bench: Bench, random: Random) -> None:
    """Let every write into a zone take between no time and twenty seconds."""

    def wait(operation: str, _key: str) -> None:
        if operation.endswith("dns_record"):
            bench.world.clock.sleep(random.uniform(0.0, 20.0))

    bench.world.before_write = wait


def test_a_service_that_does_not_gather_is_written_as_its_hosts_come() -> None:
    bench, state = many(24)
    bench.world.versioned = False
    slow(bench, Random(1))
    assert bench.apply(state).succeeded
    assert len(bench.world.versions) > 10


def test_many_hosts_are_one_version_of_each_service() -> None:
    bench, state = many(24)
    slow(bench, Random(1))
    assert bench.apply(state).succeeded
    assert Counter(container for container, _ in bench.world.versions) == {"edges/0": 1, "edges/1": 1}
    bench.world.versions.clear()
    assert bench.apply(state, Choice(destroy=True)).succeeded
    assert max(Counter(container for container, _ in bench.world.versions).values()) == 1
    assert bench.world.edges == {}


@quick
@given(st.integers(1, 12), st.integers(0, 2**32), st.sets(st.integers(0, 11)))
def test_held_batches_end_as_others_do(count: int, seed: int, refused: set[int]) -> None:
    """Whatever is slow and whatever is refused: the same hosts are done, in no more batches."""
    ends = []
    for versioned in (False, True):
        bench, state = many(count)
        bench.world.versioned = versioned
        random = Random(seed)
        slow(bench, random)
        late = bench.world.before_write

        def strike(operation: str, key: str, late: object = late) -> None:
            assert callable(late)
            late(operation, key)
            if any(f".z{number}.test/claim" in key for number in refused):
                raise InvalidRequest("not here")

        bench.world.before_write = strike
        report = bench.apply(state)
        outcomes = {host.host: host.outcome for host in report.hosts}
        ends.append((outcomes, bench.world.snapshot()["edges"].keys(), len(bench.world.versions)))
        assert bench.world.broken == []
    assert ends[0][:2] == ends[1][:2]
    assert ends[1][2] <= ends[0][2]
