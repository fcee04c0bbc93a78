"""What differs between live and desired. Pure, total, and silent when there is nothing to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.model import SCALARS, Action, Change, FieldChange, Ref, Resource, ResourceId, Value, refs_in


def diff(live: Resource | None, desired: Resource | None, *, adopts: bool = False) -> Change | None:
    """Return the change that turns live into desired, or None when they agree.

    `adopts` says that what is live was not ours: then agreement is an import with no other change.
    """
    match live, desired:
        case None, Resource() as new:
            return Change(new.id, Action.CREATE, None, new)
        case Resource() as old, None:
            return Change(old.id, Action.DELETE, old, None)
        case Resource() as old, Resource() as new:
            return _update(old, new, adopts=adopts)
        case _:
            return None


def _update(old: Resource, new: Resource, *, adopts: bool) -> Change | None:
    fields = field_changes(old.attrs, new.attrs)
    if fields:
        return Change(new.id, Action.UPDATE, old, new, fields, adopts=adopts)
    return Change(new.id, Action.NOOP, old, new, adopts=True) if adopts else None


def field_changes(before: Mapping[str, Value], after: Mapping[str, Value]) -> tuple[FieldChange, ...]:
    """Return the attributes that differ, sorted by name."""
    if before == after:
        return ()
    names = sorted(before.keys() | after.keys())
    return tuple(
        FieldChange(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def resolve(value: Value, live: Mapping[ResourceId, Resource]) -> Value:
    """Return value with each Ref to a live resource's known output replaced by that output."""
    if type(value) in SCALARS:
        return value
    if isinstance(value, Ref):
        target = live.get(value.target)
        known = None if target is None else target.outputs.get(value.output, target.attrs.get(value.output))
        return value if known is None else known
    if isinstance(value, Mapping):
        return {name: resolve(inner, live) for name, inner in value.items()}
    if isinstance(value, tuple):
        return tuple(resolve(inner, live) for inner in value)
    return value


def resolved(resource: Resource, live: Mapping[ResourceId, Resource]) -> Resource:
    """Return resource with what can be known of its Refs filled in; what it needs stays the same."""
    needs = resource.depends_on
    if needs == resource.after and not any(True for value in resource.attrs.values() for _ in refs_in(value)):
        return resource
    known = resource.with_attrs(**{name: resolve(value, live) for name, value in resource.attrs.items()})
    return replace(known, after=needs)
