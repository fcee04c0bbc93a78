"""Credentials, roles and clients, by real boto3 against a few answers of STS on loopback."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs

import pytest

from providers.aws import TYPE
from providers.aws.options import check
from providers.aws.session import Clients, Identity
from reconciler.errors import AuthError, ProviderError, Unavailable
from reconciler.provider import Setting

T = TypeVar("T")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret-of-the-key"}
ROLE = "arn:aws:iam::444455556666:role/tdr"


class Sts:
    """STS as far as an alias asks it: who am I, and credentials of a role."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[dict[str, str]] = []
        self.keys: list[str] = []
        self.refuse = ""

    def answer(self, form: Mapping[str, list[str]], key: str) -> tuple[int, str]:
        """Answer one call, in the query protocol's words."""
        asked = {name: values[0] for name, values in form.items()}
        self.asked.append(asked)
        self.keys.append(key)
        if self.refuse:
            told = f"<Code>{self.refuse}</Code><Message>refused</Message>"
            return 403, f"<ErrorResponse><Error>{told}</Error><RequestId>r-9</RequestId></ErrorResponse>"
        action = asked["Action"]
        told = {"GetCallerIdentity": _caller(key), "AssumeRole": _ROLE_KEYS}[action]
        return 200, (
            f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<{action}Result>{told}</{action}Result></{action}Response>"
        )


def _caller(key: str) -> str:
    account = "444455556666" if key == "ASIAROLE" else "111122223333"
    return f"<Account>{account}</Account><Arn>arn:aws:iam::{account}:user/x</Arn><UserId>U</UserId>"


# It ends long ago by AWS's clock: what counts is how long it lasts.
_ROLE_KEYS = (
    "<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
    "<SessionToken>t</SessionToken><Expiration>2020-01-01T00:00:00Z</Expiration></Credentials>"
)


