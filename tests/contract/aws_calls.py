"""Which operation of which service a call to AWS is, as the wire tells it; nothing of tdr's or the sandbox's.

Services are named as IAM names them: `tag` for the Resource Groups Tagging API.
"""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import parse_qsl

from providers.sandbox.calls import Call
from tests.contract.aws_judge import model_of

#: docs: the services' API references; in X-Amz-Target of the JSON protocol, in the path of the CBOR one.
TARGETS = {"CertificateManager": "acm", "ResourceGroupsTaggingAPI_20170126": "tag"}
#: Beginnings of paths of the REST protocols, which name the version of an API.
VERSIONS = {"/2013-04-01/": "route53", "/2020-05-31/": "cloudfront"}
PLANS = "/v1/"
_CBOR = re.compile(r"^/service/([^/]+)/operation/([^/]+)$")
_READING = re.compile(r"Get|List|Describe|Search|AssumeRole")


def operation(call: Call) -> tuple[str, str]:
    """Give service and operation: ("acm", "RequestCertificate"). Raises LookupError for what is neither."""
    headers = {name.lower(): value for name, value in call.request_headers}
    if found := _CBOR.match(call.path):
        return TARGETS[found[1]], found[2]
    if "x-amz-target" in headers:
        service, _, name = headers["x-amz-target"].partition(".")
        return TARGETS[service], name
    if call.path.startswith(PLANS):
        return "pricingplanmanager", call.path.removeprefix(PLANS)
    if call.path == "/":
        return "sts", dict(parse_qsl(call.request_body))["Action"]
    for start, service in VERSIONS.items():
        if call.path.startswith(start):
            return service, _by_path(service, call)
    raise LookupError(f"{call.method} {call.path}")


def reads(call: Call) -> bool:
    """Whether a POST to a path that names nothing only reads."""
    return bool(_READING.match(operation(call)[1]))


def _by_path(service: str, call: Call) -> str:
    asked = dict(parse_qsl(call.query, keep_blank_values=True))
    found = [
        (len(fixed), name)
        for method, path, fixed, name in _operations(service)
        if method == call.method and path.fullmatch(call.path) and fixed.items() <= asked.items()
    ]
    if not found:
        raise LookupError(f"{service} {call.method} {call.path}?{call.query}")
    return max(found)[1]


@cache
def _operations(service: str) -> tuple[tuple[str, re.Pattern[str], dict[str, str], str], ...]:
    """Method, path and the fixed part of the query of each operation, as botocore describes the service."""
    model = model_of(service)
    rows = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        pattern = re.sub(r"\\\{[^}]*?(\\\+)?\\\}", "[^/]+", re.escape(path).rstrip("/")) + "/?"
        fixed = dict(parse_qsl(query, keep_blank_values=True))
        rows.append((http["method"], re.compile(pattern), fixed, name))
    return tuple(rows)
