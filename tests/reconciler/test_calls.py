"""The one way to a vendor: paced, repeated only where that is safe, told in full, without secrets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.calls import Stop, VendorCalls
from reconciler.clock import VirtualClock
from reconciler.errors import AuthError, Conflict, InvalidRequest, ProviderError, RateLimited, Unavailable
from reconciler.pacing import Bucket, Pace, pace
from reconciler.provider import Limit, ProviderType
from reconciler.secrets import Redactor

KEY = "0123456789abcdef"


class Vendor:
    """Answers with what it is told to, one after the other."""

    def __init__(self, *answers: object) -> None:
        self.answers = iter(answers)
        self.asked = 0

    def __call__(self) -> object:
        self.asked += 1
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def translate(error: Exception) -> ProviderError | None:
    """Know the vendor's own time-out; everything else is a bug."""
    return Unavailable(f"timed out with {KEY}") if isinstance(error, TimeoutError) else None


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    clock = VirtualClock(0.0)
    yield clock
    clock.close()


def calls(clock: VirtualClock, stop: Stop | None = None, *limits: Limit) -> VendorCalls:
    type_ = ProviderType(
        "acme",
        frozenset({"dns"}),
        open=lambda _: pytest.fail("not opened"),
        limits=limits,
        translate=translate,
    )
    return VendorCalls(
        "web", type_, clock, redact=Redactor([KEY]), stop=Stop() if stop is None else stop, jitter=lambda: 0.0
    )


def take(paced: Pace, clock: VirtualClock) -> int:
    number, wait_s = paced.reserve(math.inf)
    clock.sleep(wait_s)
    return number


@pytest.mark.parametrize("after_s", [3600.0, float("inf"), float("nan")])
def test_a_rest_that_no_plan_waits_for_is_told_at_once(clock: VirtualClock, after_s: float) -> None:
    vendor = Vendor(RateLimited("come back tomorrow", retry_after_s=after_s))
    with pytest.raises(RateLimited):
        calls(clock)("unit", "create", vendor, repeatable=True)
    assert clock.now() == 0.0


def test_a_throttled_call_is_repeated_whatever_it_is(clock: VirtualClock) -> None:
    """429: nothing was done. Even a create may be repeated, after the time that is asked for."""
    vendor = Vendor(RateLimited("slow down", retry_after_s=30), "made")
    made = calls(clock)("unit", "create", vendor, repeatable=False)
    assert (made, vendor.asked) == ("made", 2)
    assert clock.now() >= 30


def test_a_lost_answer_is_repeated_only_where_a_repeat_is_safe(clock: VirtualClock) -> None:
    """A create that may have happened is looked for by its provider before it is asked for again."""
    lost = Vendor(Unavailable("no answer"), "never asked for")
    with pytest.raises(Unavailable):
        calls(clock)("unit", "create", lost, repeatable=False)
    assert lost.asked == 1
    assert calls(clock)("unit", "list", Vendor(Unavailable("no answer"), "read"), repeatable=True) == "read"


def test_what_was_never_sent_is_repeated(clock: VirtualClock) -> None:
    """A refused connection did nothing."""
    vendor = Vendor(Unavailable("connection refused", sent=False), "made")
    assert calls(clock)("unit", "create", vendor, repeatable=False) == "made"


@pytest.mark.parametrize("error", [AuthError("no"), InvalidRequest("no"), Conflict("no")])
def test_a_refusal_is_final(clock: VirtualClock, error: ProviderError) -> None:
    """The vendor would say the same again."""
    vendor = Vendor(error, "never")
    with pytest.raises(type(error)):
        calls(clock)("unit", "read", vendor, repeatable=True)
    assert vendor.asked == 1


def test_a_vendor_that_stays_away_is_given_up(clock: VirtualClock) -> None:
    """Four attempts, then the error; no endless wait."""
    vendor = Vendor(*[Unavailable("503")] * 9)
    with pytest.raises(Unavailable):
        calls(clock)("unit", "read", vendor, repeatable=True)
    assert vendor.asked == 4
    assert clock.now() < 60


