"""Five calls of Cloud DNS's API.

docs: API: projects.get, managedZones.list, resourceRecordSets.list, changes.create, changes.get.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from providers._records import absolute
from providers.google.cloud_dns_convert import Native, Stood, stood_from
from providers.google.cloud_dns_zones import PAGE, Quota, ZoneState, quota_from, zone_from
from providers.google.names import DNS
from providers.google.refusals import is_gone
from providers.google.rest import Rest
from reconciler.errors import AuthError, ProviderError, UnexpectedResponse
from reconciler.provider import Side

T = TypeVar("T")


class CloudDnsApi:
    """Cloud DNS of one project. Returns values; raises ProviderError."""

    def __init__(self, rest: Rest, together: Side) -> None:
        self._rest, self._together = rest, together
        self._project = f"/dns/v1/projects/{rest.project}"

    def quota(self) -> Quota:
        """Read the project's quota; as documented where the credentials may not read it."""
        try:
            answer = self._rest.get(DNS, "dns.projects.get", self._project)
        except AuthError:
            return Quota()
        return _read("quota", partial(quota_from, answer))

    def zones(self) -> list[ZoneState]:
        """List all managed zones of the project; what is in them is not told."""
        path = f"{self._project}/managedZones"
        rows = list(self._rest.pages(DNS, "dns.managedZones.list", path, "managedZones"))
        return _read("zone", partial(_zones, rows))

    def whole(self, zone: ZoneState) -> ZoneState:
        """Read a zone with all its record sets."""
        return _read("record set", partial(zone.with_sets, self._records(zone, {})))

    def stood(self, zone: ZoneState, names: Collection[str]) -> list[Stood]:
        """Read the record sets of some names: each by itself, or the whole zone where that is fewer calls."""
        if len(names) > zone.pages:
            rows = self._records(zone, {})
        else:
            asked = [partial(self._records, zone, {"name": absolute(name)}) for name in sorted(names)]
            rows = [row for found in self._together(asked) for row in found]
        found = _read("record set", partial(_sets, rows))
        return [stood for stood in found if stood.found.name in names]

    def change(
        self, zone: ZoneState, additions: Sequence[Native], deletions: Sequence[Native]
    ) -> tuple[str, str]:
        """Make a change, all or none; returns its id and status.

        Safe to repeat: it names what it rests on, and a repeat of one that took effect is refused.
        """
        path = f"{self._zone(zone.managed)}/changes"
        body = {"additions": list(additions), "deletions": list(deletions)}
        answer = self._rest.send(DNS, "dns.changes.create", "POST", path, body=body, repeatable=True)
        return _read("change", lambda: (str(answer["id"]), str(answer["status"])))

    def status(self, managed: str, change: str) -> str:
        """Tell how far a change has come: pending, or done once all name servers were told."""
        try:
            answer = self._rest.get(DNS, "dns.changes.get", f"{self._zone(managed)}/changes/{change}")
        except ProviderError as error:
            if is_gone(error):  # what became of it every server is asked all the same
                return "done"
            raise
        return _read("change", lambda: str(answer["status"]))

    def _records(self, zone: ZoneState, only: Mapping[str, str]) -> list[Native]:
        path = f"{self._zone(zone.managed)}/rrsets"
        asked = {"maxResults": str(PAGE), **only}
        return list(self._rest.pages(DNS, "dns.resourceRecordSets.list", path, "rrsets", asked))

    def _zone(self, managed: str) -> str:
        return f"{self._project}/managedZones/{managed}"


def _zones(rows: Iterable[Mapping[str, Any]]) -> list[ZoneState]:
    return [zone_from(row) for row in rows]


def _sets(rows: Iterable[Native]) -> list[Stood]:
    return [stood_from(row) for row in rows]


def _read(what: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnexpectedResponse(f"the answer holds a {what} that is none ({error!r})") from error
