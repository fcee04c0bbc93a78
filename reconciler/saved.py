"""Plans as files: JSON that Terraform's tools read, and that tdr loads again whole. Holds no secret."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reconciler import VERSION
from reconciler.canonical import canonical
from reconciler.desired import Desired
from reconciler.errors import PlanError
from reconciler.plan import Plan
from reconciler.plan_document import document
from reconciler.plan_values import plan_data, plan_of
from reconciler.planner import Choice

SCHEMA = "urn:tdr:schema:plan:1"
AGAIN = "make it again with `tdr plan -out FILE`"


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as it was approved."""

    desired: Desired
    choice: Choice
    plan: Plan


def plan_json(plan: Plan, choice: Choice, desired: Desired) -> dict[str, object]:
    """Return the plan as JSON data: Terraform's `show -json`, and all of it once more under `tdr`."""
    core = {"version": VERSION, "choice": asdict(choice), "desired": desired.as_data(), **plan_data(plan)}
    whole = {"$schema": SCHEMA, **document(plan, desired, VERSION), "tdr": core}
    return {**whole, "tdr": {"digest": _digest(whole), **core}}


def load_plan(text: str) -> SavedPlan:
    """Return the plan that text holds. PlanError where it is none, is another version's, or was edited."""
    whole = _document(text)
    try:
        core = dict(whole["tdr"])
        if core.pop("digest") != _digest({**whole, "tdr": core}):
            raise PlanError(f"the saved plan was changed after it was made; {AGAIN}")
        desired = Desired.from_data(core["desired"])
        return SavedPlan(desired, _choice(core["choice"]), plan_of(core, core["desired"]))
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise PlanError(f"the saved plan is damaged ({type(error).__name__}: {error}); {AGAIN}") from error


def write_plan(path: Path, document: Mapping[str, object]) -> None:
    """Write the document so that the file is there whole or not at all, and readable by its owner only.

    PlanError where that cannot be done.
    """
    text = canonical(document) + b"\n"
    try:
        _replace(path, text)
    except OSError as error:
        raise PlanError(f"the plan cannot be saved to {path}: {error.strerror or error}") from error


def _replace(path: Path, text: bytes) -> None:
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # made with mode 0600
    try:
        with os.fdopen(number, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _document(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanError(f"the saved plan is no JSON ({error}); {AGAIN}") from error
    if not isinstance(found, dict) or "$schema" not in found:
        raise PlanError(f"this JSON is no plan of tdr: it has no `$schema` {SCHEMA}; {AGAIN}")
    if found["$schema"] != SCHEMA:
        raise PlanError(f"the saved plan has $schema {found['$schema']!r}, this tdr reads {SCHEMA}; {AGAIN}")
    return found


def _choice(data: Mapping[str, Any]) -> Choice:
    known: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
    return Choice(**known)


def _digest(whole: Mapping[str, Any]) -> str:
    """Return what tells an edited plan from one that was approved: of the part that people read, too."""
    return hashlib.sha256(canonical(whole)).hexdigest()
