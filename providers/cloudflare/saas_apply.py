"""Writing what Cloudflare for SaaS holds: look, write what differs, tell what the answer says.

docs: Custom Hostnames API, Fallback Origin; Edit Custom Hostname: a PATCH with the same method and type asks
for a certificate again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from providers._outcomes import Outcome, tried
from providers.cloudflare.api import Api
from providers.cloudflare.names import CUSTOM_HOSTNAME, FALLBACK_ORIGIN, SAAS_ORIGIN
from providers.cloudflare.records import NAMES_ASKED_ONE_BY_ONE, apply_records
from providers.cloudflare.saas_findings import COMMON_NAME_CHARACTERS
from providers.cloudflare.saas_state import (
    CustomHostname,
    Fallback,
    fallback_from,
    hostname_from,
    hostname_resource,
)
from providers.cloudflare.zones import ZoneState
from reconciler.errors import Conflict, InvalidRequest, NotReady, UnexpectedResponse
from reconciler.model import Attrs, Change, Resource, ResourceId
from reconciler.provider import Done, Failed

UNTOLD: Final = "Cloudflare has not told the records that prove it yet"


class Saas:
    """What Cloudflare for SaaS holds in one zone."""

    def __init__(self, api: Api, owner: str, zone: ZoneState, delegation: str) -> None:
        self._api, self._owner, self._zone = api, owner, zone
        self._delegation = delegation

    def apply(self, batch: Sequence[Change]) -> dict[ResourceId, Outcome]:
        """Make the changes of the container; each has an outcome of its own."""
        outcomes: dict[ResourceId, Outcome] = {}
        origins = [change for change in batch if change.id.kind == SAAS_ORIGIN]
        outcomes |= self._origins([c for c in origins if c.after is not None])
        for change in batch:
            if change.id.kind == FALLBACK_ORIGIN:
                outcomes[change.id] = tried(self._fallback, change)
        outcomes |= self._hostnames([c for c in batch if c.id.kind == CUSTOM_HOSTNAME])
        return outcomes | self._origins([c for c in origins if c.after is None])

    # -- the records through which SparkPost is reached
    def _origins(self, changes: Sequence[Change]) -> dict[ResourceId, Outcome]:
        gone = {str(c.resource.attrs["name"]) for c in changes if c.after is None}
        used = self._used(gone) if gone else frozenset()
        held = [c for c in changes if c.after is None and c.resource.attrs["name"] in used]
        free = [c for c in changes if c not in held]
        outcomes: dict[ResourceId, Outcome] = {c.id: Failed(NotReady(_STILL_USED)) for c in held}
        return outcomes | (apply_records(self._api, self._zone, self._owner, free) if free else {})

    def _used(self, names: Collection[str]) -> frozenset[str]:
        """Return those of the names that a custom hostname or the fallback origin still goes to."""
        fallback = self._fallback_now()
        used = {one.origin for one in self._found(()).values() if not one.going}
        return frozenset(names) & (used | ({fallback.origin} if fallback else set()))

    # -- the fallback origin
    def _fallback_now(self) -> Fallback | None:
        return fallback_from(self._api.fallback_origin(self._zone.name, self._zone.id))

    def _fallback(self, change: Change) -> Outcome:
        name, id_ = self._zone.name, self._zone.id
        live = self._fallback_now()
        if change.after is None:
            return self._unset(change, live)
        wanted = str(change.after.attrs["origin"])
        if (
            live is not None
            and live.origin == wanted
            and not live.status.endswith(("_timed_out", "_deletion"))
        ):
            return _fallback_outcome(change.after, live)
        before = str(change.before.attrs["origin"]) if change.before is not None else None
        if live is not None and not live.status.endswith("_deletion") and live.origin not in (before, wanted):
            text = f"the fallback origin of {name} changed since it was planned: it is now {live.origin}"
            return Failed(Conflict(text, resource=change.id.address))
        self._api.set_fallback_origin(name, id_, wanted)
        after = self._fallback_now()
        if after is None or after.origin != wanted:
            return Failed(UnexpectedResponse("the write did not stick", resource=change.id.address))
        return _fallback_outcome(change.after, after)

    def _unset(self, change: Change, live: Fallback | None) -> Outcome:
        if live is None:
            return Done(None)
        if live.status != "pending_deletion":
            if change.before is not None and live.origin != change.before.attrs["origin"]:
                text = f"the fallback origin changed since it was planned: it is now {live.origin}"
                return Failed(Conflict(text, resource=change.id.address))
            if any(not one.origin and not one.going for one in self._found(()).values()):
                return Failed(NotReady(_STILL_USED))
            self._api.delete_fallback_origin(self._zone.name, self._zone.id)
            live = self._fallback_now()
        return Done(None) if live is None else Failed(NotReady(f"the fallback origin is {live.status}"))

    # -- custom hostnames
    def _found(self, hosts: Collection[str]) -> Mapping[str, CustomHostname]:
        """List these hosts, or all where there are none or many."""
        name, id_ = self._zone.name, self._zone.id
        if 0 < len(hosts) <= NAMES_ASKED_ONE_BY_ONE:
            natives = [n for host in sorted(hosts) for n in self._api.custom_hostnames(name, id_, host)]
        else:
            natives = self._api.custom_hostnames(name, id_)
        return {one.host: one for one in (hostname_from(n, self._delegation) for n in natives)}

    def _hostnames(self, changes: Sequence[Change]) -> dict[ResourceId, Outcome]:
        if not changes:
            return {}
        live = self._found({change.id.key for change in changes})
        return {c.id: tried(lambda c: self._hostname(c, live.get(c.id.key)), c) for c in changes}

    def _hostname(self, change: Change, live: CustomHostname | None) -> Outcome:
        if change.after is None:
            return self._delete(change, live)
        if live is not None and live.going:
            return Failed(NotReady(f"an earlier custom hostname of this name is still {live.status}"))
        if live is None:
            return self._create(change)
        if not _differing(live, change.after.attrs):
            return _told(change.after, live)
        if change.before is None or _differing(live, change.before.attrs):
            text = f"{change.id.key} changed since it was planned: {_spoken(live, change.after.attrs)}"
            return Failed(Conflict(text, resource=change.id.address))
        return self._edit(change.after, live)

    def _create(self, change: Change) -> Outcome:
        after = change.resource
        if change.before is not None:
            return Failed(Conflict(f"custom hostname {after.id.key} is gone", resource=after.id.address))
        body: dict[str, Any] = {"hostname": after.id.key, "ssl": _ssl(after.attrs, after.id.key)}
        if after.attrs["custom_origin_server"]:
            body["custom_origin_server"] = after.attrs["custom_origin_server"]
        made = self._api.create_hostname(self._zone.name, self._zone.id, body)
        return _told(after, hostname_from(made, self._delegation))

    def _edit(self, after: Resource, live: CustomHostname) -> Outcome:
        """Change what differs; what somebody set beside it (HTTP/2, ciphers, a wildcard) is sent along."""
        off, body = _differing(live, after.attrs), dict[str, Any]()
        if "custom_origin_server" in off:
            body["custom_origin_server"] = after.attrs["custom_origin_server"]
        if off - {"custom_origin_server"}:
            body["ssl"] = _ssl(after.attrs, live.host, live.native.get("ssl") or {})
        made = self._api.edit_hostname(self._zone.name, self._zone.id, live.id, body)
        now = hostname_from(made, self._delegation)
        # The answer to a new request may still bear the status of the old one.
        if _differing(now, after.attrs) - {"certificate"}:
            text = f"the write did not stick: {_spoken(now, after.attrs)}"
            return Failed(UnexpectedResponse(text, resource=after.id.address))
        return _told(after, now)

    def _delete(self, change: Change, live: CustomHostname | None) -> Outcome:
        if live is None or live.going:
            return Done(None)
        known = change.before.outputs.get("id") if change.before is not None else None
        if known not in (None, live.id):
            text = f"custom hostname {live.host} was made anew since it was planned: it is now {live.id}"
            return Failed(Conflict(text, resource=change.id.address))
        self._api.delete_hostname(self._zone.name, self._zone.id, live.id)
        return Done(None)


_STILL_USED: Final = "custom hostnames still use it"


def _fallback_outcome(after: Resource, live: Fallback) -> Outcome:
    """Wait until it is active: a hostname that is served before would have nowhere to go."""
    if live.status == "active":
        return Done(after)
    if live.status.endswith("_timed_out"):
        told = "; ".join(live.errors) or "no reason was given"
        return Failed(InvalidRequest(f"the fallback origin is {live.status}: {told}"))
    return Failed(NotReady(f"the fallback origin is {live.status or 'not active yet'}"))


def _told(after: Resource, live: CustomHostname) -> Outcome:
    """Tell of a hostname once the records that prove it are known."""
    if live.method == "txt" and not live.serves and not (live.delegation or live.tokens):
        return Failed(NotReady(UNTOLD))
    outputs = live.outputs()
    return Done(
        hostname_resource(
            after.id.alias,
            str(after.container).partition("/")[2],
            after.attrs,
            after.mark,
            after.after,
            outputs,
        )
    )


def _differing(live: CustomHostname, planned: Attrs) -> set[str]:
    now = live.as_attrs()
    return {name for name in planned if now.get(name) != planned.get(name)}


def _spoken(live: CustomHostname, planned: Attrs) -> str:
    now = live.as_attrs()
    return ", ".join(f"{name} is now {now.get(name)!r}" for name in sorted(_differing(live, planned)))


def _ssl(managed: Attrs, host: str, native: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Give the `ssl` member; of what stands, the settings that are not tdr's stay."""
    given = native or {}
    settings = {**(given.get("settings") or {}), "min_tls_version": managed["min_tls_version"]}
    body: dict[str, Any] = {
        "method": managed["ssl_method"],
        "type": managed["ssl_type"],
        "settings": settings,
    }
    if given.get("wildcard"):
        body["wildcard"] = True
    if len(host) > COMMON_NAME_CHARACTERS:
        body["cloudflare_branding"] = True
    return body
