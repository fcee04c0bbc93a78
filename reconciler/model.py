"""The values that everything else speaks in: frozen, comparable, free of effects."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple, TypeAlias


class ResourceId(NamedTuple):
    """Who a resource is: known before it exists, never a vendor's id.

    A named tuple: ids are hashed, compared and sorted more than anything else, and tuples do that in C.
    """

    alias: str
    kind: str
    key: str

    @property
    def address(self) -> str:
        """The plan address, `KIND.ALIAS["KEY"]`."""
        return f'{self.kind}.{self.alias}["{self.key}"]'

    def __str__(self) -> str:
        return self.address


@dataclass(frozen=True, slots=True)
class Ref:
    """An output of another resource, unknown until that one exists."""

    target: ResourceId
    output: str


Value: TypeAlias = "str | int | float | bool | Ref | tuple[Value, ...] | Mapping[str, Value] | None"
Attrs: TypeAlias = Mapping[str, Value]
EMPTY: Attrs = MappingProxyType({})
SCALARS = frozenset({str, int, float, bool, type(None)})
"""What most values are: told by their very type, for a plan asks it of every value several times."""


def frozen(value: object) -> Value:
    """Return value with lists as tuples and mappings read-only, all the way down."""
    if type(value) in SCALARS:
        return value  # type: ignore[return-value]  # the line above says so
    if isinstance(value, (list, tuple)):
        return tuple([frozen(v) for v in value])
    if isinstance(value, Mapping):
        return MappingProxyType({str(k): frozen(v) for k, v in value.items()})
    if value is None or isinstance(value, (str, int, float, bool, Ref)):
        return value
    raise TypeError(f"not a value: {value!r}")


def attrs(**named: object) -> Attrs:
    """Return named as read-only attributes."""
    return MappingProxyType({name: frozen(value) for name, value in named.items()})


def refs_in(value: Value) -> Iterator[Ref]:
    """Yield each Ref inside value."""
    if type(value) in SCALARS:
        return
    if isinstance(value, Ref):
        yield value
        return
    for inner in _inside(value):
        if type(inner) not in SCALARS:
            yield from refs_in(inner)


def _inside(value: Value) -> Iterable[Value]:
    if isinstance(value, tuple):
        return value
    return value.values() if isinstance(value, Mapping) else ()


@dataclass(frozen=True, slots=True)
class Resource:
    """What one resource should be, or is.

    attrs      every managed attribute, spelt as the vendor reports it
    outputs    the vendor's: ids, statuses, expiry; never compared
    host       the tracking host that it serves, or None for what several share
    container  the vendor container that a write goes to, or None
    after      what must exist first, besides the targets of Refs
    mark       the owner that the vendor's tag or comment names; None where unmarked
    """

    id: ResourceId
    attrs: Attrs
    host: str | None = None
    container: str | None = None
    after: frozenset[ResourceId] = frozenset()
    outputs: Attrs = field(default_factory=lambda: EMPTY, compare=False)
    mark: str | None = None

    @property
    def depends_on(self) -> frozenset[ResourceId]:
        """What must exist before this one can."""
        nested = [value for value in self.attrs.values() if type(value) not in SCALARS]
        targets = [ref.target for value in nested for ref in refs_in(value)]
        return self.after.union(targets) if targets else self.after

    def with_attrs(self, **changed: object) -> Resource:
        """Return this resource with some attributes changed."""
        return replace(self, attrs=MappingProxyType({**self.attrs, **attrs(**changed)}))


class Action(enum.Enum):
    """What a change does; the values are Terraform's words."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    FORGET = "forget"
    NOOP = "no-op"

    __hash__ = object.__hash__  # each is one object; the hash of an Enum is a call to Python


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One attribute that differs; None stands for absent."""

    name: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Rounds:
    """How a write goes that a vendor takes in several rounds, saying `NotReady` until the last. In seconds.

    usual_s    how long it usually takes in all, 0 where it is done at once
    timeout_s  after how long it is no longer asked for again
    poll_s     how long until it is
    """

    usual_s: int = 0
    timeout_s: int = 900
    poll_s: float = 10.0

    def then(self, other: Rounds) -> Rounds:
        """Return how both go one after the other; what is done at once adds nothing."""
        if AT_ONCE in (self, other):
            return self if other == AT_ONCE else other
        return Rounds(
            self.usual_s + other.usual_s, self.timeout_s + other.timeout_s, min(self.poll_s, other.poll_s)
        )


AT_ONCE = Rounds()
REQUESTED = "requested"
"""The reason of a replacement that `-replace` asked for."""


@dataclass(frozen=True, slots=True)
class Change:
    """What turns one live resource into the desired one.

    `adopts` says that the live resource was not ours before (`will be imported`); an adoption that
    changes nothing else has action NOOP. `reason` is for people only: nothing may be decided by it.
    """

    id: ResourceId
    action: Action
    before: Resource | None
    after: Resource | None
    fields: tuple[FieldChange, ...] = ()
    adopts: bool = False
    reason: str = ""

    @property
    def resource(self) -> Resource:
        """The desired resource, or for a deletion the live one."""
        found = self.after or self.before
        if found is None:
            raise AssertionError("unreachable: a change has a before or an after")
        return found

    @property
    def host(self) -> str | None:
        return self.resource.host

    @property
    def container(self) -> str | None:
        return self.resource.container


class Severity(enum.Enum):
    """How bad a finding is: an error forbids the plan for its host."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a host that a person should know before the plan runs.

    `host` is None for what concerns the whole run; `key` names the YAML key that it is about, so that
    it is shown with that line; `lift` says what to write or do instead. `until_delegated` marks what ends by
    itself once resolvers are sent to the host's zone.
    """

    severity: Severity
    host: str | None
    text: str
    lift: str = ""
    key: str = ""
    until_delegated: bool = False
