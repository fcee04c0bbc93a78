"""Progress: Terraform's lines, its event stream, and the table on a terminal."""

from __future__ import annotations

import io
import json
from argparse import Namespace
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from reconciler.clock import VirtualClock
from reconciler.events import Event
from reconciler.model import Action
from reconciler.plan import Gate, Node, Plan, Step
from reconciler.progress import progress_for
from reconciler.progress_json import JsonProgress
from reconciler.progress_lines import LineProgress
from reconciler.progress_live import LiveProgress
from reconciler.progress_ticks import Ticks
from tests.reconciler.golden import matches
from tests.reconciler.plans import CHANGES, CLAIM, EMPTY, MIXED, A, creation, step

NODES = {node.id: node for node in MIXED.nodes}
SERVES = next(gate for gate in MIXED.gates if gate.text == "the new edge serves this host")


def node(words: str) -> Node:
    """The first node of the mixed plan whose id contains these words."""
    return next(found for id_, found in NODES.items() if words in id_)


def lines(*events: Event) -> list[str]:
    stream = io.StringIO()
    progress = LineProgress(stream)
    for event in events:
        progress.emit(event)
    return stream.getvalue().splitlines()


# -- lines
def test_a_creation_is_told_in_terraforms_words() -> None:
    made = node("edge_host")
    assert lines(Event("start", made), Event("applied", made, 3.2)) == [
        'edge_host.web["a.example.com"]: Creating...',
        'edge_host.web["a.example.com"]: Creation complete after 3s',
    ]


@pytest.mark.parametrize(
    ("words", "doing", "done"),
    [
        ("a.example.com/claim", "Modifying...", "Modifications complete after 65s"),
        ("tracking_domain_link", "Destroying...", "Destruction complete after 1m5s"),
        ("edge_service", "Modifying...", "Modifications complete after 1m5s"),
    ],
)
def test_changes_and_destructions_have_their_own_words(words: str, doing: str, done: str) -> None:
    address = node(words).id
    told = [f"{address}: {doing}", f"{address}: {done.replace('65s', '1m5s')}"]
    assert lines(Event("start", node(words)), Event("applied", node(words), 65)) == told


def test_a_replacement_is_no_modification() -> None:
    replaced = step(CHANGES[7])
    assert "Replacing..." in lines(Event("start", replaced))[0]
    assert "Replacement complete after 1s" in lines(Event("applied", replaced, 1))[0]


def test_what_is_taken_over_is_imported() -> None:
    assert lines(Event("applied", node("tracking_domain.sp"))) == [
        'tracking_domain.sp["b.example.com"]: Import complete [id=b.example.com]'
    ]


def test_the_steps_of_one_resource_create_it_once_and_say_what_they_are_for() -> None:
    made = creation(CLAIM)
    first, second = step(made, phase="claim", last=False), step(made, phase="stamp")
    address, purpose = made.id.address, "with the time of the record's change"
    assert lines(Event("start", first), Event("start", second), Event("applied", second, 1)) == [
        f"{address}: Creating...",
        f"{address}: Modifying... [{purpose}]",
        f"{address}: Modifications complete after 1s [{purpose}]",
    ]
    assert lines(Event("start", node("lower the TTL"))) == [
        'dns_record.web["a.example.com/host"]: Modifying... [lower the TTL to 1m]'
    ]


def test_a_failure_is_an_error_of_one_line() -> None:
    failed = Event("failed", node("edge_host"), 1, "HTTP 400:\n  no")
    assert lines(failed) == ['Error: edge_host.web["a.example.com"]: HTTP 400: no']


def test_a_step_that_is_asked_again_says_why_and_since_when_once_it_takes_its_time() -> None:
    asked = [Event("progress", node("edge_host"), at_s, "being disabled") for at_s in (0, 5, 10, 60, 70)]
    assert lines(*asked) == [
        'edge_host.web["a.example.com"]: Still creating... [10s elapsed]: being disabled',
        'edge_host.web["a.example.com"]: Still creating... [1m10s elapsed]: being disabled',
    ]


def test_a_wait_is_told_when_it_begins_and_when_it_ends() -> None:
    assert lines(Event("start", SERVES), Event("applied", SERVES, 12)) == [
        "a.example.com: waiting: the new edge serves this host...",
        "a.example.com: ready after 12s: the new edge serves this host",
    ]


