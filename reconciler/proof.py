"""The proof for one tracking domain, in the terms of SparkPost's guide. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from reconciler.net_settings import Address, NetSettings
from reconciler.probe import CLICK_PATH, Probe, Verdict, describe, judge

if TYPE_CHECKING:
    from collections.abc import Iterator

INDENT: Final = "  "


@dataclass(frozen=True, slots=True)
class Evidence:
    """The GETs taken for one host: over https, then over http, `/f/` before `/f/a/b/c/d`."""

    host: str
    probes: tuple[Probe, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What the evidence amounts to.

    ok       whether clicks are answered by SparkPost over https and http, with a sound certificate
    reasons  why not; none when ok
    text     the block to print, without a final newline
    """

    host: str
    ok: bool
    reasons: tuple[str, ...]
    text: str


def prove(evidence: Evidence, settings: NetSettings) -> Proof:
    """Judge the evidence and render it.

    The clicks decide. `/f/` is what the guide of 2021 asked for; it is shown, and a difference is noted.
    """
    verdicts = [(probe, judge(probe)) for probe in evidence.probes]
    reasons = tuple(
        dict.fromkeys(
            f"{probe.scheme}: {verdict.reason}"
            for probe, verdict in verdicts
            if probe.path == CLICK_PATH and not verdict.ok
        )
    )
    lines = [f"{evidence.host}: {'not proven' if reasons else 'proven'}"]
    lines += [INDENT + line for line in _handshake(evidence)]
    for probe, verdict in verdicts:
        lines += [INDENT + line for line in _request(probe, verdict, settings)]
    return Proof(evidence.host, not reasons, reasons, "\n".join(lines))


def curl_line(probe: Probe, settings: NetSettings) -> str:
    """Give the command that repeats a probe by hand."""
    words = ["curl", "-v"]
    if settings.ca_file and probe.scheme == "https":
        words += ["--cacert", settings.ca_file]
    target = settings.net_map.get(Address(probe.address, probe.port))
    if target:
        words += ["--noproxy", "*", "--connect-to", f"{probe.host}:{probe.port}:{target}"]
    return shlex.join([*words, probe.url])


def _handshake(evidence: Evidence) -> Iterator[str]:
    probe = next((each for each in evidence.probes if each.scheme == "https"), None)
    if probe is None:
        return
    if probe.tls:
        yield f"TLS handshake with {probe.host}: {_certificate(probe)}"
    elif probe.stage:
        yield f"TLS handshake with {probe.host}: none ({probe.error})"


def _certificate(probe: Probe) -> str:
    verify = "verify ok" if probe.verified else f"verify FAILED: {probe.verify_error}"
    shown = probe.certificate
    if shown is None:
        return f"{probe.tls}, {verify}"
    names = ", ".join(shown.names) or "none"
    valid = f"valid {_day(shown.not_before)} to {_day(shown.not_after)}"
    return f"subject: {shown.subject}, SAN: {names}, issuer: {shown.issuer}, {valid}, {verify}"


def _request(probe: Probe, verdict: Verdict, settings: NetSettings) -> Iterator[str]:
    yield f"GET {probe.url} -> {describe(probe)}"
    if not verdict.ok:
        yield f"{INDENT}{'' if probe.path == CLICK_PATH else 'note: '}{verdict.reason}"
    yield f"{INDENT}{curl_line(probe, settings)}"


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
