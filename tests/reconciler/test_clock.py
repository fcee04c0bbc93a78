"""The clocks: who waits, when time moves, and that nothing is ever lost."""

from __future__ import annotations

import os
import random
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.clock import Bell, Clock, ParkingClock, SystemClock, VirtualClock, from_environment
from reconciler.errors import TdrError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOUR = 3600.0


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    with VirtualClock(1000.0) as made:
        yield made


def working(clock: Clock, run: Callable[[], Any]) -> threading.Thread:
    """Start a thread that counts as working for as long as `run` takes."""

    def counted() -> None:
        try:
            run()
        finally:
            clock.end()

    clock.begin()
    thread = threading.Thread(target=counted)
    thread.start()
    return thread


def test_a_sleep_moves_time_by_exactly_its_length(clock: VirtualClock) -> None:
    clock.sleep(HOUR)
    clock.sleep(0)
    clock.sleep(-5)
    assert clock.now() == 1000.0 + HOUR


def test_sleepers_wake_in_the_order_of_their_deadlines_and_at_them(clock: VirtualClock) -> None:
    woken: list[tuple[str, float]] = []

    def sleeper(name: str, seconds: float) -> Callable[[], None]:
        def run() -> None:
            clock.sleep(seconds)
            woken.append((name, clock.now()))

        return run

    for name, seconds in (("c", 30.0), ("a", 10.0), ("b", 20.0)):
        working(clock, sleeper(name, seconds))
    clock.sleep(40.0)
    assert woken == [("a", 1010.0), ("b", 1020.0), ("c", 1030.0)]
    assert clock.now() == 1040.0


def test_time_stands_still_while_a_thread_works(clock: VirtualClock) -> None:
    release, seen = threading.Event(), []

    def run() -> None:
        release.wait()
        seen.append(clock.now())

    thread = working(clock, run)
    threading.Timer(0.02, release.set).start()
    clock.sleep(HOUR)
    thread.join()
    assert seen == [1000.0]
    assert clock.now() == 1000.0 + HOUR


def test_an_empty_mailbox_gives_none_at_the_deadline(clock: VirtualClock) -> None:
    assert clock.mailbox().get(1060.0) is None
    assert clock.now() == 1060.0


def test_a_deadline_that_has_passed_still_gives_what_is_there(clock: VirtualClock) -> None:
    mailbox = clock.mailbox()
    assert mailbox.get(0.0) is None
    mailbox.put("a")
    assert mailbox.get(0.0) == "a"
    assert clock.now() == 1000.0


def test_items_come_in_the_order_of_their_puts(clock: VirtualClock) -> None:
    mailbox = clock.mailbox()
    for number in range(5):
        mailbox.put(number)
    assert [mailbox.get(None) for _ in range(5)] == list(range(5))


def test_a_put_wakes_the_getter_before_any_time_passes(clock: VirtualClock) -> None:
    """The worker's end must not be seen as idleness while its result lies in the mailbox."""
    mailbox = clock.mailbox()
    for number in range(200):
        working(clock, lambda number=number: mailbox.put(number))  # type: ignore[misc]
        assert mailbox.get(1000.0 + HOUR) == number
    assert clock.now() == 1000.0


def test_a_getter_without_a_deadline_waits_through_the_sleeps_of_others(clock: VirtualClock) -> None:
    mailbox = clock.mailbox()

    def run() -> None:
        clock.sleep(HOUR)
        mailbox.put("late")

    working(clock, run)
    assert mailbox.get(None) == "late"
    assert clock.now() == 1000.0 + HOUR


def test_a_put_from_a_thread_that_does_not_count_is_taken_too(clock: VirtualClock) -> None:
    mailbox = clock.mailbox()
    threading.Timer(0.01, mailbox.put, ["outside"]).start()
    assert mailbox.get(None) == "outside"


def test_two_getters_of_one_mailbox_each_get_one(clock: VirtualClock) -> None:
    mailbox, taken = clock.mailbox(), clock.mailbox()
    for _ in range(2):
        working(clock, lambda: taken.put(mailbox.get(1000.0 + HOUR)))
    mailbox.put("a")
    mailbox.put("b")
    assert {taken.get(None), taken.get(None)} == {"a", "b"}
    assert clock.now() == 1000.0


def test_no_wake_up_is_lost_under_load(clock: VirtualClock) -> None:
    """A scheduler and eight workers with more work than they can hold: all of it comes back."""
    work, results = clock.mailbox(), clock.mailbox()
    chance = random.Random(7)

    def worker() -> None:
        while (piece := work.get(None)) is not None:
            number, pauses = piece
            for pause in pauses:
                clock.sleep(pause)
            results.put((number, sum(pauses)))

    threads = [working(clock, worker) for _ in range(8)]
    wanted = {number: [float(chance.randrange(3)) for _ in range(4)] for number in range(400)}
    for piece in wanted.items():
        work.put(piece)
    got: dict[int, float] = {}
    while len(got) < len(wanted):
        number, slept = results.get(None) or (-1, -1.0)
        got[number] = slept
    for _ in threads:
        work.put(None)
    for thread in threads:
        thread.join()
    assert got == {number: sum(pauses) for number, pauses in wanted.items()}
    assert sum(got.values()) / 8 <= clock.now() - 1000.0 <= sum(got.values())


