"""docs/fastly.md says what tdr does: states, options and defaults are those of the code."""

import re
from pathlib import Path

from providers.fastly.names import BACKEND, WRITES_PER_HOUR, mark, service_name
from providers.fastly.options import AUTHORITY, CACHE_TTL_S, OPTIONS
from providers.fastly.tls import AUTHORITIES, MEANINGS

PAGE = (Path(__file__).parents[2] / "docs" / "fastly.md").read_text(encoding="utf-8")
GUIDE = PAGE[PAGE.index("## tdr and the guide of 2021") : PAGE.index("## What is not known")]


def test_every_state_of_a_certificate_is_told() -> None:
    table = PAGE[PAGE.index("| Fastly's state |") :]
    told = re.findall(r"^\| `(\w+)` \|", table[: table.index("\n\n")], re.MULTILINE)
    assert told == list(MEANINGS)


def test_every_option_that_gives_the_guides_way_is_an_option() -> None:
    ways = [row.split("|")[4] for row in GUIDE.splitlines() if row.startswith("| ")][1:]
    named = {name for way in ways for name in re.findall(r"`(\w+)", way)}
    assert named == {"domains", "cache_ttl", "authority", "certificates", "tls_configuration"}
    assert named <= set(OPTIONS["properties"])


def test_names_and_numbers_are_those_of_the_code() -> None:
    assert f"`{service_name('OWNER', 'spgo.io')}`" in PAGE
    assert f"`{mark('OWNER', 'spgo.io')}`" in PAGE
    assert f"| `{BACKEND}` |" in GUIDE
    assert f"{WRITES_PER_HOUR:,} writes an hour" in PAGE
    assert f"Fallback TTL {CACHE_TTL_S} seconds" in GUIDE
    assert AUTHORITY == "certainly"
    for name in AUTHORITIES:
        assert name in PAGE.lower()
