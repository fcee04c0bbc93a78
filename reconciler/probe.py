"""One GET from outside, as a value, and whether SparkPost answered it. Pure.

SparkPost's tracking servers answer `GET /f/a/b/c/d` with 302, an empty body, `text/plain` and
`x-robots-tag: noindex`, and name themselves `msys-http`; proxies and CDNs may replace that name, so
the marks are scored and none alone is asked for. (docs: support.sparkpost.com, "Enabling HTTPS
Engagement Tracking"; its text of 2021 asks for `GET /f/` -> 200, empty, which is accepted as well.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from reconciler.net_settings import Address

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT_PATH: Final = "/f/"
CLICK_PATH: Final = "/f/a/b/c/d"


@dataclass(frozen=True, slots=True)
class ServedCertificate:
    """The certificate that a server showed.

    subject, issuer        as curl spells them: "C=US; O=Let's Encrypt; CN=R11"
    common_name            of the subject
    issuer_organization    O of the issuer
    issuer_name            CN of the issuer
    names                  the DNS names of the subjectAltName, in the certificate's order
    not_before, not_after  unix seconds
    """

    subject: str
    common_name: str
    issuer: str
    issuer_organization: str
    issuer_name: str
    names: tuple[str, ...]
    not_before: float
    not_after: float


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of one GET, no redirect followed.

    address       the IP address asked, before any redirection of the sandbox; "" when none was found
    status        None when no answer came
    server, location, content_type, robots   headers; "" where absent
    body          the first bytes as text; body_bytes their number before cutting, bounded
    certificate   None over http, or when it could not be read
    verified      whether chain, dates and name hold; False over http
    verify_error  why not, in the TLS library's words
    stage         where it failed: "dns", "connect", "tls", "http"; "" when it did not
    error         what failed; None when an answer came
    """

    host: str
    scheme: str
    path: str
    address: str = ""
    port: int = 0
    status: int | None = None
    server: str = ""
    location: str = ""
    content_type: str = ""
    robots: str = ""
    body: str = ""
    body_bytes: int = 0
    tls: str = ""
    certificate: ServedCertificate | None = None
    verified: bool = False
    verify_error: str = ""
    stage: str = ""
    error: str | None = None

    @property
    def url(self) -> str:
        """The URL that was asked for."""
        usual = {"https": 443, "http": 80}[self.scheme]
        port = f":{self.port}" if self.port not in (0, usual) else ""
        return f"{self.scheme}://{self.host}{port}{self.path}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether SparkPost answered a probe through a sound edge.

    code    a name for programs: "ok", "certificate-name", "edge-1014", "forced-https", …
    reason  plain words, what to do included where it is known
    marks   SparkPost's marks that were seen
    """

    ok: bool
    code: str
    reason: str
    marks: tuple[str, ...] = ()


# The numbered errors of a CDN edge: 1xxx stands in the body, 52x and 530 are the status.
_EDGE_ERRORS: Final = {
    "1000": "the record points at an address that the edge forbids as an origin",
    "1001": "the edge cannot resolve the origin's name",
    "1014": "CNAME Cross-User Banned: the record points at a host that another account of this CDN proxies; "
    "take an endpoint of SparkPost that does not stand behind it",
    "1016": "Origin DNS error: the name that the record points at does not resolve",
    "1020": "a firewall rule of the zone refuses the request; let the tracking host pass",
}
_EDGE_STATUSES: Final = {
    520: "the edge got an empty or broken answer from SparkPost",
    521: "SparkPost refused the edge's connection",
    522: "SparkPost did not take the edge's connection in time",
    523: "the edge finds no way to SparkPost: check what the record points at",
    524: "SparkPost took the edge's connection, but did not answer in time",
    525: "the edge's TLS handshake with SparkPost failed: check what the record points at",
    526: "the edge does not accept SparkPost's certificate, whose name is the endpoint's: the SSL mode is "
    "Full (strict); set it to Full for this host",
    530: "the edge could not reach SparkPost",
}
_REFUSALS: Final = {
    401: "asks for a password",
    403: "refuses the request: a firewall or bot rule (or SparkPost's own limit of clicks); "
    "let the tracking host pass",
    404: "does not know the path: something other than SparkPost answers, or the path is rewritten",
    405: "does not allow GET",
    421: "does not serve this host on this connection",
    429: "limits the rate: a rule at the edge counts clicks",
    451: "is blocked for legal reasons",
}
_CODE_IN_BODY: Final = re.compile(r"error(?:\s+code)?:?\s*(?:<[^>]{0,200}>\s*)*(1\d{3})\b", re.IGNORECASE)
_NAME_TROUBLE: Final = ("hostname mismatch", "ip address mismatch", "doesn't match", "not valid for")


def judge(probe: Probe) -> Verdict:
    """Say whether SparkPost answered, and if not, what went wrong where."""
    return (
        _unreached(probe)
        or _unsound_certificate(probe)
        or _edge_error(probe)
        or _redirected(probe)
        or _refused(probe)
        or _scored(probe)
    )


def _no(code: str, reason: str, marks: tuple[str, ...] = ()) -> Verdict:
    return Verdict(ok=False, code=code, reason=reason, marks=marks)


def _unreached(probe: Probe) -> Verdict | None:
    if probe.error is None:
        return None
    where = f"{probe.host} at {Address(probe.address, probe.port)}" if probe.address else probe.host
    said = {
        "dns": f"{probe.host} has no address: {probe.error}",
        "connect": f"nothing answers for {where}: {probe.error}",
        "tls": f"the TLS handshake with {where} failed: {probe.error}; no certificate for this host yet",
    }.get(probe.stage, f"{where} gave no HTTP answer: {probe.error}")
    return _no(f"no-{probe.stage or 'http'}", said)


def _unsound_certificate(probe: Probe) -> Verdict | None:
    if probe.scheme != "https" or probe.verified:
        return None
    error, shown = probe.verify_error.lower(), probe.certificate
    if any(part in error for part in _NAME_TROUBLE):
        names = ", ".join(shown.names) if shown and shown.names else "another name"
        return _no("certificate-name", f"the certificate is for {names}, not for {probe.host}")
    if "expired" in error or "not yet valid" in error:
        return _no("certificate-dates", f"the certificate's dates do not hold: {probe.verify_error}")
    signer = f"signed by {shown.issuer}" if shown else "shown"
    why = probe.verify_error or "unknown reason"
    return _no("certificate-chain", f"the certificate {signer} is not trusted here: {why}")


def _edge_error(probe: Probe) -> Verdict | None:
    """Name the edge's own failures, which it spells in the body and in statuses of its own."""
    status = probe.status or 0
    named = _CODE_IN_BODY.search(probe.body) if status >= 400 else None
    if named:
        code = named.group(1)
        what = _EDGE_ERRORS.get(code, "see the CDN's page on this error")
        return _no(f"edge-{code}", f"the edge answers {status} with error {code}: {what}")
    if status in _EDGE_STATUSES:
        return _no(f"edge-{status}", f"{status}: {_EDGE_STATUSES[status]}")
    return None