def test_an_error_names_all_that_support_would_ask_for_and_no_secret(clock: VirtualClock) -> None:
    """Provider, operation, resource and request id; the key in the vendor's own text is hidden."""
    refused = InvalidRequest(f"key {KEY} may not", request_id="req-7", status=400)
    with pytest.raises(InvalidRequest) as caught:
        calls(clock)("unit", "PUT /things", Vendor(refused), repeatable=True, resource="click.example.com")
    assert str(caught.value) == (
        "web (acme) PUT /things click.example.com: key (sensitive value) may not (request id req-7)"
    )


def test_an_sdks_error_is_translated_and_a_bug_is_not(clock: VirtualClock) -> None:
    """What the vendor's library raises gets its meaning once; a bug shows its traceback."""
    assert calls(clock)("unit", "read", Vendor(TimeoutError(), "read"), repeatable=True) == "read"
    with pytest.raises(ZeroDivisionError):
        calls(clock)("unit", "read", Vendor(ZeroDivisionError()), repeatable=True)


def test_a_run_that_ends_repeats_nothing(clock: VirtualClock) -> None:
    """After Ctrl-C the call in flight is the last."""
    stop = Stop()
    stop.set()
    vendor = Vendor(Unavailable("503"), "never")
    with pytest.raises(Unavailable):
        calls(clock, stop)("unit", "read", vendor, repeatable=True)
    assert vendor.asked == 1


def test_calls_keep_just_under_the_published_rate(clock: VirtualClock) -> None:
    """100 calls at 5 a second, burst 5: between the bound and 1.1 times the bound."""
    made = calls(clock, None, Limit("unit", 5, 5, "docs"))
    for _ in range(100):
        made("unit", "read", Vendor("read"), repeatable=True)
    bound_s = (100 - 5) / 5
    assert bound_s <= clock.now() <= bound_s * 1.1
    assert made.tally.calls["read"] == 100


def test_a_throttled_bucket_slows_down_and_recovers(clock: VirtualClock) -> None:
    """Somebody shares the account: half the rate, then slowly back."""
    bucket = Bucket(Limit("unit", 10, 1, "docs"), clock)
    bucket.throttled(take(bucket, clock), 1.0)
    before = clock.now()
    take(bucket, clock)
    slow_s = clock.now() - before
    for _ in range(200):
        take(bucket, clock)
    before = clock.now()
    take(bucket, clock)
    assert clock.now() - before < slow_s


def test_calls_that_were_under_way_together_slow_a_bucket_down_once(clock: VirtualClock) -> None:
    """Eight refused at one moment are one piece of news: half the rate, not a sixteenth of it."""
    bucket = Bucket(Limit("unit", 10, 9, "docs"), clock)
    numbers = [take(bucket, clock) for _ in range(8)]
    for number in numbers:
        bucket.throttled(number, 1.0)
    before = clock.now()
    take(bucket, clock)
    assert clock.now() - before < 0.25


def test_calls_that_are_late_on_their_way_leave_room_for_the_next(clock: VirtualClock) -> None:
    """The first ones reach the vendor a whole call's time late, the next ones at once: none is refused."""
    bucket = Bucket(Limit("unit", 5, 5, "docs"), clock)
    left, at_s = 5.0, 0.2
    for number in range(50):
        take(bucket, clock)
        arrived_s = clock.now() + (0.2 if number < 4 else 0.0)
        left, at_s = min(5.0, left + (arrived_s - at_s) * 5) - 1, arrived_s
        assert left >= 0, f"call {number} is refused"


# -- rates that are counted in windows, and ends of runs
HOURLY = Limit("write", 0.0, 1000, "docs: 1,000 an hour", window_s=3600.0, reads=False)


@given(
    st.integers(1, 5),
    st.floats(1.0, 100.0),
    st.lists(st.floats(0.0, 60.0), min_size=1, max_size=40),
)
def test_no_window_ever_holds_more_calls_than_its_limit(
    burst: int, window_s: float, pauses: list[float]
) -> None:
    with VirtualClock(0.0) as clock:
        paced, went = pace(Limit("write", 0.0, burst, "docs", window_s), clock), list[float]()
        for pause_s in pauses:
            clock.sleep(pause_s)
            take(paced, clock)
            went.append(clock.now())
        assert all(went[n] - went[n - burst] > window_s for n in range(burst, len(went)))


