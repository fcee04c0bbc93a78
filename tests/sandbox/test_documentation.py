"""docs/sandbox.md says what there is: every request, switch, fault, option and exported variable."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import providers.sandbox
from providers.sandbox.control import Control
from providers.sandbox.external.world import WRONG
from providers.sandbox.faults import KINDS, Fault
from providers.sandbox.running import Running

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with providers.sandbox.started({}) as running:
        yield running


def test_every_request_of_the_control_api_is_told_and_no_other(sandbox: Running) -> None:
    control = Control(sandbox.kernel, lambda: None)
    there = {f"{route.method} {route.path}" for route in control.routes()}
    control.close()

    assert set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^` ]*)`", PAGE)) == {
        *there,
        "PATCH /vendors/aws",
        "PATCH /vendors/cloudflare",
        "PATCH /vendors/fastly",
        "PATCH /vendors/powerdns",
        "PATCH /vendors/external",
        "PATCH /vendors/google",
        "PATCH /vendors/sparkpost",
    }


def test_every_switch_is_told_with_its_settings_the_default_first(sandbox: Running) -> None:
    told = {
        name: re.findall(r"`([^`]+)`", settings)
        for name, settings in re.findall(r"^\| `([a-z]+\.[^`]+)` \| ([^|]*) \|", PAGE, re.MULTILINE)
    }
    there = sandbox.control("GET", "/switches")

    assert {name: sorted(settings) for name, settings in told.items()} == {
        name: sorted(switch["settings"]) for name, switch in there.items()
    }
    assert {name: settings[0] for name, settings in told.items()} == {
        name: switch["default"] for name, switch in there.items()
    }


def test_every_part_of_a_fault_is_told() -> None:
    hidden = {"id", "matched", "struck"}
    assert [word for word in KINDS if f"`{word}`" not in PAGE] == []
    assert [f.name for f in fields(Fault) if f.name not in hidden and f"`{f.name}`" not in PAGE] == []


def test_every_address_and_variable_is_told(sandbox: Running) -> None:
    assert [name for name in sandbox.env if f"`{name}`" not in PAGE] == []
    firsts = {address.rpartition(".")[0] for address in sandbox.net_map}
    assert [first for first in firsts if first not in PAGE] == []


def test_every_fault_of_an_external_edge_is_told() -> None:
    assert [word for word in WRONG if f"`{word}`" not in PAGE] == []
