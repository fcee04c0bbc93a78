"""What an active version tells the edge to do: objects of the version, read as the generated VCL would.

docs: API reference "Request Settings", "Header", "Cache Settings", "Condition", "Backend", "Settings"; guide
"Conditions". Conditions and header sources are read in their simple forms; what is more is not emulated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from providers.sandbox.contract import NotEmulated
from providers.sandbox.http1 import EdgeRequest, EdgeResponse, Headers, header

from .state import Object, Version

#: Kinds of objects that answer or rewrite in ways that are not emulated.
BEYOND = ("vcl", "snippet", "response_object", "director", "gzip")
_TEST = re.compile(r'\s*([\w.-]+)\s*(==|!=|~|!~)\s*"((?:[^"\\]|\\.)*)"\s*')


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one version for one request."""

    version: Version
    request: EdgeRequest

    def judge(self) -> None:
        """Raise NotEmulated for a version that has more than is emulated."""
        for kind in BEYOND:
            if self.version.all(kind):
                raise NotEmulated(f"{kind} objects")

    def applying(self, kind: str, by: str, response: EdgeResponse | None = None) -> Iterator[Object]:
        """Give the objects of a kind whose condition, named under the member `by`, holds."""
        for each in self.version.all(kind):
            if self.holds(str(each.get(by) or ""), response):
                yield each

    def holds(self, name: str, response: EdgeResponse | None = None) -> bool:
        """Say whether a condition holds; no name is none."""
        if not name:
            return True
        condition = self.version.objects.get("condition", {}).get(name)
        if condition is None:
            return False
        return all(self._test(part, response) for part in str(condition.get("statement", "")).split("&&"))

    def _test(self, text: str, response: EdgeResponse | None) -> bool:
        found = _TEST.fullmatch(text)
        if found is None:
            raise NotEmulated(f"the condition {text!r}")
        value, wanted = self.value(found[1], response), found[3]
        if found[2] in ("==", "!="):
            return (value == wanted) == (found[2] == "==")
        return (re.search(wanted, value) is not None) == (found[2] == "~")

    def value(self, name: str, response: EdgeResponse | None = None) -> str:
        """Give a variable's value. Raises NotEmulated for one that is not known."""
        request = self.request
        if name.startswith("req.http."):
            return request.header(name.removeprefix("req.http."))
        if response is not None and name.startswith(("beresp.http.", "resp.http.")):
            return response.header(name.partition(".http.")[2])
        plain = {
            "req.url": request.target,
            "req.url.path": request.path,
            "req.request": request.method,
            "req.method": request.method,
            "req.protocol": request.scheme,
            "client.ip": request.client,
        }
        if name not in plain:
            raise NotEmulated(f"the variable {name}")
        return plain[name]

    def source(self, text: str, response: EdgeResponse | None) -> str:
        """Give what a header is set to: a text in quotes, or a variable."""
        text = text.strip()
        if text.startswith('"') and text.endswith('"') and '"' not in text[1:-1]:
            return text[1:-1]
        return self.value(text, response)

    def headers(self, kind: str, sent: Headers, response: EdgeResponse | None = None) -> Headers:
        """Give headers as the header objects of a type (request, cache, response) leave them."""
        by = f"{kind}_condition"
        chosen = [each for each in self.applying("header", by, response) if each.get("type") == kind]
        for each in sorted(chosen, key=lambda each: int(each.get("priority") or 100)):
            sent = self._set(each, sent, response)
        return sent

    def _set(self, rule: Object, sent: Headers, response: EdgeResponse | None) -> Headers:
        action, name = str(rule.get("action")), str(rule.get("dst", "")).removeprefix("http.")
        others = tuple(pair for pair in sent if pair[0].lower() != name.lower())
        present = header(sent, name)
        if rule.get("ignore_if_set") in (1, "1", True) and present:
            return sent
        if action == "delete":
            return others
        if action == "append":
            return (*others, (name, present + self.source(str(rule.get("src", "")), response)))
        if action == "set":
            return (*others, (name, self.source(str(rule.get("src", "")), response)))
        raise NotEmulated(f"headers with action {action}")

    @property
    def request_settings(self) -> Mapping[str, Any]:
        """What the request settings that apply add up to; later ones go before."""
        merged: dict[str, Any] = {}
        for each in self.applying("request_settings", "request_condition"):
            merged |= {name: value for name, value in each.items() if value not in (None, "")}
        return merged

    @property
    def backend(self) -> Object | None:
        """The backend that is asked: the last whose condition holds, else the first that has none."""
        conditional = [each for each in self.version.all("backend") if each.get("request_condition")]
        chosen = [each for each in conditional if self.holds(str(each["request_condition"]))]
        plain = [each for each in self.version.all("backend") if not each.get("request_condition")]
        return next(iter((*reversed(chosen), *plain)), None)


def on(value: object) -> bool:
    """Read a switch of the API, which spells it in three ways."""
    return value in (True, 1, "1", "true")
