"""Four calls of Route 53's API. Every call goes through the engine's `Calls`.

docs: Route 53 API reference: ListHostedZones, ListResourceRecordSets, ChangeResourceRecordSets, GetChange.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from providers._records import absolute
from providers.aws.names import ROUTE53
from providers.aws.route53_convert import Native, Stood, name_from, stood_from
from providers.aws.route53_zones import PAGE, ZoneState, zone_from
from providers.aws.session import Clients
from reconciler.errors import UnexpectedResponse
from reconciler.provider import Calls, Side

T = TypeVar("T")

COMMENT_MAX: Final = 256


class Route53Api:
    """Route 53 of one account. Returns values; raises ProviderError."""

    def __init__(self, clients: Clients, calls: Calls, together: Side) -> None:
        self._clients, self._calls, self._together = clients, calls, together

    def zones(self) -> list[ZoneState]:
        """List all hosted zones of the account; what is in them is not told."""
        found: list[ZoneState] = []
        asked: dict[str, Any] = {"MaxItems": "100"}
        while True:
            answer = self._call("ListHostedZones", partial(self._clients.route53.list_hosted_zones, **asked))
            found += _read("zone", partial(_zones, answer["HostedZones"]))
            if not answer.get("IsTruncated"):
                return found
            asked["Marker"] = answer["NextMarker"]

    def whole(self, zone: ZoneState) -> ZoneState:
        """Read a zone with all its record sets, 300 a call."""
        natives = self._records(zone, {})
        return _read("record set", partial(zone.with_sets, natives))

    def stood(self, zone: ZoneState, names: Collection[str]) -> list[Stood]:
        """Read the record sets of some names: each by itself, or the whole zone where that is fewer calls."""
        if len(names) > zone.pages:
            natives = self._records(zone, {})
        else:
            asked = [{"StartRecordName": absolute(name), "MaxItems": "100"} for name in sorted(names)]
            calls = [
                partial(self._records, zone, start, name_from(start["StartRecordName"])) for start in asked
            ]
            natives = [row for rows in self._together(calls) for row in rows]
        rows = [row for row in natives if name_from(row["Name"]) in names]
        return _read("record set", partial(stood_from, rows))

    def _records(self, zone: ZoneState, start: Mapping[str, Any], only: str = "") -> list[Native]:
        """List record sets from a start on; with `only`, no further than that name goes."""
        found: list[Native] = []
        asked: dict[str, Any] = {"HostedZoneId": zone.id, "MaxItems": str(PAGE), **start}
        while True:
            send = partial(self._clients.route53.list_resource_record_sets, **asked)
            answer = self._call("ListResourceRecordSets", send, zone.name)
            rows = answer["ResourceRecordSets"]
            found += rows
            following = answer.get("NextRecordName", "")
            if not answer.get("IsTruncated") or (only and name_from(following) != only):
                return found
            asked = {
                "HostedZoneId": zone.id,
                "MaxItems": str(PAGE),
                "StartRecordName": following,
                "StartRecordType": answer["NextRecordType"],
            }
            if answer.get("NextRecordIdentifier"):
                asked["StartRecordIdentifier"] = answer["NextRecordIdentifier"]

    def change(self, zone: ZoneState, changes: Sequence[Mapping[str, Any]], comment: str) -> str:
        """Make changes, all or none, and return the id of the change.

        Safe to repeat: each change names what it rests on, and a repeat of one that took effect is refused.
        """
        batch = {"Comment": comment[:COMMENT_MAX], "Changes": list(changes)}
        client: Any = self._clients.route53  # its stub wants each change as a TypedDict of its own
        send = partial(client.change_resource_record_sets, HostedZoneId=zone.id, ChangeBatch=batch)
        answer = self._call("ChangeResourceRecordSets", send, zone.name)
        return str(answer["ChangeInfo"]["Id"]).rpartition("/")[2]

    def status(self, change: str) -> str:
        """Tell how far a change has come: PENDING, or INSYNC once every server answers with it."""
        answer = self._call("GetChange", partial(self._clients.route53.get_change, Id=change), change)
        return str(answer["ChangeInfo"]["Status"])

    def _call(self, operation: str, send: Callable[[], T], resource: str = "") -> T:
        return self._calls(ROUTE53, operation, send, repeatable=True, resource=resource)


def _zones(rows: Iterable[Mapping[str, Any]]) -> list[ZoneState]:
    return [zone_from(row) for row in rows]


def _read(what: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except (KeyError, TypeError, ValueError) as error:
        raise UnexpectedResponse(f"the answer holds a {what} that is none ({error!r})") from error
