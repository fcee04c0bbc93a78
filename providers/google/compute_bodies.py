"""What is sent to Compute Engine, from attributes as `serving` spells them. Pure.

docs: Compute Engine API v1 (discovery document); Cloud Load Balancing, "Global external Application Load
Balancer with internet NEG": no health check and no balancing mode for such a backend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from providers.google.names import (
    ADDRESS,
    BACKEND,
    COLLECTIONS,
    HTTP_PROXY,
    HTTPS_PROXY,
    NEG,
    RULE,
    SSL_CERTIFICATE,
    SSL_POLICY,
    URL_MAP,
)
from providers.google.natives import BESIDE, Native
from reconciler.model import Attrs, Value

_TOLD: Final = frozenset({"creationTimestamp", "id", "kind", "region", "selfLink", "usedBy"})
"""What Google alone sets (docs: BackendService, UrlMap: "[Output Only]")."""
MAP_HOST: Final = "//certificatemanager.googleapis.com"


class Links:
    """References inside one project, by short name."""

    def __init__(self, project: str) -> None:
        self._project = project

    def to(self, kind: str, name: object) -> str:
        """Refer to one of compute's; what is a path already stays."""
        text = str(name)
        return text if "/" in text else f"projects/{self._project}/global/{COLLECTIONS[kind]}/{text}"

    def to_map(self, name: object) -> str:
        """Refer to a certificate map, as proxies want it; nothing for none.

        docs: TargetHttpsProxy.certificateMap.
        """
        text = str(name or "")
        if not text or "/" in text:
            return text
        return f"{MAP_HOST}/projects/{self._project}/locations/global/certificateMaps/{text}"


def new_body(kind: str, managed: Attrs, links: Links) -> Native:
    """Return what makes a new one."""
    return {"name": managed["name"], "description": managed["description"], **_NEW[kind](managed, links)}


def endpoints_body(several: Value) -> Native:
    """Return what attaches endpoints, each `FQDN:PORT`."""
    rows = [str(one).rpartition(":") for one in _several(several)]
    return {"networkEndpoints": [{"fqdn": fqdn, "port": int(port)} for fqdn, _, port in rows]}


def changed(kind: str, managed: Attrs, native: Native, links: Links) -> Native:
    """Return the whole of a backend service or a URL map as it is to be.

    What tdr does not manage stays. It goes as a PUT with the fingerprint, which clears what is left out.
    """
    if kind == URL_MAP:
        kept = {name: value for name, value in native.items() if name not in (*BESIDE, *_TOLD)}
        return {**kept, **new_body(kind, managed, links)}
    cleared = {"healthChecks", "cdnPolicy", "backends", "customRequestHeaders", "customResponseHeaders"}
    kept = {name: value for name, value in native.items() if name not in cleared | _TOLD}
    made = {**kept, **new_body(kind, managed, links)}
    if not managed["iap"]:
        made.pop("iap", None)
    return made


def policy_patch(managed: Attrs, native: Native) -> Native:
    """Return the patch of an SSL policy."""
    return {
        "fingerprint": native.get("fingerprint"),
        "minTlsVersion": managed["min_tls"],
        "profile": managed["profile"],
    }


# -- each kind
def _group(managed: Attrs, _links: Links) -> dict[str, Any]:
    return {"networkEndpointType": managed["type"], "defaultPort": managed["default_port"]}


def _backend(managed: Attrs, links: Links) -> dict[str, Any]:
    made: dict[str, Any] = {
        "protocol": managed["protocol"],
        "loadBalancingScheme": managed["scheme"],
        "timeoutSec": managed["timeout_s"],
        "enableCDN": managed["cdn"],
        "backends": [{"group": links.to(NEG, name)} for name in _several(managed["groups"])],
        "customRequestHeaders": list(_several(managed["request_headers"])),
        "customResponseHeaders": list(_several(managed["response_headers"])),
    }
    if managed["cdn"]:
        policy = {
            "cacheMode": managed["cache_mode"],
            "defaultTtl": managed["default_ttl"],
            "clientTtl": managed["client_ttl"],
            "maxTtl": managed["max_ttl"],
            "negativeCaching": managed["negative_caching"],
            "negativeCachingPolicy": _negative(managed["negative_ttls"]),
        }
        made["cdnPolicy"] = {name: value for name, value in policy.items() if value is not None}
    return made


def _negative(several: Value) -> list[dict[str, int]]:
    rows = [str(one).partition(":") for one in _several(several)]
    return [{"code": int(code), "ttl": int(ttl_s)} for code, _, ttl_s in rows]


def _url_map(managed: Attrs, links: Links) -> dict[str, Any]:
    return {"defaultService": links.to(BACKEND, managed["default_service"])}


def _policy(managed: Attrs, _links: Links) -> dict[str, Any]:
    return {"minTlsVersion": managed["min_tls"], "profile": managed["profile"]}


def _https_proxy(managed: Attrs, links: Links) -> dict[str, Any]:
    made: dict[str, Any] = {"urlMap": links.to(URL_MAP, managed["url_map"])}
    if managed["ssl_policy"]:
        made["sslPolicy"] = links.to(SSL_POLICY, managed["ssl_policy"])
    if managed["certificate_map"]:
        made["certificateMap"] = links.to_map(managed["certificate_map"])
    first = managed.get("first_certificate")
    if first:
        made["sslCertificates"] = [links.to(SSL_CERTIFICATE, first)]
    return made


def _http_proxy(managed: Attrs, links: Links) -> dict[str, Any]:
    return {"urlMap": links.to(URL_MAP, managed["url_map"])}


def _address(managed: Attrs, _links: Links) -> dict[str, Any]:
    return {"addressType": managed["type"], "ipVersion": managed["ip_version"]}


def _rule(managed: Attrs, links: Links) -> dict[str, Any]:
    return {
        "IPAddress": managed["address"],
        "IPProtocol": managed["protocol"],
        "portRange": managed["port"],
        "loadBalancingScheme": managed["scheme"],
        "networkTier": managed["tier"],
        "target": rule_target(managed, links),
    }


def rule_target(managed: Attrs, links: Links) -> str:
    """Refer to the proxy that a forwarding rule leads to: the port tells which kind it is."""
    return links.to(HTTP_PROXY if managed["port"] == "80" else HTTPS_PROXY, managed["target"])


def _certificate(managed: Attrs, _links: Links) -> dict[str, Any]:
    return {"type": "MANAGED", "managed": {"domains": list(_several(managed["domains"]))}}


def _several(value: Value) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ()


_NEW: Final[Mapping[str, Callable[[Attrs, Links], dict[str, Any]]]] = {
    NEG: _group,
    BACKEND: _backend,
    URL_MAP: _url_map,
    SSL_POLICY: _policy,
    HTTPS_PROXY: _https_proxy,
    HTTP_PROXY: _http_proxy,
    ADDRESS: _address,
    RULE: _rule,
    SSL_CERTIFICATE: _certificate,
}
