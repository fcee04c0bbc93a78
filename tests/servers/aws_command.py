"""The `aws` command line as a user types it, on whatever plays Amazon's side."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
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


@cache
def _forks() -> subprocess.Popen[str]:
    """Start what runs the commands, once; it ends with this process."""
    script = str(Path(__file__).with_name("aws_forks.py"))
    process = subprocess.Popen(
        [judge("python"), script],
        env={"PATH": os.defpath, "HOME": os.devnull},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(process.communicate)
    return process


def _run(**asked: object) -> int:
    """Run one command; gives its exit code, negative where a signal ended it."""
    forks = _forks()
    assert forks.stdin is not None
    assert forks.stdout is not None
    forks.stdin.write(f"{json.dumps(asked)}\n")
    forks.stdin.flush()
    return int(forks.stdout.readline())


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
        line = words.split()
        for name, document in documents.items():
            file = self.folder / f"{name}.json"
            file.write_text(json.dumps(document))
            line += [f"--{name.replace('_', '-')}", f"file://{file}"]
        out, err = self.folder / "stdout", self.folder / "stderr"
        code = _run(
            program=self.program,
            words=line,
            env={**self.environ, **(env or {})},
            folder=str(self.folder),
            out=str(out),
            err=str(err),
            timeout_s=TIMEOUT_S,
        )
        return Said(code, out.read_text(), err.read_text())

    def refused(self, words: str, **documents: Any) -> str:
        """Run a command that the service must refuse; gives its words, `CODE: MESSAGE`."""
        said = self(words, **documents)
        assert said.code == REFUSED, f"exit {said.code}\n{said.out}\n{said.err}"
        code, _, rest = said.err.strip().removeprefix("An error occurred (").partition(")")
        return f"{code}: {rest.partition('operation: ')[2]}"
