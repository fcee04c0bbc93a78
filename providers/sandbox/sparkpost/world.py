"""Reading the `sparkpost` section of a world file: one entry for each account."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from providers.sandbox.contract import WorldError
from providers.sandbox.sparkpost.accounts import GRANTS, Account, Key, ManagedRules
from providers.sandbox.sparkpost.domains import (
    DAY_S,
    ISSUE_AFTER_S,
    LIFETIME_S,
    ManagedCertificate,
    SendingDomain,
    TrackingDomain,
)
from providers.sandbox.sparkpost.names import REGIONS

ACCOUNT: Final = frozenset(
    (
        *("region", "key", "env", "grants", "keys", "subaccounts", "quota"),
        *(
            "blacklisted",
            "click_limit_per_minute",
            "issue_after_s",
            "managed",
            "tracking_domains",
            "sending_domains",
        ),
    )
)
KEY: Final = frozenset(("key", "env", "grants", "subaccount_id"))
MANAGED: Final = frozenset(("unavailable", "rejected", "check_fails", "check_times_out"))
TRACKING: Final = frozenset(
    (
        *("domain", "subaccount_id", "secure", "default", "verified"),
        *("cname_status", "compliance_status", "managed_certificate"),
    )
)
SENDING: Final = frozenset(
    (
        *("domain", "subaccount_id", "tracking_domain", "ownership_verified"),
        *("shared_with_subaccounts", "is_default_bounce_domain"),
    )
)
CERTIFICATES: Final = ("pending", "valid", "expired", "failed")
COMPLIANCE: Final = ("pending", "valid", "blocked")


def accounts(section: object, now: float) -> list[Account]:
    """Every account of the section. Raises WorldError with the place and what to write."""
    entries = _list(section, "sparkpost")
    read = [_account(entry, f"sparkpost[{i}]", now) for i, entry in enumerate(entries)]
    seen: set[tuple[str, str]] = set()
    for i, account in enumerate(read):
        for key in account.keys:
            if (account.region.name, key.value) in seen:
                raise WorldError(f"sparkpost[{i}].key", "another account of the region has this key")
            seen.add((account.region.name, key.value))
    return read


def credentials(section: object) -> dict[str, str]:
    """The variables that `env` members name, with their keys. Raises WorldError for two of one name."""
    found: dict[str, str] = {}
    for i, entry in enumerate(_list(section, "sparkpost")):
        holders = [entry, *_list(entry.get("keys"), f"sparkpost[{i}].keys")]
        for holder in holders:
            variable = holder.get("env")
            if variable is None:
                continue
            if variable in found:
                raise WorldError(f"sparkpost[{i}].env", f"{variable} holds another key already")
            found[str(variable)] = str(holder["key"])
    return found


def tracking_domain(members: Mapping[str, Any], path: str, now: float) -> TrackingDomain:
    """One tracking domain of the world's short form, or of the control API. Raises WorldError."""
    _known(members, TRACKING, path)
    given = dict(members)
    certificate = given.pop("managed_certificate", None)
    if given.get("compliance_status", "valid") not in COMPLIANCE:
        raise WorldError(f"{path}.compliance_status", f"write one of {', '.join(COMPLIANCE)}")
    _flags(given, ("secure", "default", "verified"), path)
    if given.get("verified"):
        given.setdefault("cname_status", "")
    domain = TrackingDomain.restored(given)
    domain = replace(domain, secure_before=domain.secure)
    return domain if certificate is None else with_certificate(domain, certificate, path, now)


def with_certificate(domain: TrackingDomain, state: object, path: str, now: float) -> TrackingDomain:
    """The domain with a managed certificate in one of the states that the world can name."""
    ordered = ManagedCertificate.ordered(now)
    match state:
        case "pending":
            return replace(domain, certificate=ordered)
        case "failed":
            failed = ordered.failed(now, "acme:unauthorized", tries_again=False)
            return replace(domain, certificate=failed)
        case "valid" | "expired":
            age_s = 10 * DAY_S if state == "valid" else LIFETIME_S + DAY_S
            issued = replace(ordered.issued(now - age_s), renews=state == "valid")
            served = domain.with_secure(0.0, secure=True)
            return replace(served, certificate=issued, uses_managed_certificate=True)
        case _:
            raise WorldError(f"{path}.managed_certificate", f"write one of {', '.join(CERTIFICATES)}")


