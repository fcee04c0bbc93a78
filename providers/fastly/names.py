"""Kinds, accounting units, containers and marks. Pure."""

from __future__ import annotations

import re
from typing import Final

# Kinds of resources.
SERVICE: Final = "fastly_service"
DOMAIN: Final = "fastly_domain"
SUBSCRIPTION: Final = "fastly_tls_subscription"
ACTIVATION: Final = "fastly_tls_activation"

# Units: what Fastly counts together.
WRITE: Final = "fastly-write"
READ: Final = "fastly-read"

# Containers: what one write goes to.
DOMAINS: Final = "domains"
TLS: Final = "tls"

# How a domain is kept.
CLASSIC: Final = "classic"
VERSIONLESS: Final = "versionless"

WRITES_PER_HOUR: Final = 1000
BACKEND: Final = "sparkpost"
"""The name of the one backend of a service of tdr's."""
PLACEHOLDER: Final = "tdr: Fastly serves no version without a domain"
"""The comment of a name that nobody visits, where a service has versionless domains alone."""

_MARK: Final = re.compile(r"tdr ([a-z0-9-]{1,32}) (\S+)")


def service_container(key: str) -> str:
    """Give the container of a service, whose versions hold its settings and its classic domains."""
    return f"service/{key}"


def key_in(container: str | None) -> str | None:
    """Give the service's key that a container stands for; None for another container."""
    head, _, key = (container or "").partition("/")
    return key if head == "service" and key else None


def service_name(owner: str, key: str) -> str:
    """Give the name of the service for an origin; Fastly holds each name once in an account."""
    return f"tdr-{owner}-{key}"


def mark(owner: str, subject: str) -> str:
    """Give the comment or description of what is tdr's: subject is a host or an origin."""
    return f"tdr {owner} {subject}"


def marked(text: str) -> tuple[str, str] | None:
    """Tell the owner and the subject that a comment names; None where it is none of tdr's."""
    found = _MARK.fullmatch(text)
    return (found[1], found[2]) if found else None


def mark_of(text: str, subject: str) -> str | None:
    """Tell the owner whose mark for this very subject a comment is; None where it is none."""
    found = marked(text)
    return found[0] if found is not None and found[1] == subject else None


def placeholder(service_id: str, host: str) -> str:
    """Give the name that keeps a service valid while its hosts are versionless domains.

    Each service has another one: a name is in one service alone, and a host may go from one to the other.
    """
    return f"tdr-{service_id.lower()}.{host}"


def identity_of(customer: str) -> str:
    """Give what an account is known by in claims."""
    return f"fastly.{customer}"


def provider_of(alias: str) -> str:
    """Give what an error calls the provider of an alias."""
    return f"{alias} (fastly)"
