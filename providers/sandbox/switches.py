"""The unknowns: switches that emulators register, set by the world or from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from providers.sandbox.contract import ControlError, Switch, WorldError


class Switches:
    """All switches and their present settings; `asked` are those that somebody has looked at so far."""

    def __init__(self, wanted: Mapping[str, Any]) -> None:
        """Take the world's settings; each is checked when its switch is registered."""
        self.asked: set[str] = set()
        self._wanted = dict(wanted)
        self._switches: dict[str, Switch] = {}
        self._settings: dict[str, str] = {}

    def register(self, switch: Switch) -> None:
        """Make a switch known, at the world's setting or its default. Raises `WorldError`."""
        if switch.name in self._switches:
            raise ValueError(f"switch {switch.name} is registered twice")
        self._switches[switch.name] = switch
        setting = self._wanted.get(switch.name, switch.default)
        if setting not in switch.settings:
            raise WorldError(f"switches.{switch.name}", _no_setting(switch, setting))
        self._settings[switch.name] = setting

    def check(self) -> None:
        """Refuse settings of the world for switches that nobody registered. Raises `WorldError`."""
        for name in self._wanted:
            if name not in self._switches:
                raise WorldError(f"switches.{name}", self._unknown())

    def get(self, name: str) -> str:
        """Give the present setting; an unregistered name is a mistake in the emulator (KeyError)."""
        self.asked.add(name)
        return self._settings[name]

    def set(self, name: str, setting: Any) -> dict[str, Any]:
        """Switch over. Raises `ControlError`."""
        if name not in self._switches:
            raise ControlError(f"{name}: {self._unknown()}", 404)
        if setting not in self._switches[name].settings:
            raise ControlError(_no_setting(self._switches[name], setting))
        self._settings[name] = setting
        return self._told(name)

    def settings(self) -> dict[str, str]:
        """Give every switch's present setting."""
        return dict(self._settings)

    def dump(self) -> dict[str, dict[str, Any]]:
        """Give every switch with its setting."""
        return {name: self._told(name) for name in self._switches}

    def _told(self, name: str) -> dict[str, Any]:
        return {**asdict(self._switches[name]), "setting": self._settings[name]}

    def _unknown(self) -> str:
        return f"no such switch; there are {', '.join(sorted(self._switches)) or 'none'}"


def _no_setting(switch: Switch, setting: Any) -> str:
    return f"{setting!r} is no setting of {switch.name}: write one of {', '.join(switch.settings)}"
