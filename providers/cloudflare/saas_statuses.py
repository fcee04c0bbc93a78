"""What Cloudflare's words for a custom hostname and its certificate mean, in plain ones. Pure.

docs: "Custom hostnames", hostname statuses; "Certificate statuses", custom hostname certificates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from reconciler.provider import Status

GOING: Final = frozenset({"pending_deletion", "deleted"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a status says: `serves`, or `over` where waiting cannot help."""

    text: str
    serves: bool = False
    over: bool = False


HOSTNAME: Final = {
    "active": Meaning("Cloudflare takes requests for it", serves=True),
    "active_redeploying": Meaning(
        "Cloudflare takes requests for it and is spreading a change of it", serves=True
    ),
    "pending": Meaning("Cloudflare waits for the TXT record that proves it, or for its DNS to point there"),
    "provisioned": Meaning("Cloudflare has it on its servers and has not switched it on yet"),
    "pending_provisioned": Meaning("Cloudflare is putting it on its servers"),
    "pending_migration": Meaning("Cloudflare is moving it from another zone; its proof is awaited"),
    "pending_blocked": Meaning("Cloudflare is looking at it, and may block it", over=True),
    "blocked": Meaning(
        "Cloudflare blocks it for good: a zone hold of the domain's owner, or its own decision", over=True
    ),
    "moved": Meaning(
        "its DNS points elsewhere, and Cloudflare deletes it seven days after that; "
        "once its records stand again, apply asks for it anew",
        over=True,
    ),
    "pending_deletion": Meaning("it is being deleted", over=True),
    "deleted": Meaning("it was deleted", over=True),
    "test_pending": Meaning("it waits to be served for a trial only", over=True),
    "test_active": Meaning("it is served for a trial only", over=True),
    "test_active_apex": Meaning("it is served for a trial only, as the top of its zone", over=True),
    "test_blocked": Meaning("its trial is blocked", over=True),
    "test_failed": Meaning("its trial failed", over=True),
}
_RETRY: Final = "; see that its records stand, then run tdr apply, which asks for it again"
CERTIFICATE: Final = {
    "active": Meaning("issued and served", serves=True),
    "initializing": Meaning("Cloudflare is ordering it"),
    "pending_validation": Meaning("the authority waits for the record that proves the host"),
    "pending_issuance": Meaning("the host is proven, the authority is issuing it"),
    "pending_deployment": Meaning("issued, and being brought to Cloudflare's servers"),
    "holding_deployment": Meaning("issued, and held back from Cloudflare's servers"),
    "staging_deployment": Meaning("being brought to Cloudflare's test servers"),
    "staging_active": Meaning("on Cloudflare's test servers only"),
    "backup_issued": Meaning("a spare one is issued; the one that serves is still to come"),
    "initializing_timed_out": Meaning(f"ordering it took too long{_RETRY}", over=True),
    "validation_timed_out": Meaning(f"the host was not proven in time{_RETRY}", over=True),
    "issuance_timed_out": Meaning(f"the authority did not issue it in time{_RETRY}", over=True),
    "deployment_timed_out": Meaning(f"Cloudflare did not bring it to its servers in time{_RETRY}", over=True),
    "deletion_timed_out": Meaning(f"its deletion took too long{_RETRY}", over=True),
    "expired": Meaning(f"it is no longer valid{_RETRY}", over=True),
    "pending_expiration": Meaning("it is about to end"),
    "deactivating": Meaning("Cloudflare is taking it out of service", over=True),
    "inactive": Meaning(f"it is out of service{_RETRY}", over=True),
    "pending_cleanup": Meaning("it is being cleared away", over=True),
    "pending_deletion": Meaning("it is being deleted", over=True),
    "deleted": Meaning("it was deleted", over=True),
}
_LOST: Final = frozenset(
    {"initializing_timed_out", "validation_timed_out", "issuance_timed_out", "deployment_timed_out"}
    | {"deletion_timed_out", "expired", "inactive", "deleted"}
)


def is_lost(ssl_status: str) -> bool:
    """Tell whether a certificate is to be asked for again: by itself it never comes."""
    return ssl_status in _LOST


_PROXIED: Final = "is using cloudflare and cannot be activated"
PROXIED_ELSEWHERE: Final = (
    "another zone of Cloudflare proxies the host now, and so its TXT record does not prove it: Cloudflare "
    "wants to see the host's record lead to the saas zone first"
)


def is_proxied_elsewhere(errors: Iterable[str]) -> bool:
    """Tell whether Cloudflare says that a host which it proxies in another zone is not proven by a record."""
    return any(_PROXIED in text.lower() for text in errors)


def meaning_of(table: dict[str, Meaning], status: str) -> Meaning:
    """Give what a status means; one that is not known may pass."""
    return table.get(status) or Meaning("a status that tdr does not know")


def hostname_status(status: str, ssl_status: str, errors: Collection[str] = ()) -> Status:
    """Tell whether a custom hostname is served with its certificate, and what is awaited where it is not."""
    host, certificate = meaning_of(HOSTNAME, status), meaning_of(CERTIFICATE, ssl_status)
    if host.serves and certificate.serves:
        return Status(ready=True, text="active, certificate active")
    parts = [f"{status or 'no status'}: {host.text}"] if not host.serves else []
    if not certificate.serves:
        parts.append(f"certificate {ssl_status or 'without a status'}: {certificate.text}")
    if is_proxied_elsewhere(errors):
        text = f"{PROXIED_ELSEWHERE}; run tdr plan, which says how"
        return Status(ready=False, text=text, hopeless=True)
    parts.extend(errors)
    return Status(ready=False, text="; ".join(parts), hopeless=host.over or certificate.over)
