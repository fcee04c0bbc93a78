"""Cloudflare's OpenAPI description, made from the installed `cloudflare` package.

The vendor generates its SDK from an OpenAPI description; the generated classes still carry paths,
parameters and types.  This reads them (nothing is sent anywhere) and gives an OpenAPI 3.1
document that holds the operations listed below.  The answer envelope is not in the SDK and is
written in after the vendor's own OpenAPI (cloudflare/api-schemas).
"""

from __future__ import annotations

import ast
import collections.abc
import datetime
import inspect
import sys
import textwrap
import types
import typing
from collections.abc import Iterator, Mapping
from functools import cache, reduce
from typing import Any

import cloudflare
import pydantic
import typing_extensions
from cloudflare import _types as sdk_types
from cloudflare._utils import _transform as sdk_transform

Schema = dict[str, Any]
REF = "#/components/schemas/"
OPERATIONS = {
    "zones": "list get edit",
    "zones.settings": "get edit",
    "zones.activation_check": "trigger",
    "dns.records": "list create get update edit delete batch",
    "rulesets": "list create get update delete",
    "rulesets.phases": "get update",
    "rulesets.rules": "create edit delete",
    "ssl.universal.settings": "get edit",
    "ssl.certificate_packs": "list get",
    "ssl.verification": "get",
    "page_rules": "list",
    "custom_hostnames": "list create get edit delete",
    "custom_hostnames.fallback_origin": "get update delete",
    "custom_hostnames.quota": "get",
    "dcv_delegation": "get",
    "user.tokens": "verify",
}
SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    datetime.datetime: {"type": "string", "format": "date-time"},
    datetime.date: {"type": "string", "format": "date"},
    dict: {"type": "object"},
    list: {"type": "array"},
    object: {},
    Any: {},
}
# After cloudflare/api-schemas, rulesets_Message, and the error_chain that the DNS family answers.
NOTICE: Schema = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {
        "code": {"type": "integer"},
        "message": {"type": "string"},
        "source": {
            "type": "object",
            "required": ["pointer"],
            "properties": {"pointer": {"type": "string", "minLength": 1}},
        },
        "error_chain": {"type": "array", "items": {"$ref": f"{REF}notice"}},
    },
}
RESULT_INFO: Schema = {
    "type": ["object", "null"],
    "properties": {
        **{name: {"type": "integer"} for name in ("page", "per_page", "count", "total_count", "total_pages")},
        "cursor": {"type": "string"},
        "cursors": {"type": "object"},
    },
}
NOTICES: Schema = {"type": "array", "items": {"$ref": f"{REF}notice"}}
PAGES = frozenset(
    {
        "ResultWrapper",
        "SyncV4PagePaginationArray",
        "SyncSinglePage",
        "SyncV4PagePagination",
        "SyncCursorPagination",
    }
)
CALLS = frozenset({"_get", "_post", "_put", "_patch", "_delete", "_get_api_list"})


def envelope(result: Schema | None) -> Schema:
    """The answer envelope, around one kind of result or around any."""
    members: Schema = {
        "success": {"type": "boolean"},
        "errors": NOTICES,
        "messages": {"anyOf": [NOTICES, {"type": "null"}]},
        "result_info": RESULT_INFO,
        "result": {} if result is None else any_of([result, {"type": "null"}]),
    }
    required = ["success", "errors", "messages"] + ([] if result is None else ["result"])
    return {"type": "object", "required": required, "properties": members}


def any_of(options: list[Schema]) -> Schema:
    """One schema for several, each counted once."""
    unique: list[Schema] = []
    for option in options:
        if option not in unique:
            unique.append(option)
    return unique[0] if len(unique) == 1 else {"anyOf": unique}