def test_a_wait_is_told_again_when_its_words_change_and_every_minute() -> None:
    asked = [Event("progress", SERVES, at_s, "deploying") for at_s in range(10, 75, 10)]
    later = Event("progress", SERVES, 72, "deployed in 3 of 4 places")
    assert lines(Event("start", SERVES), *asked, later)[1:] == [
        "a.example.com: still waiting [10s elapsed]: deploying",
        "a.example.com: still waiting [1m10s elapsed]: deploying",
        "a.example.com: still waiting [1m12s elapsed]: deployed in 3 of 4 places",
    ]


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("failed", "Error: a.example.com: the new edge serves this host: refused"),
        ("waiting", "a.example.com: not yet: the new edge serves this host: refused"),
        ("skipped", "a.example.com: skipped: the new edge serves this host: refused"),
    ],
)
def test_a_wait_that_is_not_met_says_how_it_ended(what: str, line: str) -> None:
    assert lines(Event(what, SERVES, 5, "refused")) == [line]


def test_a_step_that_was_skipped_says_so() -> None:
    assert lines(Event("skipped", node("edge_host"), 0, "the run was interrupted")) == [
        'edge_host.web["a.example.com"]: skipped: the run was interrupted'
    ]


# -- signs of life
def ticking(seconds: int, *events: Event) -> list[str]:
    """What stands in a log when so much time has passed since these events, looked at each second."""
    stream = io.StringIO()
    with VirtualClock(1_700_000_000.0) as clock:
        with Ticks(LineProgress(stream), clock) as ticks:
            for event in events:
                ticks.emit(event)
            for _ in range(seconds):
                clock.sleep(1)
                ticks.tick()
        return stream.getvalue().splitlines()


def test_what_is_silent_for_a_minute_is_told_each_minute_until_it_ends() -> None:
    wait = next(gate for gate in MIXED.gates if gate.wait_s)
    assert ticking(150, Event("start", wait), Event("start", node("edge_host")))[2:] == [
        "a.example.com: still waiting [1m0s elapsed]: the old answer may be cached for 3600 s",
        'edge_host.web["a.example.com"]: Still creating... [1m0s elapsed]',
        "a.example.com: still waiting [2m0s elapsed]: the old answer may be cached for 3600 s",
        'edge_host.web["a.example.com"]: Still creating... [2m0s elapsed]',
    ]
    assert len(ticking(150, Event("start", wait), Event("applied", wait, 1.0))) == 2
    assert ticking(3600) == []


def test_a_crowd_that_is_silent_is_told_by_its_number() -> None:
    crowd = [Event("start", replace(SERVES, id=f"gate:{n}")) for n in range(1_012)]
    told = ticking(61, *crowd)[len(crowd) :]
    assert (len(told), told[-1]) == (11, "… and 1,002 more are still under way")


# -- the event stream
def stream_of(plan: Plan, *events: Event) -> list[Any]:
    out = io.StringIO()
    with VirtualClock(1_700_000_000.0) as clock:
        progress = JsonProgress(plan, clock, out, "1.2.3")
        progress.open()
        for event in events:
            progress.emit(event)
        progress.close()
    return [json.loads(line) for line in out.getvalue().splitlines()]


def all_events(plan: Plan) -> list[Event]:
    started = [Event("start", one) for one in plan.nodes if not _imports(one)]
    return [*started, *(Event("applied", one, 2.0, "fine") for one in plan.nodes)]


def _imports(one: Node) -> bool:
    return isinstance(one, Step) and one.change.action is Action.NOOP


def test_the_event_stream_reads_as_it_always_did() -> None:
    events = [
        Event("start", node("edge_host")),
        Event("applied", node("edge_host"), 3.0),
        Event("start", SERVES),
        Event("progress", SERVES, 10.0, "deploying"),
        Event("applied", SERVES, 20.0, "serves"),
        Event("failed", node("a.example.com/claim"), 1.0, "HTTP 500"),
        Event("failed", node("gate:sparkpost"), 900.0, "no CNAME"),
    ]
    told = stream_of(MIXED, *events)
    assert matches("events.jsonl", "".join(json.dumps(line, sort_keys=True) + "\n" for line in told))


