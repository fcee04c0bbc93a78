"""Signature Version 4: who calls which service, and whether the signature is that of the key.

docs: IAM User Guide, "AWS Signature Version 4 for API requests". The signature is computed by botocore.
"""

from __future__ import annotations

import datetime as dt
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from .call import Refusal

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=(?P<key>[^/,]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)"
    r"/aws4_request, *SignedHeaders=(?P<signed>[^,]+), *Signature=(?P<signature>[0-9a-f]+)"
)
#: Names in the credential scope that are not botocore's names of the services.
SERVICES = {"tagging": "resourcegroupstaggingapi", "pricingplanmanager": "pricing-plan-manager"}
WRONG_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True, slots=True)
class Signed:
    """What an Authorization header says."""

    key: str
    region: str
    scope: str  # the service's name in the credential scope
    headers: tuple[str, ...]
    signature: str

    @property
    def service(self) -> str:
        """The service as botocore names it."""
        return SERVICES.get(self.scope, self.scope)


def signed(authorization: str) -> Signed | None:
    """Read an Authorization header; None is one that is missing or in another form."""
    found = _AUTHORIZATION.fullmatch(authorization.strip())
    if found is None:
        return None
    headers = tuple(found["signed"].split(";"))
    return Signed(found["key"], found["region"], found["service"], headers, found["signature"])


def signed_at(headers: Mapping[str, str]) -> float:
    """Give the caller's clock as it was signed, in unix seconds. Raises Refusal."""
    try:
        when = dt.datetime.strptime(headers.get("X-Amz-Date", ""), "%Y%m%dT%H%M%S%z")
    except ValueError as error:
        message = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        raise Refusal(403, "IncompleteSignature", message) from error
    return when.timestamp()


def check(
    found: Signed, secret: str, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes
) -> None:
    """Refuse a signature that is not this secret's. `url` is as it came, encoded. Raises Refusal."""
    auths, requests, keys = (
        import_module(f"botocore.{name}") for name in ("auth", "awsrequest", "credentials")
    )
    chosen = {name: value for name, value in headers if name.lower() in found.headers}
    request: Any = requests.AWSRequest(method=method, url=url, headers=chosen, data=body)
    stamp = next((value for name, value in headers if name.lower() == "x-amz-date"), "")
    request.context["timestamp"] = stamp
    auth: Any = auths.SigV4Auth(keys.Credentials(found.key, secret), found.scope, found.region)
    wanted = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    if not hmac.compare_digest(wanted, found.signature):
        raise Refusal(403, "SignatureDoesNotMatch", WRONG_SIGNATURE)
