"""The words that several modules of this folder share: kinds, units, phases, containers, marks."""

from __future__ import annotations

import hashlib
import re
from typing import Final

SSL_HOST: Final = "cloudflare_ssl_host"
CACHE_HOST: Final = "cloudflare_cache_host"
SAAS_SSL_HOST: Final = "cloudflare_saas_ssl_host"
SAAS_ORIGIN: Final = "cloudflare_saas_origin"
FALLBACK_ORIGIN: Final = "cloudflare_fallback_origin"
CUSTOM_HOSTNAME: Final = "cloudflare_custom_hostname"
SAAS_KINDS: Final = (SAAS_ORIGIN, FALLBACK_ORIGIN, CUSTOM_HOSTNAME)
UNIT: Final = "user"
CERTIFICATE_UNIT: Final = "certificate"

CONFIG_PHASE: Final = "http_config_settings"
CACHE_PHASE: Final = "http_request_cache_settings"
ORIGIN_PHASE: Final = "http_request_origin"
REDIRECT_PHASE: Final = "http_request_dynamic_redirect"
REWRITE_PHASE: Final = "http_request_transform"
HEADER_PHASE: Final = "http_request_late_transform"

OUR_PHASES: Final = (CONFIG_PHASE, CACHE_PHASE)
CHECKED_PHASES: Final = (HEADER_PHASE, REWRITE_PHASE, ORIGIN_PHASE, REDIRECT_PHASE)

PHASE_OF: Final = {SSL_HOST: CONFIG_PHASE, SAAS_SSL_HOST: CONFIG_PHASE, CACHE_HOST: CACHE_PHASE}
_FAMILY: Final = {
    CONFIG_PHASE: "Config Rules",
    CACHE_PHASE: "Cache Rules",
    ORIGIN_PHASE: "Origin Rules",
    REDIRECT_PHASE: "Dynamic URL Redirects",
}
_WORD: Final = {CONFIG_PHASE: "ssl", CACHE_PHASE: "cache"}
_ORIGIN: Final = re.compile(r"tdr:v1 ([a-z0-9-]{1,32}) origin .*")
LABEL_CHARACTERS: Final = 63
_REF: Final = re.compile(r"tdr-(ssl|cache)-([a-z0-9-]{1,32})(?:_(\d+))?")


def zone_container(zone: str) -> str:
    """Name the container of a zone's records."""
    return f"zone/{zone}"


def ruleset_container(zone: str, phase: str) -> str:
    """Name the container of the members of a phase's rules."""
    return f"ruleset/{zone}/{phase}"


def rule_permission(phase: str, level: str) -> str:
    """Name the token permission for the rules of a phase; level is Read or Write."""
    return f"{_FAMILY.get(phase, 'Transform Rules')} {level}"


def rule_ref(phase: str, owner: str, number: int) -> str:
    """Give the ref of an owner's n-th rule in a phase; an owner's name has no underscore."""
    return f"tdr-{_WORD[phase]}-{owner}" + (f"_{number}" if number > 1 else "")


def owner_of(phase: str, ref: str) -> str | None:
    """Tell whose rule a ref marks, None where it is not one of tdr's in this phase."""
    found = _REF.fullmatch(ref)
    return found[2] if found and found[1] == _WORD.get(phase) else None


def rule_description(owner: str, phase: str) -> str:
    """Tell people what a rule is and that it is not to be edited."""
    what = "SSL mode" if phase == CONFIG_PHASE else "cache time"
    return f"tdr:v1 {owner}: {what} of tracking hosts (managed, edits are undone)"


def record_comment(owner: str, host: str) -> str:
    """Give the courtesy comment of a record that tdr creates; 100 characters are the Free plan's most."""
    return f"tdr:v1 {owner} {host}"[:100]


# -- Cloudflare for SaaS
def saas_container(zone: str) -> str:
    """Name the container of a zone's custom hostnames and of what serves them."""
    return f"saas/{zone}"


def origin_name(owner: str, endpoint: str, zone: str) -> str:
    """Name the record through which a zone's custom hostnames reach an endpoint; each owner has its own."""
    label = f"tdr-{owner}-{endpoint.replace('.', '-')}"
    if len(label) > LABEL_CHARACTERS:
        digest = hashlib.sha256(label.encode()).hexdigest()[:8]
        label = f"{label[: LABEL_CHARACTERS - 9].rstrip('-')}-{digest}"
    return f"{label}.{zone}"


def is_origin_name(owner: str, name: str) -> bool:
    """Tell whether a name is such a record's."""
    return name.startswith(f"tdr-{owner}-")


def origin_comment(owner: str, endpoint: str) -> str:
    """Give the comment that marks such a record; 100 characters are the Free plan's most."""
    return f"tdr:v1 {owner} origin {endpoint}"[:100]


def origin_owner(comment: str) -> str | None:
    """Tell whose record for an endpoint a comment marks, None where it marks none."""
    found = _ORIGIN.fullmatch(comment)
    return found[1] if found else None


def challenge_name(host: str) -> str:
    """Name the record that proves a certificate (ACME's DNS challenge)."""
    return f"_acme-challenge.{host}"


def ownership_name(host: str) -> str:
    """Name the record that proves a custom hostname. docs: Pre-validation, TXT records."""
    return f"_cf-custom-hostname.{host}"
