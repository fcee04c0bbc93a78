"""DNS record calls: single writes and the batch, each one transaction.

docs: API reference "DNS Records for a Zone"; "Batch record changes": deletes, patches, puts,
posts in that order, all or nothing, the first error is answered.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from . import records
from .answers import Answer, Refusal, found, page
from .calls import Call
from .state import Record, Zone
from .zones import touch

PARTS = ("deletes", "patches", "puts", "posts")
MOST_PER_PAGE = 5_000_000
GONE = "Record does not exist."


class Draft:
    """The records of a zone as they would be: changed freely, kept only when all went well."""

    def __init__(self, call: Call, zone: Zone) -> None:
        """Start from what the zone holds now."""
        self.call, self.zone = call, zone
        self.records: dict[str, Record] = dict(zone.records)
        self._names: dict[str, set[str]] = {}
        for record in zone.records.values():
            self._names.setdefault(record.name, set()).add(record.id)

    def get(self, record_id: str, status: int = 404) -> Record:
        """Give a record; raises Refusal 81044 where it is gone."""
        record = self.records.get(record_id)
        if record is None:
            raise Refusal(status, 81044, GONE)
        return record

    def put(self, body: Mapping[str, Any], before: Record | None, *, whole: bool) -> Record:
        """Create (`before` None), replace (`whole`) or patch a record."""
        start = None if whole else before
        record = records.build(self.zone, body, start, now=self.call.now, new_id=self.call.state.new_id())
        if before is not None:
            record = dataclasses.replace(record, id=before.id, created=before.created)
        record = self._quoted(record)
        if before is not None:
            self.delete(before)
        beside = [self.records[i] for i in sorted(self._names.get(record.name, ()))]
        records.clash(record, beside, self.call.switch("cloudflare.identical-record"))
        self.records[record.id] = record
        self._names.setdefault(record.name, set()).add(record.id)
        return record

    def delete(self, record: Record) -> None:
        """Take a record away."""
        del self.records[record.id]
        self._names[record.name].discard(record.id)

    def keep(self) -> None:
        """Make it so; raises Refusal where the zone would hold more than its plan allows."""
        grown = len(self.records) > len(self.zone.records)
        if grown and len(self.records) > self.zone.plan.records:
            raise Refusal(400, 81045, "Record quota exceeded.")
        self.zone.records = self.records
        touch(self.zone, self.call.now)

    def _quoted(self, record: Record) -> Record:
        added = self.call.switch("cloudflare.txt-quotes") == "added"
        if record.type != "TXT" or not added or record.content.startswith('"'):
            return record
        return dataclasses.replace(record, content=f'"{record.content}"')


def list_records(call: Call) -> Answer:
    """GET /zones/{zone_id}/dns_records."""
    zone = call.zone()
    number, size = call.paging(100, MOST_PER_PAGE)
    chosen = filter(records.selection(call.query), zone.records.values())
    return page([records.view(r) for r in records.ordered(chosen, call.query)], number, size)


def get_record(call: Call) -> Answer:
    """GET /zones/{zone_id}/dns_records/{dns_record_id}."""
    return found(records.view(Draft(call, call.zone()).get(call.params["dns_record_id"])))


def create_record(call: Call) -> Answer:
    """POST /zones/{zone_id}/dns_records."""
    draft = Draft(call, call.zone())
    record = draft.put(call.json(), None, whole=True)
    draft.keep()
    return found(records.view(record))


def patch_record(call: Call) -> Answer:
    """PATCH /zones/{zone_id}/dns_records/{dns_record_id}: the named members only."""
    return _change(call, whole=False)


def put_record(call: Call) -> Answer:
    """PUT /zones/{zone_id}/dns_records/{dns_record_id}: the whole record anew."""
    return _change(call, whole=True)


def _change(call: Call, *, whole: bool) -> Answer:
    draft = Draft(call, call.zone())
    record = draft.put(call.json(), draft.get(call.params["dns_record_id"]), whole=whole)
    draft.keep()
    return found(records.view(record))


def delete_record(call: Call) -> Answer:
    """DELETE /zones/{zone_id}/dns_records/{dns_record_id}."""
    draft = Draft(call, call.zone())
    record = draft.get(call.params["dns_record_id"])
    draft.delete(record)
    draft.keep()
    return found({"id": record.id})


def batch(call: Call) -> Answer:
    """POST /zones/{zone_id}/dns_records/batch."""
    zone, body = call.zone(), call.json()
    operations = {part: body.get(part) or [] for part in PARTS}
    _check_batch(zone, body, operations)
    draft = Draft(call, zone)
    gone = int(call.switch("cloudflare.stale-batch-id"))
    done: dict[str, list[Record]] = {part: [] for part in PARTS}
    for item in operations["deletes"]:
        record = draft.get(str(item.get("id", "")), gone)
        draft.delete(record)
        done["deletes"].append(record)
    for part in ("patches", "puts"):
        for item in operations[part]:
            before = draft.get(str(item.get("id", "")), gone)
            done[part].append(draft.put(item, before, whole=part == "puts"))
    done["posts"] = [draft.put(item, None, whole=True) for item in operations["posts"]]
    draft.keep()
    return found({part: [records.view(r) for r in rows] or None for part, rows in done.items()})


def _check_batch(zone: Zone, body: Mapping[str, Any], operations: Mapping[str, Any]) -> None:
    lists = all(isinstance(v, list) and all(isinstance(i, dict) for i in v) for v in operations.values())
    if not set(body) <= set(PARTS) or not lists:
        raise Refusal(400, 9207, "Request body is invalid.")
    count = sum(map(len, operations.values()))
    if count == 0:
        raise Refusal(400, 9207, "Request body is invalid: no operations.")
    if count > zone.plan.batch:
        # The limit is documented, the code is not: branch on the status.
        message = f"Batch has {count} operations, exceeding the limit of {zone.plan.batch}."
        raise Refusal(400, 9208, message)
