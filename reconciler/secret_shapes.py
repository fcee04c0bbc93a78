"""What a secret looks like: names of keys and variables, and values. A guess, leaning to caution."""

from __future__ import annotations

import re

_NAME = re.compile(
    r"(?:^|_)(?:(?:API|ACCESS|SECRET|PRIVATE|AUTH|ACCOUNT|SIGNING)_?KEY(?:_ID)?"
    r"|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|AUTHORIZATION)$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|AIza[0-9A-Za-z_-]{35}"
    r"|eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]+\."
    r"|(?:ghp|cfut|cfat|cfk)_[0-9A-Za-z]{20,}"
    r"|(?i:bearer|basic) [0-9A-Za-z+/=._-]{16,}"
    r"|[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@"
)
# SparkPost's keys are 40 hexadecimal digits, Cloudflare's tokens 40 letters, digits, `-` and `_`. 32
# hexadecimal digits are an account or zone id there, 36 with hyphens a UUID: no secrets.
_HEX = re.compile(r"(?:[0-9a-f]{37}|[0-9a-f]{40}|[0-9a-f]{64})\Z", re.IGNORECASE)
_OPAQUE = re.compile(r"[0-9A-Za-z_-]{37,128}\Z")
_MIXED = tuple(re.compile(part) for part in (r"[0-9]", r"[a-z]", r"[A-Z]"))


def names_a_secret(name: str) -> bool:
    """Say whether a key or variable of this name would hold a secret: `api_key`, `apiToken`, `X_SECRET`."""
    if len(name) > 100:
        return False
    return bool(_NAME.search(_CAMEL.sub("_", name).replace("-", "_").upper()))


def looks_like_secret(value: str) -> bool:
    """Say whether a text has the form of a key, a token or a URL with a password."""
    if _VALUE.search(value) or _HEX.match(value):
        return True
    return bool(_OPAQUE.match(value)) and all(part.search(value) for part in _MIXED)
