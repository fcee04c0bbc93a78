"""Faults: what goes wrong with the nth call that matches."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from providers.sandbox.contract import ControlError

KINDS = ("status", "delay", "reset", "malformed", "truncated")


@dataclass(slots=True)
class Fault:
    """One fault: which calls it matches, which of them it strikes, and how.

    It strikes the `nth` match and the following, `times` in all (0: every one from then on). `after` lets the
    call have its effect first. `delay_s` moves sandbox time on while the call is under way; `delay_ms` keeps
    the client waiting really.
    """

    kind: str
    on: str = "api"  # "api" or "edge"
    vendor: str = ""
    listener: str = ""
    method: str = ""
    path: str = ""  # regular expression, searched in the raw path
    operation: str = ""  # as the vendor names what is asked, where its paths do not tell
    nth: int = 1
    times: int = 1
    after: bool = False
    status: int = 503
    headers: Mapping[str, str] | None = None
    body: Any = ""  # text, or JSON values
    delay_s: float = 0.0
    delay_ms: float = 0.0
    id: int = 0
    matched: int = 0  # so far
    struck: int = 0

    def strikes(self, on: str, vendor: str, listener: str, method: str, path: str, operation: str) -> bool:
        """Count a call if it matches, and say whether it is struck."""
        wanted = (
            *((self.vendor, vendor), (self.listener, listener)),
            *((self.method, method), (self.operation, operation)),
        )
        if self.on != on or any(want and want != have for want, have in wanted):
            return False
        if self.path and not re.search(self.path, path):
            return False
        self.matched += 1
        due = self.matched >= self.nth and (self.times == 0 or self.struck < self.times)
        self.struck += due
        return due

    def body_text(self) -> str:
        """Give the body as text: JSON values are spelt."""
        return self.body if isinstance(self.body, str) else json.dumps(self.body)

    def content_type(self) -> str:
        """Give the type that goes with the body, unless the headers say another."""
        return "text/plain" if isinstance(self.body, str) else "application/json"


class Faults:
    """The faults that lie in wait."""

    def __init__(self) -> None:
        """Begin with none."""
        self._faults: list[Fault] = []
        self._last_id = 0

    def add(self, wanted: Mapping[str, Any]) -> Fault:
        """Lay a fault, described as JSON values. Raises `ControlError`."""
        fault = _fault(wanted)
        self._last_id += 1
        fault.id = self._last_id
        self._faults.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> None:
        """Take away one fault, or all."""
        self._faults = [f for f in self._faults if fault_id is not None and f.id != fault_id]

    def strike(
        self, on: str, vendor: str, listener: str, method: str, path: str, operation: str = ""
    ) -> Fault | None:
        """Show a call to every fault; give the first that strikes."""
        asked = on, vendor, listener, method, path, operation
        struck = [fault for fault in self._faults if fault.strikes(*asked)]
        return struck[0] if struck else None

    def dump(self) -> list[dict[str, Any]]:
        """Give all faults as JSON values."""
        return [asdict(fault) for fault in self._faults]


def _fault(wanted: Mapping[str, Any]) -> Fault:
    allowed = {field.name for field in fields(Fault)} - {"id", "matched", "struck"}
    unknown = sorted(set(wanted) - allowed)
    if unknown:
        raise ControlError(f"unknown key {unknown[0]!r} of a fault; it may have {', '.join(sorted(allowed))}")
    if wanted.get("kind") not in KINDS:
        raise ControlError(f"unknown kind {wanted.get('kind')!r} of a fault: write one of {', '.join(KINDS)}")
    if wanted.get("on", "api") not in ("api", "edge"):
        raise ControlError(f"unknown value {wanted['on']!r} of on: write api or edge")
    try:
        re.compile(wanted.get("path", ""))
    except (re.error, TypeError) as error:
        raise ControlError(f"path is not a regular expression: {error}") from error
    if not isinstance(wanted.get("operation", ""), str):
        raise ControlError(f"operation is a text, not {wanted['operation']!r}")
    whole = all(isinstance(wanted.get(key, 1), int) for key in ("nth", "times", "status"))
    if not whole or wanted.get("nth", 1) < 1:
        raise ControlError("nth, times and status are whole numbers, nth from 1")
    return Fault(**wanted)