def _redirected(probe: Probe) -> Verdict | None:
    """Tell SparkPost's 302 from a redirect that the edge made up."""
    if probe.status not in (301, 302, 303, 307, 308):
        return None
    host, path, scheme = _target(probe.location)
    if probe.scheme == "http" and host == probe.host and scheme == "https":
        return _no(
            "forced-https",
            f"http is redirected to https ({probe.status} to {probe.location}); links in mail already "
            "delivered need an answer on http: switch forced https off for this host",
        )
    if probe.status == 302 and (host, path) != (probe.host, probe.path):
        return None
    where = probe.location or "nowhere"
    return _no(
        "redirect", f"{probe.status} to {where} is a redirect of the edge's, not SparkPost's answer (302)"
    )


def _target(location: str) -> tuple[str, str, str]:
    """Take host, path and scheme from a Location; empty where it is none."""
    try:
        to = urlsplit(location)
        return (to.hostname or "").lower(), to.path, to.scheme.lower()
    except ValueError:
        return "", "", ""


def _refused(probe: Probe) -> Verdict | None:
    status = probe.status or 0
    if status < 400:
        return None
    if status >= 500:
        return _no("server-error", f"{status}: the edge or the origin behind it fails ({_said(probe)})")
    code = {404: "not-sparkpost", 429: "rate-limited"}.get(status, "refused")
    said = _REFUSALS.get(status, f"refuses the request ({_said(probe)})")
    return _no(code, f"{status}: {probe.host} {said}")


def _scored(probe: Probe) -> Verdict:
    marks = tuple(_marks(probe))
    answer = f"{probe.status} {_said(probe)}"
    if not (probe.status == 302 or (probe.status == 200 and probe.path == ROOT_PATH)):
        return _no(
            "not-sparkpost", f"{answer}: SparkPost answers 302; another site or a cache answers", marks
        )
    if probe.body_bytes:
        return _no("not-sparkpost", f"{answer}: SparkPost's answer is empty; another site answers", marks)
    if not marks:
        missing = "text/plain, x-robots-tag: noindex, server: msys-http"
        return _no("not-sparkpost", f"{answer}: none of SparkPost's marks ({missing})")
    return Verdict(ok=True, code="ok", reason=f"SparkPost answers: {answer}", marks=marks)


def _marks(probe: Probe) -> Iterator[str]:
    if probe.content_type.partition(";")[0].strip().lower() == "text/plain":
        yield "text/plain"
    if "noindex" in probe.robots.lower():
        yield "x-robots-tag: noindex"
    if probe.server.lower().startswith("msys-http"):
        yield "server: msys-http"


def _said(probe: Probe) -> str:
    """Describe an answer beside its status: "empty, text/plain, server: msys-http"."""
    parts = [f"{probe.body_bytes} bytes" if probe.body_bytes else "empty"]
    parts += [probe.content_type.partition(";")[0].strip()] if probe.content_type else []
    parts += [f"x-robots-tag: {probe.robots}"] if probe.robots else []
    parts += [f"server: {probe.server}"] if probe.server else []
    return ", ".join(parts)


def describe(probe: Probe) -> str:
    """Describe an answer in a few words, or what failed instead."""
    if probe.error is not None:
        return f"failed: {probe.error}"
    return f"{probe.status} {_said(probe)}"
