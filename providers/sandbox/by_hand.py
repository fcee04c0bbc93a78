"""What a person does to a zone: lines of a zone file in, lines behind `; remove` out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from providers.sandbox.contract import SandboxError
from providers.sandbox.running import call_control

LINE = re.compile(
    r"\s*(?P<gone>; remove )?(?P<name>\S+)\.\s+(?P<ttl>\d+)\s+IN\s+(?P<type>[A-Z]+)\s+(?P<content>.+?)\s*"
)
ADDRESSES = ("A", "AAAA", "CNAME")


def edits(text: Iterable[str], held: Iterable[Mapping[str, Any]], zone: str) -> dict[str, Any]:
    """Return the change that lines of a zone file ask of a zone's records; other lines say nothing.

    What a line names is replaced: a CNAME and an address take each other's place, and that of a line before
    with other addresses.
    """
    found = [match for match in (LINE.fullmatch(line) for line in text) if match]
    mine = [match for match in found if f".{match['name']}".lower().endswith(f".{zone}")]
    named = {key for match in mine for key in _replaced(match["name"].lower(), match["type"])}
    gone = sorted({key for record in held if (key := f"{record['name']} {record['type']}") in named})
    return {"remove_records": gone, "add_records": [_record(match) for match in _last(mine)]}


def _last(lines: Sequence[re.Match[str]]) -> Iterator[re.Match[str]]:
    """Yield the lines that stand in the end: a CNAME is alone at its name."""
    for at, line in enumerate(lines):
        later = [each for each in lines[at + 1 :] if each["name"].lower() == line["name"].lower()]
        if not line["gone"] and not any(_displaces(each, line) for each in later):
            yield line


def _displaces(later: re.Match[str], line: re.Match[str]) -> bool:
    kinds = {later["type"], line["type"]}
    if later["gone"]:
        return len(kinds) == 1 and later["content"] == line["content"]
    return "CNAME" in kinds and kinds <= {*ADDRESSES}


def _replaced(name: str, type_: str) -> Iterator[str]:
    yield from (f"{name} {kind}" for kind in (ADDRESSES if type_ in ADDRESSES else (type_,)))


def _record(match: re.Match[str]) -> dict[str, Any]:
    ttl, content = int(match["ttl"]), match["content"]
    return {"name": match["name"], "type": match["type"], "ttl": ttl, "content": content}


def edit(url: str, zone: str, text: Iterable[str]) -> int:
    """Edit a zone of the sandbox at this control URL; return how many records were set or removed.

    Raises SandboxError, OSError.
    """
    zones = {held["zone"]: held for held in call_control(url, "GET", "/state")["dns"]}
    if zone not in zones:
        raise SandboxError(f"the sandbox has no zone {zone}")
    change = edits(text, zones[zone]["records"], zone)
    call_control(url, "PATCH", f"/dns/zones/{zone}", change)
    return len(change["add_records"]) or len(change["remove_records"])
