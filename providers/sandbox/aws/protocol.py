"""The protocols on the wire: a request to a call's operation and members, an answer or a refusal to bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as Tree

from . import cbor, json_form, validation, xml_form
from .call import Answer, Refusal
from .models import Operation, body_members, find_route, service_model, spelling

NAMESPACES = {
    "route53": "https://route53.amazonaws.com/doc/2013-04-01/",
    "cloudfront": "http://cloudfront.amazonaws.com/doc/2020-05-31/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}
#: The code of a request that breaks its model; others say ValidationException.
INVALID = {"route53": "InvalidInput", "cloudfront": "MalformedXML", "sts": "ValidationError"}
UNREADABLE = {"route53": "InvalidInput", "cloudfront": "MalformedXML", "sts": "MalformedInput"}
CBOR_TYPE = "application/cbor"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. `path` and `query` as they came, encoded; names of headers in any case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, str]:
        """The query, decoded."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a service in one protocol: rest-xml, query, json, rest-json or cbor."""

    service: str
    protocol: str
    request: Request
    operation: Operation = None  # None: the service has none like it
    labels: Mapping[str, str] | None = None

    def params(self) -> dict[str, Any]:
        """Give the call's members, checked by the model. Raises Refusal."""
        shape = self.operation.input_shape
        if shape is None:
            return {}
        try:
            params = {**self._beside_the_body(), **_READERS[self.protocol](self)}
        except ValueError as error:
            raise Refusal(400, UNREADABLE.get(self.service, "SerializationException"), str(error)) from error
        if found := validation.mistakes(shape, params):
            code = INVALID.get(self.service, "ValidationException")
            raise Refusal(400, code, validation.message(found))
        return params

    def _beside_the_body(self) -> dict[str, Any]:
        """Read members in the path, the query and the headers."""
        out: dict[str, Any] = {}
        fields = self.request.fields
        places: dict[str, Mapping[str, str]] = {
            "uri": self.labels or {},
            "querystring": fields,
            "header": self.request.headers,
        }
        for name, member in self.operation.input_shape.members.items():
            given = places.get(member.serialization.get("location", ""), {})
            key = member.serialization.get("name", name)
            if key in given:
                out[name] = xml_form.leaf(member, given[key])
        return out

    def answered(self, answer: Answer, request_id: str) -> Response:
        """Spell a good answer."""
        shape = self.operation.output_shape
        status = answer.status or self.operation.http.get("responseCode", 200)
        headers = {"x-amzn-RequestId": request_id, **answer.headers}
        beside = {
            name: member.serialization["name"]
            for name, member in (shape.members if shape else {}).items()
            if member.serialization.get("location") == "header"
        }
        headers |= {beside[n]: str(v) for n, v in answer.params.items() if n in beside and v is not None}
        params = {n: v for n, v in answer.params.items() if n not in beside}
        body = _WRITERS[self.protocol](self, params, request_id)
        return Response(status, {**headers, **_typed(self.protocol, body)}, body)

    def refused(self, refusal: Refusal, request_id: str) -> Response:
        """Spell a refusal as this protocol does."""
        headers = {"x-amzn-RequestId": request_id}
        body = _REFUSALS[self.protocol](self, refusal, request_id)
        if self.protocol == "rest-json":
            headers["x-amzn-ErrorType"] = refusal.code
        told = self.protocol in ("rest-xml", "query", "rest-json") or refusal.status >= 500
        status = refusal.status if told else 400
        return Response(status, {**headers, **_typed(self.protocol, body)}, body)


def asked(service: str, request: Request) -> Asked | None:
    """Find the operation of a request to a service; None where botocore has no such service."""
    model = service_model(service)
    if model is None:
        return None
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
        return _named(Asked(service, "cbor", request), request.path.rpartition("/")[2])
    target = request.headers.get("X-Amz-Target", "")
    if target:
        return _named(Asked(service, "json", request), target.rpartition(".")[2])
    if model.metadata["protocol"] == "query":
        fields = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        return _named(Asked(service, "query", request), fields.get("Action", ""))
    rest = "rest-json" if model.metadata["protocol"] == "rest-json" else "rest-xml"
    name, labels = find_route(service, request.method, request.path, request.fields)
    return _named(Asked(service, rest, request, labels=labels), name)


def _named(found: Asked, name: str) -> Asked:
    model = service_model(found.service)
    if name not in model.operation_names:
        return found
    return Asked(found.service, found.protocol, found.request, model.operation_model(name), found.labels)


# -- requests


def _read_xml(found: Asked) -> dict[str, Any]:
    shape = found.operation.input_shape
    members = body_members(shape)
    if not members or not found.request.body.strip():
        return {}
    root = xml_form.document(found.request.body)
    payload = shape.serialization.get("payload")
    if payload:
        return {payload: xml_form.parsed(shape.members[payload], root)}
    return dict(xml_form.parsed(shape, root))


