"""Objects as Google's REST APIs give them, states made of them, and what is composed from those.

Member names and their spelling are those of the discovery documents (compute.v1, certificatemanager.v1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from providers.google import natives
from providers.google.composing import compose_edges
from providers.google.names import name_of
from providers.google.natives import Native
from providers.google.options import wishes_from
from providers.google.serving import resources
from providers.google.state import GoogleState
from reconciler.diff import field_changes, resolve
from reconciler.model import Finding, Resource, Severity
from reconciler.provider import Composition, Wanted

ALIAS, OWNER, PROJECT, NUMBER = "edge", "acme-mail", "acme-mail-1", "123456789012"
HOST, ORIGIN, IP = "click.example.com", "spgo.io", "198.51.100.40"
NAME = name_of(OWNER, ORIGIN)
PROOF = name_of(OWNER, HOST)
RECORD = "0b2c1a9d.3.authorize.certificatemanager.goog"
BASE = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/global"
SETTINGS = {"project": PROJECT}


def link(collection: str, name: str) -> str:
    """Compute's reference to something global."""
    return f"{BASE}/{collection}/{name}"


def manager(collection: str, name: str, project: str = PROJECT) -> str:
    """Certificate Manager's name of something."""
    return f"projects/{project}/locations/global/{collection}/{name}"


def marked(subject: str = ORIGIN) -> str:
    return f"tdr {OWNER} {subject}"


# -- the load balancer
def group(key: str = ORIGIN, **more: Any) -> Native:
    return {
        "name": name_of(OWNER, key),
        "description": marked(key),
        "networkEndpointType": "INTERNET_FQDN_PORT",
        "defaultPort": 443,
        "size": 1,
        **more,
    }


def endpoint(fqdn: str = ORIGIN, port: int = 443) -> Native:
    return {"networkEndpoint": {"fqdn": fqdn, "port": port}}


def backend(key: str = ORIGIN, **more: Any) -> Native:
    name = name_of(OWNER, key)
    return {
        "name": name,
        "description": marked(key),
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "protocol": "HTTPS",
        "backends": [{"group": link("networkEndpointGroups", name), "capacityScaler": 1.0}],
        "timeoutSec": 30,
        "port": 443,
        "portName": "https",
        "enableCDN": False,
        "sessionAffinity": "NONE",
        "connectionDraining": {"drainingTimeoutSec": 0},
        "fingerprint": "p1=",
        **more,
    }


def url_map(key: str = ORIGIN, **more: Any) -> Native:
    name = name_of(OWNER, key)
    return {
        "name": name,
        "description": marked(key),
        "defaultService": link("backendServices", name),
        "fingerprint": "p2=",
        **more,
    }


def policy(key: str = ORIGIN, **more: Any) -> Native:
    return {
        "name": name_of(OWNER, key),
        "description": marked(key),
        "minTlsVersion": "TLS_1_2",
        "profile": "MODERN",
        "enabledFeatures": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
        "fingerprint": "p3=",
        **more,
    }


def https_proxy(key: str = ORIGIN, **more: Any) -> Native:
    name = name_of(OWNER, key)
    return {
        "name": name,
        "description": marked(key),
        "urlMap": link("urlMaps", name),
        "certificateMap": f"//certificatemanager.googleapis.com/{manager('certificateMaps', name)}",
        "sslPolicy": link("sslPolicies", name),
        "fingerprint": "p4=",
        **more,
    }


def http_proxy(key: str = ORIGIN, **more: Any) -> Native:
    name = name_of(OWNER, key)
    return {"name": name, "description": marked(key), "urlMap": link("urlMaps", name), **more}


def address(key: str = ORIGIN, ip: str = IP, **more: Any) -> Native:
    given = {"address": ip, "addressType": "EXTERNAL", "ipVersion": "IPV4", "status": "IN_USE"}
    return {"name": name_of(OWNER, key), "description": marked(key), **given, **more}


