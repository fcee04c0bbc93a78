"""The part of the Rules language that the sandbox understands, by value."""

import pytest

from providers.sandbox.cloudflare.expressions import MAX_LENGTH, ExpressionError, parse, request_fields

FIELDS = request_fields(
    "https", "click.example.com", "/f/a/b.PNG?x=1", "GET", {"user-agent": "curl/8", "cookie": "a=b"}
)


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("true", True),
        ("false", False),
        ("not false", True),
        ("!(true)", False),
        ('http.host eq "click.example.com"', True),
        ('http.host == "other.example.com"', False),
        ('http.host ne "other.example.com"', True),
        ('(http.host in {"a.example.com" "click.example.com"})', True),
        ('http.host in {"a.example.com"}', False),
        ('not http.host in {"a.example.com"}', True),
        ('http.host contains "example"', True),
        ('http.host matches "^click\\\\."', True),
        ('http.host ~ "^track"', False),
        ('http.host wildcard "*.EXAMPLE.com"', True),
        ('http.host strict wildcard "*.EXAMPLE.com"', False),
        ('http.request.full_uri wildcard "https://*/f/*"', True),
        ('ends_with(http.host, ".example.com")', True),
        ('starts_with(http.request.uri.path, "/f/")', True),
        ('lower(http.request.uri.path) eq "/f/a/b.png"', True),
        ('http.request.uri.path.extension eq "png"', True),
        ('http.request.uri.query eq "x=1"', True),
        ('http.request.uri eq "/f/a/b.PNG?x=1"', True),
        ('http.request.full_uri eq "https://click.example.com/f/a/b.PNG?x=1"', True),
        ('http.user_agent contains "curl" and http.cookie eq "a=b"', True),
        ('http.request.method eq "HEAD"', False),
        ("ssl", True),
        ("not ssl or true", True),
        ("true or true and false", True),
        ("(true or true) and false", False),
        ("true xor true", False),
        ('ssl && http.host eq "x" || true', True),
    ],
)
def test_an_expression_holds_or_not(expression: str, *, holds: bool) -> None:
    assert parse(expression)(FIELDS) is holds


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "http.host",
        "http.host eq",
        "http.host eq host",
        'http.host in {"a"',
        '(http.host eq "a"',
        'http.host eq "a")',
        'http.host eq "a" and',
        'cf.threat_score gt "10"',
        'any(http.request.headers["x"][*] eq "y")',
        'http.host matches "("',
        "§",
    ],
)
def test_what_is_not_understood_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionError):
        parse(expression)


def test_the_message_says_where() -> None:
    with pytest.raises(ExpressionError, match=r"Filter parsing error \(1:6\): true x \^ unrecognised input"):
        parse("true x")


def test_an_expression_has_4096_characters_at_most() -> None:
    exact = f'http.host eq "{"x" * (MAX_LENGTH - 15)}"'
    assert len(exact) == MAX_LENGTH
    parse(exact)
    with pytest.raises(ExpressionError):
        parse(exact + " ")
