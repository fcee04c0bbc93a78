"""ACM in one account of the sandbox: what the world says of it, what is changed from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from providers.sandbox.contract import ControlError, Switch, WorldError
from providers.sandbox.resolver import Resolved
from providers.sandbox.world_form import known, seconds

from .acm_calls import HANDLERS, REUSE
from .acm_issuing import settle
from .acm_leaf import Leaves
from .acm_state import DAY_S, PENDING_S, STATUSES, Certificate, Certificates, Timing
from .service import Tagged

if TYPE_CHECKING:
    from .account import Account

__all__ = ["HANDLERS", "SWITCHES", "Acm"]

CLOUDFRONT_REGION = "us-east-1"
KEY_ALGORITHMS = (
    *("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096"),
    *("EC_prime256v1", "EC_secp384r1", "EC_secp521r1"),
)
TYPES = ("AMAZON_ISSUED", "IMPORTED")
KEYS = ("id", "domain", "names", "status", "type", "key_algorithm", "tags", "region", "expires_in_s")
CHANGES = ("status", "expires_in_s", "tags", "delete")
TIMES = {
    "record_s": "pass until the validation record is told",
    "look_s": "pass from one look at DNS to the next",
    "issue_s": "pass from the look that finds the record to the certificate",
}
AGE_S = 30 * DAY_S  # how long the world's issued certificates have been there

SWITCHES = (
    Switch(
        REUSE,
        ("new-certificate", "refused"),
        "new-certificate",
        "docs: RequestCertificate is silent on a token that comes with other arguments",
        "An idempotency token comes again with other arguments: another certificate, or none?",
    ),
)


class Acm(Certificates):
    """ACM's state in one account, in all regions."""

    WORLD_KEYS: tuple[str, ...] = ("certificates", "acm_timing")

    def __init__(self, account: Account) -> None:
        """Begin with no certificate."""
        self.account = account
        self.leaves = Leaves(account.kernel.ca)
        super().__init__(account.number, self._resolved, self._uses)

    def _resolved(self, name: str, rtype: str) -> Resolved:
        return self.account.kernel.resolve(name, rtype, fresh=True)

    def _uses(self, arn: str, now: float) -> Iterable[str]:
        return self.account.cloudfront.uses(arn, now)

    def certificate(self, arn: str, now: float) -> Certificate | None:
        """Give a certificate as it is at this moment; None where there is none of this ARN."""
        found = self.all.get(arn)
        if found is not None:
            settle(self, found, now)
        return found

    def read(self, section: Mapping[str, Any], at: str) -> None:
        """Take the account's certificates, and how long ACM takes, from the world. Raises `WorldError`."""
        self.timing = _timing(self.timing, section.get("acm_timing", {}), f"{at}.acm_timing")
        given = section.get("certificates") or []
        if not isinstance(given, list):
            raise WorldError(f"{at}.certificates", "write a list of certificates")
        for n, entry in enumerate(given):
            self._add(entry, f"{at}.certificates[{n}]")

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Change what is there: `{"certificates": {ARN, id or domain: {"status": …}}, "timing": {…}}`.

        `add` takes certificates as the world writes them. Raises `ControlError`.
        """
        _only(changes, ("certificates", "add", "timing"))
        try:
            timing = _timing(self.timing, changes.get("timing", {}), "timing")
            added = [self._add(entry, f"add[{n}]").arn for n, entry in enumerate(changes.get("add", ()))]
        except WorldError as error:
            raise ControlError(str(error)) from error
        self.timing = timing
        now = self.account.kernel.now()
        for name, wanted in changes.get("certificates", {}).items():
            self._change(self._named(name), _only(wanted, CHANGES), now)
        return {"certificates": {arn: one.status(now) for arn, one in self.all.items()}, "added": added}

    def tagged(self) -> Iterator[Tagged]:
        """Give the certificates for the tagging API."""
        for certificate in self.all.values():
            yield Tagged(certificate.arn, "acm:certificate", certificate.tags)

    def _add(self, entry: Any, at: str) -> Certificate:
        if not isinstance(entry, Mapping) or "domain" not in entry:
            raise WorldError(at, "write a mapping with at least the domain of the certificate")
        if unknown := [key for key in entry if key not in KEYS]:
            raise WorldError(f"{at}.{unknown[0]}", f"unknown key; write one of {', '.join(KEYS)}")
        for key, allowed in (("status", STATUSES), ("type", TYPES), ("key_algorithm", KEY_ALGORITHMS)):
            if entry.get(key, allowed[0]) not in allowed:
                raise WorldError(f"{at}.{key}", f"unknown value; write one of {', '.join(allowed)}")
        region = str(entry.get("region", CLOUDFRONT_REGION))
        now = self.account.kernel.now()
        certificate = Certificate(
            arn=self.new_arn(region, str(entry.get("id", ""))),
            names=tuple(dict.fromkeys((str(entry["domain"]), *map(str, entry.get("names", ()))))),
            created=now,
            type=str(entry.get("type", "AMAZON_ISSUED")),
            key_algorithm=str(entry.get("key_algorithm", "RSA_2048")),
            tags={str(key): str(value) for key, value in (entry.get("tags") or {}).items()},
            options={"CertificateTransparencyLoggingPreference": "ENABLED", "Export": "DISABLED"},
        )
        if certificate.arn in self.all:
            raise WorldError(f"{at}.id", "two certificates have this id")
        status = str(entry.get("status", "ISSUED"))
        if status in ("ISSUED", "EXPIRED", "REVOKED"):
            certificate.created -= AGE_S
            certificate.issue(certificate.created)
        self._change(certificate, {"status": status, **_picked(entry, "expires_in_s")}, now)
        self.all[certificate.arn] = certificate
        return certificate

    def _named(self, name: str) -> Certificate:
        """Give the certificate that an ARN, an id or a domain names: the newest where several do."""
        found = [c for c in self.all.values() if name in (c.arn, c.arn.rpartition("/")[2], c.domain)]
        if not found:
            have = ", ".join(one.domain for one in self.all.values()) or "none"
            raise ControlError(f"there is no certificate {name}: there are {have}", 404)
        return found[-1]

    def _change(self, certificate: Certificate, wanted: Mapping[str, Any], now: float) -> None:
        if wanted.get("delete"):
            del self.all[certificate.arn]
            return
        if "tags" in wanted:
            certificate.tags = {str(key): str(value) for key, value in wanted["tags"].items()}
        if "status" in wanted:
            _set_status(certificate, str(wanted["status"]), now)
        if "expires_in_s" in wanted:
            certificate.not_after = now + float(wanted["expires_in_s"])


def _timing(timing: Timing, given: Any, at: str) -> Timing:
    """Give `timing` with the times that are given. Raises WorldError."""
    times = {
        key: seconds(value, f"{at}.{key}", TIMES[key])
        for key, value in known(given, tuple(TIMES), at).items()
    }
    if times.get("look_s") == 0:
        raise WorldError(f"{at}.look_s", "ACM looks at moments: write more than 0 seconds")
    return replace(timing, **times)


def _set_status(certificate: Certificate, status: str, now: float) -> None:
    match status:
        case "ISSUED" if certificate.status(now) != "ISSUED":
            certificate.failed = certificate.revoked = None
            certificate.issue(now)
        case "EXPIRED":
            if certificate.issued is None or certificate.issued > now:
                certificate.issue(certificate.created)
            certificate.not_after = certificate.looked = now  # no renewal comes to its rescue
        case "REVOKED":
            certificate.revoked, certificate.revocation = now, "UNSPECIFIED"
        case "FAILED":
            certificate.failed, certificate.failure = now, "OTHER"
        case "VALIDATION_TIMED_OUT":
            certificate.created, certificate.issued = now - PENDING_S, None
            certificate.looked = now
        case "ISSUED" | "PENDING_VALIDATION":
            pass
        case _:
            raise ControlError(f"a certificate cannot be made {status}: write one of {', '.join(STATUSES)}")


def _picked(entry: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {key: entry[key]} if key in entry else {}


def _only(given: Any, keys: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping) or not set(given) <= set(keys):
        raise ControlError(f"unknown change {given!r}: write a mapping with {', '.join(keys)}")
    return given
