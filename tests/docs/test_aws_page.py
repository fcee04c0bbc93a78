"""docs/aws.md says what tdr does: quotas, names and options are those of the code."""

import re
from pathlib import Path

from providers.aws.options import OPTIONS, QUOTAS

PAGE = (Path(__file__).parents[2] / "docs" / "aws.md").read_text(encoding="utf-8")


def test_every_quota_is_told_with_the_number_that_is_reckoned_with() -> None:
    rows = {
        name: int(re.match(r"[\d,]+", count)[0].replace(",", ""))  # type: ignore[index]
        for names, count in re.findall(r"^\| (`[a-z_`, ]+`) \| (\d[^|]*) \|$", PAGE, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", names)
    }
    assert rows == QUOTAS


def test_every_option_that_gives_the_guides_way_is_an_option() -> None:
    table = PAGE[PAGE.index("## tdr and the guide of 2021") :]
    ways = [row.split("|")[4] for row in table.splitlines() if row.startswith("| ")][1:]
    named = {name for way in ways for name in re.findall(r"`(\w+)", way)}
    assert len(named) > 8
    assert named <= set(OPTIONS["properties"])
