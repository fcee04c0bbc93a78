"""Secrets: taken from the environment alone, named where they are missing, hidden where they would show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ConfigError
from reconciler.provider import ProviderType, Secret
from reconciler.secret_shapes import looks_like_secret, names_a_secret
from reconciler.secrets import Redactor, redactor, secret, secrets, variable
from tests.reconciler.vendors import EDGE, HEAD, SPARKPOST, TYPES, cannot_open, desired_from, read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.desired import Account, Desired

ACCOUNTS = desired_from(
    HEAD.replace("sp: {", "sp-eu: {").replace("sparkpost: sp,", "sparkpost: sp-eu,")
).accounts
ACCOUNT = ACCOUNTS["sp-eu"]
TWO = ProviderType(
    "two", frozenset({"cdn"}), open=cannot_open, secrets=(Secret("ID", "TWO_ID"), Secret("KEY", "TWO_KEY"))
)


def test_the_variable_of_an_alias_is_upper_case() -> None:
    assert variable("sp-eu", "API_KEY") == "TDR_SP_EU_API_KEY"


@pytest.mark.parametrize(
    ("environ", "value"),
    [
        ({"TDR_SP_EU_API_KEY": "own"}, "own"),
        ({"SPARKPOST_API_KEY": "vendor"}, "vendor"),
        ({"TDR_SP_EU_API_KEY": "own", "SPARKPOST_API_KEY": "vendor"}, "own"),
        ({"TDR_SP_EU_API_KEY": "", "SPARKPOST_API_KEY": " vendor\n"}, "vendor"),
    ],
)
def test_the_alias_s_own_variable_goes_first(environ: dict[str, str], value: str) -> None:
    assert secret(ACCOUNT, SPARKPOST, environ) == value
    assert secrets(ACCOUNT, SPARKPOST, environ) == {"API_KEY": value}


def test_a_missing_secret_names_both_variables_and_the_alias_s_line() -> None:
    with pytest.raises(ConfigError) as caught:
        secret(ACCOUNT, SPARKPOST, {})
    assert str(caught.value) == (
        "f.yaml:4:3: no secret for the alias sp-eu (sparkpost) is in the environment;"
        " set TDR_SP_EU_API_KEY or SPARKPOST_API_KEY"
    )


def test_all_missing_secrets_of_an_account_come_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        secrets(ACCOUNT, TWO, {})
    assert [p.instead for p in caught.value.problems] == [
        "set TDR_SP_EU_ID or TWO_ID",
        "set TDR_SP_EU_KEY or TWO_KEY",
    ]
    assert secrets(ACCOUNT, TWO, {"TWO_ID": "1", "TDR_SP_EU_KEY": "2"}) == {"ID": "1", "KEY": "2"}


def test_a_secret_that_would_break_a_header_is_refused_without_showing_it() -> None:
    with pytest.raises(ConfigError) as caught:
        secret(ACCOUNT, SPARKPOST, {"SPARKPOST_API_KEY": "abc\r\nX-Evil: 1"})
    assert "SPARKPOST_API_KEY" in str(caught.value)
    assert "Evil" not in str(caught.value)


def test_known_secrets_are_hidden_in_texts() -> None:
    environ = {
        "SPARKPOST_API_KEY": "0123456789abcdef",
        "TDR_WEB_API_TOKEN": "0123456789abcdef-more",
        "HOME": "/somewhere",
    }
    hide = redactor(ACCOUNTS, TYPES, environ)
    assert hide("key 0123456789abcdef-more, key=0123456789abcdef; /somewhere") == (
        "key (sensitive value), key=(sensitive value); /somewhere"
    )
    assert repr(hide) == "Redactor(2 secrets)"


ANYTHING = {"type": "object", "additionalProperties": True}
BRIDGE = ProviderType("bridge", frozenset({"dns"}), open=cannot_open, options=ANYTHING, reference="env/")


def bridged(key: str) -> tuple[Desired | None, list[str]]:
    alias = f"ns: {{type: bridge, config: {{api_key: {key}, region: env/REGION/eu}}}}\n  web:"
    text = HEAD.replace("web:", alias, 1) + "domains: {click.example.com: {}}\n"
    return read(text, types={**TYPES, "bridge": BRIDGE})


def accounts_of(key: str) -> Mapping[str, Account]:
    desired, problems = bridged(key)
    assert problems == []
    assert desired is not None
    return desired.accounts


def test_an_option_may_name_the_variable_that_holds_its_secret() -> None:
    account = accounts_of("env/NS_KEY")["ns"]
    assert secrets(account, BRIDGE, {"NS_KEY": "0123456789"}) == {}
    with pytest.raises(ConfigError, match=r"ns \(bridge\) takes NS_KEY from the environment.* set NS_KEY"):
        secrets(account, BRIDGE, {"NS_KEY": ""})


def test_what_an_option_names_is_hidden_in_texts() -> None:
    hide = redactor(accounts_of("env/NS_KEY"), {**TYPES, "bridge": BRIDGE}, {"NS_KEY": "0123456789"})
    assert hide("refused 0123456789") == "refused (sensitive value)"


@pytest.mark.parametrize("key", ["0123456789", "env/", "env/NS_KEY/0123456789", "vault/NS_KEY"])
def test_a_secret_beside_a_name_is_refused_with_what_to_write(key: str) -> None:
    (problem,) = bridged(key)[1]
    assert '"api_key" is a secret in the file; write env/NAME instead, and set NAME' in problem


def test_short_words_are_not_hidden() -> None:
    assert Redactor(["", "abc"])("abc of things") == "abc of things"


@pytest.mark.parametrize(
    "name",
    [
        "api_key",
        "apiKey",
        "API-KEY",
        "apikey",
        "token",
        "api_token",
        "client_secret",
        "password",
        "passphrase",
        "secret",
        "aws_secret_access_key",
        "access_key_id",
        "credentials",
        "Authorization",
        "private_key",
        "account_key",
    ],
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "region",
        "zone_id",
        "token_file",
        "key",
        "profile",
        "secretary",
        "monkey",
        "kms_key",
        "x" * 200,
        "tokens",
    ],
)
def test_other_names_are_none(name: str) -> None:
    assert not names_a_secret(name)


@pytest.mark.parametrize(
    "value",
    [
        "0123456789abcdef0123456789abcdef01234567",
        "Abcdefghij-klmnopqrstuvwxyz_0123456789AB",
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN RSA PRIVATE KEY-----",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "https://user:word@host.example/",
        "Bearer abcdefghijklmnopqrst",
    ],
)
def test_values_of_secrets_are_known(value: str) -> None:
    assert looks_like_secret(value)


@pytest.mark.parametrize(
    "value",
    [
        "0123456789abcdef0123456789abcdef",
        "123e4567-e89b-12d3-a456-426614174000",
        "click.example.com",
        "https://api.example.com/api/v1",
        "a-very-long-name-of-a-resource-group-in-some-place",
        "arn:aws:acm:us-east-1:123456789012:certificate/123e4567-e89b-12d3-a456-426614174000",
        "",
    ],
)
def test_ids_and_names_are_no_secrets(value: str) -> None:
    assert not looks_like_secret(value)


def test_a_type_with_one_secret_is_what_secret_is_for() -> None:
    with pytest.raises(ValueError, match="unpack"):
        secret(ACCOUNT, TWO, {})
    assert EDGE.secrets[0].variable == "EDGE_API_TOKEN"
