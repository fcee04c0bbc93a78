"""How a run ends that does not end by itself: errors in a thread, Ctrl-C once and twice, long rests."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from reconciler.calls import Stop
from reconciler.clock import SystemClock, VirtualClock
from reconciler.errors import RateLimited, Unavailable
from reconciler.events import Event
from reconciler.pool import Pool
from reconciler.report import Outcome
from tests.laws.bench import START_S, Bench, desired, domain

HOST = "click.example.com"
SOON_S = 30.0


def in_time(work: Callable[[], None]) -> BaseException | None:
    """Run work on a thread of its own; return what it raised. It must end by itself."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  handed to the test
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(SOON_S)
    assert not thread.is_alive(), "it hangs"
    return raised[0] if raised else None


class BugError(Exception):
    """No vendor's refusal."""


def test_a_bug_in_one_thread_ends_the_run_though_another_rests() -> None:
    """Whoever waits for the threads to end must not hold up the time that they wait for."""
    bench = Bench()
    state = desired(domain(HOST), domain("go.example.net"))

    def strike(_operation: str, key: str) -> None:
        if HOST in key:
            raise BugError
        raise Unavailable("down for a while")

    bench.world.before_write = strike
    assert isinstance(in_time(lambda: bench.apply(state) and None), BugError)


def test_closing_a_pool_lets_time_go_on_for_its_threads() -> None:
    with VirtualClock(0.0) as clock:
        pool = Pool(clock, 1, "one")
        pool.submit(lambda: clock.sleep(600.0))
        pool.close()
        assert clock.now() == 600.0


def test_a_pause_ends_with_the_run() -> None:
    """In real time: ten minutes that a vendor asks for are not sat out after Ctrl-C."""
    stop, clock = Stop(), SystemClock()
    timer = threading.Timer(0.01, stop.set)
    timer.start()
    assert in_time(lambda: stop.pause(clock, 600.0)) is None
    assert in_time(lambda: stop.pause(clock, 600.0)) is None
    timer.join()


def test_after_ctrl_c_calls_in_flight_end_and_nothing_new_begins() -> None:
    bench, stop = Bench(), Stop()
    bench.world.after_write = lambda _operation, _key: stop.set()
    report = bench.apply(desired(domain(HOST)), stop=stop)
    assert [key for _, key in bench.world.writes] == [f"{HOST}/claim"]
    assert report.interrupted
    assert not report.succeeded
    (host,) = report.hosts
    assert (host.outcome, host.why) == (Outcome.SKIPPED, "the run was interrupted")
    bench.world.after_write = lambda _operation, _key: None
    assert [h.outcome for h in bench.apply(desired(domain(HOST))).hosts] == [Outcome.APPLIED]
    assert bench.world.broken == []


def test_a_second_ctrl_c_waits_for_no_call() -> None:
    """It comes as KeyboardInterrupt wherever the scheduler is just then."""
    bench, held = Bench(), threading.Event()

    def hold(_operation: str, _key: str) -> None:
        held.wait(SOON_S * 2)

    class Display(list[Event]):
        def append(self, event: Event) -> None:
            if len(self) == 1:
                raise KeyboardInterrupt
            super().append(event)

    bench.world.before_write = hold
    bench.events = Display()
    state = desired(domain(HOST), domain("go.example.net"))
    try:
        assert isinstance(in_time(lambda: bench.apply(state) and None), KeyboardInterrupt)
    finally:
        held.set()


@pytest.mark.parametrize("atomic", [True, False])
def test_a_run_that_a_bug_ended_goes_on_later(atomic: bool) -> None:
    bench = Bench()
    bench.world.atomic = atomic

    def strike(operation: str, _key: str) -> None:
        if operation.endswith("secure"):
            raise BugError

    bench.world.before_write = strike
    with pytest.raises(BugError):
        bench.apply(desired(domain(HOST)))
    bench.world.before_write = lambda _operation, _key: None
    assert [h.outcome for h in bench.apply(desired(domain(HOST))).hosts] == [Outcome.APPLIED]


# -- a rate that is used up
def rests(bench: Bench, until_s: float) -> None:
    """Let the vendor refuse every edge until then, saying so."""

    def refuse(operation: str, _key: str) -> None:
        left_s = until_s - bench.world.clock.now()
        if operation.endswith("memory_edge") and left_s > 0:
            raise RateLimited("too many writes this hour", retry_after_s=left_s)

    bench.world.before_write = refuse


def test_a_rate_that_is_free_again_within_the_run_is_waited_for() -> None:
    bench = Bench()
    rests(bench, bench.world.clock.now() + 2400.0)
    assert bench.apply(desired(domain(HOST))).succeeded
    assert bench.world.broken == []


def test_a_rate_that_is_free_again_only_later_leaves_the_rest_to_a_later_run() -> None:
    bench = Bench()
    rests(bench, bench.world.clock.now() + 3600.0)
    report = bench.apply(desired(domain(HOST)), timeout_s=2700.0)
    (host,) = report.hosts
    assert host.outcome is Outcome.WAITING
    assert "too many writes this hour" in host.why
    assert host.next == "run `tdr apply -resume` later: it goes on from here"
    assert bench.world.clock.now() < START_S + 2700.0
    bench.world.clock.sleep(3600.0)
    assert bench.apply(desired(domain(HOST))).succeeded
    assert bench.world.broken == []
