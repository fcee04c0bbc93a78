"""Questions on a terminal, Ctrl-C, pipes that close, and odd locales."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.cli.processes import TDR, environment, on_terminal, run, start
from tests.scenarios.town import CLICK, NOTHING, Town, cname, live_click, world, zone

Open = Callable[[Mapping[str, Any]], Town]
MINE = {CLICK: {"sending_domains": ["mail.example.com"]}}


@pytest.fixture
def town(open_town: Open) -> Town:
    """A live http host."""
    return open_town(world(zone("example.com", cname(CLICK)), sp=live_click()))


def writes(town: Town) -> list[str]:
    return [c["path"] for c in town.calls() if c["method"] != "GET"]


def test_yes_on_a_terminal_is_the_approval(town: Town) -> None:
    file = town.file(MINE)
    code, screen = on_terminal(town, "apply", file, answer="yes")
    assert code == 0, screen
    assert "Do you want to perform these actions?" in screen
    assert "Only 'yes' will be accepted to approve." in screen
    assert "Apply complete!" in screen
    town.settled(file)


@pytest.mark.parametrize("answer", ["y", "no", "YES please", ""])
def test_any_other_answer_changes_nothing(town: Town, answer: str) -> None:
    code, screen = on_terminal(town, "apply", town.file(MINE), answer=answer)
    assert code == 1
    assert "not approved: nothing was changed" in screen
    assert writes(town) == []


def test_colours_only_where_they_are_wanted(town: Town) -> None:
    file = town.file(MINE)
    assert "\x1b[" in on_terminal(town, "plan", file, answer="")[1]
    assert "\x1b[3" not in on_terminal(town, "plan", "-no-color", file, answer="")[1]
    assert "\x1b[3" not in on_terminal(town, "plan", file, answer="", NO_COLOR="1")[1]
    assert b"\x1b" not in run(town, "plan", file).stdout


def test_a_terminal_is_told_what_is_read_and_nothing_else_is(town: Town) -> None:
    file = town.file(MINE)
    assert "Reading: sp, web …\r\x1b[K" in on_terminal(town, "plan", file, answer="")[1]
    assert b"Reading" not in run(town, "plan", file).stderr
    assert "Reading" not in on_terminal(town, "plan", "-json", file, answer="")[1]


def test_what_moved_while_the_question_stood_is_refused_by_name(town: Town) -> None:
    def meddle() -> None:
        town.zone_now(remove_records=[CLICK], add_records=[cname(CLICK, "elsewhere.example.org")])

    code, screen = on_terminal(town, "apply", town.file(MINE), answer="yes", meanwhile=meddle)
    assert code == 1
    assert "the plan is stale" in screen
    assert f'dns_record.web["{CLICK}/host"]' in screen.partition("the plan is stale")[2]
    assert writes(town) == []


def test_one_interrupt_ends_in_order_and_the_next_run_goes_on(town: Town) -> None:
    file = town.file(MINE)
    town.fault(kind="delay", delay_ms=500, vendor="cloudflare", method="POST")
    process = start(town, "apply", "-auto-approve", file)
    assert process.stderr is not None
    for line in process.stderr:
        if "Creating..." in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Interrupted: calls in flight end, then the report." in err
    assert f"{CLICK}: skipped: " in out
    assert "Apply incomplete." in out
    assert "Traceback" not in err
    town.apply(file)
    town.settled(file)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_wait_ends_at_once_by_a_signal(open_town: Open, number: signal.Signals) -> None:
    town = open_town(world(zone("example.com", cname(CLICK, ttl=1800)), sp=live_click()))
    file = town.file(MINE)
    town.fault(kind="status", status=503, on="edge", vendor="cloudflare", times=0)
    process = start(town, "apply", "-auto-approve", file)
    assert process.stderr is not None
    for line in process.stderr:
        if "still waiting" in line:
            break
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Apply incomplete." in out
    town.control("DELETE", "/faults")
    town.apply(file)
    town.settled(file)


def test_a_second_interrupt_ends_at_once_with_130(town: Town) -> None:
    file = town.file(MINE)
    town.fault(kind="delay", delay_ms=1500, vendor="cloudflare", method="POST")
    process = start(town, "apply", "-auto-approve", file)
    assert process.stderr is not None
    for line in process.stderr:
        if "Creating..." in line:
            process.send_signal(signal.SIGINT)
        if line.startswith("Interrupted: "):
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    town.apply(file)
    town.settled(file)


def test_a_reader_that_goes_away_is_no_crash(town: Town) -> None:
    hosts = {f"h{n}.example.com": {} for n in range(200)}
    command = f"{TDR} plan {town.file(hosts)} | head -1; exit ${{PIPESTATUS[0]}}"
    ran = subprocess.run(
        ["bash", "-c", command], env=environment(town), capture_output=True, timeout=60, check=False
    )
    assert ran.returncode == 1
    assert ran.stdout.count(b"\n") == 1
    assert b"Traceback" not in ran.stderr
    assert b"Exception ignored" not in ran.stderr


@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1"])
def test_a_locale_without_unicode_is_no_crash(town: Town, locale: str) -> None:
    file = town.file({"bücher.example.com": {}, **MINE})
    ran = run(town, "plan", file, LANG=locale, LC_ALL=locale, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert ran.returncode == 0, ran.stderr.decode(errors="replace")
    assert b"xn--bcher-kva.example.com" in ran.stdout


def test_a_process_of_its_own_says_the_same(town: Town) -> None:
    file = town.file(MINE)
    assert run(town, "apply", "-auto-approve", file).returncode == 0
    ran = run(town, "plan", "-detailed-exitcode", file)
    assert (ran.returncode, ran.stdout.decode()) == (0, f"{NOTHING}\n")
