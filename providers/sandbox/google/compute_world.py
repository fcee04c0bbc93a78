"""What the world and the control API say of a project's Compute Engine.

`compute` has collections as the API names them (``backendServices: [{…}]``), each resource in the API's form,
references by name (``global/urlMaps/links``); of a group `endpoints` are those attached. They are there from
the start, made in the order of `ORDER`. `operation_s`: how long an operation takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import NotEmulated, WorldError
from providers.sandbox.kernel import Kernel
from providers.sandbox.world_form import entries, known, seconds, text

from .call import COMPUTE, Call, Refusal
from .compute_kinds import KINDS, Kind, formed
from .compute_rules import checked
from .compute_state import stamp
from .state import Google, Project

ORDER = (
    *("networkEndpointGroups", "backendServices", "urlMaps", "sslCertificates", "sslPolicies"),
    *("targetHttpsProxies", "targetHttpProxies", "addresses", "forwardingRules"),
)
KEYS = (*ORDER, "operation_s")


class Still(Kernel):
    """What judging the world needs of a kernel: a moment, and every switch at what accepts most."""

    def __init__(self, now: float) -> None:  # not Kernel's: nothing is bound
        """Keep the moment."""
        self._moment = now

    def now(self) -> float:
        """Give the moment."""
        return self._moment

    def switch(self, name: str) -> str:
        """Give the setting that takes what others would refuse."""
        return "accepted" if name.endswith("-mode") else "bare"


def change(google: Google, project: Project, given: Any, at: str, now: float) -> None:
    """Add what is given to a project. Raises WorldError."""
    wanted = known(given, KEYS, at)
    if "operation_s" in wanted:
        project.compute.operation_s = seconds(
            wanted["operation_s"], f"{at}.operation_s", "an operation takes"
        )
    for collection in ORDER:
        for place, entry in entries(wanted.get(collection), f"{at}.{collection}"):
            if not isinstance(entry, Mapping):
                raise WorldError(place, "write a mapping in the API's form, with at least a name")
            text(entry.get("name"), f"{place}.name", "links")
            try:
                _add(google, project, KINDS[collection], dict(entry), now)
            except (Refusal, NotEmulated) as error:
                raise WorldError(place, str(error)) from error


def _add(google: Google, project: Project, kind: Kind, entry: dict[str, Any], now: float) -> None:
    endpoints = entry.pop("endpoints", [])
    call = Call(google, project, project.account, COMPUTE, "POST", "", {}, {}, entry, Still(now))
    labels = entry.get("labels") if kind.labels else None
    kept = checked(call, kind, {**kind.defaults, **formed(kind, entry, project.id)})
    if kind.collection == "networkEndpointGroups":
        kept = {**kept, "_endpoints": endpoints, "size": len(endpoints)}
    made = {"id": project.compute.new_id(project.id), "creationTimestamp": stamp(now)}
    if labels:
        made["labels"] = labels
    project.compute.put(kind.collection, kept["name"], {**kept, **made}, now, now)
