"""The one HTTP client: what each status and each broken connection means, and what no text may hold."""

import http.server
import threading
from pathlib import Path

import httpx
import pytest

from providers._http import REDACTED, Answer, Client, credential
from reconciler.errors import (
    AuthError,
    Conflict,
    InvalidRequest,
    NetworkError,
    ProviderError,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)

SECRET = "s3cr3t/key+1"


def client(handler, **more) -> Client:
    return Client(
        "https://api.example/v1/",
        headers={"Authorization": SECRET},
        secrets=[SECRET],
        transport=httpx.MockTransport(handler),
        **more,
    )


def answering(status: int, text: str = "", headers: dict[str, str] | None = None) -> Client:
    return client(lambda _request: httpx.Response(status, text=text, headers=headers))


def failing(error: Exception) -> Client:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise error

    return client(fail)


def test_a_request_goes_where_it_should_and_says_who_asks() -> None:
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"a": 1})

    answer = client(keep).send("PUT", "/things/x", body={"on": True}, headers={"X-Sub": "7"})
    [request] = seen
    assert str(request.url) == "https://api.example/v1/things/x"
    assert request.read() == b'{"on":true}'
    assert request.headers["authorization"] == SECRET
    assert request.headers["x-sub"] == "7"
    assert (answer.ok, answer.status, answer.body) == (True, 200, {"a": 1})


def test_no_body_is_sent_where_there_is_none() -> None:
    seen: list[bytes] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request.read())
        return httpx.Response(204)

    assert client(keep).send("POST", "/verify").body is None
    assert seen == [b""]


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (400, InvalidRequest),
        (401, AuthError),
        (402, InvalidRequest),
        (403, AuthError),
        (404, InvalidRequest),
        (405, UnexpectedResponse),
        (408, Unavailable),
        (409, Conflict),
        (410, InvalidRequest),
        (412, Conflict),
        (415, InvalidRequest),
        (418, UnexpectedResponse),
        (422, InvalidRequest),
        (429, RateLimited),
        (301, UnexpectedResponse),
        (302, UnexpectedResponse),
        (500, Unavailable),
        (502, Unavailable),
        (503, Unavailable),
        (599, Unavailable),
    ],
)
def test_each_status_has_one_meaning(status: int, meaning: type[ProviderError]) -> None:
    asked = answering(status, headers={"location": "https://elsewhere.example/", "x-request-id": "r-1"})
    error = asked.refusal(asked.send("GET", "/"), "no")
    assert type(error) is meaning
    assert (error.status, error.request_id) == (status, "r-1")
    assert f"HTTP {status}" in error.message


def test_a_missing_right_is_named_where_access_is_refused_and_nowhere_else() -> None:
    for status, named in ((401, True), (403, True), (404, False), (500, False)):
        asked = answering(status)
        error = asked.refusal(asked.send("GET", "/"), "no", rights="give it the grant things/view")
        assert ("things/view" in error.message) is named


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "5"}, 5.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "1e9999"}, None),
        (
            {"retry-after": "Mon, 05 Jan 2026 09:00:30 GMT", "date": "Mon, 05 Jan 2026 09:00:00 GMT"},
            30.0,
        ),
        (
            {"retry-after": "Mon, 05 Jan 2026 08:00:00 GMT", "date": "Mon, 05 Jan 2026 09:00:00 GMT"},
            0.0,
        ),
        ({"retry-after": "Mon, 05 Jan 2026 09:00:30 GMT"}, None),
    ],
)
def test_retry_after_is_honoured_in_both_its_forms(headers: dict[str, str], expected: float | None) -> None:
    asked = answering(429, headers=headers)
    error = asked.refusal(asked.send("GET", "/"))
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == expected


@pytest.mark.parametrize(
    ("failure", "sent"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout("slow"), False),
        (httpx.PoolTimeout("full"), False),
        (httpx.ProxyError("no"), False),
        (httpx.ReadTimeout("slow"), True),
        (httpx.WriteTimeout("slow"), True),
        (httpx.ReadError("reset"), True),
        (httpx.WriteError("reset"), True),
        (httpx.RemoteProtocolError("Server disconnected"), True),
        (httpx.DecodingError("bad gzip"), True),
    ],
)
def test_a_lost_answer_says_whether_the_request_may_have_arrived(failure: Exception, *, sent: bool) -> None:
    with pytest.raises(Unavailable) as caught:
        failing(failure).send("POST", "/things")
    assert caught.value.sent is sent
    assert "api.example" in caught.value.message


def test_an_address_that_is_none_is_not_tried_again() -> None:
    for base in ("ftp://api.example", "api.example", "https://api.example:port"):
        with pytest.raises(InvalidRequest, match="no address of an API"):
            Client(base, headers={}).send("GET", "/")


@pytest.mark.parametrize("echo", [SECRET, "s3cr3t%2Fkey%2B1"])
def test_no_text_holds_the_secret_even_where_the_vendor_echoes_it(echo: str) -> None:
    asked = answering(401, text=f"key {echo} is wrong", headers={"x-request-id": f"r-{echo}"})
    answer = asked.send("GET", "/")
    for error in (asked.refusal(answer), asked.refusal(answer, echo), asked.unexpected(answer, echo)):
        assert echo not in str(error)
        assert REDACTED in str(error)


def test_no_text_holds_the_secret_where_the_library_echoes_it() -> None:
    with pytest.raises(Unavailable) as caught:
        failing(httpx.LocalProtocolError(f"Illegal header value b'{SECRET}'")).send("GET", "/")
    assert SECRET not in str(caught.value)


def test_a_vendors_text_cannot_write_to_the_terminal_nor_fill_it() -> None:
    asked = answering(500, text="\x1b[2J\r\nbad\x07 " + "x" * 10_000)
    text = asked.refusal(asked.send("GET", "/")).message
    assert text.startswith("[2J bad x")
    assert text.isprintable()
    assert len(text) < 450


@pytest.mark.parametrize("text", ["", "<html>", "{", "[" * 100_000, '{"a": }'])
def test_what_is_no_json_has_no_value(text: str) -> None:
    assert answering(200, text=text).send("GET", "/").body is None


def test_an_answer_without_an_id_has_an_empty_one() -> None:
    assert Answer(200, {}, "", None).request_id == ""


@pytest.mark.parametrize("value", ["", "  \n", "two words", "clé", "a\x00b", "line\nbreak"])
def test_what_cannot_be_a_credential_is_refused_without_being_shown(value: str) -> None:
    with pytest.raises(AuthError, match="the key") as caught:
        credential(value, "the key")
    assert not value.strip() or value not in str(caught.value)


def test_a_credential_loses_the_break_that_a_file_ends_with() -> None:
    assert credential(f" {SECRET}\n", "the key") == SECRET


def test_a_file_of_authorities_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(NetworkError, match=name):
            Client("https://api.example", headers={}, ca_file=str(tmp_path / name))


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"hello": 1}')

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def test_a_proxy_of_the_environment_is_not_asked_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with http.server.HTTPServer(("127.0.0.1", 0), Hello) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        here = Client(f"http://127.0.0.1:{server.server_port}", headers={})
        try:
            assert here.send("GET", "/").body == {"hello": 1}
        finally:
            here.close()
            here.close()
            server.shutdown()
            thread.join()
