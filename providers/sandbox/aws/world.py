"""The world's `aws` section: accounts, their keys and policies, and what each service has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import ControlError, WorldError
from providers.sandbox.world_form import entries, known, one_of, text

from . import iam
from .account import Account, Accounts, Key
from .call import Caller
from .service import derived_id

ACCOUNT_KEYS = ("account", "access_key", "secret_key", "profile", "roles", "policy", "quotas")
STATEMENT_KEYS = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource")


def read(section: Any, accounts: Accounts) -> dict[str, Key]:
    """Fill `accounts` from the section; give the keys to export, by profile ("": exported as variables).

    All accounts are there before any service reads, so that one may name what another has.
    """
    exported: dict[str, Key] = {}
    read_already = [_account(entry, at, accounts, exported) for at, entry in entries(section, "aws")]
    for name in ("acm", "cloudfront", "route53"):
        for account, given, at in read_already:
            service = dict(account.services())[name]
            service.read({key: given[key] for key in service.WORLD_KEYS if key in given}, at)
    return exported


def _account(
    entry: Any, at: str, accounts: Accounts, exported: dict[str, Key]
) -> tuple[Account, Mapping[str, Any], str]:
    if not isinstance(entry, Mapping):
        raise WorldError(at, "write a mapping with at least the account's number")
    number = str(entry.get("account", ""))
    if len(number) != 12 or not number.isdigit():
        raise WorldError(f"{at}.account", 'write the account\'s number in quotes: "111122223333"')
    if number in accounts.all:
        raise WorldError(f"{at}.account", f"there is another account {number}")
    account = Account(number, accounts, _roles(entry.get("roles"), f"{at}.roles"))
    of_services = [key for _, service in account.services() for key in service.WORLD_KEYS]
    known(entry, (*ACCOUNT_KEYS, *of_services), at)
    account.policy = read_policy(entry.get("policy"), f"{at}.policy")
    account.quotas = _quotas(entry.get("quotas"), f"{at}.quotas")
    accounts.all[number] = account
    if "access_key" in entry or "secret_key" in entry:
        _export(_key(entry, at, accounts), str(entry.get("profile", "")), at, exported)
    elif "profile" in entry:
        raise WorldError(f"{at}.profile", "a profile has keys: write access_key and secret_key")
    return account, entry, at


def _key(entry: Mapping[str, Any], at: str, accounts: Accounts) -> Key:
    key_id = text(entry.get("access_key"), f"{at}.access_key", "AKIASANDBOX0000MAIL")
    secret = text(entry.get("secret_key"), f"{at}.secret_key", "sandbox-secret")
    if key_id in accounts.keys:
        raise WorldError(f"{at}.access_key", f"another account has the key {key_id}")
    number = str(entry["account"])
    caller = Caller(f"arn:aws:iam::{number}:user/tdr", f"AIDA{derived_id(number, 'tdr', length=17)}")
    accounts.keys[key_id] = Key(key_id, secret, number, caller)
    return accounts.keys[key_id]


def _export(key: Key, profile: str, at: str, exported: dict[str, Key]) -> None:
    if profile in exported:
        what = f"the profile {profile}" if profile else "its keys in the environment"
        raise WorldError(f"{at}.profile", f"another account has {what}: write a profile of its own")
    exported[profile] = key


def _roles(given: Any, at: str) -> dict[str, str]:
    roles: dict[str, str] = {}
    for where, role in entries(given, at):
        if isinstance(role, str):
            roles[role] = ""
        else:
            both = known(role, ("name", "external_id"), where)
            roles[text(both.get("name"), f"{where}.name", "tdr")] = str(both.get("external_id", ""))
    return roles


def _quotas(given: Any, at: str) -> dict[str, int]:
    if not isinstance(given, Mapping | None):
        raise WorldError(at, "write a mapping of names to numbers")
    for name, value in (given or {}).items():
        if not isinstance(value, int) or isinstance(value, bool):
            raise WorldError(f"{at}.{name}", f"{value!r} is no whole number")
    return dict(given or {})


def read_policy(given: Any, at: str) -> Mapping[str, Any] | None:
    """Give an IAM policy as it is written; None allows everything. Raises WorldError."""
    if given is None:
        return None
    known(given, ("Version", "Id", "Statement"), at)
    for number, statement in enumerate(iam.statements(given)):
        where = f"{at}.Statement[{number}]"
        if isinstance(statement, Mapping) and "Condition" in statement:
            raise WorldError(f"{where}.Condition", "the sandbox does not judge conditions: leave it out")
        one_of(known(statement, STATEMENT_KEYS, where).get("Effect"), ("Allow", "Deny"), f"{where}.Effect")
    return dict(given)


def patch(accounts: Accounts, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change state from outside: by account number what its services take, `policy`, `expire_keys`.

    {"accounts": {"111122223333": {"route53": {…}, "acm": {…}, "cloudfront": {…}, "policy": {…},
     "expire_keys": true}}}: the last lets the temporary keys of its roles end. Raises ControlError.
    """
    out: dict[str, Any] = {}
    try:
        for number, wanted in (known(changes, ("accounts",), "aws").get("accounts") or {}).items():
            if number not in accounts.all:
                have = ", ".join(sorted(accounts.all)) or "none"
                raise ControlError(f"there is no account {number}: there are {have}", 404)
            out[number] = _change(accounts, accounts.all[number], wanted, f"accounts.{number}")
    except WorldError as error:
        raise ControlError(str(error)) from error
    return out


def _change(accounts: Accounts, account: Account, wanted: Any, at: str) -> dict[str, Any]:
    services = dict(account.services())
    given = known(wanted, (*services, "policy", "expire_keys"), at)
    if "policy" in given:
        account.policy = read_policy(given["policy"], f"{at}.policy")
    if given.get("expire_keys"):
        accounts.expire(account)
    return {name: service.patch(given[name]) for name, service in services.items() if name in given}
