"""Sandbox time as several processes see it."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

import providers.sandbox
from providers.sandbox.contract import ControlError
from providers.sandbox.running import Running

START = 1_700_000_000.0


@pytest.fixture
def sandbox() -> Iterator[Running]:
    with providers.sandbox.started({"clock": START}, emulators=[]) as running:
        yield running


@contextmanager
def joined(sandbox: Running) -> Iterator[int]:
    """Take part for the length of the block, as a process does: by holding a connection."""
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=10)
    connection.request("POST", "/clock/join")
    response = connection.getresponse()
    try:
        assert response.status == 200
        yield json.loads(response.readline())["id"]
    finally:
        response.close()
        connection.close()


def wait(sandbox: Running, participant: int, until: float) -> float:
    now: float = sandbox.control("POST", "/clock/wait", {"id": participant, "until": until})["now"]
    return now


def status_becomes(sandbox: Running, **expected: int) -> dict[str, Any]:
    """Ask until the clock shows this; a test that never sees it fails on its own deadline."""
    deadline = time.monotonic() + 10
    while True:
        status: dict[str, Any] = sandbox.control("GET", "/clock")
        if all(status[key] == value for key, value in expected.items()):
            return status
        assert time.monotonic() < deadline, status


def test_time_begins_where_the_world_says_and_runs_at_real_speed(sandbox: Running) -> None:
    first = sandbox.control("GET", "/clock")["now"]
    second = sandbox.control("GET", "/clock")["now"]

    assert START <= first < second < START + 5


def test_a_lone_participant_jumps_at_once(sandbox: Running) -> None:
    began = time.monotonic()

    with joined(sandbox) as me:
        now = wait(sandbox, me, START + 3600)

    assert START + 3600 <= now < START + 3601
    assert time.monotonic() - began < 5


def test_time_jumps_only_when_all_wait_and_to_the_earliest_wait(sandbox: Running) -> None:
    answers: dict[str, float] = {}
    with joined(sandbox) as first, joined(sandbox) as second:
        slow = threading.Thread(target=lambda: answers.update(slow=wait(sandbox, first, START + 7200)))
        slow.start()
        before = status_becomes(sandbox, participants=2, waiting=1)
        answers["quick"] = wait(sandbox, second, START + 60)
        still = status_becomes(sandbox, participants=2, waiting=1)
        assert slow.is_alive()
        wait(sandbox, second, START + 7200)  # now both wait, for the same time
        slow.join()

    assert before["now"] < START + 10
    assert START + 60 <= answers["quick"] < START + 70
    assert still["now"] < START + 70
    assert START + 7200 <= answers["slow"] < START + 7210


def test_who_leaves_holds_nobody_up(sandbox: Running) -> None:
    answers: list[float] = []
    with joined(sandbox) as me:
        with joined(sandbox):
            waiter = threading.Thread(target=lambda: answers.append(wait(sandbox, me, START + 500)))
            waiter.start()
            status_becomes(sandbox, participants=2, waiting=1)
            assert waiter.is_alive()
        waiter.join()
    status_becomes(sandbox, participants=0)

    assert START + 500 <= answers[0] < START + 510


def test_a_wait_whose_client_left_is_cancelled(sandbox: Running) -> None:
    with joined(sandbox) as me, joined(sandbox):
        connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=10)
        connection.request("POST", "/clock/wait", json.dumps({"id": me, "until": START + 500}))
        status_becomes(sandbox, waiting=1)
        connection.close()

        assert status_becomes(sandbox, waiting=0)["now"] < START + 10


def test_a_wait_that_is_over_returns_at_once_although_another_works(sandbox: Running) -> None:
    with joined(sandbox) as me, joined(sandbox):
        assert wait(sandbox, me, START - 1) < START + 10


def test_advancing_moves_time_and_ends_waits(sandbox: Running) -> None:
    answers: list[float] = []
    with joined(sandbox) as me, joined(sandbox):
        waiter = threading.Thread(target=lambda: answers.append(wait(sandbox, me, START + 500)))
        waiter.start()
        status_becomes(sandbox, waiting=1)
        assert sandbox.control("POST", "/clock/advance", {"seconds": 600})["now"] >= START + 600
        waiter.join()

    assert answers[0] >= START + 600


def test_wrong_use_is_told(sandbox: Running) -> None:
    with pytest.raises(ControlError, match="no participant 99: POST /clock/join first"):
        wait(sandbox, 99, START)
    with pytest.raises(ControlError, match="'seconds' must be a number"):
        sandbox.control("POST", "/clock/advance", {"seconds": "ten"})
    with pytest.raises(ControlError, match="never goes back"):
        sandbox.control("POST", "/clock/advance", {"seconds": -1})
