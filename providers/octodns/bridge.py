"""The way to a class of octoDNS: made anew for each look, called through the engine, its errors told in ours.

Many classes remember a zone once they have read it, until they write it themselves: asked twice, one would
show what stood there minutes ago. So every look is a new instance's.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, TypeVar

from octodns.provider.base import BaseProvider
from octodns.provider.plan import Plan
from octodns.record import Record
from octodns.zone import Zone

from providers._records import Key, RecordSet, absolute, plain
from providers.octodns.convert import Sets, StoredSet, data_of, sets_in
from providers.octodns.errors import hiding, translate
from providers.octodns.options import UNIT, Config
from providers.octodns.quiet import hush, unwarned
from reconciler.errors import AuthError, ProviderError, TdrError, Transient, Unavailable
from reconciler.provider import Calls

T = TypeVar("T")

LIST, READ, PLAN, WRITE = "list_zones", "populate", "plan", "apply"
#: What classes call the number of times that they try: the engine is who tries again.
_TRIES: Final = ("client_max_attempts", "max_retries", "retry_count")


@dataclass(frozen=True, slots=True)
class Held:
    """A zone as one look showed it.

    exists  None where the class does not tell
    native  octoDNS's own zone
    """

    name: str
    exists: bool | None
    sets: Sets
    native: Any = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One change that octoDNS plans: what it saw, what it means to leave; None stands for nothing."""

    key: Key
    seen: StoredSet | None
    native: Any = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Planned:
    """octoDNS's plan for a zone, and the instance that made it."""

    steps: tuple[Step, ...]
    provider: Any = field(compare=False, repr=False)
    native: Any = field(compare=False, repr=False)


def class_named(alias: str, path: str) -> type[Any]:
    """Load the class. Raises TdrError with the line to type where it is missing, or reads only."""
    module, _, name = path.rpartition(".")
    hush(module, module.partition(".")[0], f"{name}[{alias}]")
    top = module.partition(".")[0]
    try:
        with unwarned():
            loaded = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != top:
            missing = f"{top} of {alias} needs the package {error.name}, which is not installed"
            raise TdrError(f"{missing}: pip install --upgrade {top.replace('_', '-')}") from error
        package = "octodns" if top == "octodns" else top.replace("_", "-")
        raise TdrError(f"{alias} needs the class {path}: pip install {package}") from error
    found = getattr(loaded, name, None)
    if not (isinstance(found, type) and issubclass(found, BaseProvider)):
        known = sorted(n for n, c in vars(loaded).items() if isinstance(c, type) and _is_a_provider(c))
        there = f"it has {', '.join(known)}" if known else "nor any other"
        raise TdrError(f"{alias}: {module} has no octoDNS provider {name} that can write ({there})")
    return found


def _is_a_provider(found: type[Any]) -> bool:
    return issubclass(found, BaseProvider) and found is not BaseProvider


