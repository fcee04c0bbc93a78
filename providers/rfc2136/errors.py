"""What each failure of an exchange means in tdr's tree, with the sentence what to check."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

import dns.exception
import dns.rcode
import dns.tsig

from reconciler.errors import (
    AuthError,
    Conflict,
    InvalidRequest,
    ProviderError,
    Unavailable,
    UnexpectedResponse,
)

PREREQUISITE: Final = frozenset(
    (dns.rcode.YXDOMAIN, dns.rcode.YXRRSET, dns.rcode.NXDOMAIN, dns.rcode.NXRRSET)
)
_TOLD: Final[tuple[tuple[tuple[type[Exception], ...], type[ProviderError], str], ...]] = (
    (
        (dns.tsig.BadTime, dns.tsig.PeerBadTime),
        AuthError,
        "{server}: the clocks differ by more than TSIG allows (BADTIME): set this machine's, or the server's",
    ),
    (
        (dns.tsig.BadSignature, dns.tsig.PeerBadSignature, dns.tsig.PeerBadTruncation),
        AuthError,
        "{server}: the signature made with the key {key} is not right (BADSIG): check the secret",
    ),
    (
        (dns.tsig.PeerBadKey, dns.tsig.BadKey, dns.tsig.BadAlgorithm, dns.tsig.PeerError),
        AuthError,
        (
            "{server} knows no key {key} of this algorithm, or does not let it (BADKEY): check key_name, "
            "algorithm, and who may transfer and update"
        ),
    ),
    ((dns.exception.Timeout, TimeoutError), Unavailable, "{server} gave no answer in time"),
    ((EOFError,), Unavailable, "{server} closed the connection before it had answered"),
    ((OSError,), Unavailable, "no answer from {server}: {error}"),
    (
        (dns.exception.DNSException, ValueError, struct.error),
        UnexpectedResponse,
        "unreadable answer from {server}: {error}",
    ),
)
_REFUSED: Final[Mapping[dns.rcode.Rcode, tuple[type[ProviderError], str]]] = {
    dns.rcode.REFUSED: (
        AuthError,
        (
            "{server} does not let the key {key} change this in zone {zone} (REFUSED): it must be the zone's "
            "primary, and let the key change the hosts' records and TXT at _tdr.HOST (BIND: update-policy or "
            "allow-update; Knot: acl)"
        ),
    ),
    dns.rcode.NOTAUTH: (
        AuthError,
        (
            "{server} takes no updates of zone {zone} signed with the key {key} (NOTAUTH): check that it is "
            "the zone's primary, key_name, and who may update"
        ),
    ),
    dns.rcode.NOTZONE: (InvalidRequest, "{server} says that a name lies outside zone {zone} (NOTZONE)"),
    dns.rcode.SERVFAIL: (
        Unavailable,
        (
            "{server} could not do it (SERVFAIL): its log says why, such as a zone that did not load, or a "
            "journal that it may not write"
        ),
    ),
    **dict.fromkeys(
        (dns.rcode.NOTIMP, dns.rcode.FORMERR),
        (InvalidRequest, "{server} does not understand dynamic updates, or not this one ({word})"),
    ),
    **dict.fromkeys(
        PREREQUISITE,
        (Conflict, "{server} wrote nothing, because what the update rests on is not so ({word})"),
    ),
}


def from_exception(error: Exception, server: str, key_name: str) -> ProviderError | None:
    """Tell what went wrong once there was a connection; None for what is a bug."""
    for kinds, meaning, text in _TOLD:
        if isinstance(error, kinds):
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            return meaning(text.format(server=server, key=key_name, error=why))
    return None


def from_rcode(rcode: dns.rcode.Rcode, server: str, zone: str, key_name: str) -> ProviderError:
    """Tell what a refusal means."""
    word = dns.rcode.to_text(rcode)
    meaning, text = _REFUSED.get(rcode, (UnexpectedResponse, "{server} answered {word}"))
    return meaning(text.format(server=server, zone=zone, key=key_name, word=word), status=int(rcode))
