"""Files, folders and includes: several files as one, and every problem of all of them at once."""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ConfigError
from reconciler.load import MAX_FILES, MAX_INCLUDES, load
from tests.reconciler.vendors import HEAD, TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.desired import Desired

PROVIDERS = "providers:\n  sp: {type: sparkpost}\n  web: {type: edge}\n"
DEFAULTS = "defaults: {sparkpost: sp, cdn: web, dns: web}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder, and the current one, so that messages name files as a user would."""
    with contextlib.chdir(tmp_path):
        yield tmp_path


def write(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")


def read(*operands: str, environ: Mapping[str, str] | None = None) -> Desired:
    return load([Path(operand) for operand in operands], environ or {}, TYPES)


def said(*operands: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(*operands)
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return str(caught.value).split("\n")


def test_no_operand_means_domains_yaml_here(folder: Path) -> None:
    write({"domains.yaml": HEAD + "domains: {a.example.com: {}}"})
    assert list(read().domains) == ["a.example.com"]
    assert str(read().domains["a.example.com"].mark) == "domains.yaml:7:11"


def test_without_domains_yaml_the_message_says_so(folder: Path) -> None:
    assert said() == ["domains.yaml: there is no such file; create it, or name another"]


def test_a_folder_is_its_own_yaml_files(folder: Path) -> None:
    """Neither subfolders nor hidden files: editors leave those behind."""
    write(
        {
            "conf/a.yaml": HEAD,
            "conf/b.yaml": "version: 1\ndomains: {b.example.com: {}}",
            "conf/.b.yaml.swp": "[",
            "conf/.hidden.yaml": "[",
            "conf/sub/world.yaml": "[",
            "conf/notes.txt": "[",
        }
    )
    assert list(read("conf").domains) == ["b.example.com"]


def test_a_folder_without_yaml_is_told(folder: Path) -> None:
    (folder / "empty").mkdir()
    assert said("empty") == ["empty: this folder has no *.yaml file of its own; name another, or the files"]


def test_several_files_are_one(folder: Path) -> None:
    write(
        {
            "one.yaml": f"version: 1\nowner: acme\n{PROVIDERS}",
            "two.yaml": f"version: 1\n{DEFAULTS}domains: {{b.example.com: {{}}}}",
            "three.yml": "version: 1\nproviders: {eu: {type: sparkpost}}\n"
            "domains: {a.example.com: {sparkpost: eu}}",
        }
    )
    desired = read("one.yaml", "two.yaml", "three.yml")
    assert list(desired.domains) == ["a.example.com", "b.example.com"]
    assert list(desired.accounts) == ["eu", "sp", "web"]
    assert str(desired.domains["a.example.com"].marks["sparkpost"]) == "three.yml:3:38"
    assert str(desired.domains["a.example.com"].marks["cdn"]) == "two.yaml:2:32"


def test_the_order_of_files_changes_nothing(folder: Path) -> None:
    write({"one.yaml": HEAD, "two.yaml": "version: 1\ndomains: {b.example.com: {}, a.example.com: {}}"})
    assert read("one.yaml", "two.yaml") == read("two.yaml", "one.yaml")
    assert list(read("two.yaml", "one.yaml").domains) == ["a.example.com", "b.example.com"]


def test_what_stands_in_two_files_is_told_with_both_places(folder: Path) -> None:
    text = HEAD + "policy: {max_deletes: 1}\ndomains: {a.example.com: {}}"
    write({"one.yaml": text, "two.yaml": text.replace("a.ex", "A.ex")})
    assert said("one.yaml", "two.yaml") == [
        'two.yaml:2:1: "owner" stands in two files (also at one.yaml:2:1); keep one',
        (
            'two.yaml:4:3: the alias "sp" stands in two files (also at one.yaml:4:3);'
            " keep one, or choose another alias"
        ),
        (
            'two.yaml:5:3: the alias "web" stands in two files (also at one.yaml:5:3);'
            " keep one, or choose another alias"
        ),
        'two.yaml:6:1: "defaults" stands in two files (also at one.yaml:6:1); keep one',
        'two.yaml:7:1: "policy" stands in two files (also at one.yaml:7:1); keep one',
        (
            'two.yaml:8:11: the domain "A.example.com" is the same host as "a.example.com"'
            " (also at one.yaml:8:11); keep one"
        ),
    ]


def test_version_stands_in_each_file_and_owner_in_one(folder: Path) -> None:
    write({"one.yaml": "version: 1\n", "two.yaml": "domains: {}\n"})
    assert said("one.yaml", "two.yaml") == [
        "one.yaml:1:1: no file names an owner; add for example `owner: acme-mail`",
        'two.yaml:1:1: the file has no "version"; add `version: 1`',
    ]


def test_default_domains_are_counted_over_all_files(folder: Path) -> None:
    write(
        {
            "one.yaml": HEAD + "domains: {b.example.com: {default: true}}",
            "two.yaml": "version: 1\ndomains: {a.example.com: {default: true}}",
        }
    )
    assert said("one.yaml", "two.yaml") == [
        (
            "one.yaml:7:36: sp would have two default tracking domains (also a.example.com at two.yaml:2:36);"
            " write `default: true` for one of them"
        )
    ]


def test_includes_are_relative_to_their_file(folder: Path) -> None:
    write(
        {
            "conf/main.yaml": HEAD + "include: [more/*.yaml, ../other.yaml, '${EXTRA:-last.yaml}']",
            "conf/more/b.yaml": "version: 1\ndomains: {b.example.com: {}}",
            "conf/more/a.yaml": "version: 1\ninclude: [deep/x.yaml]\ndomains: {a.example.com: {}}",
            "conf/more/deep/x.yaml": "version: 1\ndomains: {x.example.com: {}}",
            "conf/last.yaml": "version: 1\ndomains: {last.example.com: {}}",
            "other.yaml": "version: 1\ndomains: {o.example.com: {}}",
        }
    )
    hosts = ["a", "b", "last", "o", "x"]
    assert list(read("conf/main.yaml").domains) == [f"{host}.example.com" for host in hosts]


def test_a_file_is_read_once_however_often_it_is_named(folder: Path) -> None:
    write(
        {
            "a.yaml": HEAD + "include: ['*.yaml', b.yaml, a.yaml]",
            "b.yaml": "version: 1\ndomains: {b.example.com: {}}",
        }
    )
    assert list(read("a.yaml", "b.yaml", str(folder / "b.yaml"), ".").domains) == ["b.example.com"]


def test_an_include_that_leads_back_is_told(folder: Path) -> None:
    write(
        {
            "a.yaml": HEAD + "include: [b.yaml]",
            "b.yaml": "version: 1\ninclude: [c.yaml]",
            "c.yaml": "version: 1\ninclude: [a.yaml]",
        }
    )
    assert said("a.yaml") == [
        'c.yaml:2:11: "a.yaml" includes this file in turn; remove one of the two includes'
    ]


@pytest.mark.parametrize(
    ("include", "problem"),
    [
        ("nope.yaml", '"nope.yaml" names no file; create it, or remove this line'),
        ("no/*.yaml", '"no/*.yaml" names no file; create it, or remove this line'),
        (
            "'**/*.yaml'",
            '"**/*.yaml" is not a file name relative to this file; write for example more/*.yaml',
        ),
        (
            "/etc/x.yaml",
            '"/etc/x.yaml" is not a file name relative to this file; write for example more/*.yaml',
        ),
        ("''", '"" is not a file name relative to this file; write for example more/*.yaml'),
        (".", '"." is not a file name relative to this file; write for example more/*.yaml'),
        ("..", '".." is not a YAML file; name a *.yaml file or a folder'),
        ("x" * 300, f'"{"x" * 59}…" is not a file name relative to this file; write for example more/*.yaml'),
        ("loop.yaml", '"loop.yaml" names no file; create it, or remove this line'),
        ("notes.txt", '"notes.txt" is not a YAML file; name a *.yaml file or a folder'),
        ("sub.yaml", '"sub.yaml" is not a file; name a *.yaml file or a folder'),
    ],
)
def test_an_include_that_cannot_be_followed_is_told_at_its_line(
    folder: Path, include: str, problem: str
) -> None:
    write({"a.yaml": f"{HEAD}include:\n  - {include}\n", "notes.txt": "x", "sub.yaml/x": ""})
    Path("loop.yaml").symlink_to("loop.yaml")
    assert said("a.yaml") == [f"a.yaml:8:5: {problem}"]


def test_includes_without_end_are_told(folder: Path) -> None:
    files = {f"f{n}.yaml": f"version: 1\ninclude: [f{n + 1}.yaml]" for n in range(MAX_INCLUDES + 5)}
    write({**files, "f0.yaml": HEAD + "include: [f1.yaml]"})
    assert said("f0.yaml") == [
        (
            f"f{MAX_INCLUDES}.yaml:2:11: more than {MAX_INCLUDES} files include one another;"
            " include them from one file"
        )
    ]


@pytest.mark.parametrize(
    ("operand", "problem"),
    [
        ("nope.yaml", "nope.yaml: there is no such file; create it, or name another"),
        ("loop.yaml", "loop.yaml: this cannot be followed; name a *.yaml file or a folder"),
        ("plan.json", "plan.json: this is not a YAML file; name a *.yaml file or a folder"),
    ],
)
def test_an_operand_that_is_no_file_is_told(folder: Path, operand: str, problem: str) -> None:
    (folder / "loop.yaml").symlink_to("loop.yaml")
    assert said(operand) == [problem]


def test_problems_of_all_files_come_at_once(folder: Path) -> None:
    """A file that cannot be read may hold what the others name: that is then not called missing."""
    write(
        {
            "a.yaml": HEAD.replace("web}", "wob}") + "colour: red",
            "b.yaml": "version: 1\n\tx: 1",
            "c.yaml": "version: 3",
        }
    )
    assert said("a.yaml", "b.yaml", "c.yaml") == [
        (
            'a.yaml:7:1: unknown key "colour" in the file;'
            " use one of: defaults, domains, include, owner, policy, providers, version"
        ),
        "b.yaml:2:1: a tab indents this line; indent with spaces",
        "c.yaml:1:10: this tdr reads version 1 of the format, not the number 3; write version: 1",
    ]


def test_problems_without_end_are_cut_short(folder: Path) -> None:
    domains = "".join(f"  d{n}.example.com: {{cdn: wob}}\n" for n in range(1500))
    write({"a.yaml": f"{HEAD}domains:\n{domains}"})
    found = said("a.yaml")
    assert len(found) == 1001
    assert found[-1] == "there are more than 1000 problems; correct those above first"


def test_files_without_end_are_told_once(folder: Path) -> None:
    write({f"conf/f{n:04}.yaml": "version: 1\n" for n in range(MAX_FILES + 50)} | {"conf/f0000.yaml": HEAD})
    assert said("conf") == [
        (
            f"conf/f{MAX_FILES}.yaml: the files together are more than {MAX_FILES} files or 32 MB;"
            " run tdr on parts of them"
        )
    ]


def test_the_environment_is_an_argument(folder: Path) -> None:
    ttl = "domains:\n  a.example.com:\n    ttl: "
    write({"a.yaml": HEAD.replace("acme", "${OWNER}") + ttl + "'${TTL:-60}'"})
    assert said("a.yaml") == [
        (
            "a.yaml:2:8: the environment variable OWNER is not set;"
            " set it, or write a default: ${OWNER:-default}"
        ),
        (
            'a.yaml:9:10: "ttl" must be a whole number of seconds, 60 to 86400, not the text "60";'
            " write 60 without quotes"
        ),
    ]
    write({"a.yaml": HEAD.replace("acme", "${OWNER}") + ttl + "${TTL:-60}"})
    desired = read("a.yaml", environ={"OWNER": "acme", "TTL": "300"})
    assert (desired.owner, desired.domains["a.example.com"].ttl) == ("acme", 300)


def test_the_collector_is_left_as_it_was(folder: Path) -> None:
    write({"domains.yaml": HEAD})
    was = gc.isenabled()
    read()
    assert gc.isenabled() == was
    said("nope.yaml")
    assert gc.isenabled() == was
