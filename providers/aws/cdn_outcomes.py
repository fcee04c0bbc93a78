"""How the changes of one container become outcomes: each by itself, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from reconciler.errors import ProviderError, UnexpectedResponse
from reconciler.model import Action, Attrs, Change, Resource, ResourceId
from reconciler.provider import Done, Failed, Side

Outcome = Done | Failed

MISSED: Final = frozenset({"PreconditionFailed", "InvalidIfMatchVersion"})
"""How CloudFront says that something was written since its ETag was read (docs: UpdateDistribution)."""


def each(
    together: Side, batch: Sequence[Change], make: Callable[[Change], Outcome]
) -> dict[ResourceId, Outcome]:
    """Make changes side by side; what is refused is the outcome of its own change and of no other."""
    found = together([partial(_tried, make, change) for change in batch])
    return {change.id: outcome for change, outcome in zip(batch, found, strict=True)}


def _tried(make: Callable[[Change], Outcome], change: Change) -> Outcome:
    if change.action in (Action.NOOP, Action.FORGET):
        return Done(change.after)
    try:
        return make(change)
    except ProviderError as error:
        error.resource = error.resource or change.id.address
        return Failed(error)


def differing(now: Attrs, planned: Attrs, but: frozenset[str] = frozenset()) -> dict[str, object]:
    """Return what is otherwise than planned, as it is now."""
    names = (now.keys() | planned.keys()) - but
    return {name: now.get(name) for name in sorted(names) if now.get(name) != planned.get(name)}


def stuck(change: Change, now: Resource) -> Outcome:
    """Tell from the second look whether a write took effect."""
    planned = change.after.attrs if change.after is not None else {}
    if off := differing(now.attrs, planned):
        text = f"the write did not stick: {_told(off)}"
        return Failed(UnexpectedResponse(text, resource=change.id.address))
    return Done(now)


def moved(change: Change, off: Mapping[str, object]) -> str:
    """Say in what a resource is no longer what the plan saw."""
    return f"{change.id.key} changed since it was planned: {_told(off)}"


def _told(off: Mapping[str, object]) -> str:
    return ", ".join(f"{name} is now {value}" for name, value in off.items())


def vendor_id(change: Change, output: str) -> str | None:
    """Return the vendor's id of what a change is about, None where it is not there yet."""
    known = change.before.outputs.get(output) if change.before is not None else None
    return known if isinstance(known, str) else None
