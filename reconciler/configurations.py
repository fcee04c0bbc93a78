"""Configurations of software that the user runs himself, as an alias's type makes them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.desired import Desired
from reconciler.errors import UsageError
from reconciler.parts import parts_of, present
from reconciler.provider import ProviderType

Types = Mapping[str, ProviderType]


def software_named(operands: Sequence[str], types: Types) -> tuple[str | None, list[str]]:
    """Return the software that the first operand names, if it does, and the operands that are left."""
    known = {name for type_ in types.values() for name in type_.configurations}
    if operands and operands[0] in known:
        return operands[0], list(operands[1:])
    return None, list(operands)


def configuration(desired: Desired, types: Types, alias: str | None, software: str | None) -> str:
    """Return the configuration for every present host of an alias.

    `alias` None: the only one that can; `software` None: its type's first. Raises UsageError for a choice
    that cannot be, TdrError where an option is missing.
    """
    chosen = _alias(desired, types, alias)
    account = desired.accounts[chosen]
    known = types[account.type].configurations
    wanted = present(parts_of(desired, types)[chosen]).cdn
    if software is not None and software not in known:
        raise UsageError(f"{chosen} makes no configuration for {software}, but for {', '.join(known)}")
    if not wanted:
        raise UsageError(f"no domain has `cdn: {chosen}`: there is nothing to serve")
    return known[software or next(iter(known))](chosen, account.options, wanted)


def _alias(desired: Desired, types: Types, named: str | None) -> str:
    able = [alias for alias, account in desired.accounts.items() if types[account.type].configurations]
    if named in able:
        return named
    if named is not None and named not in desired.accounts:
        raise UsageError(f"no alias is called {named}{_one_of(able)}")
    if named is not None:
        raise UsageError(f"{named} is of type {desired.accounts[named].type}, which is no proxy of yours")
    if not able:
        raise UsageError("no alias stands for a proxy of your own: its type would be `external`")
    if len(able) > 1:
        raise UsageError(f"several aliases stand for proxies of your own: add -alias{_one_of(able)}")
    return able[0]


def _one_of(aliases: Sequence[str]) -> str:
    return f" ({' or '.join(aliases)})" if aliases else ""