def rule(port: str, key: str = ORIGIN, ip: str = IP, **more: Any) -> Native:
    subject = f"{key}/{port}"
    proxies = "targetHttpProxies" if port == "80" else "targetHttpsProxies"
    return {
        "name": name_of(OWNER, subject),
        "description": marked(subject),
        "IPAddress": ip,
        "IPProtocol": "TCP",
        "portRange": f"{port}-{port}",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "networkTier": "PREMIUM",
        "target": link(proxies, name_of(OWNER, key)),
        "labelFingerprint": "p5=",
        **more,
    }


def classic(host: str = HOST, status: str = "ACTIVE", told: str = "ACTIVE", **more: Any) -> Native:
    """A managed certificate of the load balancer."""
    return {
        "name": name_of(OWNER, host),
        "description": marked(host),
        "type": "MANAGED",
        "managed": {"domains": [host], "status": status, "domainStatus": {host: told}},
        **({"subjectAlternativeNames": [host]} if status == "ACTIVE" else {}),
        **more,
    }


def uploaded_classic(name: str, *names: str) -> Native:
    """An uploaded certificate of the load balancer."""
    given = {"type": "SELF_MANAGED", "selfManaged": {"certificate": "-----BEGIN CERTIFICATE-----"}}
    return {
        "name": name,
        **given,
        "subjectAlternativeNames": list(names),
        "expireTime": "2027-01-01T00:00:00Z",
    }


# -- Certificate Manager
def labels(owner: str | None = OWNER) -> Native:
    return {"labels": {"tdr": owner}} if owner is not None else {}


def map_(key: str = ORIGIN, **more: Any) -> Native:
    name = name_of(OWNER, key)
    return {"name": manager("certificateMaps", name), "description": marked(key), **labels(), **more}


def authorization(host: str = HOST, owner: str | None = OWNER, **more: Any) -> Native:
    record = {"name": f"_acme-challenge.{host}.", "type": "CNAME", "data": f"{RECORD}."}
    name = manager("dnsAuthorizations", name_of(OWNER, host))
    given = {"type": "FIXED_RECORD", "dnsResourceRecord": record}
    return {"name": name, "domain": host, **labels(owner), **given, **more}


def certificate(host: str = HOST, state: str = "ACTIVE", **more: Any) -> Native:
    """A managed certificate; Google names what it refers to with the project's number."""
    name = name_of(OWNER, host)
    managed = {
        "domains": [host],
        "dnsAuthorizations": [manager("dnsAuthorizations", name, NUMBER)],
        "state": state,
        **more.pop("managed", {}),
    }
    return {
        "name": manager("certificates", name),
        **labels(),
        "sanDnsnames": [host],
        "managed": managed,
        **more,
    }


def uploaded(name: str, *names: str, **more: Any) -> Native:
    """A certificate that somebody uploaded to Certificate Manager."""
    return {"name": manager("certificates", name), "sanDnsnames": list(names), "selfManaged": {}, **more}


def entry(host: str = HOST, key: str = ORIGIN, state: str = "ACTIVE", **more: Any) -> Native:
    where = manager("certificateMaps", name_of(OWNER, key))
    return {
        "name": f"{where}/certificateMapEntries/{name_of(OWNER, host)}",
        **labels(),
        "hostname": host,
        "certificates": [manager("certificates", name_of(OWNER, host), NUMBER)],
        "state": state,
        **more,
    }


# -- states
def wanted(host: str = HOST, origin: str = ORIGIN, *, absent: bool = False) -> Wanted:
    return Wanted(host, origin, 3600, absent=absent)


def state(
    hosts: Iterable[Wanted] = (), entries: Mapping[str, list[Native]] | None = None, **lists: Any
) -> GoogleState:
    """What was read. `entries`: by the short name of their map; `endpoints`: of each group."""
    several = tuple(hosts) or (wanted(),)
    told = lists.pop("endpoints", {})
    of = {name: lists.pop(name, ()) for name in _READERS}
    groups = tuple(natives.group_from(g, told.get(g["name"], [endpoint()])) for g in lists.pop("groups", ()))
    both = (PROJECT, NUMBER)
    return GoogleState(
        ALIAS,
        OWNER,
        PROJECT,
        groups=groups,
        **{name: tuple(read(n, *both) for n in of[name]) for name, read in _READERS.items()},
        entries=tuple(natives.entry_from(e, m, *both) for m, es in (entries or {}).items() for e in es),
        origins={w.host: w.origin for w in several},
        absent=frozenset(w.host for w in several if w.absent),
        **lists,
    )


