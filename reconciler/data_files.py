"""Files that ship with the product, found in a wheel and in a checkout alike."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
# In a wheel the schemas lie inside the package; in a checkout (editable install) beside it.
_FOLDERS = (_PACKAGE / "_schemas", _PACKAGE.parent / "schemas")


def schema_text(name: str) -> str:
    """Return the text of a schema file such as `domains-v1.schema.json`. Raises FileNotFoundError."""
    for folder in _FOLDERS:
        path = folder / name
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise FileNotFoundError(f"schema {name} is not part of this installation of tdr")
