"""What importing the sandbox costs, and what a machine without the extra is told."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def python(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_importing_the_package_loads_no_server() -> None:
    done = python("import sys, providers.sandbox; print(sorted(sys.modules))")

    assert done.returncode == 0
    assert not [name for name in ("aiohttp", "cryptography", "dns", "yaml") if f"'{name}'" in done.stdout]


@pytest.mark.parametrize("name", ["aiohttp", "cryptography"])
def test_a_missing_extra_is_one_error_with_the_line_to_type(name: str) -> None:
    block = f"import sys; sys.modules[{name!r}] = None; "
    started = python(block + "import providers.sandbox as s\nwith s.started({}): pass")
    command = python(
        block + "from providers.sandbox.command import main; sys.exit(main(['run', '--', 'true']))"
    )

    line = "the sandbox needs its extra: type  pip install 'tdr-reconciler[sandbox]'"
    assert started.stderr.strip().endswith(f"ImportError: {line}")
    assert (command.returncode, command.stderr) == (1, f"tdr sandbox: {line}\n")
