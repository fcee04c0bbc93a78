"""Judge what a sandbox received and answered as AWS, by the services' models inside botocore.

`aws_findings(sandbox.kernel.calls)` gives a list of texts, empty when all is well. Good answers are judged by
`Aws` of the descriptions' folder; where that is absent, only the codes of refusals are.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import botocore.session

from providers.sandbox.calls import Call
from tests.contract.judge import specs_folder

TARGETS = {
    "CertificateManager": "acm",
    "ResourceGroupsTaggingAPI_20170126": "resourcegroupstaggingapi",
}
PATHS = {"/2013-04-01/": "route53", "/2020-05-31/": "cloudfront", "/v1/": "pricing-plan-manager"}
# docs: "Common Error Types" of each service's reference, and what no model lists though all services say it.
COMMON = {
    *("AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException"),
    *("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"),
    *("InvalidSignatureException", "MissingAuthenticationToken", "IncompleteSignature"),
    *("Throttling", "ThrottlingException", "ValidationError", "ValidationException", "MalformedXML"),
    "SerializationException",
}


@cache
def aws_judge(service: str) -> Any:
    """What judges a service's answers; None where the descriptions' folder is absent."""
    file = specs_folder() / "contract.py"
    if not file.exists():
        return None
    spec = importlib.util.spec_from_file_location("aws_contract", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Aws(service)


@cache
def model_of(service: str) -> Any:
    """Botocore's model of a service."""
    return botocore.session.get_session().get_service_model(service)


def aws_findings(calls: Iterable[Call]) -> list[str]:
    """Say what is wrong with the answers to AWS calls, each finding once."""
    found: dict[str, None] = {}
    for call in calls:
        if call.kind == "api" and call.vendor == "aws" and call.fault is None:
            found.update(dict.fromkeys(_findings(call)))
    return list(found)


def asked(call: Call) -> tuple[str, str]:
    """Give the service and the operation of a call; ("", "") where no model has it."""
    headers = {name.lower(): value for name, value in call.request_headers}
    if target := headers.get("x-amz-target"):
        service, _, operation = target.partition(".")
        return TARGETS.get(service, ""), operation
    if call.path.startswith("/service/"):
        _, _, service, _, operation = call.path.split("/")
        return TARGETS.get(service, ""), operation
    if call.content_type.startswith("application/x-www-form-urlencoded"):
        return "sts", parse_qs(call.request_body)["Action"][0]
    service = next((name for path, name in PATHS.items() if call.path.startswith(path)), "")
    return service, _routed(service, call) if service else ""


def _routed(service: str, call: Call) -> str:
    """Give the operation that a REST call's method, path and query mean: the one that says most."""
    query = parse_qs(call.query, keep_blank_values=True)
    fits = [
        (len(said), -fields, name)
        for method, path, said, fields, name in _routes(service)
        if method == call.method and path.fullmatch(call.path)
        if all(query.get(key) == value for key, value in said.items())
    ]
    return max(fits)[2] if fits else ""


@cache
def _routes(service: str) -> tuple[tuple[str, re.Pattern[str], Mapping[str, list[str]], int, str], ...]:
    """Give method, path, fixed query, the number of the path's fields, and name of each operation."""
    rows = []
    for name in model_of(service).operation_names:
        http = model_of(service).operation_model(name).http
        path, _, wanted = http["requestUri"].partition("?")
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)).rstrip("/") + "/?"
        said = parse_qs(wanted, keep_blank_values=True)
        rows.append((http["method"], re.compile(pattern), said, path.count("{"), name))
    return tuple(rows)


def _findings(call: Call) -> Iterator[str]:
    what = f"aws {call.method} {call.path}"
    if not call.emulated:
        yield f"{what}: the sandbox does not emulate this"
        return
    service, operation = asked(call)
    if not operation:
        if call.status != 403:
            yield f"{what}: no such operation in the services' models"
        return
    answered = _refused if call.status is not None and call.status >= 300 else _answered
    for error in answered(call, service, operation):
        yield f"{service} {operation} {call.status}: {error}"


def _refused(call: Call, service: str, operation: str) -> Iterator[str]:
    code = code_of(call.response_body, dict(call.response_headers))
    model = model_of(service).operation_model(operation)
    known = {shape.name for shape in model.error_shapes}
    known |= {shape.metadata.get("error", {}).get("code", "") for shape in model.error_shapes}
    if code not in known | COMMON and "\ufffd" not in call.response_body:
        yield f"the code {code!r} is none of the operation's"


def code_of(body: str, headers: Mapping[str, str]) -> str:
    """Give the code of a refusal, in whichever protocol."""
    if found := re.search(r"<Code>([^<]*)</Code>", body):
        return found[1]
    named = {name.lower(): value for name, value in headers.items()}.get("x-amzn-errortype")
    if named or not body.startswith("{"):
        return named or ""
    return str(json.loads(body).get("__type", ""))


def _answered(call: Call, service: str, operation: str) -> list[str]:
    return answer_errors(service, operation, call.response_body)


def answer_errors(service: str, operation: str, body: str) -> list[str]:
    """Judge a good answer's body in the protocol that it came in; CBOR is left out."""
    judge = aws_judge(service)
    if judge is None or "\ufffd" in body or body.startswith("\ufffd"):
        return []
    protocol = model_of(service).metadata["protocol"]
    shape = model_of(service).operation_model(operation).output_shape
    errors: list[str]
    if protocol == "query":
        whole = ElementTree.fromstring(body)  # noqa: S314 - of our own sandbox
        (result,) = (part for part in whole if part.tag.endswith(f"{operation}Result"))
        errors = judge._xml(shape, result, "/")
    elif body.startswith("{") and "json" not in protocol:
        errors = judge._json(shape, json.loads(body), "$")
    else:
        errors = judge.response_errors(operation, body)
    return errors