def _read_json(found: Asked) -> dict[str, Any]:
    text = found.request.body.decode()
    return dict(json_form.read(found.operation.input_shape, json.loads(text) if text.strip() else {}))


def _read_cbor(found: Asked) -> dict[str, Any]:
    body = found.request.body
    return dict(json_form.read(found.operation.input_shape, cbor.decoded(body) if body else {}))


def _read_form(found: Asked) -> dict[str, Any]:
    given = dict(parse_qsl(found.request.body.decode(), keep_blank_values=True))
    return dict(xml_form.form(found.operation.input_shape, given))


_READERS: Mapping[str, Callable[[Asked], dict[str, Any]]] = {
    "rest-xml": _read_xml,
    "query": _read_form,
    "json": _read_json,
    "rest-json": _read_json,
    "cbor": _read_cbor,
}


# -- answers


def _write_xml(found: Asked, params: Mapping[str, Any], _request_id: str) -> bytes:
    shape = found.operation.output_shape
    if shape is None or not body_members(shape):
        return b""
    payload = shape.serialization.get("payload")
    if payload:
        member = shape.members[payload]
        root = xml_form.element(member, params[payload], member.serialization.get("name", member.name))
    else:
        root = xml_form.element(shape, params, shape.name)
    return xml_form.rendered(root, NAMESPACES[found.service])


def _write_form(found: Asked, params: Mapping[str, Any], request_id: str) -> bytes:
    name = found.operation.name
    root = Tree.Element(f"{name}Response")
    shape = found.operation.output_shape
    if shape is not None:
        root.append(
            xml_form.element(shape, params, shape.serialization.get("resultWrapper", f"{name}Result"))
        )
    Tree.SubElement(Tree.SubElement(root, "ResponseMetadata"), "RequestId").text = request_id
    return xml_form.rendered(root, NAMESPACES[found.service])


def _spelled(found: Asked, params: Mapping[str, Any]) -> Any:
    shape = found.operation.output_shape
    return {} if shape is None else json_form.spelled(shape, params)


def _write_json(found: Asked, params: Mapping[str, Any], _request_id: str) -> bytes:
    return b"" if found.operation.output_shape is None else json.dumps(_spelled(found, params)).encode()


def _write_cbor(found: Asked, params: Mapping[str, Any], _request_id: str) -> bytes:
    return cbor.encoded(_spelled(found, params))


_WRITERS: Mapping[str, Callable[[Asked, Mapping[str, Any], str], bytes]] = {
    "rest-xml": _write_xml,
    "query": _write_form,
    "json": _write_json,
    "rest-json": _write_json,
    "cbor": _write_cbor,
}


# -- refusals


def _refuse_xml(found: Asked, refusal: Refusal, request_id: str) -> bytes:
    root = Tree.Element("ErrorResponse")
    error = Tree.SubElement(root, "Error")
    Tree.SubElement(error, "Type").text = "Sender" if refusal.status < 500 else "Receiver"
    Tree.SubElement(error, "Code").text = refusal.code
    Tree.SubElement(error, "Message").text = refusal.message
    for name, value in refusal.members.items():
        Tree.SubElement(error, name).text = str(value)
    Tree.SubElement(root, "RequestId").text = request_id
    return xml_form.rendered(root, NAMESPACES.get(found.service, ""))


def _error_members(found: Asked, refusal: Refusal) -> dict[str, Any]:
    shapes = {shape.name: shape for shape in (found.operation.error_shapes if found.operation else ())}
    members = {"message": refusal.message, **refusal.members}
    shape = shapes.get(refusal.code)
    if shape is None:
        return members
    names = {name.lower(): spelling(shape, name) for name in shape.members}
    return {names.get(name.lower(), name): value for name, value in members.items()}


def _refuse_json(found: Asked, refusal: Refusal, _request_id: str) -> bytes:
    return json.dumps({"__type": refusal.code, **_error_members(found, refusal)}).encode()


def _refuse_cbor(found: Asked, refusal: Refusal, _request_id: str) -> bytes:
    return cbor.encoded({"__type": refusal.code, **_error_members(found, refusal)})


def _refuse_rest_json(found: Asked, refusal: Refusal, _request_id: str) -> bytes:
    return json.dumps(_error_members(found, refusal)).encode()


_REFUSALS: Mapping[str, Callable[[Asked, Refusal, str], bytes]] = {
    "rest-xml": _refuse_xml,
    "query": _refuse_xml,
    "json": _refuse_json,
    "rest-json": _refuse_rest_json,
    "cbor": _refuse_cbor,
}
_TYPES = {
    "rest-xml": "text/xml",
    "query": "text/xml",
    "json": "application/x-amz-json-1.1",
    "rest-json": "application/json",
    "cbor": CBOR_TYPE,
}


def _typed(protocol: str, body: bytes) -> dict[str, str]:
    headers = {"Content-Type": _TYPES[protocol]} if body else {}
    return {**headers, "smithy-protocol": "rpc-v2-cbor"} if protocol == "cbor" else headers
