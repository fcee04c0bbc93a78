"""What is wrong, and what to write instead: each mistake in `mistakes/` with exactly what is said of it.

A case is what stands before its lines `=> line:column: …`; an empty line ends it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.reconciler.vendors import HEAD, problems_in

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / "mistakes"
AROUND = {
    "option.txt": f"{HEAD}domains:\n  a.example.com:\n    %s\n",
    "together.txt": f"{HEAD}%s\n",
    "file.txt": "%s\n",
    "accounts.txt": "%s\n",
}


def cases(name: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what is written and what is said of it."""
    for block in (FOLDER / name).read_text(encoding="utf-8").split("\n\n")[1:]:
        lines = block.strip("\n").split("\n")
        written = [line for line in lines if not line.startswith("=> ")]
        yield "\n".join(written), [line.removeprefix("=> ") for line in lines[len(written) :]]


@pytest.mark.parametrize(
    ("name", "written", "said"),
    [pytest.param(name, *case, id=f"{name}-{n}") for name in AROUND for n, case in enumerate(cases(name))],
)
def test_a_mistake_is_told_at_its_place_with_what_to_write(name: str, written: str, said: list[str]) -> None:
    found = problems_in(AROUND[name] % written)
    assert [line.removeprefix("f.yaml:") for line in found] == said
    assert said