class Bridge:
    """One alias's class with its settings. Returns values; raises ProviderError."""

    def __init__(self, alias: str, class_: type[Any], config: Config, calls: Calls) -> None:
        """Raises TdrError where the class does not take the settings, ProviderError from the vendor."""
        self._alias, self._class, self._calls = alias, class_, calls
        self._keywords = {**_one_try(class_), **config.keywords}
        self._clean = hiding(config.taken)
        first = self._made()
        log = getattr(first, "log", None)
        hush(*([log.name] if log is not None else []))
        self.supports = frozenset(str(kind) for kind in first.SUPPORTS)
        self.lists_zones = callable(getattr(first, "list_zones", None))
        self.min_ttl = _min_ttl(first)
        _end(first)

    @property
    def name(self) -> str:
        """The class's own name, for messages."""
        return self._class.__name__

    def zones(self) -> tuple[str, ...]:
        """List the zones of the account."""
        return tuple(sorted(self._send(LIST, lambda: self._with(_names))))

    def read(self, zone: str) -> Held:
        """Look at a zone with new eyes."""

        def look(provider: Any) -> Held:
            native = Zone(absolute(zone), [])
            exists = provider.populate(native, target=True, lenient=True)
            told = bool(exists) if exists is not None else None
            if told is False and self.lists_zones:
                # Of a zone that is there and holds nothing, some classes say that it is not there.
                told = zone in _names(provider)
            return Held(zone, told, sets_in(native.records), native)

        return self._send(READ, lambda: self._with(look), zone)

    def plan(self, held: Held, wanted: Mapping[Key, RecordSet | None]) -> Planned:
        """Let octoDNS plan a zone as it was seen, with some sets as they are wanted; None: gone.

        octoDNS reads the zone once more for it.
        """

        def ask() -> Planned:
            provider = self._class(self._alias, **self._keywords)
            native = provider.plan(self._desired(provider, held, wanted))
            changes = native.changes if native is not None else ()
            steps = tuple(_step(change) for change in changes)
            return Planned(steps, provider, native)

        return self._send(PLAN, ask, held.name)

    def write(self, zone: str, planned: Planned, steps: list[Step]) -> None:
        """Make some changes of a plan and nothing else, of records or of the zone itself."""

        def make() -> None:
            native = planned.native
            changes = [step.native for step in steps]
            planned.provider.apply(Plan(native.existing, native.desired, changes, native.exists))

        def once() -> None:
            try:
                self._guarded(make)
            except Transient as error:
                # Several requests may have gone well before this one: all of it is looked at anew first.
                meaning = Unavailable(
                    error.message, retry_after_s=error.retry_after_s, request_id=error.request_id
                )
                meaning.status = error.status
                raise meaning from None

        self._calls(UNIT, WRITE, once, repeatable=False, resource=zone)

    @staticmethod
    def end(planned: Planned) -> None:
        """Close what the instance that made a plan keeps open."""
        _end(planned.provider)

    def _desired(self, provider: Any, held: Held, wanted: Mapping[Key, RecordSet | None]) -> Any:
        zone = held.native.copy()
        if zone.root_ns is not None and not provider.SUPPORTS_ROOT_NS:
            zone.remove_record(zone.root_ns)
        for key, one in wanted.items():
            found = held.sets.get(key)
            if found is not None:
                zone.remove_record(found.record)
            if one is not None:
                name = zone.hostname_from_fqdn(absolute(one.name))
                zone.add_record(Record.new(zone, name, data_of(one, found), lenient=True), lenient=True)
        return zone

    def _with(self, use: Callable[[Any], T]) -> T:
        provider = self._class(self._alias, **self._keywords)
        try:
            return use(provider)
        finally:
            _end(provider)

    def _made(self) -> Any:
        """Make an instance when the alias is opened: whatever is wrong with the settings shows here."""
        try:
            return self._guarded(lambda: self._class(self._alias, **self._keywords))
        except (AuthError, Transient) as error:
            error.provider = f"{self._alias} (octodns)"
            raise
        except ProviderError as error:
            text = f"{self._alias}: {self.name} does not take its `config`: {error.message}"
            raise TdrError(text) from error

    def _send(self, operation: str, fn: Callable[[], T], zone: str = "") -> T:
        return self._calls(UNIT, operation, lambda: self._guarded(fn), repeatable=True, resource=zone)

    def _guarded(self, fn: Callable[[], T]) -> T:
        """Call foreign code: it warns nobody, and fails in our words only."""
        try:
            with unwarned():
                return fn()
        except Exception as error:  # noqa: BLE001  each class has exceptions of its own, of no common kind
            meaning = translate(error, self._clean)
        # Raised out here it carries no trace of the foreign one, which may show a secret.
        raise meaning


def _one_try(class_: type[Any]) -> dict[str, Any]:
    """Return the settings that keep a class from trying again by itself, of those that it takes."""
    taken = {
        name
        for cls in class_.__mro__
        if "__init__" in vars(cls)
        for name in inspect.signature(cls).parameters
    }
    return {name: 1 for name in _TRIES if name in taken}


def _min_ttl(provider: Any) -> int | None:
    found = getattr(provider, "min_ttl", None) or getattr(provider, "MIN_TTL", None)
    return found if isinstance(found, int) and found > 0 else None


def _names(provider: Any) -> frozenset[str]:
    return frozenset(plain(str(name)) for name in provider.list_zones())


def _step(change: Any) -> Step:
    record = change.existing if change.existing is not None else change.new
    ((key, _),) = sets_in([record]).items()
    seen = sets_in([change.existing])[key] if change.existing is not None else None
    return Step(key, seen, change)


def _end(provider: Any) -> None:
    """Close the sessions that an instance, or the client that it made, keeps: octoDNS has no word for it."""
    held = list(getattr(provider, "__dict__", {}).values())
    below = [inner for one in held for inner in getattr(one, "__dict__", {}).values()]
    for one in (*held, *below):
        if type(one).__name__ in {"Session", "Client"} and callable(getattr(one, "close", None)):
            one.close()
