"""How often CloudFront lets itself be written to: unpublished, so a switch."""

from __future__ import annotations

from .call import Call, Refusal
from .cloudfront_switches import WRITES

_RATES = {"one-per-second": (1, 1.0), "three-per-minute": (3, 60.0)}  # writes in so many seconds


def throttle(call: Call) -> None:
    """Count a write of an account. Raises Refusal."""
    setting = call.kernel.switch(WRITES.name)
    if setting not in _RATES or "aws" in call.kernel.limits:  # a limit from outside stands in its place
        return
    most, window_s = _RATES[setting]
    recent = [at for at in call.account.cloudfront.written if at > call.now - window_s]
    if len(recent) >= most:
        raise Refusal(400, "Throttling", "Rate exceeded")
    call.account.cloudfront.written = [*recent, call.now]