_READERS: Mapping[str, Any] = {
    "backends": natives.backend_from,
    "url_maps": natives.url_map_from,
    "policies": lambda n, *_: natives.policy_from(n),
    "https_proxies": natives.https_proxy_from,
    "http_proxies": natives.http_proxy_from,
    "addresses": natives.address_from,
    "rules": natives.rule_from,
    "classic": lambda n, *_: natives.classic_from(n),
    "certificates": natives.certificate_from,
    "authorizations": natives.authorization_from,
    "maps": natives.map_from,
}


def balancer(key: str = ORIGIN, ip: str = IP) -> dict[str, Any]:
    """The lists of a project with the owner's load balancer for an origin, with a map."""
    return {
        "groups": [group(key)],
        "endpoints": {name_of(OWNER, key): [endpoint(key)]},
        "backends": [backend(key)],
        "url_maps": [url_map(key)],
        "policies": [policy(key)],
        "https_proxies": [https_proxy(key)],
        "http_proxies": [http_proxy(key)],
        "addresses": [address(key, ip)],
        "rules": [rule("443", key, ip), rule("80", key, ip)],
        "maps": [map_(key)],
    }


def settled(hosts: Iterable[Wanted] = (), **more: Any) -> GoogleState:
    """A project in which everything is as tdr made it."""
    several = tuple(hosts) or (wanted(),)
    given = {
        **balancer(),
        "authorizations": [authorization(w.host) for w in several],
        "certificates": [certificate(w.host) for w in several],
        "entries": {NAME: [entry(w.host) for w in several]},
    }
    return state(several, **{**given, **more})


def listed(hosts: Iterable[Wanted] = (), **more: Any) -> GoogleState:
    """A project in which everything is as tdr made it with certificates of the load balancer."""
    several = tuple(hosts) or (wanted(),)
    on = [link("sslCertificates", name_of(OWNER, w.host)) for w in several]
    given = {
        **balancer(),
        "maps": [],
        "https_proxies": [https_proxy(certificateMap=None, sslCertificates=on)],
        "classic": [classic(w.host) for w in several],
        "to_map": False,
    }
    return state(several, **{**given, **more})


def composed(found: GoogleState | None = None, hosts: Iterable[Wanted] = (), **options: Any) -> Composition:
    """What is composed for hosts, or the one, from a state."""
    return compose_edges(tuple(hosts) or (wanted(),), found or state(), wishes_from({**SETTINGS, **options}))


def one(found: Composition, kind: str, key: str | None = None) -> Resource:
    """The only resource of a kind, or that with a key."""
    [resource] = [r for r in found.resources if r.id.kind == kind and key in (None, r.id.key)]
    return resource


def live(found: GoogleState) -> dict[str, Resource]:
    """What is there, by address without the alias: `kind/key`."""
    return {f"{r.id.kind}/{r.id.key}": r for r in resources(found)}


def differences(found: GoogleState, composition: Composition) -> dict[str, dict[str, tuple[object, object]]]:
    """What a plan would change: `kind/key`, attribute by attribute, live and wanted; {} for what is new."""
    there = {r.id: r for r in resources(found)}
    off: dict[str, dict[str, tuple[object, object]]] = {}
    for resource in composition.resources:
        before = there.get(resource.id)
        after = {name: resolve(value, there) for name, value in resource.attrs.items()}
        changes = field_changes(before.attrs, after) if before is not None else ()
        if before is None or changes:
            off[f"{resource.id.kind}/{resource.id.key}"] = {c.name: (c.before, c.after) for c in changes}
    return off


def spare(found: GoogleState, composition: Composition) -> list[str]:
    """What a plan would delete: `kind/key`."""
    kept = {r.id for r in composition.resources}
    return sorted(f"{r.id.kind}/{r.id.key}" for r in resources(found) if r.id not in kept)


def errors(found: Composition) -> list[Finding]:
    return [f for f in found.findings if f.severity is Severity.ERROR]


def warnings(found: Composition) -> list[Finding]:
    return [f for f in found.findings if f.severity is Severity.WARNING]
