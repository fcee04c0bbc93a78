"""The alias: which class, with which settings, where its secrets come from, and what its errors mean."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import requests

from providers.octodns import TYPE
from providers.octodns.errors import hiding, translate
from providers.octodns.options import config_of
from reconciler.errors import (
    AuthError,
    Conflict,
    InvalidRequest,
    ProviderError,
    RateLimited,
    TdrError,
    Unavailable,
    UnexpectedResponse,
)
from tests.providers.octodns.octodns_bench import Bench, FailingProvider, MemoryProvider, Vendor, host_record

BENCH = "tests.providers.octodns.octodns_bench"


# -- options
def test_settings_come_from_the_environment_as_octodns_takes_them() -> None:
    options = {
        "class": "a.B",
        "config": {
            "token": "env/NS_TOKEN",
            "port": "env/NS_PORT",
            "ratio": "env/NS_RATIO",
            "region": "env/NS_REGION/eu-1",
            "inner": {"user": "env/NS_USER"},
            "path": "a/b",
        },
    }
    environ = {"NS_TOKEN": "secret-1", "NS_PORT": "8081", "NS_RATIO": "0.5", "NS_USER": "me", "HOME": "/"}
    found = config_of("ns", options, environ)
    assert found.keywords == {
        "token": "secret-1",
        "port": 8081,
        "ratio": 0.5,
        "region": "eu-1",
        "inner": {"user": "me"},
        "path": "a/b",
    }
    assert found.taken == {"secret-1", "8081", "0.5", "me"}
    with pytest.raises(AuthError, match=r"config\.inner\.user takes NS_USER from the environment"):
        config_of("ns", options, {name: text for name, text in environ.items() if name != "NS_USER"})


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"consumer_key": "abc"}, "consumer_key is a secret in the file"),
        ({"auth": {"key": 12345}}, "key is a secret in the file"),
        ({"key": "env/A/abc"}, "key is a secret in the file"),
        ({"key": "env/A"}, ""),
        ({"key_name": "tdr"}, ""),
        ({"id": "x"}, "id cannot be set"),
        ({"apply_disabled": True}, "apply_disabled cannot be set: nothing would ever be written"),
    ],
)
def test_settings_that_cannot_be_are_found_offline(config: dict[str, object], said: str) -> None:
    problems = list(TYPE.check({"class": "a.B", "config": config}))
    assert [what for _, what, _ in problems] == ([] if not said else [problems[0][1]])
    assert not said or said in problems[0][1]


def test_two_aliases_of_one_account_take_turns(vendor: Vendor) -> None:
    one, same = Bench(MemoryProvider).read(), Bench(MemoryProvider, {"min_ttl": 300}).read()
    other = Bench(MemoryProvider, {"config": {"token": "env/T"}}, {"T": "another-account"}).read()
    assert one.accounts == same.accounts
    assert one.accounts.isdisjoint(other.accounts)
    assert "another-account" not in repr(other.accounts)


# -- the class
@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "octodns_nowhere.Provider",
            "ns needs the class octodns_nowhere.Provider: pip install octodns-nowhere",
        ),
        ("octodns.provider.nowhere.Provider", "pip install octodns"),
        (
            f"{BENCH}.Nothing",
            f"{BENCH} has no octoDNS provider Nothing that can write (it has CarelessProvider, Deaf",
        ),
        (f"{BENCH}.ReadOnlySource", "has no octoDNS provider ReadOnlySource that can write"),
    ],
)
def test_a_class_that_is_not_there_is_one_line(path: str, said: str) -> None:
    with pytest.raises(TdrError) as caught:
        Bench(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_settings_that_the_class_does_not_take_are_one_line_without_secrets() -> None:
    with pytest.raises(TdrError, match=r"MemoryProvider does not take its `config`: TypeError.*'colour'"):
        Bench(MemoryProvider, {"config": {"colour": "env/T"}}, {"T": "a-secret-value"})


def test_the_class_tries_once_and_the_engine_again(vendor: Vendor) -> None:
    Bench(MemoryProvider)
    assert vendor.keyword["retry_count"] == 1
    Bench(MemoryProvider, {"config": {"retry_count": 3}})
    assert vendor.keyword["retry_count"] == 3


def test_what_the_class_says_on_the_side_reaches_nobody(
    vendor: Vendor, capfd: pytest.CaptureFixture[str]
) -> None:
    """A logger without a handler speaks to stderr, and a warning is an error in these tests."""
    root = logging.getLogger()
    kept, root.handlers = root.handlers, []
    try:
        bench = Bench(MemoryProvider, {"config": {"token": "env/T"}}, {"T": "a-secret-value"})
        bench.apply(bench.change(host_record()))
    finally:
        root.handlers = kept
    assert capfd.readouterr() == ("", "")


# -- errors
def answered(status: int, body: bytes = b"", **headers: str) -> requests.HTTPError:
    response = requests.Response()
    response.status_code, response._content = status, body
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return requests.HTTPError(
        f"{status} for url: https://me:pass@api.example/?key=a-secret-value", response=response
    )


class VendorUnauthorizedError(Exception):
    pass


class VendorRateLimitError(Exception):
    pass


class AwsError(Exception):
    response = {"ResponseMetadata": {"HTTPStatusCode": 400}, "Error": {"Code": "Throttling"}}  # noqa: RUF012


def behind(error: Exception) -> Exception:
    """What a class makes of an answer: an exception of no kind, with the cause behind it."""
    try:
        try:
            raise error
        except requests.HTTPError:
            raise Exception("unauthorized host=dns.example.com")  # noqa: B904, TRY002
    except Exception as made:  # noqa: BLE001
        return made


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: answered(401), AuthError),
        (lambda: behind(answered(401)), AuthError),
        (lambda: answered(409), Conflict),
        (lambda: answered(422, b'{"error": "RRset is a mess"}'), InvalidRequest),
        (lambda: answered(429, Retry_After="7"), RateLimited),
        (lambda: answered(503), Unavailable),
        (AwsError, RateLimited),
        (VendorUnauthorizedError, AuthError),
        (VendorRateLimitError, RateLimited),
        (lambda: requests.ConnectionError("reset"), Unavailable),
        (lambda: requests.ReadTimeout("slow"), Unavailable),
        (lambda: TypeError("'NoneType' object is not subscriptable"), UnexpectedResponse),
    ],
)
def test_an_exception_of_any_class_is_one_of_ours(
    vendor: Vendor, make: Callable[[], Exception], kind: type[ProviderError]
) -> None:
    FailingProvider.fails = staticmethod(make)
    bench = Bench(FailingProvider, {"config": {"token": "env/T"}}, {"T": "a-secret-value"})
    with pytest.raises(ProviderError) as caught:
        bench.read()
    assert type(caught.value) is kind
    assert "a-secret-value" not in str(caught.value)
    assert "pass@" not in str(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_the_vendor_s_own_words_and_its_rest_are_kept() -> None:
    said = translate(answered(422, b'{"error": "RRset is a mess"}'), hiding([]))
    assert str(said).endswith(": RRset is a mess")
    limited = translate(answered(429, Retry_After="7"), hiding([]))
    assert isinstance(limited, RateLimited)
    assert limited.retry_after_s == 7.0


@pytest.mark.parametrize(
    ("text", "sent"), [("[Errno 111] NewConnectionError", False), ("reset by peer", True)]
)
def test_what_never_left_is_told_apart(text: str, sent: bool) -> None:
    error = translate(requests.ConnectionError(text), hiding([]))
    assert isinstance(error, Unavailable)
    assert error.sent is sent


def test_numbers_such_as_ports_are_not_hidden() -> None:
    hide = hiding(["8081", "true", "s3cret/value"])
    assert hide("host:8081 s3cret/value s3cret%2Fvalue") == "host:8081 (sensitive value) (sensitive value)"