def test_every_line_has_what_terraforms_lines_have() -> None:
    for line in stream_of(MIXED, *all_events(MIXED)):
        assert {"@level", "@message", "@module", "@timestamp", "type"} <= line.keys()
        assert line["@module"] == "tdr.ui"
        assert line["@timestamp"] == "2023-11-14T22:13:20.000000+00:00"


def test_the_stream_begins_with_the_version_and_ends_with_the_summary() -> None:
    told = stream_of(EMPTY)
    assert [line["type"] for line in told] == ["version", "change_summary", "change_summary"]
    assert (told[0]["tdr"], told[-1]["changes"]["operation"]) == ("1.2.3", "apply")


def test_the_plan_is_told_before_it_is_carried_out() -> None:
    told = stream_of(MIXED)
    planned = {
        line["change"]["resource"]["addr"]: (line["change"]["action"], line["change"].get("reason"))
        for line in told
        if line["type"] == "planned_change"
    }
    assert len(planned) == len(MIXED.changes)
    assert planned['dns_record.web["b.example.com/host"]'] == ("replace", "requested")
    assert planned['tracking_domain.sp["b.example.com"]'] == ("import", None)
    assert planned['edge_host.web["z.example.com"]'] == ("remove", None)
    (summary,) = [line for line in told if line.get("changes", {}).get("operation") == "plan"]
    assert summary["changes"] == {
        "add": 3,
        "change": 4,
        "import": 2,
        "remove": 3,
        "forget": 1,
        "operation": "plan",
    }


def test_the_plans_findings_are_diagnostics_with_their_places() -> None:
    found = [line["diagnostic"] for line in stream_of(MIXED) if line["type"] == "diagnostic"]
    assert [one["severity"] for one in found] == ["error", "warning", "warning"]
    assert found[0]["range"]["start"] == {"line": 31, "column": 5}


def test_a_run_that_failed_counts_what_failed_and_what_was_not_begun() -> None:
    told = stream_of(
        MIXED, Event("applied", node("edge_host"), 1.0), Event("failed", node("edge_service"), 1.0, "no")
    )
    assert told[-1]["changes"] == {
        "add": 1,
        "change": 0,
        "import": 0,
        "remove": 0,
        "failed": 1,
        "not_attempted": 8,
        "operation": "apply",
    }
    assert told[-1]["@message"] == "Apply incomplete. Resources: 1 added, 0 changed, 0 destroyed."


def test_a_run_that_went_well_says_apply_complete_as_terraform_does() -> None:
    plan = replace(MIXED, changes=tuple({s.change.id: s.change for s in MIXED.steps}.values()))
    told = stream_of(plan, *all_events(plan))
    assert told[-1]["@message"] == "Apply complete! Resources: 2 imported, 1 added, 4 changed, 1 destroyed."
    assert told[-1]["changes"]["not_attempted"] == 0


def test_a_destroy_is_called_one() -> None:
    last = stream_of(replace(EMPTY, mode="destroy"))[-1]
    assert last["changes"]["operation"] == "destroy"
    assert last["@message"] == "Destroy complete! Resources: 0 destroyed."


def test_a_gate_that_is_not_met_at_the_very_end_leaves_the_run_incomplete() -> None:
    told = stream_of(replace(EMPTY, nodes=(SERVES,)), Event("waiting", SERVES, 9.0, "not yet"))
    assert told[-1]["@message"].startswith("Apply incomplete.")


def test_a_change_of_several_steps_begins_once_and_completes_once() -> None:
    steps = [one for one in MIXED.steps if one.change.id == CHANGES[2].id]
    assert len(steps) == 3
    told = stream_of(MIXED, *(Event(what, one) for one in steps for what in ("start", "applied")))
    assert [line["type"] for line in told if line["type"].startswith("apply")] == [
        "apply_start",
        *["apply_progress"] * 4,
        "apply_complete",
    ]


def test_an_import_begins_and_completes() -> None:
    told = stream_of(MIXED, Event("applied", node("tracking_domain.sp")))
    hooks = [(line["type"], line["hook"]["action"]) for line in told if line["type"].startswith("apply")]
    assert hooks == [("apply_start", "import"), ("apply_complete", "import")]


# -- the table
class Terminal:
    """A terminal of a given size, and the display on it."""

    def __init__(self, plan: Plan, clock: VirtualClock, height: int = 30) -> None:
        self.stream = io.StringIO()
        self.console = Console(
            file=self.stream, force_terminal=True, width=100, height=height, color_system=None
        )
        self.progress = LiveProgress(plan, clock, self.stream, self.console)

    def frame(self) -> list[str]:
        """What a redraw shows now."""
        with self.console.capture() as captured:
            self.console.print(self.progress.frame())
        return [line.rstrip() for line in captured.get().splitlines()]


