"""SparkPost's refusals: the status and the one item of the `errors` list, in the words of its documentation.

Since September 2018 the tracking domains API answers `message` with, at times, `param` and `value`; before
that each item had `message`, `description` and `code` (a string), as sending domains still have. Both forms
are kept: the switch `sparkpost_error_codes` chooses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Item = dict[str, object]


@dataclass(frozen=True, slots=True)
class OldForm:
    """How the same refusal read before 2018-09, or still reads in the table of extended error codes."""

    code: str
    message: str
    description: str


class RefusedError(Exception):
    """One request refused: `status`, the error item of today, and the old form where there is one."""

    def __init__(self, status: int, item: Mapping[str, object], old: OldForm | None = None) -> None:
        super().__init__(f"{status}: {item.get('message')}")
        self.status = status
        self.item = dict(item)
        self.old = old

    def body(self, *, with_codes: bool) -> dict[str, list[Item]]:
        """The JSON document of the answer."""
        if not with_codes or self.old is None:
            return {"errors": [self.item]}
        old: Item = {"code": self.old.code, "message": self.old.message, "description": self.old.description}
        return {"errors": [old]}


@dataclass(frozen=True, slots=True)
class _Form:
    """A refusal that needs no value: today's words and, where known, the old ones."""

    status: int
    message: str
    old: OldForm | None = field(default=None)

    def __call__(self) -> RefusedError:
        return RefusedError(self.status, {"message": self.message}, self.old)


unauthorized = _Form(401, "Unauthorized.", OldForm("1303", "Unauthorized.", "the API key is not valid"))
forbidden = _Form(403, "Forbidden.", OldForm("1100", "permission denied", "the API key lacks a grant"))
too_many_requests = _Form(429, "Too many requests")
exists = _Form(
    409,
    "The tracking domain already exists",
    OldForm("1602", "resource conflict", "The tracking domain already exists."),
)
in_use = _Form(409, "The tracking domain is in use", OldForm("1602", "resource conflict", "in use"))
enabled_already = _Form(409, "Managed certificates are already enabled for this domain")
no_such_domain = _Form(404, "resource not found", OldForm("1600", "resource not found", "Resource not found"))
method_not_allowed = _Form(405, "Method not allowed")
not_json = _Form(415, "Unsupported Media Type")
check_failed = _Form(400, "Certificate eligibility check failed")
check_timed_out = _Form(503, "Certificate eligibility check timed out")
not_eligible = _Form(403, "Domain is not eligible for managed certificates due to Let's Encrypt policies")
cannot_issue = _Form(
    403, "Managed certificates cannot be issued for this domain due to Let's Encrypt policies"
)
not_verified_for_certificate = _Form(400, "Domain must be verified before enabling managed certificates")
not_on_v2 = _Form(400, "Domain must point to a V2 endpoint before enabling managed certificates")


def exists_in_extended_table() -> RefusedError:
    """The name exists, as support's table of extended error codes has it: 400 with code 6100."""
    return RefusedError(
        400,
        {
            "message": "tracking domain exists",
            "description": "Tracking domain already exists",
            "code": "6100",
        },
    )


def invalid_domain(status: int, value: object) -> RefusedError:
    """The name is no host name: 422 where the body holds it, 400 where the path does."""
    old = OldForm("1300", "invalid data format/type", f"Error domain name is not valid for domain: '{value}'")
    return RefusedError(status, {"param": "domain", "message": "domain must be valid", "value": value}, old)


def listed_domain(value: str) -> RefusedError:
    """The name stands on a DNS block list."""
    old = OldForm(
        "7000",
        "restricted domain",
        "Please contact SparkPost support to get this domain authorized for your account.",
    )
    item = {"param": "domain", "message": "domain is on a DNS blacklist", "value": value}
    return RefusedError(400, item, old)


def restricted_domain(value: str) -> RefusedError:
    """The name is SparkPost's own, or may not be used by this account."""
    old = OldForm(
        "7000",
        "restricted domain",
        "Please contact SparkPost support to get this domain authorized for your account.",
    )
    return RefusedError(400, {"param": "domain", "message": "restricted domain", "value": value}, old)


def taken_domain() -> RefusedError:
    """The name belongs to another account of the same region; the words are the sending domains' own."""
    return RefusedError(
        400,
        {
            "message": "Domain in use by another account",
            "description": "Please contact SparkPost support to check about this org-domain availability.",
            "code": "7004",
        },
    )


def missing_field(param: str) -> RefusedError:
    """A required member of the body is not there."""
    old = OldForm("1400", "required field is missing", f"{param} is required")
    return RefusedError(422, {"param": param, "message": f"{param} is required"}, old)


def wrong_type(param: str, wanted: str, value: object) -> RefusedError:
    """A member of the body has the wrong JSON type."""
    old = OldForm("1300", "invalid data format/type", f"{param} must be {wanted}")
    return RefusedError(422, {"param": param, "message": f"{param} must be {wanted}", "value": value}, old)


def bad_json() -> RefusedError:
    """The body is no JSON object."""
    return RefusedError(400, {"message": "request body must be a valid JSON object"})


def bad_subaccount(value: str) -> RefusedError:
    """`X-MSYS-SUBACCOUNT` is no number, or names no subaccount of this account."""
    return RefusedError(
        400,
        {
            "param": "X-MSYS-SUBACCOUNT",
            "message": "X-MSYS-SUBACCOUNT must be a valid subaccount id",
            "value": value,
        },
    )


def unverified(domain: str) -> RefusedError:
    """`default: true` was asked for a domain that is not verified."""
    words = f"Tracking domain '{domain}' unverified."
    return RefusedError(422, {"message": words}, OldForm("1300", "invalid data format/type", words))


def verify_failed(scheme: str, domain: str, port: int) -> RefusedError:
    """The check of the configured redirect did not reach SparkPost."""
    where = f"{scheme}://{domain}:{port}"
    hint = "Please verify that your redirect is functioning and that your SSL certificate is valid."
    old = OldForm("1404", "request to remote endpoint failed", f"Unable to reach {where}. {hint}")
    return RefusedError(400, {"message": f"HTTP request to {where} failed.  {hint}"}, old)


def over_quota(status: int) -> RefusedError:
    """The plan holds no further tracking domain; the words are not documented."""
    return RefusedError(status, {"message": "Tracking domain limit reached for this account"})


def no_such_sending_domain(domain: str) -> RefusedError:
    """Sending domains still answer with all three members."""
    return RefusedError(
        404,
        {
            "code": "1600",
            "message": "resource not found",
            "description": f"Domain '{domain}' does not exist",
        },
    )


def unregistered_tracking_domain(domain: str) -> RefusedError:
    """The name to link is no tracking domain of the sending domain's account and subaccount."""
    return RefusedError(
        400,
        {
            "message": "invalid params",
            "description": f"Tracking domain '{domain}' is not a registered tracking domain",
            "code": "1200",
        },
    )