def sending_domain(members: Mapping[str, Any], path: str, now: float) -> SendingDomain:
    """One sending domain of the world's short form, or of the control API. Raises WorldError."""
    _known(members, SENDING, path)
    _flags(members, ("ownership_verified", "shared_with_subaccounts", "is_default_bounce_domain"), path)
    return SendingDomain.restored({**members, "created_at": now})


def _account(entry: Mapping[str, Any], path: str, now: float) -> Account:
    _known(entry, ACCOUNT, path)
    region = REGIONS.get(entry.get("region", "us"))
    if region is None:
        raise WorldError(f"{path}.region", f"write one of {', '.join(REGIONS)}")
    tracking = [
        tracking_domain(members, f"{path}.tracking_domains[{i}]", now)
        for i, members in enumerate(_list(entry.get("tracking_domains"), f"{path}.tracking_domains"))
    ]
    sending = [
        sending_domain(members, f"{path}.sending_domains[{i}]", now)
        for i, members in enumerate(_list(entry.get("sending_domains"), f"{path}.sending_domains"))
    ]
    return Account(
        region=region,
        keys=_keys(entry, path),
        subaccounts=frozenset(entry.get("subaccounts") or ()),
        listed=_hosts(entry.get("blacklisted")),
        quota=entry.get("quota"),
        click_limit_per_minute=entry.get("click_limit_per_minute"),
        issue_after_s=_seconds(entry.get("issue_after_s", ISSUE_AFTER_S), f"{path}.issue_after_s"),
        managed=managed_rules(entry.get("managed") or {}, f"{path}.managed"),
        tracking={domain.domain: domain for domain in tracking},
        sending={domain.domain: domain for domain in sending},
    )


def _keys(entry: Mapping[str, Any], path: str) -> tuple[Key, ...]:
    own = {name: entry[name] for name in ("key", "grants") if name in entry}
    more = _list(entry.get("keys"), f"{path}.keys")
    return (_key(own, path), *(_key(each, f"{path}.keys[{i}]") for i, each in enumerate(more)))


def _key(members: Mapping[str, Any], path: str) -> Key:
    _known(members, KEY, path)
    if not members.get("key"):
        raise WorldError(f"{path}.key", "is missing; write any text, it stands for the account")
    grants = frozenset(members.get("grants", GRANTS))
    if not grants <= GRANTS:
        raise WorldError(f"{path}.grants", f"write some of {', '.join(sorted(GRANTS))}")
    return Key(str(members["key"]), grants, members.get("subaccount_id"))


def managed_rules(members: Mapping[str, Any], path: str) -> ManagedRules:
    """The hosts that managed HTTPS treats specially. Raises WorldError."""
    _known(members, MANAGED, path)
    return ManagedRules(**{name: _hosts(hosts) for name, hosts in members.items()})


def _hosts(given: Collection[str] | None) -> frozenset[str]:
    return frozenset(host.lower() for host in given or ())


def _seconds(given: object, path: str) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or given < 0:
        raise WorldError(path, "write a number of seconds, 0 or more")
    return float(given)


def _flags(members: Mapping[str, Any], flags: Collection[str], path: str) -> None:
    for name in flags:
        if not isinstance(members.get(name, False), bool):
            raise WorldError(f"{path}.{name}", "write true or false")


def _known(members: Mapping[str, Any], known: Collection[str], path: str) -> None:
    for name in members:
        if name not in known:
            raise WorldError(f"{path}.{name}", f"is not known; write one of {', '.join(sorted(known))}")
    if "domain" in known and not isinstance(members.get("domain"), str):
        raise WorldError(f"{path}.domain", "is missing; write a host name")


def _list(section: object, path: str) -> list[Mapping[str, Any]]:
    entries = [] if section is None else section
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise WorldError(path, "write a list of mappings")
    return entries
