"""A process that is killed (`kill -9`) while a write is on its way: the next run puts all right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance.candidates import named
from tests.conformance.score import APPLY, score, struck
from tests.conformance.stand import Stand, stand
from tests.conformance.test_crashes import again

IN_FLIGHT_MS = 500
PATIENCE_S = 30.0


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("cloudflare", 0.3),
        ("cloudflare", 0.9),
        ("managed", 0.0),
        ("managed", 0.6),
        ("dns", 0.5),
        ("aws", 0.2),
        ("aws", 0.5),
        ("fastly", 0.3),
        ("fastly", 0.6),
        ("saas", 0.3),
        ("google", 0.2),
        ("google", 0.6),
        ("powerdns", 0.2),
        ("powerdns", 0.5),
        ("rfc2136", 0.5),
    ],
)
def test_killed_with_a_write_in_flight_the_next_run_converges(
    name: str, share: float, tmp_path: Path
) -> None:
    candidate = named(name)
    writes = score(candidate, APPLY).writes
    beat = writes[int(share * len(writes))]
    with stand(candidate) as at:
        struck(at, beat, {"kind": "delay", "delay_ms": IN_FLIGHT_MS})
        killed(at, tmp_path)
        # The vendor has the request and goes on without whoever sent it.
        wait(lambda: any(call.fault for call in at.calls))
        troubles = list(again(at, APPLY))
        assert not troubles, "\n".join(troubles)


def killed(at: Stand, folder: Path) -> None:
    """Start `tdr apply` as a user would and kill it when its call hangs in the fault."""
    command = [str(Path(sys.executable).with_name("tdr")), "apply", "-auto-approve", "-parallelism=1"]
    command += ["-timeout=4h", str(at.candidate.file("domains"))]
    env = {"PATH": os.defpath, "HOME": str(folder), **at.environ}
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(command, env=env, stdout=said, stderr=said)
        try:
            wait(lambda: at.control("GET", "/faults")[0]["struck"] == 1 or process.poll() is not None)
            assert process.poll() is None, (folder / "said").read_text()
        finally:
            process.kill()
        assert process.wait() == -signal.SIGKILL


def wait(reached: Callable[[], bool]) -> None:
    """Look again and again until something has come about."""
    pause = threading.Event()
    for _ in range(int(PATIENCE_S / 0.01)):
        if reached():
            return
        pause.wait(0.01)
    raise AssertionError("it never came about")
