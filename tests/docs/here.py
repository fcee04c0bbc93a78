"""tdr in the test's process: to import all of it anew takes longer than most commands do."""

import io
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

from reconciler.cli import main


def here(words: Sequence[str], folder: Path, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run tdr with these words, in a folder, with this environment and no other."""
    out, err, before = io.StringIO(), io.StringIO(), dict(os.environ)
    os.environ.clear()
    os.environ.update(env)
    try:
        with chdir(folder), redirect_stdout(out), redirect_stderr(err):
            code = main(list(words))
    except SystemExit as end:  # of --help
        code = end.code if isinstance(end.code, int) else 1 if end.code else 0
    finally:
        os.environ.clear()
        os.environ.update(before)
    return subprocess.CompletedProcess(list(words), code, out.getvalue(), err.getvalue())
