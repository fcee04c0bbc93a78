"""Writing the members of a phase's rules: look, one call for each rule that differs, look again.

Never a PUT of the entry point, which would replace the user's rules with it: only rules with tdr's ref
are created, edited and deleted, and new ones stand at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from providers.cloudflare.api import Api
from providers.cloudflare.rules import (
    EDITED,
    OFF,
    OwnRule,
    Setting,
    left_by,
    member_setting,
    members,
    narrowed_body,
    own_rules,
    placed,
    rule_body,
)
from providers.cloudflare.zones import Ruleset, ZoneState, ruleset_from
from reconciler.errors import Conflict, UnexpectedResponse
from reconciler.model import EMPTY, Action, Change, Resource, ResourceId
from reconciler.provider import Done, Failed

Outcome = Done | Failed


class Members:
    """The hosts in tdr's rules of one phase of one zone."""

    def __init__(self, api: Api, alias: str, owner: str, zone: ZoneState, phase: str) -> None:
        self._api, self._alias, self._owner = api, alias, owner
        self._zone, self._phase = zone, phase

    def apply(self, batch: Sequence[Change]) -> dict[ResourceId, Outcome]:
        """Make the changes. Raises ProviderError where Cloudflare refuses a rule."""
        ruleset = self._ruleset()
        outcomes: dict[ResourceId, Outcome] = {}
        to_write: list[Change] = []
        live = self._found(ruleset)
        for change in batch:
            judged = judge(change, live.get(change.id))
            if judged is None:
                to_write.append(change)
            else:
                outcomes[change.id] = judged
        if to_write:
            self._write(ruleset, to_write)
            after = self._found(self._ruleset())
            outcomes.update((c.id, outcome(c, after.get(c.id))) for c in to_write)
        return outcomes

    def _ruleset(self) -> Ruleset | None:
        native = self._api.entry_point(self._zone.name, self._zone.id, self._phase)
        return ruleset_from(native) if native is not None else None

    def _found(self, ruleset: Ruleset | None) -> Mapping[ResourceId, Resource]:
        if ruleset is None:
            return {}
        return {m.id: m for m in members(self._alias, self._zone.name, ruleset, EMPTY, self._owner)}

    def _write(self, ruleset: Ruleset | None, changes: Sequence[Change]) -> None:
        wanted: dict[str, Setting] = {
            str(c.after.host): member_setting(c.after) for c in changes if c.after is not None
        }
        gone = [str(c.before.host) for c in changes if c.after is None and c.before is not None]
        adopted = [
            str(c.before.host) for c in changes if c.before and c.before.mark not in (None, self._owner)
        ]
        before = own_rules(ruleset, self._owner)
        after = placed(self._phase, self._owner, before, wanted, gone)
        if ruleset is None:
            self._create_ruleset(after)
        else:
            self._write_rules(ruleset, {rule.id: rule for rule in before}, after)
            self._leave(ruleset, adopted)

    def _leave(self, ruleset: Ruleset, hosts: Sequence[str]) -> None:
        """Take hosts that were adopted, and stand in a rule of ours by now, out of the rules of others."""
        for rule, staying in left_by(ruleset, hosts, self._owner):
            if staying:
                self._edit(ruleset, rule.id, narrowed_body(rule, staying))
            else:
                self._api.delete_rule(self._zone.name, self._zone.id, ruleset, rule.id)

    def _create_ruleset(self, rules: Sequence[OwnRule]) -> None:
        bodies = [rule_body(self._phase, self._owner, rule) for rule in rules if rule.hosts]
        if bodies:
            self._api.create_ruleset(self._zone.name, self._zone.id, self._phase, bodies)

    def _write_rules(self, ruleset: Ruleset, before: Mapping[str, OwnRule], after: Sequence[OwnRule]) -> None:
        """Write what differs: a host that moves is in its new rule before it leaves the old one."""
        zone, zone_id = self._zone.name, self._zone.id
        changed = [rule for rule in after if rule.id and rule != before[rule.id]]
        growing = [rule for rule in changed if rule.readable - before[rule.id].readable]
        live = {rule.id: rule for rule in ruleset.rules}
        for rule in after:
            if not rule.id:
                self._api.add_rule(zone, zone_id, ruleset, rule_body(self._phase, self._owner, rule))
        for rule in [*growing, *(rule for rule in changed if rule not in growing)]:
            if not rule.hosts:
                self._api.delete_rule(zone, zone_id, ruleset, rule.id)
            elif rule.setting in (OFF, EDITED):
                self._edit(ruleset, rule.id, narrowed_body(live[rule.id], rule.hosts))
            else:
                self._edit(ruleset, rule.id, rule_body(self._phase, self._owner, rule))

    def _edit(self, ruleset: Ruleset, rule_id: str, body: dict[str, Any]) -> None:
        self._api.edit_rule(self._zone.name, self._zone.id, ruleset, rule_id, body)


def judge(change: Change, live: Resource | None) -> Outcome | None:
    """Give the outcome of a change that needs no write, or must not be written; None: write. Pure."""
    if change.action in {Action.NOOP, Action.FORGET} or _is_done(live, change.after):
        return Done(live)
    same_mark = live is None or change.before is None or live.mark == change.before.mark
    # As planned, but still in the rule of the owner that it is adopted from: that write was cut off.
    if same_mark and (_agrees(live, change.before) or (change.before and _agrees(live, change.after))):
        return None
    now = f"it is now {dict(live.attrs)} of owner {live.mark}" if live is not None else "it is gone"
    return Failed(
        Conflict(f"{change.id.key} changed since it was planned: {now}", resource=change.id.address)
    )


def _is_done(live: Resource | None, planned: Resource | None) -> bool:
    """Tell whether a member is as planned, in a rule of the owner who planned it."""
    anothers = live is not None and planned is not None and planned.mark not in (None, live.mark)
    return _agrees(live, planned) and not anothers


def _agrees(live: Resource | None, planned: Resource | None) -> bool:
    if live is None or planned is None:
        return live is planned
    return dict(live.attrs) == dict(planned.attrs)


def outcome(change: Change, live: Resource | None) -> Outcome:
    """Tell from the second look whether a write took effect. Pure."""
    if _is_done(live, change.after):
        return Done(live)
    now = str(dict(live.attrs)) if live is not None else "nothing"
    zone = str(change.container).split("/")[1]
    text = f"the write to zone {zone} did not stick: {change.id.key} is now {now}"
    return Failed(UnexpectedResponse(text, resource=change.id.address))
