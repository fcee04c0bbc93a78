"""Which certificate the edge has, or will have, for a host. Pure.

docs: "Universal SSL" (full zones: the apex and one label below it), "Certificate statuses".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from providers.cloudflare.zones import Pack, ZoneState
from reconciler.dns import labels
from reconciler.provider import Status

AUTHORITIES: Final = ("letsencrypt.org", "pki.goog", "ssl.com", "sectigo.com", "digicert.com")
"""Who issues universal and advanced certificates: one that is allowed suffices (docs: "Add CAA records")."""

# A pack in one of these never serves again; one that timed out is tried again by the vendor.
_OVER: Final = frozenset(
    {"deleted", "expired", "inactive", "deactivating", "pending_deletion", "pending_expiration"}
    | {"pending_cleanup", "deletion_timed_out", "staging_deployment", "staging_active"}
)


def covers(pack: Pack, host: str) -> bool:
    """Tell whether a name of the pack is the host, or a wildcard one label above it."""
    above = host.partition(".")[2]
    return host in pack.hosts or f"*.{above}" in pack.hosts


def covering(packs: Iterable[Pack], host: str) -> tuple[Pack, ...]:
    """Give the packs that cover a host and are, or may become, active; active ones first."""
    fitting = (pack for pack in packs if pack.status not in _OVER and covers(pack, host))
    return tuple(sorted(fitting, key=lambda pack: (pack.status != "active", pack.id)))


def within_universal(host: str, zone: str) -> bool:
    """Tell whether universal TLS of a full zone covers a host, once issued."""
    return len(labels(host)) <= len(labels(zone)) + 1


def certificate_status(host: str, zone: str, packs: Iterable[Pack]) -> Status:
    """Tell whether the edge has a certificate for host, in the vendor's word."""
    fitting = covering(packs, host)
    if fitting:
        return _pack_status(fitting[0])
    if within_universal(host, zone):
        return Status(ready=False, text="no certificate pack covers it yet")
    return Status(ready=False, text="no certificate pack covers it and Universal SSL does not", hopeless=True)


def _pack_status(pack: Pack) -> Status:
    told = "; ".join(pack.errors)
    text = f"{pack.type} certificate pack {pack.status}" + (f": {told}" if told else "")
    return Status(ready=pack.status == "active", text=text)


def lacking(host: str, zone: ZoneState) -> tuple[str, str] | None:
    """Say why no certificate will ever cover a host, and what lifts that; None where one does or will."""
    if not zone.checked or covering(zone.packs, host):
        return None
    if not within_universal(host, zone.name):
        depth = len(labels(host)) - len(labels(zone.name))
        text = (
            f"Cloudflare has no certificate for it: Universal SSL of zone {zone.name} covers one label below "
            f"the zone, and this host stands {depth} labels below it"
        )
        instead = one_label(host, zone.name)
        return text, f"order an advanced certificate for it (Advanced Certificate Manager), or use {instead}"
    if zone.universal is False:
        return (
            f"zone {zone.name} has no certificate for it: Universal SSL is off",
            "turn Universal SSL on (SSL/TLS, Edge Certificates), or order an advanced certificate",
        )
    return None


def one_label(host: str, zone: str) -> str:
    """Give a host of one label in the zone that says the same."""
    return host.removesuffix(f".{zone}").replace(".", "-") + f".{zone}"
