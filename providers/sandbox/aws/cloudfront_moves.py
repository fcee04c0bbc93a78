"""Names that others hold: who, and how a name moves from one distribution to another.

docs: CloudFront developer guide, "Move an alternate domain name"; API reference, ListConflictingAliases,
ListDomainConflicts, AssociateAlias, UpdateDomainAssociation. The target's certificate covers the name, and a
TXT record ``_NAME`` with the target's own name shows that the one who moves it has its DNS.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING

from . import cloudfront_words as words
from .call import Answer, Call, Handler, Refusal
from .cloudfront_distributions import find
from .cloudfront_policies import page
from .cloudfront_state import Distribution
from .cloudfront_viewer import MOST_ALIASES, conflicts, covered_by
from .cloudfront_writes import throttle

if TYPE_CHECKING:
    from .account import Account


def _masked(text: str, shown: int) -> str:
    return "*" * (len(text) - shown) + text[-shown:]


def _others(call: Call, domain: str, target: Distribution) -> list[tuple[Account, str, Distribution]]:
    return [found for found in conflicts(call.account, domain) if found[2].id != target.id]


def _conflicting_aliases(call: Call) -> Answer:
    target, alias = find(call, call.params["DistributionId"]), call.params["Alias"].lower()
    _check_proof(call, target, alias)
    chosen, size, following = page(call, _others(call, alias, target), lambda found: found[2].id)
    items = [
        {"Alias": held, "DistributionId": _masked(each.id, 7), "AccountId": _masked(holder.number, 6)}
        for holder, held, each in chosen
    ]
    listed = {"MaxItems": size, "Quantity": len(items), **({"Items": items} if items else {})}
    listed |= {"NextMarker": following} if following else {}
    return Answer({"ConflictingAliasesList": listed})


def _domain_conflicts(call: Call) -> Answer:
    target = _resource(call, call.params["DomainControlValidationResource"])
    domain = call.params["Domain"].lower()
    _check_proof(call, target, domain)
    chosen, _, following = page(call, _others(call, domain, target), lambda found: found[2].id)
    items = [
        {
            "Domain": held,
            "ResourceType": "distribution",
            "ResourceId": _masked(each.id, 7),
            "AccountId": _masked(holder.number, 6),
        }
        for holder, held, each in chosen
    ]
    return Answer({"DomainConflicts": items, **({"NextMarker": following} if following else {})})


def _resource(call: Call, named: Mapping[str, str]) -> Distribution:
    found = call.account.cloudfront.distributions.get(named.get("DistributionId", ""))
    if found is None:
        raise Refusal(404, "EntityNotFound", "The entity was not found.")
    return found


def _check_proof(call: Call, target: Distribution, domain: str) -> None:
    if not covered_by(call.account, target, domain, call.now):
        message = "The certificate that is attached to the distribution doesn't cover the domain name."
        raise words.invalid_argument(message)


def _associate_alias(call: Call) -> Answer:
    throttle(call)
    target, alias = find(call, call.params["TargetDistributionId"]), call.params["Alias"].lower()
    _check_move(call, target, alias)
    source = _source(call, target, alias)
    if source is not None and source[0] is not call.account and source[1].enabled:
        raise words.illegal_update(
            "The source distribution must be disabled to move its alias to another account."
        )
    _move(call, target, alias, source)
    return Answer()


def _update_association(call: Call) -> Answer:
    throttle(call)
    target = _resource(call, call.params["TargetResource"])
    domain = call.params["Domain"].lower()
    words.check_version(call.params.get("IfMatch"), target.etag)
    _check_move(call, target, domain)
    source = _source(call, target, domain)
    if source is None:
        raise Refusal(404, "EntityNotFound", "The entity was not found.")
    if source[1].enabled:
        raise words.illegal_update("The source distribution must be disabled before its domain is moved.")
    _move(call, target, domain, source)
    return Answer({"Domain": domain, "ResourceId": target.id, "ETag": target.etag})


def _check_move(call: Call, target: Distribution, alias: str) -> None:
    if alias in target.aliases:
        raise words.invalid_argument("The domain name is already associated with the target distribution.")
    _check_proof(call, target, alias)
    if len(target.aliases) >= call.account.quota("aliases_per_distribution", MOST_ALIASES):
        message = "Your request contains more CNAMEs than are allowed per distribution."
        raise Refusal(400, "TooManyDistributionCNAMEs", message)
    texts = call.kernel.resolve(f"_{alias}", "TXT", fresh=True).values("TXT")
    if target.domain_name not in {text.strip('"').lower().rstrip(".") for text in texts}:
        message = f"There is no TXT record _{alias} with the value {target.domain_name}."
        raise words.illegal_update(message)


def _source(call: Call, target: Distribution, alias: str) -> tuple[Account, Distribution] | None:
    for holder, held, each in _others(call, alias, target):
        if held == alias:
            return holder, each
    return None


def _move(call: Call, target: Distribution, alias: str, source: tuple[Account, Distribution] | None) -> None:
    if source is not None:
        holder, loser = source
        _rename(holder, loser, [name for name in loser.aliases if name != alias], call.now)
    _rename(call.account, target, [*target.aliases, alias], call.now)


def _rename(account: Account, distribution: Distribution, aliases: list[str], now: float) -> None:
    named = {"Quantity": len(aliases), **({"Items": aliases} if aliases else {})}
    account.cloudfront.write(distribution, {**copy.deepcopy(distribution.config), "Aliases": named}, now)


HANDLERS: Mapping[str, Handler] = {
    "ListConflictingAliases": _conflicting_aliases,
    "ListDomainConflicts": _domain_conflicts,
    "AssociateAlias": _associate_alias,
    "UpdateDomainAssociation": _update_association,
}
