"""Setting SparkPost's state from outside: what `PATCH /vendors/sparkpost` takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from providers.sandbox.contract import ControlError, WorldError
from providers.sandbox.sparkpost import links, world
from providers.sandbox.sparkpost.accounts import Account
from providers.sandbox.sparkpost.domains import DAY_S, TrackingDomain

MEMBERS: Final = (
    "region",
    "account",
    "tracking_domains",
    "sending_domains",
    "certificates",
    "managed",
    "mail",
)
CHANGES: Final = ("expire", "valid", "pending", "failed", "none")


class AccountControl:
    """Changes to one account. `serial` makes each wrapped link one of its own."""

    def __init__(self) -> None:
        """Nothing was wrapped yet."""
        self.serial = 0

    def apply(self, account: Account, changes: Mapping[str, Any], now: float) -> dict[str, Any]:
        """Make all changes and return the account as it is then, with `mail` where links were asked for.

        `tracking_domains` and `sending_domains` map a name to members (merged into what is there) or to null
        (removed); `certificates` maps a host to one of `CHANGES`; `managed` lists hosts that managed HTTPS
        treats specially; `mail` is `{sending_domain, target}` of a message sent now. Raises ControlError.
        """
        for member in changes:
            if member not in MEMBERS:
                raise ControlError(f"{member}: is not known; send some of {', '.join(MEMBERS)}")
        try:
            self._set_domains(account, changes, now)
            self._set_certificates(account, changes.get("certificates", {}), now)
            if "managed" in changes:
                account.managed = world.managed_rules(changes["managed"], "managed")
        except WorldError as error:
            raise ControlError(str(error)) from error
        answer = account.saved()
        if "mail" in changes:
            answer["mail"] = self._mail(account, changes["mail"], now)
        return answer

    def _set_domains(self, account: Account, changes: Mapping[str, Any], now: float) -> None:
        for name, members in changes.get("tracking_domains", {}).items():
            if members is None:
                account.tracking.pop(name, None)
            else:
                account.tracking[name] = _patched(account.tracking.get(name), name, members, now)
        for name, members in changes.get("sending_domains", {}).items():
            if members is None:
                account.sending.pop(name, None)
                continue
            old = account.sending.get(name)
            kept = {} if old is None else {key: getattr(old, key) for key in world.SENDING}
            path = f"sending_domains.{name}"
            account.sending[name] = world.sending_domain({**kept, **members, "domain": name}, path, now)

    def _set_certificates(self, account: Account, states: Mapping[str, str], now: float) -> None:
        for host, state in states.items():
            domain = account.tracking.get(host)
            if domain is None or state not in CHANGES:
                raise ControlError(
                    f"certificates.{host}: name a tracking domain, and one of {', '.join(CHANGES)}"
                )
            account.tracking[host] = _certified(domain, state, now)

    def _mail(self, account: Account, mail: Mapping[str, Any], now: float) -> dict[str, str]:
        if not isinstance(mail, Mapping) or not isinstance(mail.get("target"), str):
            raise ControlError("mail.target: is missing; send the URL that the link leads to")
        self.serial += 1
        sending_domain = str(mail.get("sending_domain", ""))
        return asdict(links.wrapped(account, sending_domain, mail["target"], self.serial, now))


def _patched(old: TrackingDomain | None, name: str, members: Mapping[str, Any], now: float) -> TrackingDomain:
    path = f"tracking_domains.{name}"
    if old is None:
        return world.tracking_domain({**members, "domain": name}, path, now)
    kept = {key: getattr(old, key) for key in world.TRACKING - {"managed_certificate"}}
    new = world.tracking_domain({**kept, **members, "domain": name}, path, now)
    if "managed_certificate" in members:
        return new
    return replace(new, certificate=old.certificate, uses_managed_certificate=old.uses_managed_certificate)


def _certified(domain: TrackingDomain, state: str, now: float) -> TrackingDomain:
    if state == "none":
        return replace(domain, certificate=None, uses_managed_certificate=False)
    if state != "expire":
        return world.with_certificate(domain, state, "certificates", now)
    if domain.certificate is None or domain.certificate.issued_at is None:
        return world.with_certificate(domain, "expired", "certificates", now)
    expired = replace(domain.certificate, expires_at=now - DAY_S, renews=False)
    return replace(domain, certificate=expired)
