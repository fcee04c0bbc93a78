"""The `aws` command line as a user types it, on whatever plays Amazon's side."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.judges import judge

TIMEOUT_S = 60
#: What version 1 of the command ends with where the service refuses (docs: AWS CLI User Guide, return codes).
REFUSED = 255


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The answer, of a command that must have gone well."""
        assert self.code == 0, self.err
        return json.loads(self.out)


class AwsCommand:
    """The command in one environment; documents that are handed in are files of a folder."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        """Take what concerns AWS of an environment, and nothing of this machine's."""
        self.program, self.folder = judge("aws"), folder
        theirs = {name: value for name, value in environ.items() if name.startswith("AWS_")}
        self.environ = {
            "PATH": os.defpath,
            "HOME": str(folder),
            "AWS_PAGER": "",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            **theirs,
        }

    def __call__(self, words: str, *, env: Mapping[str, str] | None = None, **documents: Any) -> Said:
        """Run `aws WORDS`; a document `cache_policy_config=…` becomes --cache-policy-config file://…"""
        line = [self.program, *words.split()]
        for name, document in documents.items():
            file = self.folder / f"{name}.json"
            file.write_text(json.dumps(document))
            line += [f"--{name.replace('_', '-')}", f"file://{file}"]
        done = subprocess.run(
            line,
            env={**self.environ, **(env or {})},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def refused(self, words: str, **documents: Any) -> str:
        """Run a command that the service must refuse; gives its words, `CODE: MESSAGE`."""
        said = self(words, **documents)
        assert said.code == REFUSED, f"exit {said.code}\n{said.out}\n{said.err}"
        code, _, rest = said.err.strip().removeprefix("An error occurred (").partition(")")
        return f"{code}: {rest.partition('operation: ')[2]}"