class Types:
    """Component schemas of the SDK's classes, named as they are met."""

    def __init__(self) -> None:
        """Start with what every answer refers to."""
        self.schemas: dict[str, Schema] = {"notice": NOTICE}
        self._names: dict[type, str] = {}

    def of(self, kind: Any) -> Schema:
        """The schema of a type annotation. Raises TypeError where it is of no known shape."""
        kind = unwrapped(kind)[0]
        if kind in SCALARS:
            return dict(SCALARS[kind])
        if type(kind).__name__ == "TypeAliasType":
            return self.of(kind.__value__)
        origin, args = typing.get_origin(kind), typing.get_args(kind)
        if origin is not None:
            return self._generic(kind, origin, args)
        if inspect.isclass(kind) and _has_members(kind):
            return self._named(kind)
        if inspect.isclass(kind) and issubclass(kind, str):
            return {"type": "string"}
        raise TypeError(f"no schema for {kind!r}")

    def _generic(self, kind: Any, origin: Any, args: tuple[Any, ...]) -> Schema:
        if origin in (typing.Literal, typing_extensions.Literal):
            kinds = {type(arg) for arg in args}
            return {**(SCALARS[kinds.pop()] if len(kinds) == 1 else {}), "enum": list(args)}
        if origin in (typing.Union, types.UnionType):
            return any_of([self.of(arg) for arg in args])
        if origin in (sdk_types.SequenceNotStr, list, collections.abc.Iterable, collections.abc.Sequence):
            return {"type": "array", "items": self.of(args[0])}
        if origin in (dict, collections.abc.Mapping):
            return {"type": "object", "additionalProperties": self.of(args[1])}
        raise TypeError(f"no schema for {kind!r}")

    def _named(self, cls: type) -> Schema:
        if cls not in self._names:
            short = cls.__name__
            name = (
                f"{cls.__module__.rpartition('cloudflare.types.')[2]}.{short}"
                if short in self.schemas
                else short
            )
            self._names[cls] = name
            self.schemas[name] = {}  # met again below itself
            self.schemas[name] = self.members(cls)
        return {"$ref": REF + self._names[cls]}

    def members(self, cls: Any, only: list[str] | None = None) -> Schema:
        """The schema of a class's members, or of some of them."""
        properties: Schema = {}
        required = []
        for key, kind, needed in _members(cls):
            if only is None or key[0] in only:
                properties[key[1]] = self.of(kind)
                required += [key[1]] if needed else []
        out: Schema = {"type": "object", "properties": properties}
        return {**out, "required": required} if required else out

    def parameters(self, kind: Any, keys: list[str]) -> Schema:
        """The keys of a *Params type (a TypedDict or a union of them) as one schema."""
        kind = unwrapped(kind)[0]
        if type(kind).__name__ == "TypeAliasType":
            kind = kind.__value__
        if typing.get_origin(kind) in (typing.Union, types.UnionType):
            return any_of([self.members(arg, keys) for arg in typing.get_args(kind)])
        return self.members(kind, keys)


def unwrapped(hint: Any) -> tuple[Any, bool, str | None]:
    """Split an annotation into its type, whether it is required, and its name on the wire."""
    required, alias = False, None
    while True:
        origin = typing.get_origin(hint)
        if origin in (typing_extensions.Required, typing.Required):
            required, hint = True, typing.get_args(hint)[0]
        elif origin in (typing_extensions.NotRequired, typing.NotRequired):
            hint = typing.get_args(hint)[0]
        elif origin is typing.Annotated:
            for meta in hint.__metadata__:
                if isinstance(meta, sdk_transform.PropertyInfo) and meta.alias:
                    alias = meta.alias
            hint = hint.__origin__
        else:
            return hint, required, alias


def _has_members(cls: Any) -> bool:
    return typing_extensions.is_typeddict(cls) or issubclass(cls, pydantic.BaseModel)


def _members(cls: Any) -> Iterator[tuple[tuple[str, str], Any, bool]]:
    """Each member as ((name, name on the wire), type, whether it is required)."""
    if typing_extensions.is_typeddict(cls):
        for key, hint in typing_extensions.get_type_hints(cls, include_extras=True).items():
            kind, required, alias = unwrapped(hint)
            yield (key, alias or key), kind, required
        return
    for key, field in cls.model_fields.items():
        yield (key, field.alias or key), field.annotation, field.is_required()


