"""Which permissions in IAM each call of ours needs: the one table, for the role in the docs. Pure.

A method is called what Google's own descriptions of its APIs call it. A permission beside the method's own is
for what the call names: whoever hangs a backend service on a URL map needs `compute.backendServices.use`.
docs: API references, "IAM Permissions" of each method (a patch reads what it changes: `get`, too);
Certificate Manager, "Roles and permissions"; Cloud DNS, "Roles and permissions" (a change needs the right to
create, update or delete what is in it, besides its own).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CDN: Final = "cdn"
DNS: Final = "dns"


def _groups(verb: str) -> tuple[str, ...]:
    """Give the rights for global network endpoint groups: IAM has two families of them."""
    return (f"compute.globalNetworkEndpointGroups.{verb}", f"compute.networkEndpointGroups.{verb}")


_REFERRED: Final[Mapping[str, tuple[str, ...]]] = {
    "backendServices": _groups("use"),
    "urlMaps": ("compute.backendServices.use",),
    "targetHttpProxies": ("compute.urlMaps.use",),
    "targetHttpsProxies": (
        "certificatemanager.certmaps.use",
        "compute.sslCertificates.get",
        "compute.sslPolicies.use",
        "compute.urlMaps.use",
    ),
    "globalForwardingRules": (
        "compute.globalAddresses.use",
        "compute.targetHttpProxies.use",
        "compute.targetHttpsProxies.use",
    ),
}
"""What a thing of compute's names, and is therefore to be used when it is made or changed."""

_COLLECTIONS: Final = (
    "backendServices",
    "globalAddresses",
    "globalForwardingRules",
    "sslCertificates",
    "sslPolicies",
    "targetHttpProxies",
    "targetHttpsProxies",
    "urlMaps",
)
_GROUPED: Final[Mapping[str, str]] = {
    "list": "list",
    "insert": "create",
    "delete": "delete",
    "attachNetworkEndpoints": "attachNetworkEndpoints",
    "listNetworkEndpoints": "get",
}
_UPDATED: Final = ("backendServices", "urlMaps")
_CERTIFICATES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "certificates": ("certs", ("certificatemanager.dnsauthorizations.use",)),
    "dnsAuthorizations": ("dnsauthorizations", ()),
    "certificateMaps": ("certmaps", ()),
    "certificateMaps.certificateMapEntries": ("certmapentries", ("certificatemanager.certs.use",)),
}
"""By collection of Certificate Manager what its permissions call it, and what its creation uses besides."""


def _compute() -> dict[str, tuple[str, ...]]:
    methods: dict[str, tuple[str, ...]] = {}
    for name in _COLLECTIONS:
        referred = _REFERRED.get(name, ())
        methods[f"compute.{name}.list"] = (f"compute.{name}.list",)
        methods[f"compute.{name}.insert"] = (f"compute.{name}.create", *referred)
        methods[f"compute.{name}.delete"] = (f"compute.{name}.delete",)
    for method, verb in _GROUPED.items():
        methods[f"compute.globalNetworkEndpointGroups.{method}"] = _groups(verb)
    for name in _UPDATED:
        methods[f"compute.{name}.update"] = (f"compute.{name}.update", *_REFERRED[name])
    return methods


def _certificates() -> dict[str, tuple[str, ...]]:
    methods: dict[str, tuple[str, ...]] = {}
    for name, (right, referred) in _CERTIFICATES.items():
        head = f"certificatemanager.projects.locations.{name}"
        methods[f"{head}.list"] = (f"certificatemanager.{right}.list",)
        methods[f"{head}.create"] = (f"certificatemanager.{right}.create", *referred)
        methods[f"{head}.delete"] = (f"certificatemanager.{right}.delete",)
    return methods


METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    **_compute(),
    # Where the right is not called what the call is, or there is no other of its kind.
    "compute.sslPolicies.patch": ("compute.sslPolicies.get", "compute.sslPolicies.update"),
    "compute.targetHttpProxies.setUrlMap": ("compute.targetHttpProxies.setUrlMap", "compute.urlMaps.use"),
    "compute.targetHttpsProxies.setUrlMap": ("compute.targetHttpsProxies.setUrlMap", "compute.urlMaps.use"),
    "compute.targetHttpsProxies.setSslPolicy": (
        "compute.sslPolicies.use",
        "compute.targetHttpsProxies.setSslPolicy",
    ),
    "compute.targetHttpsProxies.setSslCertificates": (
        "compute.sslCertificates.get",
        "compute.targetHttpsProxies.setSslCertificates",
    ),
    "compute.targetHttpsProxies.setCertificateMap": (
        "certificatemanager.certmaps.use",
        "compute.targetHttpsProxies.setCertificateMap",
    ),
    "compute.globalForwardingRules.setTarget": (
        "compute.globalForwardingRules.setTarget",
        "compute.targetHttpProxies.use",
        "compute.targetHttpsProxies.use",
    ),
    "compute.globalOperations.get": ("compute.globalOperations.get",),
    "compute.globalOperations.list": ("compute.globalOperations.list",),
    **_certificates(),
    "certificatemanager.projects.locations.certificateMaps.certificateMapEntries.patch": (
        "certificatemanager.certmapentries.update",
        "certificatemanager.certs.use",
    ),
    "certificatemanager.projects.locations.certificateMaps.patch": ("certificatemanager.certmaps.update",),
    "certificatemanager.projects.locations.dnsAuthorizations.patch": (
        "certificatemanager.dnsauthorizations.update",
    ),
    "certificatemanager.projects.locations.operations.get": ("certificatemanager.operations.get",),
    "certificatemanager.projects.locations.operations.list": ("certificatemanager.operations.list",),
    "dns.projects.get": ("dns.projects.get",),
    "dns.managedZones.list": ("dns.managedZones.list",),
    "dns.resourceRecordSets.list": ("dns.resourceRecordSets.list",),
    "dns.changes.create": (
        "dns.changes.create",
        "dns.resourceRecordSets.create",
        "dns.resourceRecordSets.delete",
        "dns.resourceRecordSets.update",
    ),
    "dns.changes.get": ("dns.changes.get",),
}
"""The permissions of each method that tdr calls."""


def role(part: str) -> tuple[str, ...]:
    """Give the permissions that an alias needs for one part, sorted: the least role for it."""
    is_dns = part == DNS
    methods = {name: needed for name, needed in METHODS.items() if name.startswith("dns.") == is_dns}
    return tuple(sorted({permission for needed in methods.values() for permission in needed}))
