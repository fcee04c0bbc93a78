"""One rule for many hosts: who goes where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.cloudflare.expression import expression_for
from providers.cloudflare.names import CACHE_PHASE, CONFIG_PHASE, owner_of, rule_ref
from providers.cloudflare.plans import EXPRESSION_CHARACTERS
from providers.cloudflare.rules import (
    EDITED,
    OFF,
    OwnRule,
    Setting,
    has_room,
    members,
    own_rules,
    parameters_for,
    placed,
    rule_body,
    setting_of,
)
from providers.cloudflare.zones import Rule, Ruleset, ruleset_from
from reconciler.model import EMPTY, attrs

HOSTS = st.sampled_from([f"{letter}.example.com" for letter in "abcdefgh"])
SETTINGS: st.SearchStrategy[Setting] = st.sampled_from(["full", "strict"])


def rule(ref: str, expression: str, ssl: str = "full", *, enabled: bool = True) -> Rule:
    return Rule(f"id-{ref}", ref, "", expression, "set_config", attrs(ssl=ssl), enabled)


def stored(phase: str, owner: str, rules: tuple[OwnRule, ...]) -> Ruleset:
    """What the vendor holds after rules were written as bodies."""
    bodies = [rule_body(phase, owner, r) | {"id": r.id or f"new-{r.ref}"} for r in rules if r.hosts]
    return ruleset_from({"id": "r", "phase": phase, "rules": bodies})


@given(st.lists(st.tuples(st.dictionaries(HOSTS, SETTINGS), st.frozensets(HOSTS)), max_size=6))
def test_after_any_writes_each_host_has_what_was_last_asked_for_it(
    rounds: list[tuple[dict[str, Setting], frozenset[str]]],
) -> None:
    ruleset = Ruleset("r", CONFIG_PHASE)
    expected: dict[str, Setting] = {}
    for asked, gone in rounds:
        leaving = gone - asked.keys()
        rules = placed(CONFIG_PHASE, "acme", own_rules(ruleset, "acme"), asked, leaving)
        ruleset = stored(CONFIG_PHASE, "acme", rules)
        expected = {h: s for h, s in {**expected, **asked}.items() if h not in leaving}
        found = {m.host: m.attrs["ssl"] for m in members("web", "example.com", ruleset, EMPTY, "acme")}
        assert found == expected
        assert len({r.ref for r in ruleset.rules}) == len(ruleset.rules)


@given(st.dictionaries(HOSTS, SETTINGS), HOSTS, SETTINGS)
def test_asking_again_changes_nothing_and_asking_for_one_moves_no_other(
    asked: dict[str, Setting], host: str, setting: Setting
) -> None:
    before = own_rules(stored(CONFIG_PHASE, "acme", placed(CONFIG_PHASE, "acme", (), asked, ())), "acme")
    assert placed(CONFIG_PHASE, "acme", before, asked, ()) == before
    after = placed(CONFIG_PHASE, "acme", before, {host: setting}, ())
    for old in before:
        kept = next(r for r in after if r.ref == old.ref)
        assert old.readable - {host} <= kept.readable


def test_a_full_rule_is_left_and_the_next_one_begun() -> None:
    hosts = {f"a-rather-long-name-{n:03d}.example.com": "full" for n in range(250)}
    rules = placed(CONFIG_PHASE, "acme", (), hosts, ())
    assert [r.ref for r in rules] == ["tdr-ssl-acme", "tdr-ssl-acme_2", "tdr-ssl-acme_3"]
    assert sum(len(r.readable) for r in rules) == 250
    assert all(len(expression_for(r.readable)) <= EXPRESSION_CHARACTERS for r in rules)
    assert not has_room(rules[0], "another-rather-long-name.example.com")


def test_room_that_came_free_is_used_before_a_new_rule() -> None:
    first = OwnRule("tdr-ssl-acme", "full", frozenset({"a.example.com"}), "1")
    second = OwnRule("tdr-ssl-acme_2", "full", frozenset({"b.example.com"}), "2")
    after = placed(CONFIG_PHASE, "acme", (first, second), {"c.example.com": "full"}, ())
    assert [sorted(r.readable) for r in after] == [["a.example.com", "c.example.com"], ["b.example.com"]]


def test_a_rule_whose_setting_changed_for_all_its_hosts_is_changed_itself() -> None:
    old = OwnRule("tdr-ssl-acme", OFF, frozenset({"a.example.com"}), "1")
    assert placed(CONFIG_PHASE, "acme", (old,), {"a.example.com": "full"}, ()) == (
        OwnRule("tdr-ssl-acme", "full", frozenset({"a.example.com"}), "1"),
    )


def test_a_rule_edited_by_hand_is_left_alone() -> None:
    edited = OwnRule("tdr-ssl-acme", "full", None, "1")
    after = placed(CONFIG_PHASE, "acme", (edited,), {"a.example.com": "full"}, ())
    assert after == (edited, OwnRule("tdr-ssl-acme_2", "full", frozenset({"a.example.com"})))


@pytest.mark.parametrize("owner", ["acme", "acme-2", "a", "ssl-tdr"])
@pytest.mark.parametrize("number", [1, 2, 12])
def test_a_ref_tells_its_owner_and_its_phase(owner: str, number: int) -> None:
    ref = rule_ref(CONFIG_PHASE, owner, number)
    assert owner_of(CONFIG_PHASE, ref) == owner
    assert owner_of(CACHE_PHASE, ref) is None


def test_a_host_in_two_owners_rules_is_reported_as_the_other_ones() -> None:
    expression = '(http.host in {"a.example.com"})'
    both = Ruleset("r", CONFIG_PHASE, (rule("tdr-ssl-acme", expression), rule("tdr-ssl-other", expression)))
    assert [m.mark for m in members("web", "example.com", both, EMPTY, "acme")] == ["other"]
    assert [m.mark for m in members("web", "example.com", both, EMPTY, "other")] == ["acme"]
    assert [m.mark for m in members("web", "example.com", both, EMPTY, "third")] == ["other"]


def test_what_a_rule_gives_is_read_from_it() -> None:
    assert setting_of(CONFIG_PHASE, rule("r", "", "strict")) == "strict"
    assert setting_of(CONFIG_PHASE, rule("r", "", "full", enabled=False)) == OFF
    for seconds in (0, 10, 60):
        cached = Rule(
            "1",
            "r",
            "",
            "",
            "set_cache_settings",
            attrs(**parameters_for(CACHE_PHASE, seconds)),
            enabled=True,
        )
        assert setting_of(CACHE_PHASE, cached) == seconds
    edited = Rule("1", "r", "", "", "set_cache_settings", attrs(cache=True), enabled=True)
    assert setting_of(CACHE_PHASE, edited) == EDITED
