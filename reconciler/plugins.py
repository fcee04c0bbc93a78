"""Commands of other packages; apart, because looking for what is installed costs as much as a whole start."""

from __future__ import annotations

from importlib import metadata

GROUP = "tdr.commands"


def command_names() -> tuple[str, ...]:
    """Return the names of the further commands."""
    return tuple(entry.name for entry in metadata.entry_points(group=GROUP))


def run(name: str, words: list[str]) -> int:
    """Run one of them and return its exit code."""
    (entry,) = metadata.entry_points(group=GROUP, name=name)
    command = entry.load()
    code: int = command(words)
    return code
