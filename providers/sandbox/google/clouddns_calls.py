"""The methods of Cloud DNS.

docs: Cloud DNS API reference, v1 (discovery document dns.v1); "Access control with IAM" for permissions.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from providers.sandbox.contract import NotEmulated, Switch

from . import clouddns_change as change
from .call import DNS, Answer, Call, Refusal, Route, Service
from .clouddns_change import Outcome, Rules
from .clouddns_values import Problem
from .clouddns_world import QUOTAS
from .clouddns_zone import DONE_S, LATER_S, Set, Zone
from .clouddns_zone import Change as Kept

#: The server decides how many when it is not told; clients follow the token. No document has the numbers.
PAGE, MOST = 100, 1_000
PROPAGATION = Switch(
    "google.dns-propagation",
    ("when-done", "later", "at-once"),
    "when-done",
    "docs: done is when the update was sent, servers might not have it yet; how long they take is not said",
    "Do the name servers answer a change when it is done, some while later, or at once?",
)
PATHS = Switch(
    "google.dns-error-paths",
    ("by-name", "by-index"),
    "by-name",
    "public reports: entity.change.additions[0] until 2023, additions[NAME][TYPE] since (external-dns 3885)",
    "Does a refusal name an entry of a change by name and type, or by its place?",
)
ORDER = Switch(
    "google.dns-deletion-order",
    ("any", "as-listed"),
    "any",
    "docs: what is deleted must match exactly; whether the order of rrdatas counts is not said",
    "Must a deletion have its rrdatas in the order in which they are listed?",
)
SWITCHES = (PROPAGATION, PATHS, ORDER)
_STANDARD = ("alt", "prettyPrint", "quotaUser", "key", "$.xgafv", "fields")


class Refused(Refusal):
    """A refusal that tells of each entry that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep them; the first one speaks for all."""
        first = problems[0]
        super().__init__(first.status, first.reason, first.message)
        self.problems = problems

    def body(self, service: Service) -> dict[str, Any]:
        """Spell all of them."""
        told: dict[str, Any] = super().body(service)
        told["error"]["errors"] = [
            {"message": one.message, "domain": "global", "reason": one.reason} for one in self.problems
        ]
        return told


def zone_of(call: Call) -> Zone:
    """Give the zone that the path names, by name or id."""
    name = call.params["managedZone"]
    zone = call.project.zones.find(name)
    if zone is None:
        raise _missing("parameters.managedZone", name)
    return zone


def _missing(path: str, name: str) -> Refused:
    return Refused([change.not_found(path, name)])


def answered(call: Call, body: Mapping[str, Any], *, known: Sequence[str] = ()) -> Answer:
    """Give an answer, cut to the members that `fields` asks for; other parameters must be known."""
    for name in call.query:
        if name not in (*_STANDARD, "clientOperationId", *known):
            raise NotEmulated(f"the parameter {name}")
    if not (wanted := call.query.get("fields")):
        return Answer(dict(body))
    if not all(part.isidentifier() for part in wanted.split(",")):
        raise NotEmulated(f"the partial answer {wanted}")
    return Answer({name: body[name] for name in wanted.split(",") if name in body})


def page(call: Call, kind: str, member: str, rows: Sequence[Any], known: Sequence[str]) -> Answer:
    """Give one page of a list."""
    text = call.query.get("maxResults", str(PAGE))
    if not text.isdigit() or int(text) < 1:
        raise Refused([Problem(400, "invalid", f"Invalid value for 'parameters.maxResults': '{text}'")])
    size, start = min(int(text), MOST), _start(call.query.get("pageToken", ""))
    told: dict[str, Any] = {"kind": kind, member: list(rows[start : start + size])}
    if len(rows) > start + size:
        told["nextPageToken"] = base64.urlsafe_b64encode(f"at {start + size}".encode()).decode()
    return answered(call, told, known=(*known, "maxResults", "pageToken"))


def _start(token: str) -> int:
    if not token:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(" ")
        if word == "at":
            return int(number)
    except ValueError:
        word = ""
    raise Refused([Problem(400, "invalid", f"Invalid value for 'parameters.pageToken': '{token}'")])


def quotas_of(call: Call) -> dict[str, int]:
    """Give the project's quotas: Google's own unless the world says otherwise."""
    return {name: call.project.quotas.get(name, value) for name, value in QUOTAS.items()}


def _project(call: Call) -> Answer:
    quota = {"kind": "dns#quota", **quotas_of(call)}
    told = {"kind": "dns#project", "number": call.project.number, "id": call.project.id, "quota": quota}
    return answered(call, told)


def _list_sets(call: Call) -> Answer:
    zone, name, kind = zone_of(call), call.query.get("name"), call.query.get("type")
    if kind and not name:
        message = "The 'parameters.name' parameter is required but was missing."
        raise Refused([Problem(400, "required", message)])
    rows = [one for one in zone.sets.values() if name in (None, one["name"]) and kind in (None, one["type"])]
    return page(call, "dns#resourceRecordSetsListResponse", "rrsets", rows, ("name", "type"))


def _set_of(call: Call, zone: Zone) -> Set:
    key = (call.params["name"].lower(), call.params["type"])
    if key not in zone.sets:
        raise _missing("parameters.name", f"{key[0]} ({key[1]})")
    return zone.sets[key]


def _get_set(call: Call) -> Answer:
    return answered(call, _set_of(call, zone_of(call)))


def _create_set(call: Call) -> Answer:
    kept = _changed(call, zone_of(call), [_body(call)], [], "entity.rrset")
    return answered(call, kept.additions[0])


def _patch_set(call: Call) -> Answer:
    zone = zone_of(call)
    there, given = _set_of(call, zone), _body(call)
    base = {key: value for key, value in there.items() if key != "routingPolicy" or "rrdatas" not in given}
    if "routingPolicy" in given:
        base.pop("rrdatas", None)
    kept = _changed(call, zone, [{**base, **given}], [there], "entity.rrset")
    return answered(call, kept.additions[0])


def _delete_set(call: Call) -> Answer:
    zone = zone_of(call)
    _changed(call, zone, [], [_set_of(call, zone)], "entity.rrset")
    return answered(call, {})


def _create_change(call: Call) -> Answer:
    zone, given = zone_of(call), _body(call)
    if unknown := [name for name in given if name not in ("kind", "additions", "deletions")]:
        raise NotEmulated(f"a change with {unknown[0]}")
    additions, deletions = given.get("additions") or [], given.get("deletions") or []
    before, after = ({(one.get("name"), one.get("type")) for one in side} for side in (deletions, additions))
    needs = {"create": after - before, "update": after & before, "delete": before - after}
    for verb, keys in needs.items():
        if keys:
            call.need(f"dns.resourceRecordSets.{verb}")
    return answered(call, _changed(call, zone, additions, deletions).as_api(call.now))


def _body(call: Call) -> Mapping[str, Any]:
    if not isinstance(call.json, Mapping):
        message = "Invalid JSON payload received. Unexpected end of input."
        raise Refused([Problem(400, "parseError", message)])
    return call.json


def _changed(
    call: Call,
    zone: Zone,
    additions: Sequence[Mapping[str, Any]],
    deletions: Sequence[Mapping[str, Any]],
    path: str = "",
) -> Kept:
    """Take a change, or refuse it whole; `path` names the only entry."""
    if not zone.holds_records:
        raise NotEmulated("records in a zone that forwards or peers")
    rules = Rules(call.switch(PATHS.name) == "by-name", call.switch(ORDER.name) == "as-listed", path)
    outcome: Outcome = change.judged(zone, additions, deletions, quotas_of(call), rules)
    if outcome.problems:
        raise Refused(outcome.problems)
    done = call.now + DONE_S
    served = {"when-done": done, "later": done + LATER_S, "at-once": call.now}
    zone.replace(outcome.sets, served[call.switch(PROPAGATION.name)])
    return zone.keep(call.now, done, outcome.additions, outcome.deletions)


def _get_change(call: Call) -> Answer:
    number = call.params["changeId"]
    kept = zone_of(call).changes.get(number)
    if kept is None:
        raise _missing("parameters.changeId", number)
    return answered(call, kept.as_api(call.now))


def _list_changes(call: Call) -> Answer:
    rows = [kept.as_api(call.now) for kept in zone_of(call).changes.values()]
    if call.query.get("sortOrder") == "descending":
        rows.reverse()
    return page(call, "dns#changesListResponse", "changes", rows, ("sortBy", "sortOrder"))


_ZONE = "/dns/v1/projects/{project}/managedZones/{managedZone}"
_SET = f"{_ZONE}/rrsets/{{name}}/{{type}}"
ROUTES = (
    Route(DNS, "GET", "/dns/v1/projects/{project}", _project, ("dns.projects.get",), read=True),
    Route(DNS, "GET", f"{_ZONE}/rrsets", _list_sets, ("dns.resourceRecordSets.list",), read=True),
    Route(DNS, "POST", f"{_ZONE}/rrsets", _create_set, ("dns.resourceRecordSets.create",)),
    Route(DNS, "GET", _SET, _get_set, ("dns.resourceRecordSets.get",), read=True),
    Route(DNS, "PATCH", _SET, _patch_set, ("dns.resourceRecordSets.update",)),
    Route(DNS, "DELETE", _SET, _delete_set, ("dns.resourceRecordSets.delete",)),
    Route(DNS, "POST", f"{_ZONE}/changes", _create_change, ("dns.changes.create",)),
    Route(DNS, "GET", f"{_ZONE}/changes", _list_changes, ("dns.changes.list",), read=True),
    Route(DNS, "GET", f"{_ZONE}/changes/{{changeId}}", _get_change, ("dns.changes.get",), read=True),
)
