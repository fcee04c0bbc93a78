"""What Fastly does where its documents are silent or disagree. The first setting is the default."""

from __future__ import annotations

from typing import Final

from providers.sandbox.contract import Switch


def _switch(name: str, settings: str, source: str, about: str) -> Switch:
    choices = tuple(settings.split())
    return Switch(f"fastly.{name}", choices, choices[0], source, about)


ACTIVATE_WITHOUT_DOMAIN: Final = _switch(
    "activate-without-domain",
    "refused versionless-counts allowed",
    "fastly/terraform-provider-fastly #1113 (2025): services may be activated with no domain linked; "
    "older clients: 'Version has no associated domains'",
    "whether a version is valid and activated without a classic domain: never, if a versionless domain is "
    "linked to the service, or always",
)
CLASSIC_LISTED: Final = _switch(
    "classic-domains-listed",
    "linked unlinked absent",
    "docs: domain management ('classic domains also appear'), silent on their service_id; Terraform's guide "
    "to versionless domains imports and links them",
    "how a classic domain of an active version appears in the list of versionless domains: with its service, "
    "without, or not at all; where it appears, its name is taken there",
)
COMMENT_ON_LOCKED: Final = _switch(
    "comment-on-locked",
    "accepted refused",
    "not documented; recorded for a draft only",
    "whether the comment of a locked version may be changed",
)
DELETED_SERVICE_DOMAINS: Final = _switch(
    "deleted-service-domains",
    "unlinked dangling",
    "not documented",
    "what becomes of versionless domains whose service is deleted",
)
DETAILS_FILTER: Final = _switch(
    "details-filter",
    "active-else-all all",
    "docs: filter[versions.active] 'limits the versions'; recorded for a service without an active one: all",
    "which `versions` a service's details have with filter[versions.active]",
)
LIMIT_HEADERS: Final = _switch(
    "rate-limit-headers",
    "service-api every-write",
    "recordings of 2022 to 2026 have them in the service API only; docs: 'each API response' to a write",
    "which answers to writes tell the rate limit",
)
NO_VERSIONLESS: Final = _switch(
    "no-versionless",
    "forbidden-403 not-found-404",
    "not documented",
    "what the domain API answers an account that has no versionless domains",
)
PAGE_OVER_100: Final = _switch(
    "page-over-100",
    "served capped",
    "recorded 2023: per_page=200 was served; docs: at most 100",
    "what GET /service does with per_page above 100",
)
TAKEN_WITHIN_ACCOUNT: Final = _switch(
    "taken-within-account",
    "at-write at-activation",
    "docs: a domain belongs to one service; not when that is looked at",
    "when a classic domain is refused that another service of the same account serves",
)
TAKEN_WORDS: Final = _switch(
    "taken-words",
    "already-taken owned",
    "fastly/cli #803 (2023): 'is already taken by another customer'; a report of 2025: 'is owned by another "
    "customer'",
    "in which words a classic domain of another customer is refused",
)

SWITCHES: Final = (
    ACTIVATE_WITHOUT_DOMAIN,
    CLASSIC_LISTED,
    COMMENT_ON_LOCKED,
    DELETED_SERVICE_DOMAINS,
    DETAILS_FILTER,
    LIMIT_HEADERS,
    NO_VERSIONLESS,
    PAGE_OVER_100,
    TAKEN_WITHIN_ACCOUNT,
    TAKEN_WORDS,
)
