"""The desired state: what the files say, normalised. Values only, and their JSON form.

Places (`mark`, `marks`) are carried for messages and take no part in comparisons or digests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from reconciler.problem import Mark

__all__ = ["JSON", "Account", "Desired", "Domain", "Mark", "Policy", "frozen", "thawed"]

JSON: TypeAlias = "str | int | float | bool | tuple[JSON, ...] | Mapping[str, JSON] | None"
State = Literal["present", "absent"]
DEFAULT_TTL_S = 3600
DIGEST_CHARS = 8


@dataclass(frozen=True, slots=True)
class Account:
    """One alias of the file: a vendor account. `options` are without `type`; no secret is in them."""

    alias: str
    type: str
    options: Mapping[str, JSON]
    mark: Mark = field(compare=False)
    marks: Mapping[str, Mark] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Domain:
    """One tracking domain, every option settled.

    host             normalised
    sparkpost        alias; None where the file says `none`
    origin           the tracking host that the edge forwards to; None: the account's own
    cdn              alias; the same as `sparkpost` means managed HTTPS
    default          None: not managed
    sending_domains  sorted, normalised; None: not managed; (): none may be linked
    subaccount       None: the primary account
    ttl              of the host's record, seconds
    allow_gap_s      how long its links may fail in a move; None: not at all
    marks            place of each option that the file gives, in the domain or in `defaults`

    Of an absent domain only host, parts and subaccount say anything; the rest is at its default.
    """

    host: str
    state: State
    sparkpost: str | None
    cdn: str
    dns: str
    default: bool | None
    sending_domains: tuple[str, ...] | None
    subaccount: int | None
    origin: str | None
    ttl: int
    allow_gap_s: int | None
    mark: Mark = field(compare=False)
    marks: Mapping[str, Mark] = field(compare=False)

    @property
    def managed(self) -> bool:
        """Whether SparkPost itself terminates TLS (managed HTTPS)."""
        return self.cdn == self.sparkpost

    @property
    def aliases(self) -> frozenset[str]:
        """The aliases of its parts."""
        return frozenset(alias for alias in (self.sparkpost, self.cdn, self.dns) if alias is not None)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a run may not do; `mark` is where the file says so, or the file as a whole."""

    max_deletes: int = 0
    protected: frozenset[str] = frozenset()
    mark: Mark = field(default=Mark("", 0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Desired:
    """All that the files want, domains sorted by host, accounts by alias."""

    owner: str
    accounts: Mapping[str, Account]
    policy: Policy
    domains: Mapping[str, Domain]

    def digest(self, host: str) -> str:
        """Return 8 hexadecimal digits that change when the domain, or an account that it names, does.

        KeyError if no file names the host. Options at "not managed" are left out, so that an option which
        a later tdr adds changes no digest.
        """
        domain = self.domains[host]
        accounts = {alias: _account_core(self.accounts[alias]) for alias in domain.aliases}
        core = {"domain": _domain_core(domain), "accounts": accounts}
        text = json.dumps(core, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARS]

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON values, for a saved plan."""
        return {
            "owner": self.owner,
            "accounts": {alias: _account_data(account) for alias, account in self.accounts.items()},
            "policy": {
                "max_deletes": self.policy.max_deletes,
                "protected": sorted(self.policy.protected),
                "mark": _mark_data(self.policy.mark),
            },
            "domains": {host: _domain_data(domain) for host, domain in self.domains.items()},
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Desired:
        """Return what `as_data` wrote. KeyError, TypeError or ValueError for anything else."""
        policy = data["policy"]
        return cls(
            owner=data["owner"],
            accounts=read_only({a: _account(a, part) for a, part in data["accounts"].items()}),
            policy=Policy(policy["max_deletes"], frozenset(policy["protected"]), Mark(*policy["mark"])),
            domains=read_only({host: _domain(host, part) for host, part in data["domains"].items()}),
        )


def read_only(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a read-only copy, sorted by key."""
    return MappingProxyType(dict(sorted(values.items())))


def frozen(value: Any) -> JSON:
    """Return a JSON value that cannot be changed: lists become tuples, mappings read-only."""
    if isinstance(value, Mapping):
        return MappingProxyType({key: frozen(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    found: JSON = value
    return found


def thawed(value: JSON) -> Any:
    """Return a frozen JSON value as `json.dumps` takes it."""
    if isinstance(value, Mapping):
        return {key: thawed(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [thawed(item) for item in value]
    return value


_DOMAIN_KEYS = (
    "state",
    "sparkpost",
    "cdn",
    "dns",
    "default",
    "sending_domains",
    "subaccount",
    "origin",
    "ttl",
    "allow_gap_s",
)


def _mark_data(mark: Mark) -> list[Any]:
    return [mark.file, mark.line, mark.column]


def _marks_data(marks: Mapping[str, Mark]) -> dict[str, Any]:
    return {key: _mark_data(mark) for key, mark in marks.items()}


def _marks(data: Mapping[str, Any]) -> Mapping[str, Mark]:
    return read_only({key: Mark(*mark) for key, mark in data.items()})


def _account_core(account: Account) -> dict[str, Any]:
    return {"type": account.type, "options": thawed(account.options)}


def _account_data(account: Account) -> dict[str, Any]:
    places = {"mark": _mark_data(account.mark), "marks": _marks_data(account.marks)}
    return {**_account_core(account), **places}


def _account(alias: str, data: Mapping[str, Any]) -> Account:
    options: Any = frozen(data["options"])
    return Account(alias, data["type"], options, Mark(*data["mark"]), _marks(data["marks"]))


def _domain_core(domain: Domain) -> dict[str, Any]:
    core = {key: getattr(domain, key) for key in _DOMAIN_KEYS}
    return {"host": domain.host, **{key: value for key, value in core.items() if value is not None}}


def _domain_data(domain: Domain) -> dict[str, Any]:
    core = {key: getattr(domain, key) for key in _DOMAIN_KEYS}
    if domain.sending_domains is not None:
        core["sending_domains"] = list(domain.sending_domains)
    return {**core, "mark": _mark_data(domain.mark), "marks": _marks_data(domain.marks)}


def _domain(host: str, data: Mapping[str, Any]) -> Domain:
    core = {key: data[key] for key in _DOMAIN_KEYS}
    if core["sending_domains"] is not None:
        core["sending_domains"] = tuple(core["sending_domains"])
    return Domain(host=host, **core, mark=Mark(*data["mark"]), marks=_marks(data["marks"]))
