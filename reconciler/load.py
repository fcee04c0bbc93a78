"""The files, read and judged: operands to `Desired`, or every problem at once."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from reconciler import rules
from reconciler.checker import Checker
from reconciler.collector import collector_off
from reconciler.desired import Desired
from reconciler.drafts import desired_of, drafts
from reconciler.errors import ConfigError
from reconciler.problem import Mark, Problem, in_order, shown
from reconciler.provider import ProviderType
from reconciler.schema import whole
from reconciler.union import unite
from reconciler.yaml_marks import MAX_BYTES, MAX_PROBLEMS, Document, parse

DEFAULT_FILE = Path("domains.yaml")
SUFFIXES = (".yaml", ".yml")
MAX_FILES = 1_000
MAX_INCLUDES = 20
MAX_TOTAL_BYTES = 32 * 1024 * 1024


def load(operands: Sequence[Path], environ: Mapping[str, str], types: Mapping[str, ProviderType]) -> Desired:
    """Return the desired state of YAML files and folders (a folder: its own *.yaml), `domains.yaml` if none.

    Offline: no secret is needed, nothing but files is read. Raises ConfigError with all problems.
    """
    with collector_off():
        reader = _Reader(environ)
        for operand in operands or (DEFAULT_FILE,):
            reader.read_operand(operand)
        documents = tuple(reader.documents.values())
        desired, problems = judge(documents, types, complete=reader.complete)
        everything = (*reader.problems, *problems)
        if everything or desired is None:
            raise ConfigError(_bounded(in_order(everything, reader.files)))
    return desired


def judge(
    documents: Sequence[Document], types: Mapping[str, ProviderType], *, complete: bool = True
) -> tuple[Desired | None, tuple[Problem, ...]]:
    """Return the desired state of documents, None where there are problems, and the problems. Pure.

    `complete` is False where a further document could not be read: what is missing may then stand there.
    """
    checker = Checker(whole(types))
    found = [pair for document in documents for pair in checker.found(document)]
    odd = frozenset(str(path[1]) for path, _ in found if path[:1] == ("providers",) and len(path) > 1)
    united, united_problems = unite(documents, complete=complete)
    all_drafts = drafts(united)
    checked = rules.Checked(united, all_drafts, types, odd)
    broken = islice(rules.problems(checked), MAX_PROBLEMS + 1)
    everything = (*(problem for _, problem in found), *united_problems, *broken)
    unread = any(document.unread for document in documents)
    if everything or unread or not documents:
        return None, everything
    return desired_of(united, all_drafts), ()


def _bounded(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return the first MAX_PROBLEMS, and then that there are more."""
    if len(problems) <= MAX_PROBLEMS:
        return problems
    more = Problem("", 0, 0, f"there are more than {MAX_PROBLEMS} problems", "correct those above first")
    return (*problems[:MAX_PROBLEMS], more)


