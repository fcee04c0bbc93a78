"""A project's load balancing in memory: writes take effect when their operation ends, at the second look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from providers.google.compute_api import Compute, Native
from providers.google.names import NEG
from providers.google.refusals import refusal

PROJECT = "acme-mail"


def refused(status: int, reason: str, message: str) -> Any:
    """What Google refuses with."""
    body = {"error": {"code": status, "message": message, "errors": [{"reason": reason}]}}
    return refusal(status, body, project=PROJECT)


class Desk(Compute):
    """Compute Engine without a network. `at_once`: operations are done when they are begun."""

    def __init__(self, *, at_once: bool = False) -> None:
        self.project, self.at_once = PROJECT, at_once
        self.held: dict[str, dict[str, dict[str, Any]]] = {}
        self.attached: dict[str, list[dict[str, Any]]] = {}
        self.written: list[tuple[Any, ...]] = []
        self.asked = 0
        self.failing: dict[str, dict[str, Any]] = {}
        self._operations: dict[str, tuple[int, Callable[[], None] | None]] = {}

    def put(self, kind: str, native: Mapping[str, Any]) -> None:
        """Have something there."""
        self.held.setdefault(kind, {})[str(native["name"])] = dict(native)

    # -- reading
    def listed(self, kind: str) -> list[Native]:
        return list(self.held.get(kind, {}).values())

    def endpoints(self, group: str) -> list[Native]:
        return [{"networkEndpoint": one} for one in self.attached.get(group, [])]

    def operation(self, name: str) -> Native:
        self.asked += 1
        if name not in self._operations:
            raise refused(404, "notFound", f"The resource '{name}' was not found")
        return self._told(name)

    def operations(self) -> list[Native]:
        self.asked += 1
        return [self._told(name) for name in self._operations]

    def _told(self, name: str) -> Native:
        looks, effect = self._operations[name]
        if looks == 0:
            self._operations[name] = (1, effect)
            return {"name": name, "status": "RUNNING"}
        if effect is not None:
            self._operations[name] = (2, None)
            if name not in self.failing:
                effect()
        return {"name": name, "status": "DONE", **self.failing.get(name, {})}

    # -- writing
    def insert(self, kind: str, body: Native) -> Native:
        if body["name"] in self.held.get(kind, {}):
            raise refused(409, "alreadyExists", f"The resource '{body['name']}' already exists")
        return self._begun(("insert", kind, body), lambda: self.put(kind, body))

    def delete(self, kind: str, name: str) -> Native:
        return self._begun(("delete", kind, name), lambda: self._remove(kind, name))

    def change(self, kind: str, method: str, name: str, body: Native) -> Native:
        return self._begun((method, kind, name, body), lambda: self._changed(kind, method, name, body))

    def _remove(self, kind: str, name: str) -> None:
        del self.held[kind][name]

    def _changed(self, kind: str, method: str, name: str, body: Native) -> None:
        if kind == NEG:
            there = self.attached.setdefault(name, [])
            rows = body["networkEndpoints"]
            attach = method == "attachNetworkEndpoints"
            self.attached[name] = [*there, *rows] if attach else [e for e in there if e not in rows]
        elif method == "update":
            self.held[kind][name] = dict(body)
        else:
            self.held[kind][name].update(body)

    def _begun(self, said: tuple[Any, ...], effect: Callable[[], None]) -> Native:
        self.written.append(said)
        name = f"operation-{len(self.written)}"
        if self.at_once:
            effect()
            return {"name": name, "status": "DONE"}
        self._operations[name] = (0, effect)
        return {"name": name, "status": "PENDING"}

    def close(self) -> None:
        """Nothing is open."""
