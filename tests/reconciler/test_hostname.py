"""Host names: one spelling for each, and what is none is told by its name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.hostname import HOST_CHARS, HostnameError, is_under, normalise


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("click.example.com", "click.example.com"),
        ("CLICK.Example.COM", "click.example.com"),
        ("click.example.com.", "click.example.com"),
        ("example.com", "example.com"),
        ("a-b.c1.example.co.uk", "a-b.c1.example.co.uk"),
        ("1.example.com", "1.example.com"),
        ("ab--cd.example.com", "ab--cd.example.com"),
        ("bücher.example.com", "xn--bcher-kva.example.com"),
        ("BÜCHER.example.com", "xn--bcher-kva.example.com"),
        ("XN--Bcher-Kva.example.com", "xn--bcher-kva.example.com"),
        ("straße.example.com", "xn--strae-oqa.example.com"),
        ("click。example。com", "click.example.com"),
        ("ｃｌｉｃｋ.example.com", "click.example.com"),
        ("日本語.example.jp", "xn--wgv71a119e.example.jp"),
        ("a" * 63 + ".com", "a" * 63 + ".com"),
    ],
)
def test_a_host_has_one_spelling(written: str, host: str) -> None:
    assert normalise(written) == host


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("", "a host name is empty; write for example click.example.com"),
        (".", '"." has an empty label; write single dots between the labels'),
        ("click", '"click" has no dot; write the whole name, such as click.example.com'),
        ("a..com", '"a..com" has an empty label; write single dots between the labels'),
        (".a.com", '".a.com" has an empty label; write single dots between the labels'),
        ("a.com..", '"a.com.." has an empty label; write single dots between the labels'),
        (
            "https://Click.example.com/x",
            '"https://Click.example.com/x" is a URL; write the host name alone: "Click.example.com"',
        ),
        ("a.example.com/x", '"a.example.com/x" has a path; write the host name alone: "a.example.com"'),
        ("a.example.com:443", '"a.example.com:443" has a port; write the host name alone: "a.example.com"'),
        ("*.example.com", '"*.example.com" is a wildcard; name each host'),
        ("me@example.com", '"me@example.com" is a mail address; write its host: "example.com"'),
        ("192.0.2.1", '"192.0.2.1" is an IP address; write a host name such as click.example.com'),
        ("2001:db8::1", '"2001:db8::1" is an IP address; write a host name such as click.example.com'),
        ("1.2.3", '"1.2.3" ends in a number; write a host name such as click.example.com'),
        (
            "a_b.example.com",
            (
                '"a_b" in "a_b.example.com" is not a label of a host name;'
                " use a hyphen: certificates are not issued for names with an underscore"
            ),
        ),
        (
            "-a.example.com",
            '"-a" in "-a.example.com" is not a label of a host name; begin and end it with a letter or digit',
        ),
        (
            "a b.example.com",
            '"a b" in "a b.example.com" is not a label of a host name; use letters, digits and hyphens',
        ),
        (
            "${HOST}.example.com",
            (
                '"${HOST}.example.com" takes its name from the environment;'
                " write the host name out: keys are not filled in"
            ),
        ),
        ("a.example.com\n", '"com\\n" in "a.example.com\\n" is not'),
        ("a." * 127 + "com", "the host name"),
        ("x" * 10_000, "the host name"),
        ("a" * 64 + ".com", f'"{"a" * 59}…" in'),
        ("xn--a.example.com", '"xn--a" in "xn--a.example.com" is not a label of a host name'),
        ("☃\u200d.example.com", '"☃\\u200d'),
    ],
)
def test_what_is_no_host_name_is_told(written: str, what: str) -> None:
    with pytest.raises(HostnameError) as caught:
        normalise(written)
    error = caught.value
    assert str(error) == f"{error.what}; {error.instead}"
    assert str(error).startswith(what) or error.what.startswith(what)


def test_a_name_below_is_told_from_a_name_that_ends_alike() -> None:
    assert is_under("spgo.io", "spgo.io")
    assert is_under("eu.spgo.io", "spgo.io")
    assert not is_under("notspgo.io", "spgo.io")


@given(
    st.text(max_size=60)
    | st.from_regex(r"[a-zA-Z0-9äß_-]{1,9}(\.[a-zA-Z0-9äß-]{1,9}){1,3}\.?", fullmatch=True)
)
def test_a_normalised_name_stays_as_it_is(text: str) -> None:
    try:
        host = normalise(text)
    except HostnameError:
        return
    assert normalise(host) == host
    assert host.isascii()
    assert host == host.lower()
    assert not host.endswith(".")
    assert len(host) <= HOST_CHARS
    assert normalise(host.upper() + ".") == host
