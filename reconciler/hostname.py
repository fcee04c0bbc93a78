"""Host names as tdr knows them: lower case, IDNA, no final dot."""

from __future__ import annotations

import re
from functools import lru_cache

import idna

from reconciler.problem import joined, shown

HOST_CHARS = 253
LABEL_CHARS = 63
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_ADDRESS = re.compile(r"\d+(\.\d+){3}\Z")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^@/]*@)?([^/:?#]*)", re.IGNORECASE)
_PORT = re.compile(r"(.*):\d{1,5}\Z")


class HostnameError(ValueError):
    """The text is no host name; `what` is wrong, `instead` to be written."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(joined(what, instead))
        self.what = what
        self.instead = instead


@lru_cache(maxsize=65536)
def normalise(text: str) -> str:
    """Return the host name in lower case and IDNA (UTS 46, non-transitional), without a final dot.

    Raises HostnameError. Two labels at least; whether a name is a zone's apex only live state tells.
    """
    plain = text[:-1].lower() if text.endswith(".") else text.lower()
    if len(plain) <= HOST_CHARS and "xn--" not in plain and _HOST.match(plain):
        return plain
    _refuse_lookalikes(text)
    return _encoded(text)


def is_under(host: str, suffix: str) -> bool:
    """Say whether a normalised host is `suffix` or a name below it."""
    return host == suffix or host.endswith("." + suffix)


def _refuse_lookalikes(text: str) -> None:
    """Refuse, by their name, the things that people write where a host name belongs."""
    if not text:
        raise HostnameError("a host name is empty", "write for example click.example.com")
    if len(text) > 4 * HOST_CHARS:
        raise HostnameError(
            f"the host name {shown(text)} is too long", f"use at most {HOST_CHARS} characters"
        )
    if "${" in text:
        raise HostnameError(
            f"{shown(text)} takes its name from the environment",
            "write the host name out: keys are not filled in",
        )
    if found := _URL.match(text):
        raise HostnameError(f"{shown(text)} is a URL", f"write the host name alone: {shown(found[1])}")
    if "/" in text:
        raise HostnameError(
            f"{shown(text)} has a path", f"write the host name alone: {shown(text.split('/', maxsplit=1)[0])}"
        )
    if "*" in text:
        raise HostnameError(f"{shown(text)} is a wildcard", "name each host")
    if _ADDRESS.match(text) or text.count(":") > 1:
        raise HostnameError(f"{shown(text)} is an IP address", "write a host name such as click.example.com")
    if found := _PORT.match(text):
        raise HostnameError(f"{shown(text)} has a port", f"write the host name alone: {shown(found[1])}")
    if "@" in text:
        raise HostnameError(
            f"{shown(text)} is a mail address", f"write its host: {shown(text.rsplit('@', maxsplit=1)[-1])}"
        )


def _encoded(text: str) -> str:
    """Return the name label by label in IDNA's ASCII form."""
    try:
        mapped = (
            text.lower() if text.isascii() else idna.uts46_remap(text, std3_rules=False, transitional=False)
        )
    except idna.IDNAError as error:
        raise HostnameError(f"{shown(text)} is not a host name: {_reason(error)}", "correct it") from error
    labels = mapped.removesuffix(".").split(".")
    host = ".".join(_label(label, text) for label in labels)
    if len(labels) == 1:
        raise HostnameError(f"{shown(text)} has no dot", f"write the whole name, such as {host}.example.com")
    if len(host) > HOST_CHARS:
        raise HostnameError(
            f"the host name {shown(text)} is too long", f"use at most {HOST_CHARS} characters"
        )
    if labels[-1].isdigit():
        raise HostnameError(f"{shown(text)} ends in a number", "write a host name such as click.example.com")
    return host


def _label(label: str, text: str) -> str:
    """Return one label, checked, in ASCII."""
    if not label:
        raise HostnameError(f"{shown(text)} has an empty label", "write single dots between the labels")
    if label.isascii() and not label.startswith("xn--"):
        if _LABEL.match(label):
            return label
        raise HostnameError(
            f"{shown(label)} in {shown(text)} is not a label of a host name", _label_advice(label)
        )
    try:
        if label.isascii():
            return idna.alabel(idna.ulabel(label)).decode("ascii")
        return idna.alabel(label).decode("ascii")
    except idna.IDNAError as error:
        what = f"{shown(label)} in {shown(text)} is not a label of a host name: {_reason(error)}"
        raise HostnameError(what, "correct it") from error


def _label_advice(label: str) -> str:
    """Return what to write instead of an ASCII label that is none."""
    if len(label) > LABEL_CHARS:
        return f"use at most {LABEL_CHARS} characters between two dots"
    if "_" in label:
        return "use a hyphen: certificates are not issued for names with an underscore"
    if label.startswith("-") or label.endswith("-"):
        return "begin and end it with a letter or digit"
    return "use letters, digits and hyphens"


def _reason(error: idna.IDNAError) -> str:
    """Return idna's own words, on one short line."""
    return shown(str(error)).strip('"')
