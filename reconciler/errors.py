"""Everything that can go wrong and that a person can act on.

TdrError                        one line plus hints, never a traceback
├─ UsageError                   the command line is off
├─ ConfigError                  the files are off: all problems at once
├─ PlanError                    the plan cannot be made or read
├─ RefusedError                 a rule forbids it: StalePlan, policy, ownership
├─ NetworkError                 the network setting is off, or the sandbox went away
└─ ProviderError                a vendor said no: provider, operation, resource, request id
   ├─ AuthError                 401, 403: the credential or its rights
   ├─ InvalidRequest            400, 404 on a write, 422: a repeat would say the same
   ├─ Conflict                  409, 412, or live state that moved under us
   ├─ UnexpectedResponse        an answer that the vendor's documentation does not know
   ├─ NotReady                  not yet: the engine asks again up to a deadline
   │  └─ ByHand                 a person is to do it: up to the end of the run
   └─ Transient                 a repeat may help; retry_after_s where the vendor says
      ├─ RateLimited            429
      └─ Unavailable            5xx, time-out, connection lost; the request may have taken effect

Anything else that is raised is a bug and shows its traceback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.problem import Problem


class TdrError(Exception):
    """Base of all errors that are the operator's to act on."""


class UsageError(TdrError):
    """The command line cannot be understood."""


class ConfigError(TdrError):
    """What the files say cannot be done; carries every problem found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class PlanError(TdrError):
    """A plan cannot be made, or a saved one cannot be read."""


class RefusedError(TdrError):
    """A rule forbids the plan; the text names the rule, the line and what lifts it."""


class StalePlanError(RefusedError):
    """Live state or the files moved since the plan was approved."""


class NetworkError(TdrError):
    """A network setting is malformed, or the sandbox that keeps time is gone."""


class ProviderError(TdrError):
    """A vendor's refusal or failure, told with all that support would ask for.

    `provider` is the alias with its type, `operation` the vendor's name of the call, `resource`
    what it was for, `request_id` the vendor's, empty where it gives none.
    """

    def __init__(
        self,
        message: str,
        *,
        provider: str = "",
        operation: str = "",
        resource: str = "",
        request_id: str = "",
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.provider = provider
        self.operation = operation
        self.resource = resource
        self.request_id = request_id
        self.status = status

    def __str__(self) -> str:
        place = " ".join(part for part in (self.provider, self.operation, self.resource) if part)
        tail = f" (request id {self.request_id})" if self.request_id else ""
        return f"{place}: {self.message}{tail}" if place else f"{self.message}{tail}"


class AuthError(ProviderError):
    """The credential is missing, wrong, or lacks a right."""


class InvalidRequest(ProviderError):
    """The vendor will not have it; a repeat would end the same."""


class Conflict(ProviderError):
    """What the request rested on is no longer so."""


class UnexpectedResponse(ProviderError):
    """An answer outside the vendor's documentation, or a write that did not stick."""


class NotReady(ProviderError):
    """Not yet; asking again later may help."""


class ByHand(NotReady):
    """A person is to do it: the engine asks again as long as the run lasts."""


class Transient(ProviderError):
    """A repeat may help; `retry_after_s` is how long the vendor asks to wait, None where it does not say."""

    def __init__(self, message: str, *, retry_after_s: float | None = None, **context: str | int) -> None:
        super().__init__(message, **context)  # type: ignore[arg-type]  # the keywords of the base
        self.retry_after_s = retry_after_s


class RateLimited(Transient):
    """Too many requests; nothing was done."""


class Unavailable(Transient):
    """The vendor or the way to it failed.

    `sent` tells whether the request may have reached the vendor and taken effect.
    """

    def __init__(
        self, message: str, *, sent: bool = True, retry_after_s: float | None = None, **context: str | int
    ) -> None:
        super().__init__(message, retry_after_s=retry_after_s, **context)
        self.sent = sent
