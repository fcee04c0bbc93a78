"""What a plan costs grows with the number of domains, not with its square: calls are counted, not time."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from benchmarks.accounts import Account, bench_types, hosts, yaml_for
from reconciler import app
from reconciler.calls import Stop
from reconciler.clock import SystemClock
from reconciler.load import load
from reconciler.planner import Choice
from reconciler.render import plan_text

SMALL, LARGE = 50, 200


def calls_of(work: Callable[[], object]) -> int:
    """How many functions work calls, C functions included."""
    counted = 0

    def count(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


def planning(folder: Path, size: int, choice: Choice) -> int:
    """The calls of planning and showing so many new domains."""
    file = folder / f"{size}.yaml"
    file.write_text(yaml_for(hosts(size)), encoding="utf-8")
    types = bench_types(Account())
    desired = load([file], {}, types)
    account = Account.empty(desired.domains)
    session = app.open_session(desired, bench_types(account), {}, SystemClock(), Stop())
    world = app.read_world(session)
    found = calls_of(lambda: plan_text(app.plan_from(session, world, choice)[0]))
    session.close()
    return found


@pytest.mark.parametrize(
    "choice",
    [Choice(), Choice(targets=("*.example",)), Choice(excludes=("click1.*",)), Choice(resume=True)],
    ids=("all", "target", "exclude", "resume"),
)
def test_four_times_the_domains_take_four_times_the_work(choice: Choice, tmp_path: Path) -> None:
    small, large = (planning(tmp_path, size, choice) for size in (SMALL, LARGE))
    assert large <= 1.1 * (LARGE / SMALL) * small