@contextmanager
def sts() -> Iterator[Sts]:
    """Run STS on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            key = self.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
            status, text = played.answer(parse_qs(body), key)
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        played = Sts(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield played
        finally:
            server.shutdown()
            thread.join()


class Alias:
    """The clients of one alias, and the calls that the engine saw."""

    def __init__(self, environ: Mapping[str, str], **options: Any) -> None:
        self.asked = Counter[str]()
        quiet = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "none", **environ}
        quiet.setdefault("AWS_SHARED_CREDENTIALS_FILE", "none")
        self.clients = Clients(Setting("mail", options, {}, quiet, "acme", self.call))

    def call(
        self, unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = ""
    ) -> T:
        """Call, count, translate."""
        self.asked[operation] += 1
        try:
            return fn()
        except Exception as error:
            meaning = TYPE.translate(error)
            if meaning is None:
                raise
            raise meaning from error

    def identity(self) -> Identity:
        """Ask whose credentials these are, and hang up."""
        try:
            return self.clients.identity()
        finally:
            self.clients.close()


def refused(alias: Alias) -> ProviderError:
    """The error that asking for the identity ends with."""
    with pytest.raises(ProviderError) as caught:
        alias.identity()
    return caught.value


def test_the_account_is_asked_for_once() -> None:
    with sts() as played:
        alias = Alias({**KEYS, "AWS_ENDPOINT_URL": played.url})
        assert alias.identity().name == "aws.111122223333"
        assert alias.identity() == Identity("111122223333", "arn:aws:iam::111122223333:user/x")
    assert [asked["Action"] for asked in played.asked] == ["GetCallerIdentity"]
    assert dict(alias.asked) == {"GetCallerIdentity": 1}


def test_an_endpoint_that_is_no_url_is_told() -> None:
    text = str(refused(Alias({**KEYS, "AWS_ENDPOINT_URL": "localhost"})))
    assert "localhost: write a whole URL into AWS_ENDPOINT_URL" in text


def test_an_endpoint_of_one_service_goes_before_that_of_all() -> None:
    with sts() as played:
        alias = Alias({**KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_STS": played.url})
        assert alias.identity().account == "111122223333"


def test_a_role_is_assumed_once_for_all_clients() -> None:
    with sts() as played:
        alias = Alias({**KEYS, "AWS_ENDPOINT_URL": played.url}, role_arn=ROLE, external_id="ours")
        assert alias.identity().name == "aws.444455556666"
        alias.clients.sts.get_caller_identity()
        alias.clients.close()
    assume, *others = played.asked
    named = {name: assume[name] for name in ("Action", "RoleArn", "RoleSessionName", "ExternalId")}
    expected = {"Action": "AssumeRole", "RoleArn": ROLE, "RoleSessionName": "tdr-acme", "ExternalId": "ours"}
    assert named == expected
    assert [asked["Action"] for asked in others] == ["GetCallerIdentity", "GetCallerIdentity"]
    assert played.keys == ["AKIAEXAMPLE", "ASIAROLE", "ASIAROLE"]
    assert dict(alias.asked) == {"AssumeRole": 1, "GetCallerIdentity": 1}


def test_a_role_that_may_not_be_assumed_is_told_as_that_call() -> None:
    with sts() as played:
        played.refuse = "AccessDenied"
        error = refused(Alias({**KEYS, "AWS_ENDPOINT_URL": played.url}, role_arn=ROLE))
    assert isinstance(error, AuthError)
    assert str(error) == (
        "AssumeRole: refused; allow sts:AssumeRole in the IAM policy (AccessDenied) (request id r-9)"
    )


def test_no_retry_is_the_sdks_own() -> None:
    with sts() as played:
        played.refuse = "Throttling"
        refused(Alias({**KEYS, "AWS_ENDPOINT_URL": played.url}))
    assert len(played.asked) == 1


def test_a_profile_of_the_file_goes_before_keys_of_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text("[mail]\naws_access_key_id = AKIAMAIL\naws_secret_access_key = s\n")
    with sts() as played:
        environ = {"AWS_ENDPOINT_URL": played.url, "AWS_SHARED_CREDENTIALS_FILE": str(file)}
        Alias({**environ, **KEYS}, profile="mail").identity()
        Alias({**environ, **KEYS, "AWS_PROFILE": "mail"}).identity()
        Alias({**environ, "AWS_PROFILE": "mail"}).identity()
    assert played.keys == ["AKIAMAIL", "AKIAEXAMPLE", "AKIAMAIL"]


@pytest.mark.parametrize("metadata_disabled", ["true", ""])
def test_an_unknown_profile_is_told_when_the_alias_is_opened(metadata_disabled: str) -> None:
    with pytest.raises(
        AuthError, match=r"mail \(aws\): The config profile \(no\) could not be found"
    ) as caught:
        Alias({**KEYS, "AWS_EC2_METADATA_DISABLED": metadata_disabled}, profile="no")
    assert "profile:" in caught.value.message


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("[profile x]\nrole_arn = arn:aws:iam::444455556666:role/tdr\n", "not whole"),
        ("[profile x]\nrole_arn = r\nsource_profile = gone\n", "the AWS configuration files are off"),
        ("no section\n", "the AWS configuration files are off"),
    ],
)
def test_a_profile_that_cannot_be_used_is_told(tmp_path: Path, config: str, said: str) -> None:
    file = tmp_path / "config"
    file.write_text(config)
    environ = {"AWS_CONFIG_FILE": str(file), "AWS_EC2_METADATA_DISABLED": ""}
    with pytest.raises(AuthError, match=said):
        Alias(environ, profile="x").identity()


def test_missing_credentials_are_told_in_a_sentence() -> None:
    error = refused(Alias({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}))
    assert isinstance(error, AuthError)
    assert error.message.startswith("no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")


def test_half_a_credential_is_told() -> None:
    with pytest.raises(AuthError, match="not whole"):
        Alias({"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"})


def test_a_server_that_is_not_there_was_never_asked_and_no_secret_is_told() -> None:
    error = refused(Alias({**KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}))
    assert isinstance(error, Unavailable)
    assert not error.sent
    assert "secret-of-the-key" not in str(error)


def test_options_that_contradict_each_other_are_told() -> None:
    wrong = {
        "zones": {"Example.com": "Z1"},
        "external_id": "ours",
        "cache_ttl": {"min": 20},
    }
    assert [key for key, _, _ in check(wrong)] == ["zones", "external_id", "cache_ttl"]
    assert list(check({"zones": {"example.com": "Z1"}, "role_arn": ROLE, "external_id": "x"})) == []
