"""Credentials as files and options name them: what a bad file is told as."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from providers.google.session import Session
from reconciler.errors import AuthError
from reconciler.provider import Calls, Setting, one_by_one
from tests.sandbox.google.bench import PROJECT


def session(environ: Mapping[str, str], **options: Any) -> Session:
    """Open the session of an alias; it makes no calls by itself."""
    calls = cast(Calls, None)
    return Session(Setting("gcp", {"project": PROJECT, **options}, {}, environ, "acme", calls, one_by_one))


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '"key"', "{}", '{"type": "service_account"}', "\0"])
def test_a_file_that_holds_no_credentials_is_an_error_of_the_alias(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key.json"
    file.write_text(text)
    with pytest.raises(AuthError) as caught:
        session({"TDR_GCP_CREDENTIALS": str(file)})
    assert caught.value.provider == "gcp (google)"