class Method:
    """One method of the SDK, read from its source: what it sends where, and what it takes for an answer."""

    def __init__(self, client: Any, resource: str, name: str) -> None:
        """Find the one HTTP call in the method's source."""
        owner = reduce(getattr, resource.split("."), client)
        function = inspect.unwrap(getattr(type(owner), name))
        self.space = vars(sys.modules[function.__module__])
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        self.call = next(node for node in ast.walk(tree) if _is_http_call(node))
        self.keywords = {keyword.arg: keyword.value for keyword in self.call.keywords}
        self.id = f"{resource}.{name}"

    @property
    def verb(self) -> str:
        """The HTTP method, lower case."""
        verb = self.call.func.attr.lstrip("_")  # type: ignore[attr-defined]  # _is_http_call saw an Attribute
        if verb != "get_api_list":
            return str(verb)
        given = self.keywords.get("method")
        return str(given.value) if isinstance(given, ast.Constant) else "get"

    @property
    def path(self) -> str:
        """The path template; what may be of an account or a zone is of a zone."""
        path: Any = self.call.args[0]
        if isinstance(path, ast.Call):  # path_template("...", name=value)
            path = path.args[0]
        text = path.value if isinstance(path, ast.Constant) else "".join(map(_path_part, path.values))
        return str(text).replace("/{account_or_zone}/{account_or_zone_id}", "/zones/{zone_id}")

    def sent(self, known: Types, where: ast.AST | None) -> Schema | None:
        """The schema of what `maybe_transform({...}, Params)` sends, below a node."""
        for node in ast.walk(where) if where is not None else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "maybe_transform":
                given = node.args[0]
                if isinstance(given, ast.Dict):
                    keys = [key.value for key in given.keys if isinstance(key, ast.Constant)]
                    return known.parameters(self._evaluated(node.args[1]), [str(key) for key in keys])
        return None

    def query(self, known: Types) -> Iterator[Schema]:
        """The query parameters; nested filters are sent as name.part=value."""
        options = self.keywords.get("options")
        calls = [n for n in ast.walk(options) if isinstance(n, ast.Call)] if options is not None else []
        node = next((k.value for call in calls for k in call.keywords if k.arg == "query"), None)
        for name, schema in ((self.sent(known, node) or {}).get("properties", {})).items():
            choices = schema.get("anyOf", [schema])
            for part in (c for c in choices if "$ref" in c):
                nested = known.schemas[part["$ref"].removeprefix(REF)]
                for inner, inner_schema in nested.get("properties", {}).items():
                    yield {"name": f"{name}.{inner}", "in": "query", "schema": inner_schema}
            if rest := [c for c in choices if "$ref" not in c]:
                yield {"name": name, "in": "query", "schema": any_of(rest)}

    def answer(self, known: Types) -> Schema:
        """The schema of a good answer."""
        listed = "page" in self.keywords
        inner = self.keywords["page" if listed else "cast_to"]
        while isinstance(inner, ast.Call):  # cast(Type[...], ResultWrapper[X])
            inner = inner.args[-1]
        wrapped = isinstance(inner, ast.Subscript) and ast.unparse(inner.value).rpartition(".")[2] in PAGES
        target = inner.slice if wrapped and isinstance(inner, ast.Subscript) else inner
        schema = known.of(self._evaluated(target))
        if not wrapped:
            return schema
        return envelope({"type": "array", "items": schema} if listed else schema)

    def _evaluated(self, node: ast.AST) -> Any:
        return eval(ast.unparse(node), self.space)  # noqa: S307 - the SDK's own source names its own types


def _is_http_call(node: ast.AST) -> typing.TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS


def _path_part(part: Any) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "{" + ast.unparse(part.value) + "}"


def _operation(method: Method, known: Types) -> Schema:
    names = [piece[1:-1] for piece in method.path.split("/") if piece.startswith("{")]
    parameters = [{"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names]
    answer, failure = method.answer(known), envelope(None)
    good: Schema = {"200": _json(answer)} if answer != {"type": "null"} else {"204": {"description": ""}}
    out: Schema = {
        "operationId": method.id,
        "parameters": [*parameters, *method.query(known)],
        "responses": {**good, "4XX": _json(failure), "5XX": _json(failure)},
    }
    body = method.sent(known, method.keywords.get("body"))
    if body is not None:
        out["requestBody"] = {"required": True, **_json(body)}
    return out


def _json(schema: Schema) -> Schema:
    return {"description": "", "content": {"application/json": {"schema": schema}}}


@cache
def description() -> Mapping[str, Any]:
    """The whole description, made once in a process."""
    known = Types()
    paths: dict[str, Schema] = {}
    client = cloudflare.Cloudflare(api_token="unused")
    try:
        for resource, names in OPERATIONS.items():
            for name in names.split():
                method = Method(client, resource, name)
                paths.setdefault(method.path, {})[method.verb] = _operation(method, known)
    finally:
        client.close()
    return {
        "openapi": "3.1.0",
        "info": {"title": "Cloudflare API v4, from its Python SDK", "version": cloudflare.__version__},
        "servers": [{"url": "https://api.cloudflare.com/client/v4"}],
        "paths": paths,
        "components": {"schemas": known.schemas},
    }
