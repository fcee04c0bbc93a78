"""JSON that is the same text for the same values: what is saved and what is digested. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson


def canonical(value: Any, spelt: Callable[[Any], Any] | None = None) -> bytes:
    """Return value as UTF-8 JSON on one line, keys sorted, no blanks. Raises TypeError for what is no JSON.

    `spelt` is asked for each value inside that JSON has no word for, and returns one that it has.

    orjson is a tenth of `json` on a plan of thousands of changes, but refuses integers beyond 64 bits and
    lone surrogates, which a vendor's answer may hold: those go the slow way.
    """
    try:
        return orjson.dumps(value, spelt, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), default=spelt).encode()
