"""The schema: what each mistake is told to be, and that the quick judge agrees with the whole schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.checker import Checker
from reconciler.provider import ProviderType
from reconciler.schema import whole
from reconciler.yaml_marks import Document
from tests.reconciler.vendors import HEAD, TYPES, cannot_open, problems_in

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = whole(TYPES)


def test_all_mistakes_of_a_file_come_at_once() -> None:
    text = (
        f"{HEAD}ownr: x\ndomains:\n  a.example.com: {{ttl: 1, cdnn: web}}\n  b.example.com: {{default: 1}}\n"
    )
    assert [line.split(":")[1] for line in problems_in(text)] == ["7", "9", "9", "10"]


def test_a_secret_is_never_repeated() -> None:
    secret = "0123456789abcdef0123456789abcdef01234567"
    for text in (
        f"version: 1\nowner: '{secret}'\n",
        f"version: 1\nowner: a\nproviders: {{sp: {{type: '{secret}'}}}}\n",
        f"version: 1\nowner: a\nproviders: {{sp: {{type: sparkpost, region: '{secret}'}}}}\n",
        f"version: 1\nowner: a\nproviders: {{sp: {{type: sparkpost, api_key: '{secret}'}}}}\n",
        f"version: 1\nowner: a\nproviders: {{e: {{type: edge, zones: '{secret}'}}}}\n",
    ):
        found = problems_in(text)
        assert found
        assert secret not in "\n".join(found)


def test_the_whole_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == "urn:tdr:schema:domains:1"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def described(schema: Any, path: str = "") -> Iterator[tuple[str, bool]]:
    """Yield every property and definition of our own schema, and whether an editor can explain it."""
    if isinstance(schema, dict):
        for group in ("properties", "$defs"):
            for name, part in schema.get(group, {}).items():
                at = f"{path}/{name}"
                if "if" not in part and not name.startswith("account-"):
                    yield at, "description" in part or "$ref" in part
                    yield from described(part, at)


def test_every_option_is_described_for_editors() -> None:
    assert [path for path, has in described(SCHEMA) if not has] == []


def test_a_schema_with_definitions_of_its_own_keeps_them() -> None:
    options = {"properties": {"zone": {"$ref": "#/$defs/zone"}}, "$defs": {"zone": {"type": "string"}}}
    own = ProviderType("own", frozenset({"dns"}), open=cannot_open, options=options)
    checker = Checker(whole({"own": own}))

    def verdict(zone: object) -> int:
        value = {"version": 1, "providers": {"o": {"type": "own", "zone": zone}}}
        return len(checker.found(Document("f", value, 0)))

    assert (verdict("x"), verdict(1)) == (0, 1)


SCALARS = st.sampled_from(
    [
        "sp",
        "web",
        "none",
        "present",
        "absent",
        "5m",
        "5 m",
        "yes",
        "",
        0,
        1,
        60,
        7,
        -1,
        True,
        False,
        None,
        1.5,
    ]
)
OPTIONS = st.dictionaries(
    st.sampled_from(
        [
            "state",
            "sparkpost",
            "cdn",
            "dns",
            "default",
            "sending_domains",
            "subaccount",
            "ttl",
            "allow_gap",
            "odd",
        ]
    ),
    SCALARS
    | st.lists(SCALARS, max_size=3)
    | st.dictionaries(st.sampled_from(["a", "b"]), SCALARS, max_size=1),
    max_size=5,
)
FILES = st.fixed_dictionaries(
    {
        "version": st.just(1),
        "domains": st.dictionaries(st.sampled_from("abcdefgh"), OPTIONS | SCALARS, max_size=8),
    },
    optional={"owner": SCALARS, "defaults": OPTIONS, "policy": SCALARS, "odd": SCALARS},
)


@given(FILES)
def test_the_quick_judge_agrees_with_the_whole_schema(value: dict[str, Any]) -> None:
    """A shape found valid once is not judged again; so every domain here meets many alike before it."""
    found = {
        path[:2] for path, _ in Checker(SCHEMA).found(Document("f", value, 0)) if path[:1] == ("domains",)
    }
    validator = Draft202012Validator(SCHEMA)
    errors = [tuple(error.absolute_path) for error in validator.iter_errors(value)]
    assert found == {path[:2] for path in errors if path[:1] == ("domains",)}
    rest = [path for path, _ in Checker(SCHEMA).found(Document("f", value, 0)) if path[:1] != ("domains",)]
    assert bool(rest) == bool([path for path in errors if path[:1] != ("domains",)])
