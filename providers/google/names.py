"""Kinds, accounting units, containers, names and marks. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

# Kinds of resources: what several hosts share, keyed by the origin.
NEG: Final = "google_network_endpoint_group"
BACKEND: Final = "google_backend_service"
URL_MAP: Final = "google_url_map"
SSL_POLICY: Final = "google_ssl_policy"
MAP: Final = "google_certificate_map"
HTTPS_PROXY: Final = "google_https_proxy"
HTTP_PROXY: Final = "google_http_proxy"
ADDRESS: Final = "google_address"
RULE: Final = "google_forwarding_rule"

# Kinds of resources: one for each host.
AUTHORIZATION: Final = "google_dns_authorization"
CERTIFICATE: Final = "google_certificate"
MAP_ENTRY: Final = "google_certificate_map_entry"
SSL_CERTIFICATE: Final = "google_ssl_certificate"
PROXY_CERTIFICATE: Final = "google_proxy_certificate"

# Units: what Google counts together, in each minute.
COMPUTE_READ: Final = "compute-read"
COMPUTE_WRITE: Final = "compute-write"
CERTIFICATES_READ: Final = "certificates-read"
CERTIFICATES_WRITE: Final = "certificates-write"
DNS: Final = "dns"

# The services, as `gcloud services enable` calls them.
COMPUTE_SERVICE: Final = "compute.googleapis.com"
CERTIFICATES_SERVICE: Final = "certificatemanager.googleapis.com"
DNS_SERVICE: Final = "dns.googleapis.com"

COLLECTIONS: Final[Mapping[str, str]] = {
    NEG: "networkEndpointGroups",
    BACKEND: "backendServices",
    URL_MAP: "urlMaps",
    SSL_POLICY: "sslPolicies",
    SSL_CERTIFICATE: "sslCertificates",
    HTTPS_PROXY: "targetHttpsProxies",
    HTTP_PROXY: "targetHttpProxies",
    ADDRESS: "addresses",
    RULE: "forwardingRules",
}
"""Where compute keeps a kind: `projects/P/global/COLLECTION/NAME`."""

# Containers: what one write, or one look after many, goes to. Each kind of compute's has one of its own.
CONTAINERS: Final[Mapping[str, str]] = {kind: f"compute/{word}" for kind, word in COLLECTIONS.items()}
AUTHORIZATIONS: Final = "dns-authorizations"
CERTIFICATES: Final = "certificates"
MAPS: Final = "certificate-maps"

LABEL: Final = "tdr"
"""The label of what Certificate Manager keeps for an owner."""

_MARK: Final = re.compile(r"tdr ([a-z0-9-]{1,32}) (\S+)")
_LONGEST: Final = 63


def map_container(key: str) -> str:
    """Give the container of the entries of the certificate map for an origin."""
    return f"map/{key}"


def proxy_container(key: str) -> str:
    """Give the container of the certificates on the HTTPS proxy for an origin."""
    return f"https-proxy/{key}"


def key_in(container: str | None, head: str) -> str | None:
    """Give the origin in `HEAD/KEY`; None for another container."""
    first, _, key = (container or "").partition("/")
    return key if first == head and key else None


def name_of(owner: str, subject: str, *values: str) -> str:
    """Give the name of what is the owner's for an origin or a host: at most 63 characters, RFC 1035.

    The hash tells apart subjects that look alike as a name, and what cannot be changed: `values`.
    """
    digest = hashlib.sha256("\0".join((owner, subject, *values)).encode()).hexdigest()[:8]
    head = re.sub(r"[^a-z0-9]+", "-", f"tdr-{owner}-{subject}".lower())
    return f"{head[: _LONGEST - 9].rstrip('-')}-{digest}"


def neg_name(owner: str, origin: str) -> str:
    """Give the name of the endpoint group for an origin at port 443.

    Nothing of a group can be changed, so the name carries all that it is: another one has another name.
    """
    return name_of(owner, origin, "INTERNET_FQDN_PORT", origin, "443")


def rule_name(owner: str, key: str) -> str:
    """Give the name of the forwarding rule with the key `ORIGIN/PORT`."""
    return name_of(owner, key)


def mark(owner: str, subject: str) -> str:
    """Give the description of what is tdr's: subject is the resource's key."""
    return f"tdr {owner} {subject}"


def marked(text: str) -> tuple[str, str] | None:
    """Tell the owner and the subject that a description names; None where it is none of tdr's."""
    found = _MARK.fullmatch(text)
    return (found[1], found[2]) if found else None


def identity_of(project: str) -> str:
    """Give what a project is known by in claims."""
    return f"google.{project}"


def provider_of(alias: str) -> str:
    """Give what an error calls the provider of an alias."""
    return f"{alias} (google)"
