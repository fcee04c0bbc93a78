"""The project's own source, as the tests of this folder read it."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("reconciler", "providers")


@cache
def modules() -> dict[str, Path]:
    """Every module of the product by dotted name."""
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return {dotted(path): path for path in paths}


def dotted(path: Path) -> str:
    """`reconciler/plan.py` is `reconciler.plan`; a package is its `__init__.py`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    """The parsed module."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(module: str) -> set[str]:
    """Everything that `module` imports at any depth of its code, as dotted names.

    `from a.b import c` counts as `a.b.c` where that is one of our modules, else as `a.b`.
    """
    path = modules()[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return {name for node in ast.walk(tree(path)) for name in imported(node, package)}


def imported(node: ast.AST, package: str) -> Iterator[str]:
    """The modules that one statement imports, from inside `package`."""
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=base, names=names, level=level):
            parent = ".".join(package.split(".")[: len(package.split(".")) - level + 1]) if level else ""
            origin = ".".join(part for part in (parent, base) if part)
            yield from (ours if (ours := f"{origin}.{a.name}") in modules() else origin for a in names)


def committed() -> list[Path]:
    """Every file that git holds or is about to hold."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]
