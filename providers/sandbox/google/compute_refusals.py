"""The words in which Compute Engine refuses.

docs: "Troubleshooting: API errors"; the texts are those of public reports (issues of Terraform's provider).
"""

from __future__ import annotations

from typing import Any

from .call import Refusal

#: How an operation that fails spells the reason of the same refusal.
CODES = {
    "resourceInUseByAnotherResource": "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE",
    "quotaExceeded": "QUOTA_EXCEEDED",
}
PHRASES = {400: "BAD REQUEST", 403: "FORBIDDEN"}


def not_found(path: str) -> Refusal:
    """Refuse what names a resource that is not there."""
    return Refusal(404, "notFound", f"The resource '{path}' was not found")


def already_exists(path: str) -> Refusal:
    """Refuse to make what is there."""
    return Refusal(409, "alreadyExists", f"The resource '{path}' already exists")


def not_ready(path: str) -> Refusal:
    """Refuse what concerns a resource on which an operation runs."""
    return Refusal(400, "resourceNotReady", f"The resource '{path}' is not ready")


def in_use(word: str, path: str, user: str) -> Refusal:
    """Refuse to delete what another resource needs."""
    message = f"The {word} resource '{path}' is already being used by '{user}'"
    return Refusal(400, "resourceInUseByAnotherResource", message)


def invalid(field: str, value: Any, words: str = "") -> Refusal:
    """Refuse a value."""
    return Refusal(400, "invalid", f"Invalid value for field 'resource.{field}': '{value}'. {words}".rstrip())


def required(field: str) -> Refusal:
    """Refuse what lacks a member."""
    return Refusal(400, "required", f"Required field 'resource.{field}' not specified")


def stale(path: str) -> Refusal:
    """Refuse a change by an old fingerprint."""
    return Refusal(412, "conditionNotMet", f"Invalid fingerprint for resource '{path}'.")


def over_quota(metric: str, limit: int) -> Refusal:
    """Refuse a creation beyond a quota of the project."""
    message = f"Quota '{metric}' exceeded.  Limit: {limit}.0 globally."
    return Refusal(403, "quotaExceeded", message, domain="usageLimits")
