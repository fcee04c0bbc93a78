"""The vendors that this installation knows, found by entry point; no SDK is imported."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from types import MappingProxyType

from reconciler.errors import TdrError
from reconciler.provider import ProviderType

GROUP = "tdr.providers"
PARTS = frozenset({"cdn", "dns", "sparkpost"})


class RegistryError(TdrError):
    """A provider type that is installed cannot be used."""


def provider_types(entries: Iterable[metadata.EntryPoint] | None = None) -> Mapping[str, ProviderType]:
    """Return every installed provider type by name, sorted.

    `entries` are those of the group `tdr.providers` if not given, looked for once in a process. Raises
    RegistryError, naming the package at fault, for a plugin that cannot be imported, is not a ProviderType,
    or bears a name that is taken.
    """
    return _installed() if entries is None else _types(entries)


@cache
def _installed() -> Mapping[str, ProviderType]:
    return _types(metadata.entry_points(group=GROUP))


def _types(found: Iterable[metadata.EntryPoint]) -> Mapping[str, ProviderType]:
    _refuse_shadow(_providers_file(), Path(__file__))
    types: dict[str, ProviderType] = {}
    sources: dict[str, str] = {}
    for entry in sorted(found, key=lambda e: (e.name, e.value)):
        # One distribution seen through two paths (a checkout and its metadata) is one.
        if sources.get(entry.name) == entry.value:
            continue
        if entry.name in types:
            raise RegistryError(
                f"two packages provide the type {entry.name}: {sources[entry.name]} and {entry.value};"
                " remove one"
            )
        types[entry.name], sources[entry.name] = _loaded(entry), entry.value
    return MappingProxyType(types)


def provider_versions(entries: Iterable[metadata.EntryPoint] | None = None) -> dict[str, str]:
    """Return by provider type the version of the package that brings it, sorted; nothing is imported."""
    found = metadata.entry_points(group=GROUP) if entries is None else entries
    return dict(sorted((e.name, e.dist.version) for e in found if e.dist is not None))


def _loaded(entry: metadata.EntryPoint) -> ProviderType:
    """Import one plugin and check that it is what it says."""
    package = entry.dist.name if entry.dist is not None else entry.value
    try:
        loaded = entry.load()
    # A plugin is foreign code: whatever its import raises is its fault, and is said in one line.
    except Exception as error:
        raise RegistryError(
            f"the provider type {entry.name} of {package} cannot be loaded"
            f" ({entry.value}: {type(error).__name__}: {error}); repair or remove that package"
        ) from error
    if not isinstance(loaded, ProviderType):
        raise RegistryError(
            f"{entry.value} of {package} is not a ProviderType; repair or remove that package"
        )
    if loaded.name != entry.name:
        raise RegistryError(
            f"{entry.value} of {package} is entered as {entry.name} but calls itself {loaded.name};"
            " repair or remove that package"
        )
    if not loaded.parts or not loaded.parts <= PARTS:
        raise RegistryError(
            f"the provider type {entry.name} of {package} plays no known part; repair that package"
        )
    return loaded


def _providers_file() -> Path | None:
    """Return where the top-level package `providers` is found, without importing it."""
    spec = importlib.util.find_spec("providers")
    if spec is None:
        return None
    places = list(spec.submodule_search_locations or ())
    return Path(spec.origin or places[0]) if spec.origin or places else None


def _refuse_shadow(found: Path | None, ours: Path) -> None:
    """Refuse to run with another `providers` than the one beside this package."""
    here = ours.resolve().parent.parent / "providers"
    if found is None:
        raise RegistryError(f"tdr's package `providers` is missing from {here.parent}; install tdr again")
    folder = found if found.is_dir() else found.parent
    if folder.resolve() != here:
        raise RegistryError(
            f"another package named `providers` ({found}) hides tdr's own ({here}); tdr is an application:"
            " install it by itself, with pipx or `uv tool install`"
        )
