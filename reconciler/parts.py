"""Who plays what: from the file's domains to what each alias is asked for. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from reconciler.desired import Desired, Domain
from reconciler.provider import Parts, ProviderType, Wanted

Types = Mapping[str, ProviderType]


def is_managed(domain: Domain) -> bool:
    """Tell whether SparkPost terminates TLS for the domain itself: `cdn:` names its sparkpost alias."""
    return domain.sparkpost is not None and domain.cdn == domain.sparkpost


def origin_of(domain: Domain, desired: Desired, types: Types) -> str:
    """Return SparkPost's tracking host for the domain: its own option, else its account's."""
    if domain.origin is not None:
        return domain.origin
    if domain.sparkpost is None:
        return ""
    account = desired.accounts[domain.sparkpost]
    origin = types[account.type].origin
    return origin(account.options) if origin else ""


def wanted_of(domain: Domain, desired: Desired, types: Types) -> Wanted:
    """Return the domain as a provider sees it."""
    return Wanted(
        host=domain.host,
        origin=origin_of(domain, desired, types),
        ttl=domain.ttl,
        absent=domain.state == "absent",
        default=domain.default,
        sending_domains=domain.sending_domains,
        subaccount=domain.subaccount,
        managed=is_managed(domain),
    )


def parts_of(desired: Desired, types: Types) -> dict[str, Parts]:
    """Return for every alias of the file what it plays; one that plays nothing has empty parts."""
    played: dict[tuple[str, str], list[Wanted]] = defaultdict(list)
    for domain in desired.domains.values():
        wanted = wanted_of(domain, desired, types)
        played[domain.cdn, "cdn"].append(wanted)
        played[domain.dns, "dns"].append(wanted)
        if domain.sparkpost is not None:
            played[domain.sparkpost, "sparkpost"].append(wanted)
    return {
        alias: Parts(**{part: _ordered(played[alias, part]) for part in ("cdn", "sparkpost", "dns")})
        for alias in sorted(desired.accounts)
    }


def _ordered(wanted: Iterable[Wanted]) -> tuple[Wanted, ...]:
    return tuple(sorted(wanted, key=lambda one: one.host))


def present(parts: Parts) -> Parts:
    """Return parts without the absent domains: what is to be composed."""
    return Parts(
        cdn=tuple(w for w in parts.cdn if not w.absent),
        sparkpost=tuple(w for w in parts.sparkpost if not w.absent),
        dns=tuple(w for w in parts.dns if not w.absent),
    )
