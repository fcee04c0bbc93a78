"""What a service of AWS is asked and what it answers: values, whatever the protocol on the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from providers.sandbox.kernel import Kernel

    from .account import Account


class Refusal(Exception):
    """What a service answers instead: status, code and words; `members` are further members of its shape."""

    def __init__(self, status: int, code: str, message: str, **members: Any) -> None:
        """Keep all of it."""
        super().__init__(message)
        self.status, self.code, self.message, self.members = status, code, message, members


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: members as the model names them, those in headers included (ETag, Location).

    A time is unix seconds. `status` None is the model's. `headers` are those that the model does not name.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed: `arn` as IAM names it."""

    arn: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `params` are members as the model names them, checked by the model; a time is unix seconds.

    `signed_at` is the caller's own clock (unix seconds), which need not be the sandbox's.
    """

    service: str  # botocore's name: route53, cloudfront, acm, sts, resourcegroupstaggingapi, …
    operation: str
    params: Mapping[str, Any]
    account: Account
    caller: Caller
    region: str
    now: float  # sandbox time
    kernel: Kernel
    headers: Mapping[str, str]
    signed_at: float = 0.0


Handler = Callable[[Call], Answer]
