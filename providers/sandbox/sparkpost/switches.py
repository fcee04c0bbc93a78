"""What nobody has verified about SparkPost and what changes tdr's work: each a switch with its settings.

The first setting is the default: what the documentation suggests or, where it is silent, what is hardest on a
careless client without being absurd.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from providers.sandbox.contract import Switch

_API: Final = "docs: Tracking Domains API"
_SILENT: Final = "not documented"


def _switch(name: str, settings: str, source: str, about: str) -> Switch:
    choices = tuple(settings.split())
    return Switch(f"sparkpost.{name}", choices, choices[0], source, about)


DUPLICATE_NAME: Final = _switch(
    "duplicate-name",
    "conflict-409 exists-400",
    f"{_API} (409) against support docs: extended error codes (400, code 6100)",
    "what creating a tracking domain answers that exists already",
)
ERROR_CODES: Final = _switch(
    "error-codes",
    "absent old",
    f"{_API}, until and since 2018-09",
    "whether errors of tracking domains have `code` and `description` as they had once",
)
TAKEN_NAME: Final = _switch(
    "taken-name",
    "blocked refused-400",
    "web app: 'blocked' is said of a domain used by another account; sending domains answer code 7004",
    "what becomes of a name that another account of the region holds",
)
ROOT_DOMAIN: Final = _switch(
    "root-domain",
    "refused-422 accepted",
    "docs: enabling multiple custom tracking domains (must be a subdomain); the API's answer is not told",
    "whether a root domain may be registered",
)
REVIEW: Final = _switch(
    "review",
    "immediate pending",
    f"{_API}: compliance_status",
    "whether a new domain's compliance review takes time",
)
SECURE_RESETS_VERIFIED: Final = _switch(
    "secure-resets-verified",
    "no yes",
    _SILENT,
    "whether a change of `secure` makes a domain unverified",
)
DELETE_IN_USE: Final = _switch(
    "delete-in-use",
    "unlinks dangles conflict-409",
    f"{_SILENT}: no 409 is listed for DELETE",
    "what deleting a default or linked domain does to the sending domains that name it",
)
LINK_UNVERIFIED: Final = _switch(
    "link-unverified",
    "allowed refused-400",
    "docs: Sending Domains API lists only unregistered domains; the web app offers verified ones only",
    "whether a sending domain may name an unverified tracking domain",
)
VERIFY_FAILURE: Final = _switch(
    "verify-failure",
    "error-400 false-200",
    f"{_API} (400); clients in use branch on 200 with verified false",
    "how verify says that the check did not reach SparkPost",
)
FAILED_VERIFY: Final = _switch(
    "failed-verify",
    "keeps unverifies",
    _SILENT,
    "whether a failed check takes `verified` away from a domain that had it",
)
VERIFY_PATH: Final = _switch(
    "verify-path", "click root", _SILENT, "which path the check fetches: one below /f/ or /"
)
VERIFY_ACCEPTS: Final = _switch(
    "verify-accepts",
    "identified reached",
    _SILENT,
    "whether the check's request must bear the tracking host in Host or X-Forwarded-Host when it arrives",
)
CNAME_STATUS: Final = _switch(
    "cname-status",
    "direct-valid always-blank",
    f"{_API} (the sample of verify has an empty string); change log of 2017-11-09",
    "what a verified domain has as `cname_status` when its CNAME points to SparkPost",
)
TLS_STATUS: Final = _switch(
    "tls-status",
    "always when-managed never",
    f"{_API}: described, and missing in every sample",
    "when `tls_status` and `uses_managed_certificate` are shown",
)
RETRY_AFTER: Final = _switch(
    "retry-after", "absent seconds", f"{_SILENT}; the docs name 1 to 5 seconds", "whether a 429 says how long"
)
OVER_QUOTA: Final = _switch(
    "over-quota",
    "forbidden-403 invalid-400",
    f"{_SILENT}; docs: Errors (403: see if your plan includes the resource)",
    "what creating one domain more than the plan holds answers",
)
MANAGED_FLAG: Final = _switch(
    "managed-flag",
    "on-issue on-enable",
    f"{_API}: certificate/enable",
    "when `uses_managed_certificate`, `secure` and `port` change",
)
MANAGED_PUT: Final = _switch(
    "managed-put",
    "ignored disables",
    f"{_API}: not among the members that PUT takes",
    "what PUT with `uses_managed_certificate: false` does",
)
MANAGED_BY_DEFAULT: Final = _switch(
    "managed-by-default",
    "no on-verify",
    f"{_API}: 'must be explicitly enabled'; the web app turns it on",
    "whether verifying a domain on a V2 endpoint orders a certificate",
)
FAILED_ISSUE: Final = _switch(
    "failed-issue", "final retried", _SILENT, "whether a failed issue is tried again without being asked"
)
ENABLE_AGAIN: Final = _switch(
    "enable-again",
    "accepted conflict-409",
    _SILENT,
    "what certificate/enable answers when a certificate is on order or issued",
)
UNIDENTIFIED_HOST: Final = _switch(
    "unidentified-host",
    "redirects not-found-404",
    "change log of 2023: guides before it forwarded neither header, and links worked",
    "what a link does whose request bears the tracking host neither in Host nor in X-Forwarded-Host",
)
ORIGIN_WITHOUT_SNI: Final = _switch(
    "origin-without-sni",
    "refused wrong-certificate",
    "docs: enabling HTTPS engagement tracking, 2025-01: SNI is required",
    "what a TLS handshake without SNI gets",
)
POST_ON_TRACKING_HOST: Final = _switch(
    "post-on-tracking-host",
    "refused-405 accepted-200",
    f"{_SILENT}: one-click unsubscribe may use it",
    "what a POST on the tracking host answers",
)
PROBE_LOCATION: Final = _switch(
    "probe-location",
    "elsewhere absent",
    _SILENT,
    "whether the 302 of a made-up path such as /f/a/b/c/d has a Location",
)

SWITCHES: Final = (
    DUPLICATE_NAME,
    ERROR_CODES,
    TAKEN_NAME,
    ROOT_DOMAIN,
    REVIEW,
    SECURE_RESETS_VERIFIED,
    DELETE_IN_USE,
    LINK_UNVERIFIED,
    VERIFY_FAILURE,
    FAILED_VERIFY,
    VERIFY_PATH,
    VERIFY_ACCEPTS,
    CNAME_STATUS,
    TLS_STATUS,
    RETRY_AFTER,
    OVER_QUOTA,
    MANAGED_FLAG,
    MANAGED_PUT,
    MANAGED_BY_DEFAULT,
    FAILED_ISSUE,
    ENABLE_AGAIN,
    UNIDENTIFIED_HOST,
    ORIGIN_WITHOUT_SNI,
    POST_ON_TRACKING_HOST,
    PROBE_LOCATION,
)


class Settings:
    """The switches as they stand now: they may be turned at any time."""

    __slots__ = ("_setting",)

    def __init__(self, setting: Callable[[str], str]) -> None:
        """`setting` gives the present setting of a switch by its name."""
        self._setting = setting

    def of(self, switch: Switch) -> str:
        """The present setting of a switch."""
        return self._setting(switch.name)

    def has(self, switch: Switch, setting: str) -> bool:
        """Whether a switch stands at `setting`, which must be one of its settings."""
        if setting not in switch.settings:
            raise ValueError(f"{switch.name} has no setting {setting!r}")
        return self.of(switch) == setting