def test_interrupting_a_parked_thread_is_prompt_and_leaves_the_count_right(clock: VirtualClock) -> None:
    mailbox = clock.mailbox()
    for _ in range(2):
        threading.Timer(0.02, os.kill, [os.getpid(), signal.SIGINT]).start()
        with pytest.raises(KeyboardInterrupt):
            mailbox.get(None)
    seen: list[float] = []
    thread = working(clock, lambda: seen.append(clock.now()))
    thread.join()
    clock.sleep(5.0)
    assert seen == [1000.0]
    assert clock.now() == 1005.0


def test_an_interrupt_while_time_is_being_moved_stops_the_move() -> None:
    """The sandbox may be slow to move: others work. Ctrl-C must not let time jump behind our back."""
    moves: list[str] = []

    def advance(until: float, bell: Bell) -> float:
        moves.append("asked")
        rang, _ = bell.wait(10.0)
        moves.append("stopped" if rang else "sat out")
        return 0.0

    with ParkingClock(lambda: 0.0, advance) as clock:
        threading.Timer(0.02, os.kill, [os.getpid(), signal.SIGINT]).start()
        with pytest.raises(KeyboardInterrupt):
            clock.sleep(HOUR)
    assert moves == ["asked", "stopped"]


def test_a_signal_handler_may_put(clock: VirtualClock) -> None:
    mailbox = clock.mailbox()
    before = signal.signal(signal.SIGUSR1, lambda *_: mailbox.put("signal"))
    try:
        threading.Timer(0.01, os.kill, [os.getpid(), signal.SIGUSR1]).start()
        assert mailbox.get(None) == "signal"
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_whoever_waits_is_told_when_time_cannot_be_moved() -> None:
    def advance(until: float, bell: Bell) -> float:
        raise TdrError("the sandbox is gone")

    with ParkingClock(lambda: 0.0, advance) as clock:
        for _ in range(2):
            with pytest.raises(TdrError, match="the sandbox is gone"):
                clock.sleep(1.0)


def test_closing_lets_go_of_whoever_waits() -> None:
    clock = VirtualClock()
    errors: list[str] = []

    def run() -> None:
        try:
            clock.mailbox().get(None)
        except TdrError as error:
            errors.append(str(error))

    thread = working(clock, run)
    clock.close()
    clock.close()
    thread.join()
    assert errors == ["the clock was closed"]


def test_a_thread_that_waits_unannounced_is_a_bug_that_shows(clock: VirtualClock) -> None:
    caught: list[str] = []

    def run() -> None:
        try:
            clock.mailbox().get(None)
        except RuntimeError as error:
            caught.append(str(error))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert caught == ["more threads wait on the clock than were announced by begin()"] * 2


def test_a_forgotten_clock_takes_its_thread_along() -> None:
    driver = VirtualClock()._driver
    driver.join(5)
    assert not driver.is_alive()


def test_a_clock_that_flows_wakes_at_the_deadline_while_others_work() -> None:
    real = SystemClock()

    def advance(until: float, bell: Bell) -> float:
        raise AssertionError("somebody works")

    done = threading.Event()
    with ParkingClock(real.now, advance, flows=True) as clock:
        thread = working(clock, done.wait)
        deadline = clock.now() + 0.01
        assert clock.mailbox().get(deadline) is None
        assert clock.now() >= deadline
        done.set()
        thread.join()


def test_the_system_clock_waits_for_real() -> None:
    clock = from_environment({})
    start = clock.now()
    clock.sleep(0.01)
    mailbox = clock.mailbox()
    assert mailbox.get(clock.now() + 0.01) is None
    assert clock.now() - start >= 0.02
    threading.Timer(0.01, mailbox.put, ["item"]).start()
    assert mailbox.get(None) == "item"
    clock.begin()
    clock.end()
    clock.close()


@pytest.mark.parametrize("url", ["nonsense", "https://127.0.0.1:1", "http://127.0.0.1", "http://127.0.0.1:x"])
def test_a_malformed_sandbox_address_is_refused(url: str) -> None:
    with pytest.raises(TdrError, match="http://HOST:PORT"):
        from_environment({"TDR_SANDBOX_URL": url})


def test_a_sandbox_that_does_not_answer_is_a_clear_error() -> None:
    with pytest.raises(TdrError, match=r"sandbox at http://127\.0\.0\.1:1 gives no time"):
        from_environment({"TDR_SANDBOX_URL": "http://127.0.0.1:1"})
