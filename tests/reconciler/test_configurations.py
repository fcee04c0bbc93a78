"""Configurations of software that a user runs: which alias, which software, and what cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.configurations import configuration, software_named
from reconciler.desired import Desired
from reconciler.errors import UsageError
from reconciler.load import load
from reconciler.provider import Wanted
from tests.reconciler.vendors import EDGE, SPARKPOST


def told(software: str) -> Any:
    def render(alias: str, options: Mapping[str, Any], wanted: Sequence[Wanted]) -> str:
        return f"{software} {alias} {' '.join(f'{w.host}>{w.origin}' for w in wanted)}"

    return render


OWN = replace(EDGE, name="own", configurations={"one": told("one"), "two": told("two")})
OTHER = replace(EDGE, name="other", configurations={"three": told("three")})
TYPES = {type_.name: type_ for type_ in (EDGE, SPARKPOST, OWN, OTHER)}


def desired(folder: Path, domains: str, *providers: str) -> Desired:
    file = folder / "domains.yaml"
    listed = "".join(f"  {line}\n" for line in ("sp: {type: sparkpost}", "web: {type: edge}", *providers))
    file.write_text(
        f"version: 1\nowner: acme\nproviders:\n{listed}defaults: {{sparkpost: sp, cdn: web, dns: web}}\n"
        f"domains:\n{domains}"
    )
    return load([file], {}, TYPES)


HOSTS = "  a.example.com: {cdn: front}\n  b.example.com: {}\n  c.example.com: {cdn: front, state: absent}\n"
FRONT = "front: {type: own}"


def test_the_first_operand_may_name_the_software() -> None:
    assert software_named(["two", "x.yaml"], TYPES) == ("two", ["x.yaml"])
    assert software_named(["x.yaml"], TYPES) == (None, ["x.yaml"])
    assert software_named([], TYPES) == (None, [])


def test_the_only_alias_and_its_types_first_software_are_taken_for_the_present_hosts(tmp_path: Path) -> None:
    found = desired(tmp_path, HOSTS, FRONT)
    text = configuration(found, TYPES, None, None)
    assert text == configuration(found, TYPES, "front", "one")
    assert text.split(">")[0] == "one front a.example.com"
    assert configuration(found, TYPES, None, "two").startswith("two front")


@pytest.mark.parametrize(
    ("alias", "software", "providers", "said"),
    [
        (None, None, (), "no alias stands for a proxy"),
        (None, None, (FRONT, "back: {type: own}"), r"add -alias \(back or front\)"),
        ("nobody", None, (FRONT,), r"no alias is called nobody \(front\)"),
        ("web", None, (FRONT,), "web is of type edge"),
        ("front", "three", (FRONT,), "front makes no configuration for three, but for one, two"),
        ("back", None, (FRONT, "back: {type: own}"), "no domain has `cdn: back`"),
    ],
)
def test_a_choice_that_cannot_be_is_said(
    tmp_path: Path, alias: str | None, software: str | None, providers: tuple[str, ...], said: str
) -> None:
    hosts = HOSTS if FRONT in providers else "  b.example.com: {}\n"
    with pytest.raises(UsageError, match=said):
        configuration(desired(tmp_path, hosts, *providers), TYPES, alias, software)
