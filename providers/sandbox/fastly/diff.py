"""What two versions differ in, as text: all lines, those of one side only marked.

docs: API reference, "Diff"; the form as recorded: YAML of the content, sorted, without numbers and times.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

import yaml

from providers.sandbox.contract import NotEmulated

from .objects import DETAILS
from .state import Object, Service, Version
from .views import EMPTY

TIMES = frozenset({"created_at", "updated_at", "deleted_at"})


def diff(service: Service, before: Version, after: Version, form: str) -> str:
    """Give the difference. Raises NotEmulated for the forms in HTML."""
    if form != "text":
        raise NotEmulated(f"diff with format={form}")
    return "".join(_marked(_lines(service, before), _lines(service, after)))


def _marked(before: list[str], after: list[str]) -> Iterator[str]:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            yield from (f" {line}" for line in before[start:end])
            continue
        yield from (f"-{line}" for line in before[start:end])
        yield from (f"+{line}" for line in after[new_start:new_end])


def _lines(service: Service, version: Version) -> list[str]:
    lists = {name: [_listed(each) for each in version.all(kind)] for name, kind in DETAILS}
    content: dict[str, Any] = {
        **{name: [] for name in EMPTY},
        **lists,
        "comment": version.comment,
        "deployed": False,
        "service_id": service.id,
        "settings": version.settings,
        "staging": False,
        "testing": False,
    }
    ordered = {name: content[name] for name in sorted(content)}
    text = yaml.safe_dump(ordered, sort_keys=False, width=10_000)
    return re.sub(r": null$", ":", text, flags=re.MULTILINE).splitlines(keepends=True)


def _listed(given: Object) -> Object:
    rest = {name: given[name] for name in sorted(given) if name not in TIMES | {"name"}}
    return {"name": given["name"], **rest}
