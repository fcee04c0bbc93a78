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

SWITCHES: Final = (ACTIVATE_WITHOUT_DOMAIN,)
