"""What a user installs: the wheel, in an empty folder, with nothing of this checkout in reach."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Tdr = Callable[..., "subprocess.CompletedProcess[str]"]


def run(*argv: str, cwd: Path, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, built by the tools already installed: no download."""
    out = tmp_path_factory.mktemp("dist")
    done = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT), cwd=out)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Tdr:
    """`tdr` from the wheel in a virtualenv of its own, which borrows this one's dependencies."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=False)
    (wheel,) = built.glob("*.whl")
    pip = (sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "--disable-pip-version-check")
    done = run(*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel), cwd=home)
    assert done.returncode == 0, done.stdout + done.stderr
    borrow(home)
    empty = tmp_path_factory.mktemp("empty")

    def tdr(*argv: str) -> "subprocess.CompletedProcess[str]":
        path = os.pathsep.join([str(home / "bin"), os.defpath])
        return run(str(home / "bin/tdr"), *argv, cwd=empty, env={"PATH": path, "HOME": str(empty)})

    return tdr


def borrow(home: Path) -> None:
    """Put this environment's packages behind the new one's; the editable tdr stays out."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    place = home / "lib" / version / "site-packages" / "borrowed.pth"
    place.write_text(
        "\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}), encoding="utf-8"
    )


def names(archive: Path) -> set[str]:
    """The files of a wheel or an sdist, the sdist's without its top folder."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return set(wheel.namelist())
    with tarfile.open(archive) as sdist:
        return {name.partition("/")[2] for name in sdist.getnames()}


def test_the_wheel_holds_the_product_and_its_schemas_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    held = names(wheel)
    assert {f"reconciler/_schemas/{path.name}" for path in (ROOT / "schemas").glob("*.json")} <= held
    assert {name.partition("/")[0] for name in held if ".dist-info" not in name} == {
        "reconciler",
        "providers",
    }
    assert [name for name in held if name.endswith("/LICENSE")] != []


def test_the_sdist_holds_what_a_build_needs(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    held = names(sdist)
    assert {f"schemas/{path.name}" for path in (ROOT / "schemas").glob("*.json")} <= held
    assert {"pyproject.toml", "README.md", "LICENSE"} <= held


def test_the_code_that_runs_is_the_wheels(installed: Tdr) -> None:
    done = installed("--version")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("tdr ")


def test_the_schemas_are_found_in_the_wheel(installed: Tdr) -> None:
    done = installed("schema")
    assert done.returncode == 0, done.stderr
    assert '"$schema"' in done.stdout


def test_a_file_is_validated_by_the_wheel(installed: Tdr) -> None:
    done = installed("validate", str(ROOT / "examples/quickstart/domains.yaml"))
    assert done.returncode == 0, done.stderr


def test_the_whole_job_runs_from_the_wheel(installed: Tdr) -> None:
    quickstart = ROOT / "examples/quickstart"
    job = f"tdr apply -auto-approve -input=false {quickstart} && tdr plan -detailed-exitcode {quickstart}"
    world = str(quickstart / "sandbox/world.yaml")
    done = installed("sandbox", "run", "-world", world, "--", "/bin/sh", "-c", job)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Apply complete!" in done.stdout