def test_the_first_calls_of_a_window_go_at_once(clock: VirtualClock) -> None:
    made = calls(clock, None, HOURLY)
    for _ in range(1000):
        made("write", "create", Vendor("made"), repeatable=False)
    assert clock.now() == 0.0


def test_a_run_waits_for_the_window_to_end_where_it_lasts_so_long(clock: VirtualClock) -> None:
    stop = Stop()
    stop.at(2 * 3600.0)
    made = calls(clock, stop, HOURLY)
    for _ in range(1001):
        made("write", "create", Vendor("made"), repeatable=False)
    assert 3600.0 < clock.now() < 3700.0


def test_a_call_that_could_only_go_after_the_runs_end_is_not_waited_for(clock: VirtualClock) -> None:
    stop = Stop()
    stop.at(2700.0)
    made = calls(clock, stop, HOURLY)
    for _ in range(1000):
        made("write", "create", Vendor("made"), repeatable=False)
    with pytest.raises(
        RateLimited, match=r"web \(acme\) create: no more calls for 1h1m \(docs: 1,000 an hour"
    ):
        made("write", "create", Vendor("never"), repeatable=False)
    assert clock.now() == 0.0


def test_a_refusal_with_its_end_is_waited_for_as_long_as_the_run_lasts(clock: VirtualClock) -> None:
    stop = Stop()
    stop.at(2700.0)
    vendor = Vendor(RateLimited("too many", retry_after_s=2400.0), "made")
    assert calls(clock, stop, HOURLY)("write", "create", vendor, repeatable=False) == "made"
    assert clock.now() == 2400.0
    with pytest.raises(RateLimited, match="too many"):
        calls(clock, stop)(
            "write", "create", Vendor(RateLimited("too many", retry_after_s=301.0)), repeatable=True
        )
    assert clock.now() == 2400.0


def test_what_one_call_was_refused_no_other_of_its_window_asks_for(clock: VirtualClock) -> None:
    """Another run used the hour up: the vendor says until when, and is not asked again before."""
    stop = Stop()
    stop.at(2700.0)
    made = calls(clock, stop, HOURLY)
    with pytest.raises(RateLimited):
        made("write", "create", Vendor(RateLimited("too many", retry_after_s=3000.0)), repeatable=False)
    second = Vendor("never")
    with pytest.raises(RateLimited, match="no more calls for 50m"):
        made("write", "create", second, repeatable=False)
    assert second.asked == 0


def test_a_long_wait_for_a_window_ends_with_the_run(clock: VirtualClock) -> None:
    stop = Stop()
    stop.at(2 * 3600.0)
    made = calls(clock, stop, HOURLY)
    for _ in range(1000):
        made("write", "create", Vendor("made"), repeatable=False)
    stop.set()
    last = Vendor("never")
    with pytest.raises(RateLimited):
        made("write", "create", last, repeatable=False)
    assert (last.asked, clock.now()) == (0, 0.0)


def test_the_options_of_an_alias_may_raise_a_limit(clock: VirtualClock) -> None:
    def raised(options: Mapping[str, Any]) -> list[Limit]:
        return [replace(HOURLY, burst=options["writes_per_hour"])] if "writes_per_hour" in options else []

    type_ = ProviderType(
        "acme",
        frozenset({"cdn"}),
        open=lambda _: pytest.fail("not opened"),
        limits=(HOURLY, Limit("read", 5.0, 5, "docs")),
        limits_for=raised,
    )
    assert [limit.burst for limit in type_.limits_with({})] == [1000, 5]
    assert [limit.burst for limit in type_.limits_with({"writes_per_hour": 10_000})] == [10_000, 5]
    made = VendorCalls(
        "web", type_, clock, redact=Redactor([]), stop=Stop(), options={"writes_per_hour": 2000}
    )
    for _ in range(2000):
        made("write", "create", Vendor("made"), repeatable=False)
    assert clock.now() == 0.0
