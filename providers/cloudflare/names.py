"""The words that several modules of this folder share: kinds, units, phases, containers, marks."""

from __future__ import annotations

import re
from typing import Final

SSL_HOST: Final = "cloudflare_ssl_host"
CACHE_HOST: Final = "cloudflare_cache_host"
UNIT: Final = "user"

CONFIG_PHASE: Final = "http_config_settings"
CACHE_PHASE: Final = "http_request_cache_settings"
ORIGIN_PHASE: Final = "http_request_origin"
REDIRECT_PHASE: Final = "http_request_dynamic_redirect"
REWRITE_PHASE: Final = "http_request_transform"
HEADER_PHASE: Final = "http_request_late_transform"

OUR_PHASES: Final = (CONFIG_PHASE, CACHE_PHASE)
CHECKED_PHASES: Final = (HEADER_PHASE, REWRITE_PHASE, ORIGIN_PHASE, REDIRECT_PHASE)

PHASE_OF: Final = {SSL_HOST: CONFIG_PHASE, CACHE_HOST: CACHE_PHASE}
_FAMILY: Final = {
    CONFIG_PHASE: "Config Rules",
    CACHE_PHASE: "Cache Rules",
    ORIGIN_PHASE: "Origin Rules",
    REDIRECT_PHASE: "Dynamic URL Redirects",
}
_WORD: Final = {CONFIG_PHASE: "ssl", CACHE_PHASE: "cache"}
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
