"""Options of real types that are wrong in a way that only a list can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import ConfigError
from reconciler.load import load
from reconciler.registry import provider_types

FILE = """\
version: 1
owner: acme-mail
providers:
  sp: {{type: sparkpost}}
  ns: {{type: manual, zones: {zones}}}
defaults: {{sparkpost: sp, cdn: sp, dns: ns}}
domains:
  click.example.com: {{}}
"""


@pytest.mark.parametrize(
    ("zones", "said"),
    [
        (
            "[]",
            '5:29: "zones" is an empty list; what belongs here: Zones that are edited by hand, each by name',
        ),
        ("[a.example, a.example]", '5:29: "zones" names the text "a.example" twice; write each once'),
    ],
)
def test_a_list_is_told_for_what_it_is(zones: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "domains.yaml"
    file.write_text(FILE.format(zones=zones))
    with pytest.raises(ConfigError) as found:
        load([file], {}, provider_types())
    assert [str(problem).removeprefix(f"{file}:") for problem in found.value.problems] == [said]
