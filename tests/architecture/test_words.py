"""Names, escapes from the tools, and what no committed file may hold."""

import ast
import io
import re
import tokenize

import pytest

from tests.architecture.source import ROOT, committed, modules, tree

VAGUE = re.compile(r"(?:Manager|Helper|Util|Utils|Data|Info)s?(?=[A-Z_]|$)")
VAGUE_MODULES = {"manager", "helper", "helpers", "util", "utils", "data", "info", "misc", "common"}

# The most escapes from the tools in the product, by kind: a new one needs a reason and a number here.
MOST = {"noqa": 14, "type: ignore": 5, "pragma": 0}

# Paths of one machine and hosts of registries: a clone would not work elsewhere.
FOREIGN = re.compile(
    r"(?<![\w.:<-])/(?:home|Users|root|opt|work|farm)/\w|"
    r"(?:files[.]pythonhosted|registry[.]npmjs|deb[.]debian|test[.]pypi)[.](?:org|com)"
)


@pytest.mark.parametrize("module", modules())
def test_no_name_says_nothing(module: str) -> None:
    classes = {n.name for n in ast.walk(tree(modules()[module])) if isinstance(n, ast.ClassDef)}
    assert {name for name in classes if VAGUE.search(name)} == set()
    assert set(module.split(".")) & VAGUE_MODULES == set()


def test_escapes_from_the_tools_are_counted() -> None:
    comments = [text for path in modules().values() for text in comments_of(path.read_text(encoding="utf-8"))]
    found = {kind: sum(kind in text for text in comments) for kind in MOST}
    assert {kind: count for kind, count in found.items() if count > MOST[kind]} == {}


def comments_of(source: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def test_nothing_is_tied_to_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in committed()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if FOREIGN.search(line)
    ]
    assert found == []


def test_the_licence_is_apache_2_whole() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert len(text.split()) > 1500
