"""A folder with a file and a sandbox to run tdr on, as typed; what each command took and asked for."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.sizes import timed
from providers.sandbox import started
from providers.sandbox.calls import Call
from providers.sandbox.running import Running


@dataclass(frozen=True, slots=True)
class Took:
    """One command: seconds on the sandbox's clock, wall and processor time of tdr, and API calls."""

    passed_s: float
    wall_s: float
    processor_s: float
    calls: tuple[Call, ...]


class Stand:
    """A folder with a file, and a sandbox to run tdr on."""

    def __init__(self, sandbox: Running, folder: Path) -> None:
        self._sandbox, self._folder = sandbox, folder
        self._env = {"PATH": os.defpath, "HOME": str(folder), **sandbox.env}

    def __call__(self, *words: str) -> Took:
        """Run tdr; it must succeed."""
        self._sandbox.control("DELETE", "/calls")
        began_s, before = self._sandbox.kernel.now(), _processor_s()
        wall_s = timed([*words], self._folder, self._env)
        passed_s = self._sandbox.kernel.now() - began_s
        calls = tuple(call for call in self._sandbox.kernel.calls if call.kind == "api")
        return Took(passed_s, wall_s, _processor_s() - before, calls)


@contextmanager
def stand(world: Mapping[str, Any], file: Mapping[str, Any]) -> Iterator[Stand]:
    """Start a sandbox with a world, and write the file."""
    with tempfile.TemporaryDirectory() as name, started(world) as sandbox:
        folder = Path(name)
        (folder / "domains.yaml").write_text(yaml.safe_dump(file), encoding="utf-8")
        yield Stand(sandbox, folder)


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
