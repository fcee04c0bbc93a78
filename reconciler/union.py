"""Several files as one: `domains` and `providers` united, `owner`, `defaults`, `policy` in one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.hostname import HostnameError, normalise
from reconciler.problem import Mark, Problem, shown
from reconciler.yaml_marks import Document


@dataclass(frozen=True, slots=True)
class Place:
    """A value in a document."""

    document: Document
    path: tuple[str, ...]
    value: Any

    def mark(self, *path: str | int) -> Mark:
        """Where the value, or one within it, stands."""
        return self.document.mark(*self.path, *path)

    def key_mark(self, *path: str | int) -> Mark:
        """Where its key, or a key within it, stands."""
        return self.document.key_mark(*self.path, *path)


@dataclass(frozen=True, slots=True)
class United:
    """The files as one. `domains` by normalised host; values are as written, right or wrong.

    `complete` is False where a file could not be read: then what is missing may stand there.
    """

    documents: tuple[Document, ...]
    complete: bool = True
    single: Mapping[str, Place] = field(default_factory=dict)
    accounts: Mapping[str, Place] = field(default_factory=dict)
    domains: Mapping[str, Place] = field(default_factory=dict)

    def section(self, name: str) -> Mapping[str, Any]:
        """Return `defaults` or `policy`, empty where no file has it as a mapping."""
        place = self.single.get(name)
        return place.value if place is not None and isinstance(place.value, dict) else {}


def unite(documents: Sequence[Document], *, complete: bool = True) -> tuple[United, tuple[Problem, ...]]:
    """Return the documents as one, and what stands twice or cannot be a host name."""
    complete = complete and all(isinstance(document.value, dict) for document in documents)
    problems: list[Problem] = []
    single: dict[str, Place] = {}
    for name in ("owner", "defaults", "policy"):
        problems.extend(_only_one(documents, name, single))
    accounts: dict[str, Place] = {}
    domains: dict[str, Place] = {}
    for document in documents:
        problems.extend(_add_accounts(document, accounts))
        problems.extend(_add_domains(document, domains))
    if "owner" not in single and documents and complete:
        what = "no file names an owner" if len(documents) > 1 else 'the file has no "owner"'
        problems.append(documents[0].mark().problem(what, "add for example `owner: acme-mail`"))
    return United(tuple(documents), complete, single, accounts, domains), tuple(problems)


def _entries(document: Document, name: str) -> Iterator[Place]:
    """Yield the entries of one section of a document."""
    section = document.value.get(name) if isinstance(document.value, dict) else None
    if isinstance(section, dict):
        for key, value in section.items():
            yield Place(document, (name, key), value)


def _only_one(documents: Sequence[Document], name: str, single: dict[str, Place]) -> Iterator[Problem]:
    for document in documents:
        if not isinstance(document.value, dict) or name not in document.value:
            continue
        place = Place(document, (name,), document.value[name])
        first = single.setdefault(name, place)
        if first is not place:
            what = f"{shown(name)} stands in two files (also at {first.key_mark()})"
            yield place.key_mark().problem(what, "keep one")


def _add_accounts(document: Document, accounts: dict[str, Place]) -> Iterator[Problem]:
    for place in _entries(document, "providers"):
        first = accounts.setdefault(place.path[1], place)
        if first is not place:
            what = f"the alias {shown(place.path[1])} stands in two files (also at {first.key_mark()})"
            yield place.key_mark().problem(what, "keep one, or choose another alias")


def _add_domains(document: Document, domains: dict[str, Place]) -> Iterator[Problem]:
    for place in _entries(document, "domains"):
        written = place.path[1]
        try:
            host = normalise(written)
        except HostnameError as error:
            yield place.key_mark().problem(error.what, error.instead)
            continue
        first = domains.setdefault(host, place)
        if first is not place:
            again = (
                "stands twice" if first.path[1] == written else f"is the same host as {shown(first.path[1])}"
            )
            what = f"the domain {shown(written)} {again} (also at {first.key_mark()})"
            yield place.key_mark().problem(what, "keep one")
