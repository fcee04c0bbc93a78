"""Golden files: what users and tools read, kept word for word.

`TDR_REWRITE_GOLDEN=1` writes them anew; one that is missing is written, too, and its test fails that once.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "golden"


def matches(name: str, text: str) -> bool:
    """Tell whether text is what the golden file says; with TDR_REWRITE_GOLDEN it becomes so."""
    path = FOLDER / name
    missing = not path.exists()
    if missing or os.environ.get("TDR_REWRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert not missing, f"{name} was missing and is written: look at it, then commit it"
    return text == path.read_text(encoding="utf-8")