def test_a_row_shows_the_domain_its_step_what_the_vendor_says_and_for_how_long() -> None:
    with VirtualClock() as clock:
        terminal = Terminal(MIXED, clock)
        terminal.progress.emit(Event("start", SERVES))
        terminal.progress.emit(Event("start", node("edge_service")))
        clock.sleep(75)
        terminal.progress.emit(Event("progress", SERVES, 75, "2 of 4 places\x1b"))
        assert [" ".join(line.split()) for line in terminal.frame()] == [
            'shared Modifying edge_service.web["acme"] 1m15s',
            "a.example.com waiting the new edge serves this host: 2 of 4 places\\x1b 1m15s",
            "0 of 2 domains done · 0 of 12 steps",
        ]


def test_calls_under_way_are_shown_before_waits_and_phases_are_named() -> None:
    with VirtualClock() as clock:
        terminal = Terminal(MIXED, clock)
        terminal.progress.emit(Event("start", SERVES))
        clock.sleep(5)
        terminal.progress.emit(Event("start", node("lower the TTL")))
        assert "Modifying dns_record" in terminal.frame()[0]
        assert "(lower the TTL to 1m)" in terminal.frame()[0]
        terminal.progress.emit(Event("applied", node("lower the TTL"), 1))
        assert "waiting" in terminal.frame()[0]


def test_domains_and_steps_that_ended_are_counted() -> None:
    with VirtualClock() as clock:
        terminal = Terminal(MIXED, clock)
        for one in MIXED.nodes:
            terminal.progress.emit(
                Event("failed" if one.host == A and isinstance(one, Gate) else "applied", one)
            )
        assert terminal.frame()[-1] == "2 of 2 domains done · 10 of 12 steps · 2 failed"


def test_a_failure_stays_above_the_table() -> None:
    with VirtualClock() as clock:
        terminal = Terminal(MIXED, clock)
        terminal.progress.emit(Event("failed", node("edge_host"), 1, "HTTP 400 [bold]no"))
        assert terminal.stream.getvalue() == 'Error: edge_host.web["a.example.com"]: HTTP 400 [bold]no\n'


def test_many_domains_take_no_more_than_the_screen() -> None:
    gates = tuple(replace(SERVES, id=f"g{n}", host=f"h{n:03}.example.com") for n in range(100))
    with VirtualClock() as clock:
        terminal = Terminal(replace(EMPTY, nodes=gates), clock, height=16)
        for one in gates:
            terminal.progress.emit(Event("start", one))
        shown = terminal.frame()
        assert len(shown) == 12
        assert shown[-2:] == ["… and 90 more domains at work", "0 of 100 domains done · 0 of 100 steps"]


def test_a_record_that_is_put_back_leaves_the_table_with_the_gate_that_asked_for_it() -> None:
    with VirtualClock() as clock:
        terminal = Terminal(MIXED, clock)
        terminal.progress.emit(Event("start", SERVES))
        terminal.progress.emit(Event("start", step(CHANGES[2], phase="put back")))
        assert "(put back)" in terminal.frame()[0]
        terminal.progress.emit(Event("failed", SERVES, 1, "DNS was put back to what it was"))
        assert len(terminal.frame()) == 1


# -- which of them
class Tty(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def chosen(stream: io.StringIO, **args: object) -> str:
    flags = Namespace(**{"json": False, "no_color": False, **args})
    with VirtualClock() as clock, progress_for(flags, EMPTY, clock, stream) as progress:
        return type(progress).__name__


def test_lines_go_where_no_terminal_is() -> None:
    assert chosen(io.StringIO()) == "Ticks"


def test_a_terminal_gets_the_table_unless_colours_are_off() -> None:
    assert chosen(Tty()) == "LiveProgress"
    assert chosen(Tty(), no_color=True) == "Ticks"


def test_json_goes_to_stdout_whatever_the_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert chosen(Tty(), json=True) == "JsonProgress"
    told = [json.loads(line)["type"] for line in capsys.readouterr().out.splitlines()]
    assert told == ["version", "change_summary", "change_summary"]
