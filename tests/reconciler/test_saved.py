"""Saved plans: Terraform's shape, whole again after a trip through a file, refused when they are not."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from reconciler.data_files import schema_text
from reconciler.desired import Desired
from reconciler.errors import PlanError
from reconciler.model import Resource, attrs
from reconciler.plan import Plan
from reconciler.plan_values import plan_data
from reconciler.planner import Choice
from reconciler.render import plan_text
from reconciler.saved import load_plan, plan_json, write_plan
from tests.reconciler.golden import matches
from tests.reconciler.plans import CHANGES, DESIRED, EMPTY, MIXED, REFUSED, creation, rid
from tests.reconciler.strategies import saved_plans

SCHEMA = json.loads(schema_text("plan-v1.schema.json"))
VALIDATOR = Draft202012Validator(SCHEMA)


def document(plan: Plan, choice: Choice | None = None) -> Any:
    """The saved plan as a reader finds it."""
    return json.loads(json.dumps(plan_json(plan, choice or Choice(), DESIRED)))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_a_saved_plan_reads_as_it_always_did() -> None:
    found = document(MIXED)
    found["terraform_version"] = found["tdr"]["version"] = "0.0.0"
    del found["tdr"]["digest"]  # the version of tdr is in it
    assert matches("plan.json", json.dumps(found, indent=1, sort_keys=True) + "\n")


@given(saved_plans())
@settings(max_examples=50, deadline=None)
def test_a_saved_plan_survives_a_round_trip(drawn: tuple[Plan, Choice, Desired]) -> None:
    plan, choice, desired = drawn
    text = json.dumps(plan_json(plan, choice, desired), sort_keys=True)
    found = load_plan(text)
    assert (found.plan, found.choice, found.desired) == (plan, choice, desired)
    assert plan_data(found.plan) == plan_data(plan)  # places and severities take no part in equality
    assert found.desired.as_data() == desired.as_data()
    assert plan_text(found.plan) == plan_text(plan)


@given(saved_plans())
@settings(max_examples=25, deadline=None)
def test_every_saved_plan_is_valid_under_the_schema(drawn: tuple[Plan, Choice, Desired]) -> None:
    VALIDATOR.validate(json.loads(json.dumps(plan_json(*drawn))))


# -- Terraform's shape
def test_the_top_level_has_terraforms_keys() -> None:
    found = document(MIXED)
    assert found["format_version"] == "1.2"
    assert found["$schema"] == "urn:tdr:schema:plan:1"
    assert "timestamp" not in found
    assert set(found) - {"$schema", "tdr"} <= {
        *("format_version", "terraform_version", "variables", "planned_values", "resource_drift"),
        *("resource_changes", "prior_state", "configuration", "checks", "applyable", "complete", "errored"),
    }


@pytest.mark.parametrize(
    ("plan", "applyable", "complete", "errored"),
    [
        (MIXED, True, False, True),
        (replace(MIXED, findings=(), complete=True), True, True, False),
        (replace(MIXED, findings=()), True, False, False),
        (EMPTY, False, True, False),
        (REFUSED, False, False, True),
    ],
)
def test_what_can_be_applied_is_told(plan: Plan, applyable: bool, complete: bool, errored: bool) -> None:
    found = document(plan)
    assert (found["applyable"], found["complete"], found["errored"]) == (applyable, complete, errored)


def element(address: str) -> Any:
    return next(one for one in document(MIXED)["resource_changes"] if one["address"] == address)


def test_a_resource_is_named_as_terraform_names_it() -> None:
    found = element('dns_record.web["a.example.com/host"]')
    named = {key: found[key] for key in ("mode", "type", "name", "index", "provider_name")}
    assert named == {
        "mode": "managed",
        "type": "dns_record",
        "name": "web",
        "index": "a.example.com/host",
        "provider_name": "edge",
    }


def test_each_action_has_terraforms_words() -> None:
    found = {one["address"]: one for one in document(MIXED)["resource_changes"]}
    told = {address: (one["change"]["actions"], one.get("action_reason")) for address, one in found.items()}
    assert told == {
        'certificate.web["a.example.com"]': (["delete", "create"], "replace_because_cannot_update"),
        'dns_record.web["a.example.com/claim"]': (["update"], None),
        'dns_record.web["a.example.com/host"]': (["update"], None),
        'dns_record.web["b.example.com/host"]': (["delete", "create"], "replace_by_request"),
        'edge_host.web["a.example.com"]': (["create"], None),
        'edge_host.web["z.example.com"]': (["forget"], None),
        'edge_service.web["acme"]': (["update"], None),
        'tracking_domain.sp["b.example.com"]': (["no-op"], None),
        'tracking_domain_link.sp["mail.example.com"]': (["delete"], "delete_because_no_resource_config"),
        'tracking_domain_secure.sp["b.example.com"]': (["update"], None),
    }


def test_what_is_not_known_yet_is_left_out_and_marked() -> None:
    created = element('edge_host.web["a.example.com"]')["change"]
    assert "certificate" not in created["after"]
    assert created["after_unknown"] == {"certificate": True}
    moved = element('dns_record.web["a.example.com/host"]')["change"]
    assert (moved["after"]["values"], moved["after_unknown"]) == ([None], {"values": [True]})


def test_what_is_taken_over_says_by_which_key() -> None:
    assert element('tracking_domain.sp["b.example.com"]')["change"]["importing"] == {"id": "b.example.com"}
    assert "importing" not in element('edge_host.web["a.example.com"]')["change"]


def test_drift_is_the_change_turned_round() -> None:
    (drift,) = [one for one in document(MIXED)["resource_drift"] if one["type"] == "tracking_domain_secure"]
    sides = drift["change"]
    assert (sides["actions"], sides["before"], sides["after"]) == (
        ["update"],
        {"secure": True},
        {"secure": False},
    )


def test_a_plan_without_changes_has_none() -> None:
    assert document(EMPTY)["resource_changes"] == []


def test_the_same_plan_is_the_same_text_in_whatever_order_its_changes_come() -> None:
    turned = replace(MIXED, changes=MIXED.changes[::-1])
    assert document(turned)["resource_changes"] == document(MIXED)["resource_changes"]


def test_a_saved_plan_holds_nothing_of_the_vendors_outputs() -> None:
    made = Resource(rid("edge_host", "x"), attrs(host="x"), outputs=attrs(token="hush-hush"))
    assert "hush-hush" not in json.dumps(document(replace(EMPTY, changes=(creation(made),))))


# -- refusals
def edited(**changed: object) -> str:
    found = document(MIXED)
    found["tdr"].update(changed)
    return json.dumps(found)


SHOWN_ONLY = document(MIXED)
SHOWN_ONLY["resource_changes"][0]["change"]["actions"] = ["no-op"]


DIGESTLESS = document(MIXED)
del DIGESTLESS["tdr"]["digest"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "the saved plan is no JSON"),
        ("[]", "is no plan of tdr: it has no `$schema`"),
        ('{"format_version": "1.2"}', "is no plan of tdr: it has no `$schema`"),
        ('{"$schema": "urn:tdr:schema:plan:9"}', "has $schema 'urn:tdr:schema:plan:9', this tdr reads"),
        ('{"$schema": "urn:tdr:schema:plan:1"}', "is damaged (KeyError: 'tdr')"),
        (json.dumps(DIGESTLESS), "is damaged (KeyError: 'digest')"),
        (edited(owner="somebody-else"), "was changed after it was made"),
        (edited(choice=None), "was changed after it was made"),
        (json.dumps(SHOWN_ONLY), "was changed after it was made"),
        ('{"$schema": ["x"]}', "has $schema ['x'], this tdr reads"),
        ("[" * 100_000, "the saved plan is no JSON"),
    ],
)
def test_what_is_no_whole_plan_is_refused_in_one_line_with_the_way_out(text: str, told: str) -> None:
    with pytest.raises(PlanError) as caught:
        load_plan(text)
    assert told in str(caught.value)
    assert str(caught.value).endswith("make it again with `tdr plan -out FILE`")
    assert "\n" not in str(caught.value)


# -- files
def test_a_plan_is_written_for_its_owner_only_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text("what was there before")
    path.chmod(0o644)
    write_plan(path, plan_json(MIXED, Choice(destroy=True), DESIRED))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_plan(path.read_text()).choice == Choice(destroy=True)
    assert [one.name for one in tmp_path.iterdir()] == ["plan.json"]


def test_a_plan_that_cannot_be_written_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(PlanError, match=r"cannot be saved to .*folder"):
        write_plan(path, {})
    with pytest.raises(PlanError, match="No such file or directory"):
        write_plan(tmp_path / "nowhere" / "plan.json", {})
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


def test_a_failure_while_writing_keeps_the_plan_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write_plan(path, {"kept": True})
    with pytest.raises(TypeError):
        write_plan(path, {"no JSON": CHANGES})
    assert json.loads(path.read_text()) == {"kept": True}
