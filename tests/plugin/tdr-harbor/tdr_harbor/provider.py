"""The contract's four methods for Harbor, and `spell`, since it holds zones."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from reconciler.dns import DNS_RECORD, HostTarget, Record, RRset, Zone, zone_for
from reconciler.errors import AuthError, Conflict, InvalidRequest, ProviderError, Unavailable
from reconciler.model import Action, Change, Finding, Resource, ResourceId, Severity, attrs
from reconciler.provider import Composition, Done, Failed, Live, Outcomes, Parts, Scope, Setting, Status

BERTH = "harbor_berth"
EDGE = "edge.harbor-cdn.com"
MEANINGS = {401: AuthError, 403: AuthError, 409: Conflict}


class Harbor:
    """One Harbor account."""

    def __init__(self, setting: Setting) -> None:
        """Take the alias as the engine opened it."""
        self._setting = setting
        self._url = setting.environ.get("HARBOR_URL", "https://api.harbor-cdn.com/v1")

    def read(self, scope: Scope) -> Live:
        """Two lists: berths, and zones with their records."""
        zones = self._call("GET", "/zones")
        return Live(
            resources=tuple(self._berth(found) for found in self._call("GET", "/berths")),
            zones=tuple(zone(found) for found in zones),
            rrsets=tuple(rrset(z["name"], found) for z in zones for found in z["rrsets"]),
            accounts=frozenset({"harbor:docks"}),
        )

    def compose(self, parts: Parts, live: Live) -> Composition:
        """One berth for each host; the host's name then points to the edge."""
        wanted = [w for w in parts.cdn if not w.absent]
        return Composition(
            resources=tuple(self._resource(w.host, w.origin) for w in wanted),
            targets={w.host: HostTarget("CNAME", (EDGE,), before_dns=True) for w in wanted},
            accounts={w.host: "harbor:docks" for w in wanted},
        )

    def spell(self, records: Sequence[Record], live: Live) -> Composition:
        """Each record as Harbor reports it; a zone that is not here is the user's to make."""
        resources, findings = [], []
        for record in records:
            home = zone_for(str(record.name), live.zones)
            if home is None:
                findings.append(
                    Finding(Severity.ERROR, record.host, f"no zone at Harbor holds {record.name}")
                )
                continue
            spelt = attrs(name=record.name, type=record.type, values=record.values, ttl=record.ttl)
            id_ = ResourceId(self._setting.alias, DNS_RECORD, record.key)
            resources.append(Resource(id_, spelt, host=record.host, container=home.container))
        return Composition(resources=tuple(resources), findings=tuple(findings))

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Berths one by one; the records of a zone in one transaction."""
        if batch[0].id.kind == DNS_RECORD:
            return self._change_zone(batch)
        return {change.id: self._change_berth(change) for change in batch}

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """One list for all that wait."""
        found = {berth["host"]: berth["state"] for berth in self._call("GET", "/berths")}
        states = {id_: found.get(id_.key, "gone") for id_ in ids}
        return {id_: Status(state == "moored", state) for id_, state in states.items()}

    def _resource(self, host: str, origin: str) -> Resource:
        quay = self._setting.options.get("quay", "north")
        id_ = ResourceId(self._setting.alias, BERTH, host)
        return Resource(id_, attrs(origin=origin, quay=quay), host=host, mark=self._setting.owner)

    def _berth(self, found: Mapping[str, Any]) -> Resource:
        id_ = ResourceId(self._setting.alias, BERTH, found["host"])
        shown = attrs(origin=found["origin"], quay=found["quay"])
        return Resource(id_, shown, host=found["host"], mark=found["mark"] or None)

    def _change_berth(self, change: Change) -> Done | Failed:
        path = f"/berths/{change.id.key}"
        try:
            if change.action is Action.DELETE:
                self._call("DELETE", path, resource=change.id.key)
                return Done(None)
            body = {**change.resource.attrs, "mark": self._setting.owner}
            return Done(self._berth(self._call("PUT", path, body, resource=change.id.key)))
        except ProviderError as error:
            return Failed(error)

    def _change_zone(self, batch: Sequence[Change]) -> Outcomes:
        edits = {
            "expect": [plain(change.before) for change in batch if change.before],
            "delete": [plain(change.before) for change in batch if change.before],
            "put": [plain(change.after) for change in batch if change.after],
        }
        name = str(batch[0].container)
        self._call("POST", f"/zones/{name}/changes", edits, repeatable=False, resource=name)
        return {change.id: Done(change.after) for change in batch}

    def _call(
        self, method: str, path: str, body: Any = None, *, repeatable: bool = True, resource: str = ""
    ) -> Any:
        """Ask Harbor through the engine, which paces, retries and counts."""
        operation = f"{method} {path}"
        send = self._send
        return self._setting.calls(
            "harbor", operation, lambda: send(method, path, body), repeatable=repeatable, resource=resource
        )

    def _send(self, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": self._setting.secrets["API_KEY"], "Content-Type": "application/json"}
        payload = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, payload, headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - an address of ours
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")
            if error.code >= 500:
                raise Unavailable(text, status=error.code) from error
            raise MEANINGS.get(error.code, InvalidRequest)(text, status=error.code) from error
        except OSError as error:
            raise Unavailable(str(error)) from error


def zone(found: Mapping[str, Any]) -> Zone:
    """A zone as Harbor lists it."""
    return Zone(found["name"], found["name"], tuple(found["servers"]), account="harbor:docks")


def rrset(home: str, found: Mapping[str, Any]) -> RRset:
    """A record set as Harbor lists it."""
    return RRset(home, found["name"], found["type"], found["ttl"], tuple(found["values"]))


def plain(resource: Resource) -> dict[str, Any]:
    """A `dns_record` in Harbor's words."""
    shown: Mapping[str, Any] = resource.attrs
    return {
        "name": shown["name"],
        "type": shown["type"],
        "ttl": shown["ttl"],
        "values": list(shown["values"]),
    }
