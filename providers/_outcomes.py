"""How changes become outcomes, as several vendors share it: each by itself, compared with what is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from reconciler.errors import ProviderError, UnexpectedResponse
from reconciler.model import Action, Attrs, Change, Resource, ResourceId
from reconciler.provider import Done, Failed, Side

Outcome = Done | Failed


def is_idle(change: Change) -> bool:
    """Tell whether a change asks for no write."""
    return change.action in (Action.NOOP, Action.FORGET)


def tried(make: Callable[[Change], Outcome], change: Change) -> Outcome:
    """Make one change; what is refused is its outcome and no other's."""
    if is_idle(change):
        return Done(change.after)
    try:
        return make(change)
    except ProviderError as error:
        error.resource = error.resource or change.id.address
        return Failed(error)


def each(
    together: Side, batch: Sequence[Change], make: Callable[[Change], Outcome]
) -> dict[ResourceId, Outcome]:
    """Make changes side by side."""
    found = together([partial(tried, make, change) for change in batch])
    return {change.id: outcome for change, outcome in zip(batch, found, strict=True)}


def placed(outcomes: Mapping[ResourceId, Outcome], provider: str) -> Mapping[ResourceId, Outcome]:
    """Name provider and resource where no single call did: a write that did not stick has no context yet."""
    for id_, outcome in outcomes.items():
        if isinstance(outcome, Failed):
            outcome.error.provider = outcome.error.provider or provider
            outcome.error.resource = outcome.error.resource or id_.address
    return outcomes


# -- what is there, and what the plan says
def differing(now: Attrs, planned: Attrs, but: frozenset[str] = frozenset()) -> dict[str, object]:
    """Return what is otherwise than planned, as it is now."""
    names = (now.keys() | planned.keys()) - but
    return {name: now.get(name) for name in sorted(names) if now.get(name) != planned.get(name)}


def told(off: Mapping[str, object]) -> str:
    """Say what is now otherwise."""
    return ", ".join(f"{name} is now {value}" for name, value in off.items())


def moved(now: Attrs, change: Change, but: frozenset[str] = frozenset()) -> str:
    """Say in what a resource is neither as the plan saw it nor as it is to be; empty where it is."""
    before = change.before.attrs if change.before is not None else now
    off = differing(now, before, but)
    after = change.after.attrs if change.after is not None else before
    off = {name: value for name, value in off.items() if value != after.get(name)}
    return f"{change.id.key} changed since it was planned: {told(off)}" if off else ""


def stuck(change: Change, now: Resource, but: frozenset[str] = frozenset()) -> Outcome:
    """Tell from the second look whether a write took effect."""
    planned = change.after.attrs if change.after is not None else now.attrs
    if off := differing(now.attrs, planned, but):
        text = f"the write did not stick: {told(off)}"
        return Failed(UnexpectedResponse(text, resource=change.id.address))
    return Done(now)


def vendor_id(change: Change, output: str = "id") -> str | None:
    """Return the vendor's id of what a change is about, None where it is not there yet."""
    known = change.before.outputs.get(output) if change.before is not None else None
    return known if isinstance(known, str) else None
