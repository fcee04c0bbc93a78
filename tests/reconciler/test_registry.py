"""Provider types by entry point: found by name, and a broken one is one clear error."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from reconciler import registry
from reconciler.registry import GROUP, RegistryError, provider_types
from tests.reconciler.vendors import EDGE, SPARKPOST

HERE = "tests.reconciler.vendors"
REPAIR = "repair or remove that package"


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group=GROUP)


def test_types_are_found_by_name() -> None:
    found = provider_types([entry("sparkpost", f"{HERE}:SPARKPOST"), entry("edge", f"{HERE}:EDGE")])
    assert list(found) == ["edge", "sparkpost"]
    assert found["edge"].parts == EDGE.parts
    assert found["sparkpost"].secrets == SPARKPOST.secrets


def test_one_type_seen_through_two_paths_is_one() -> None:
    assert list(provider_types([entry("edge", f"{HERE}:EDGE")] * 2)) == ["edge"]


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        (
            [entry("edge", "tests.no_such_module:TYPE")],
            (
                "the provider type edge of tests.no_such_module:TYPE cannot be loaded"
                " (tests.no_such_module:TYPE:"
                " ModuleNotFoundError: No module named 'tests.no_such_module'); " + REPAIR
            ),
        ),
        (
            [entry("edge", f"{HERE}:NOPE")],
            (
                f"the provider type edge of {HERE}:NOPE cannot be loaded ({HERE}:NOPE: AttributeError:"
                f" module '{HERE}' has no attribute 'NOPE'); {REPAIR}"
            ),
        ),
        (
            [entry("edge", f"{HERE}:HEAD")],
            f"{HERE}:HEAD of {HERE}:HEAD is not a ProviderType; {REPAIR}",
        ),
        (
            [entry("ledge", f"{HERE}:EDGE")],
            f"{HERE}:EDGE of {HERE}:EDGE is entered as ledge but calls itself edge; {REPAIR}",
        ),
        (
            [entry("edge", f"{HERE}:EDGE"), entry("edge", f"{HERE}:MAPPER")],
            f"two packages provide the type edge: {HERE}:EDGE and {HERE}:MAPPER; remove one",
        ),
        (
            [entry("odd", f"{HERE}:ODD")],
            f"the provider type odd of {HERE}:ODD plays no known part; repair that package",
        ),
    ],
)
def test_a_broken_plugin_is_one_clear_error(entries: list[EntryPoint], problem: str) -> None:
    with pytest.raises(RegistryError) as caught:
        provider_types(entries)
    assert str(caught.value) == problem


def test_another_providers_package_is_named(tmp_path: Path) -> None:
    """tdr is an application: installed into a project that has a `providers` of its own, it says so."""
    ours = tmp_path / "site" / "reconciler" / "registry.py"
    other = tmp_path / "project" / "providers" / "__init__.py"
    with pytest.raises(RegistryError) as caught:
        registry._refuse_shadow(other, ours)
    assert str(caught.value) == (
        f"another package named `providers` ({other}) hides tdr's own ({tmp_path}/site/providers);"
        " tdr is an application: install it by itself, with pipx or `uv tool install`"
    )
    registry._refuse_shadow(tmp_path / "site" / "providers" / "__init__.py", ours)


def test_a_missing_providers_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"is missing from .*; install tdr again"):
        registry._refuse_shadow(None, tmp_path / "reconciler" / "registry.py")
