"""What a person does to a zone: lines of a zone file in, lines behind `; remove` out."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from providers.sandbox.contract import SandboxError

LINE = re.compile(
    r"\s*(?P<gone>; remove )?(?P<name>\S+)\.\s+(?P<ttl>\d+)\s+IN\s+(?P<type>[A-Z]+)\s+(?P<content>.+?)\s*"
)
ADDRESSES = ("A", "AAAA", "CNAME")


def edits(text: Iterable[str], held: Iterable[Mapping[str, Any]], zone: str) -> dict[str, Any]:
    """Return the change that lines of a zone file ask of a zone's records; other lines say nothing.

    What a line names is replaced: a CNAME and an address take each other's place.
    """
    found = [match for match in (LINE.fullmatch(line) for line in text) if match]
    mine = [match for match in found if f".{match['name']}".lower().endswith(f".{zone}")]
    named = {key for match in mine for key in _replaced(match["name"].lower(), match["type"])}
    gone = sorted({key for record in held if (key := f"{record['name']} {record['type']}") in named})
    return {"remove_records": gone, "add_records": [_record(match) for match in mine if not match["gone"]]}


def _replaced(name: str, type_: str) -> Iterator[str]:
    yield from (f"{name} {kind}" for kind in (ADDRESSES if type_ in ADDRESSES else (type_,)))


def _record(match: re.Match[str]) -> dict[str, Any]:
    ttl, content = int(match["ttl"]), match["content"]
    return {"name": match["name"], "type": match["type"], "ttl": ttl, "content": content}


def edit(url: str, zone: str, text: Iterable[str]) -> int:
    """Edit a zone of the sandbox at this control URL; return how many records were set or removed.

    Raises SandboxError.
    """
    zones = {held["zone"]: held for held in _call(url, "GET", "/state")["dns"]}
    if zone not in zones:
        raise SandboxError(f"the sandbox has no zone {zone}")
    change = edits(text, zones[zone]["records"], zone)
    _call(url, "PATCH", f"/dns/zones/{zone}", change)
    return len(change["add_records"]) or len(change["remove_records"])


def _call(url: str, method: str, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}{path}", data, method=method)  # noqa: S310  the sandbox's own URL
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310  as above
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SandboxError(json.load(error)["error"]) from error
    except OSError as error:
        raise SandboxError(f"no sandbox answers at {url}: {error}") from error
