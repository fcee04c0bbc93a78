"""Members that a vendor adds to its answers one day change nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from providers.sandbox.aws import cbor
from tests.conformance.candidates import Candidate
from tests.conformance.holdings import differences
from tests.conformance.score import APPLY, DESTROY, score
from tests.conformance.stand import stand

NEW = {"a_new_member": {"of": ["some", {"kind": None}]}}
NEW_ELEMENT = ElementTree.Element("ANewMember")
NEW_ELEMENT.text = "some"
CBOR = "application/cbor"
HOP = frozenset({"connection", "content-length", "content-type", "date", "server", "transfer-encoding"})


def embellished(value: Any) -> Any:
    """JSON values with a member more in every object."""
    if isinstance(value, dict):
        return {**NEW, **{key: embellished(each) for key, each in value.items()}}
    return [embellished(each) for each in value] if isinstance(value, list) else value


def embellished_xml(text: bytes) -> bytes:
    """XML with an element more in each that has others, but for lists."""
    root = ElementTree.fromstring(text)  # noqa: S314 - the sandbox's own
    if root.tag.startswith("{"):
        ElementTree.register_namespace("", root.tag[1:].partition("}")[0])
    for element in list(root.iter()):
        is_list = element.tag.endswith("s") and len({child.tag for child in element}) == 1
        if len(element) and not is_list:
            element.insert(0, deepcopy(NEW_ELEMENT))
    return ElementTree.tostring(root)


def more(kind: str, body: bytes) -> bytes:
    """The body of an answer, with more in it than there was."""
    if kind.startswith(("application/json", "application/x-amz-json")):
        return json.dumps(embellished(json.loads(body))).encode()
    if kind.startswith(CBOR):
        return cbor.encoded(embellished(cbor.decoded(body)))
    return embellished_xml(body) if kind.startswith(("text/xml", "application/xml")) else body


@contextmanager
def before(url: str) -> Iterator[str]:
    """Stand before an API and embellish its answers; gives the URL to call instead."""
    place = urlsplit(url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            """Pass one request on, whatever its method."""
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            behind = HTTPConnection(str(place.hostname), place.port)
            try:
                behind.request(self.command, self.path, body, dict(self.headers.items()))
                answer = behind.getresponse()
                self.give(answer, answer.read())
            finally:
                behind.close()

        def give(self, answer: HTTPResponse, body: bytes) -> None:
            """Answer, with more in it than there was."""
            kind = answer.getheader("Content-Type", "")
            if body:
                body = more(kind, body)
            self.send_response_only(answer.status)
            self.send_header("Content-Type", kind)
            for name, value in answer.getheaders():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{place.path}"
        finally:
            server.shutdown()
            thread.join()


def test_unknown_members_are_let_pass(candidate: Candidate) -> None:
    with stand(candidate) as at:
        _through(at.environ, at.done)
        assert differences(score(candidate, APPLY).holdings, at.holdings()) == []
        _through(at.environ, at.converged)
        _through(at.environ, lambda: at.done(choice=DESTROY.choice))
        assert differences(score(candidate, DESTROY).holdings, at.holdings()) == []


def _through(environ: dict[str, str], act: Any) -> None:
    """Do something with every API of the environment behind an embellisher."""
    names = [n for n, value in environ.items() if value.startswith("http://") and n != "TDR_SANDBOX_URL"]
    assert names
    _nested(environ, names, act)


def _nested(environ: dict[str, str], names: list[str], act: Any) -> None:
    if not names:
        act()
        return
    right = environ[names[0]]
    with before(right) as url:
        environ[names[0]] = url
        _nested(environ, names[1:], act)
        environ[names[0]] = right
