"""tdr on the sandbox: its time, its names, its edges."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from providers import sandbox
from reconciler.clock import from_environment as clock_from
from reconciler.errors import NetworkError
from reconciler.net import from_environment as network_from
from reconciler.proof import prove
from reconciler.sandbox_clock import SandboxClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from providers.sandbox.running import Running

START = 1767603600.0  # 2026-01-05T09:00:00Z
HOUR = 3600.0
HOST = "click.example.net"
WORLD = {
    "clock": "2026-01-05T09:00:00Z",
    "sparkpost": [
        {
            "region": "us",
            "key": "k",
            "env": "SPARKPOST_API_KEY",
            "tracking_domains": [{"domain": HOST, "secure": False, "verified": True}],
        }
    ],
    "dns": [
        {
            "zone": "example.net",
            "records": [
                {"type": "CNAME", "name": HOST, "ttl": 300, "content": "spgo.io"},
                {"type": "TXT", "name": f"_tdr.{HOST}", "ttl": 60, "content": "v=tdr1 o=acme"},
            ],
        }
    ],
}


@pytest.fixture
def world() -> Iterator[Running]:
    with sandbox.started(WORLD) as running:
        yield running


def until(claim: Callable[[], bool]) -> None:
    """Wait a moment for the sandbox to have seen what happened."""
    for _ in range(500):
        if claim():
            return
        time.sleep(0.01)
    pytest.fail("it never became so")


def waiting(world: Running) -> int:
    return int(world.control("GET", "/clock")["waiting"])


def test_an_hour_in_the_sandbox_takes_no_time(world: Running) -> None:
    began = time.monotonic()
    clock = clock_from(world.env)
    assert START <= clock.now() < START + 60
    before = clock.now()
    clock.sleep(HOUR)
    assert HOUR <= clock.now() - before < HOUR + 60
    assert clock.mailbox().get(clock.now() + HOUR) is None
    assert clock.now() - before >= 2 * HOUR
    assert abs(world.control("GET", "/clock")["now"] - clock.now()) < 5
    clock.close()
    assert time.monotonic() - began < 30


def test_time_waits_for_every_process_that_takes_part(world: Running) -> None:
    woken: list[float] = []

    def their_hour() -> None:
        theirs.sleep(HOUR)
        woken.append(theirs.now())
        theirs.close()  # else time would wait for them

    with SandboxClock(world.url) as ours, SandboxClock(world.url) as theirs:
        before = ours.now()
        thread = threading.Thread(target=their_hour)
        thread.start()
        until(lambda: waiting(world) == 1)
        assert woken == []
        ours.sleep(2 * HOUR)
        thread.join()
        assert [round((at - before) / HOUR, 1) for at in (*woken, ours.now())] == [1.0, 2.0]


def test_the_end_of_a_process_is_the_end_of_its_part(world: Running) -> None:
    with SandboxClock(world.url) as clock:
        assert world.control("GET", "/clock")["participants"] == 1
        clock.sleep(1.0)
    until(lambda: world.control("GET", "/clock")["participants"] == 0)


def test_an_interrupt_takes_the_wait_back(world: Running) -> None:
    with SandboxClock(world.url) as clock, SandboxClock(world.url):  # the other one works: no jump
        mailbox = clock.mailbox()
        threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGINT]).start()
        with pytest.raises(KeyboardInterrupt):
            mailbox.get(clock.now() + HOUR)
        until(lambda: waiting(world) == 0)
        assert clock.now() < START + 60
        threading.Timer(0.05, mailbox.put, ["late"]).start()
        assert mailbox.get(clock.now() + HOUR) == "late"


def test_time_set_from_outside_wakes_who_waits_for_it(world: Running) -> None:
    with SandboxClock(world.url) as clock, SandboxClock(world.url):
        threading.Timer(0.05, world.control, ["POST", "/clock/advance", {"seconds": HOUR}]).start()
        clock.sleep(HOUR / 2)
        assert clock.now() >= START + HOUR


@contextlib.contextmanager
def speaking(*replies: bytes, then_close: int | None = None) -> Iterator[str]:
    """Answer one connection after the other with these bytes and hold them open, but for one at the end."""

    def speak() -> None:
        held: list[socket.socket] = []
        for reply in replies:
            held.append(stack.enter_context(server.accept()[0]))
            held[-1].recv(4096)
            held[-1].sendall(reply)
        if then_close is not None:
            held[then_close].close()

    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        thread = threading.Thread(target=speak)
        thread.start()
        stack.callback(thread.join)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


JOINED = b'HTTP/1.1 200 OK\r\n\r\n{"id": 1, "now": 1000.0}\n'


BROKEN = b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops"


@pytest.mark.parametrize(
    ("reply", "closed", "said"),
    [(b"", 0, "it ended the connection"), (b"", 1, "gives no time"), (BROKEN, None, "it answered 500 oops")],
    ids=["held", "wait", "garbled"],
)
def test_a_sandbox_that_goes_away_is_an_error_and_no_hang(
    reply: bytes, closed: int | None, said: str
) -> None:
    with speaking(JOINED, reply, then_close=closed) as url, SandboxClock(url) as clock:
        with pytest.raises(NetworkError, match=said):
            clock.sleep(HOUR)
        with pytest.raises(NetworkError, match=said):
            clock.mailbox().get(None)


def test_a_wait_that_the_sandbox_still_counts_is_asked_for_again() -> None:
    busy = b"HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n"
    done = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"now": 4600.0}'
    with speaking(JOINED, busy, busy, done) as url, SandboxClock(url) as clock:
        clock.sleep(1000.0)
        assert 4600.0 <= clock.now() < 4660.0


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope", b"SSH-2.0\r\n"]
)
def test_what_is_no_sandbox_is_told(answer: bytes) -> None:
    with speaking(answer, then_close=0) as url, pytest.raises(NetworkError, match="gives no time"):
        clock_from({"TDR_SANDBOX_URL": url})


def test_names_are_looked_up_in_the_sandbox_from_the_root_down(world: Running) -> None:
    net = network_from(world.env)
    assert len(net.announcements()) == 3
    assert net.cname(HOST) == "spgo.io"
    assert net.addresses(HOST) == ("203.0.113.10",)
    assert net.zone_of(HOST) == "example.net"
    assert net.query("nothing.example.net", "A").rcode == "NXDOMAIN"
    answers = net.authoritative(f"_tdr.{HOST}", "TXT", "example.net")
    assert len(answers) == 2
    assert [(answer.values, answer.ttl, answer.trouble) for answer in answers] == [
        (("v=tdr1 o=acme",), 60, None)
    ] * 2
    assert net.delegation("example.net") == tuple(sorted({answer.server.name for answer in answers}))


def test_sparkpost_proves_itself_through_the_network_map(world: Running) -> None:
    net = network_from(world.env)
    origin = prove(net.evidence("spgo.io"), net.settings)
    assert origin.ok, origin.text
    host = prove(net.evidence(HOST), net.settings)
    assert not host.ok
    assert [reason.partition(":")[0] for reason in host.reasons] == ["https"]
    assert "--connect-to click.example.net:80:127.0.0.1:" in host.text


def test_the_sandbox_may_stop_while_we_take_part() -> None:
    with sandbox.started(WORLD) as world:
        clock = SandboxClock(world.url)
    with contextlib.closing(clock), pytest.raises(NetworkError, match="gives no time"):
        clock.sleep(HOUR)