class _Reader:
    """Reads files, and those that they include, each once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.documents: dict[Path, Document] = {}
        self.problems: list[Problem] = []
        self.files: list[str] = []
        self.complete = True
        self._environ = environ
        self._read: set[Path] = set()
        self._bytes = 0
        self._full = False

    def read_operand(self, operand: Path) -> None:
        """Read one operand: a file or a folder."""
        named_at = Mark(str(operand), 0, 0)
        if not is_folder(operand):
            self._read_file(operand, named_at, ())
            return
        try:
            inside = sorted(operand.iterdir())
        except OSError as error:
            self._say(named_at, f"this folder cannot be read ({error.strerror})", "make it readable")
            return
        files = [path for path in inside if path.suffix == ".yaml" and not path.name.startswith(".")]
        if not files:
            self._say(named_at, "this folder has no *.yaml file of its own", "name another, or the files")
        for path in files:
            self._read_file(path, Mark(str(path), 0, 0), ())

    def _say(self, mark: Mark, what: str, instead: str) -> None:
        self.problems.append(mark.problem(what, instead))

    def _read_file(self, path: Path, named_at: Mark, chain: tuple[Path, ...]) -> None:
        """Read a file and what it includes; `chain` are the files that led here."""
        real = self._real(path, named_at)
        if real is None or real in self._read or self._full:
            return
        self._read.add(real)
        self.files.append(str(path))
        data = self._bytes_of(path, named_at)
        if data is None:
            self.complete = False
            return
        document, problems = parse(data, str(path), self._environ)
        self.problems.extend(problems)
        if document is None:
            self.complete = False
        else:
            self.documents[real] = document
            self._include(document, path, (*chain, real))

    def _real(self, path: Path, named_at: Mark) -> Path | None:
        """Return the file's one true name, None after saying why it has none."""
        try:
            return path.resolve()
        except (OSError, RuntimeError):  # a link that leads to itself: which one depends on the Python
            self.complete = False
            self._say(
                named_at, f"{_called(path, named_at)} cannot be followed", "name a *.yaml file or a folder"
            )
            return None

    def _bytes_of(self, path: Path, named_at: Mark) -> bytes | None:
        """Return a file's content, None after saying why not. Never reads more than the limit."""
        if path.suffix.lower() not in SUFFIXES:
            self._say(
                named_at, f"{_called(path, named_at)} is not a YAML file", "name a *.yaml file or a folder"
            )
            return None
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                self._say(
                    named_at, f"{_called(path, named_at)} is not a file", "name a *.yaml file or a folder"
                )
                return None
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            missing = f"there is no file {shown(str(path))}" if named_at.line else "there is no such file"
            self._say(named_at, missing, "create it, or name another")
            return None
        except OSError as error:
            self._say(
                named_at, f"{_called(path, named_at)} cannot be read ({error.strerror})", "make it readable"
            )
            return None
        self._bytes += len(data)
        self._full = len(self._read) > MAX_FILES or self._bytes > MAX_TOTAL_BYTES
        if self._full:
            limit = f"{MAX_FILES} files or {MAX_TOTAL_BYTES // 2**20} MB"
            self._say(named_at, f"the files together are more than {limit}", "run tdr on parts of them")
            return None
        return data

    def _include(self, document: Document, path: Path, chain: tuple[Path, ...]) -> None:
        wanted = document.value.get("include") if isinstance(document.value, dict) else None
        for n, pattern in enumerate(wanted if isinstance(wanted, list) else ()):
            # What is no text is the schema's to tell.
            if isinstance(pattern, str):
                self._include_one(pattern, document.mark("include", n), path, chain)

    def _include_one(self, pattern: str, mark: Mark, path: Path, chain: tuple[Path, ...]) -> None:
        if len(chain) > MAX_INCLUDES:
            self._say(
                mark, f"more than {MAX_INCLUDES} files include one another", "include them from one file"
            )
            return
        found = _matches(path.parent, pattern)
        if found is None:
            what = f"{shown(pattern)} is not a file name relative to this file"
            self._say(mark, what, "write for example more/*.yaml")
        elif not found:
            self._say(mark, f"{shown(pattern)} names no file", "create it, or remove this line")
        self.complete = self.complete and bool(found)
        for one in found or ():
            self._follow(one, mark, chain)

    def _follow(self, one: Path, mark: Mark, chain: tuple[Path, ...]) -> None:
        """Read an included file, unless it is the including one, or leads back to one that led here."""
        real = self._real(one, mark)
        if real in chain[:-1]:
            what = f"{shown(str(one))} includes this file in turn"
            self._say(mark, what, "remove one of the two includes")
        elif real != chain[-1]:
            self._read_file(one, mark, chain)


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; one that cannot be looked at is none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _called(path: Path, named_at: Mark) -> str:
    """Return what a message calls a file: its name, but where the message begins with that already."""
    return shown(str(path)) if named_at.line else "this"


def _matches(folder: Path, pattern: str) -> list[Path] | None:
    """Return what a pattern names below (or beside) a folder, sorted; None where it is no pattern."""
    parts = Path(pattern).parts
    if not parts or "**" in pattern or Path(pattern).is_absolute():
        return None
    try:
        return sorted(folder.glob(pattern))
    except (OSError, ValueError):  # too long a name, a pattern that Python does not take
        return None
