"""Which hosts an expression can match."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.cloudflare.expression import Match, expression_for, host_match, hosts_in, url_match
from providers.sandbox.cloudflare.expressions import parse, request_fields

HOST = "click.example.com"
HOSTS = st.from_regex(r"[a-z]{1,6}(\.[a-z]{1,6}){1,3}", fullmatch=True)
NO, MAYBE, YES = Match.NO, Match.MAYBE, Match.YES

ATOMS = st.one_of(
    st.sampled_from(
        ["true", "false", "ssl", 'http.request.uri.path eq "/x"', 'http.user_agent contains "bot"']
    ),
    st.builds('http.host {} "{}"'.format, st.sampled_from(["eq", "==", "ne", "!=", "contains"]), HOSTS),
    st.builds('lower(http.host) eq "{}"'.format, HOSTS),
    st.builds('http.host in {{"{}" "{}"}}'.format, HOSTS, HOSTS),
    st.builds('http.host wildcard "*.{}"'.format, HOSTS),
    st.builds('{}(http.host, "{}")'.format, st.sampled_from(["starts_with", "ends_with"]), HOSTS),
    st.sampled_from([f'http.host eq "{HOST}"', 'ends_with(http.host, ".example.com")']),
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or", "xor", "&&", "||"]), inner),
        st.builds("not {}".format, inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["and", "or"]), inner),
    ),
    max_leaves=6,
)


@given(
    EXPRESSIONS,
    st.sampled_from(["/x", "/f/a"]),
    st.sampled_from(["bot", "human"]),
    st.sampled_from(["http", "https"]),
)
def test_a_certain_answer_is_what_the_edge_does(expression: str, path: str, agent: str, scheme: str) -> None:
    """Yes and no hold for every request on the host; maybe promises nothing."""
    fields = request_fields(scheme, HOST, path, "GET", {"user-agent": agent})
    answer = host_match(expression, HOST)
    if answer is not MAYBE:
        assert parse(expression)(fields) == (answer is YES)


@given(st.frozensets(HOSTS, min_size=1, max_size=20))
def test_our_own_expression_is_read_back(hosts: frozenset[str]) -> None:
    assert hosts_in(expression_for(hosts)) == hosts
    assert all(host_match(expression_for(hosts), host) is YES for host in hosts)


@pytest.mark.parametrize(
    "expression",
    [
        'http.host in {"a.example.com"}',
        '(http.host in {"a.example.com"}) or true',
        '(http.host eq "a.example.com")',
        "(http.host in {})",
        '(http.host in {"a" b})',
        "",
        '"',
    ],
)
def test_any_other_form_was_edited_by_hand(expression: str) -> None:
    assert hosts_in(expression) is None


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("true", YES),
        ("false", NO),
        (f'http.host eq "{HOST}"', YES),
        ('http.host eq "www.example.com"', NO),
        (f'not http.host in {{"{HOST}"}}', NO),
        (f'http.host eq "{HOST}" and http.request.uri.path eq "/f"', MAYBE),
        ('http.host eq "www.example.com" and ssl', NO),
        ('http.host matches "^click"', MAYBE),
        ('ip.src.country in {"DE" "FR"}', MAYBE),
        ('not starts_with(http.request.uri.path, "/(")', MAYBE),
        ('http.request.full_uri wildcard r"https://www.*"', NO),
        ('http.request.full_uri wildcard r"http://*"', MAYBE),
        ('any(http.request.headers["x"][*] == ")")', MAYBE),
        ('(http.host eq "www.example.com"', MAYBE),
        ('http.host eq "www.example.com")', MAYBE),
        ("`", MAYBE),
        ("", MAYBE),
        ('cf.zone.name eq "example.com" or http.host contains "click"', YES),
    ],
)
def test_what_is_not_understood_is_a_maybe(expression: str, answer: Match) -> None:
    assert host_match(expression, HOST) is answer


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        ("*example.com/*", YES),
        ("click.example.com/*", YES),
        ("*.example.com*", YES),
        ("http://click.example.com/*", MAYBE),
        ("http*://click.example.com/*", YES),
        ("click.example.com/f/*", MAYBE),
        ("www.example.com/*", NO),
        ("example.com/*", NO),
        ("*", YES),
    ],
)
def test_a_page_rules_pattern_matches_links_on_a_host(pattern: str, answer: Match) -> None:
    assert url_match(pattern, HOST) is answer
