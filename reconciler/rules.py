"""What can be judged of the files without live state, beyond their schema. Pure; every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.account_rules import ACCOUNT_RULES
from reconciler.drafts import PART_KEYS, Draft, Given
from reconciler.hostname import HostnameError, is_under, normalise
from reconciler.problem import Problem, nearest, shown
from reconciler.provider import ProviderType
from reconciler.union import United

# Names under which SparkPost itself answers: its tracking hosts, bounce hosts and site.
SPARKPOST_NAMES = ("spgo.io", "sparkpostmail.com", "sparkpost.com")
# `_acme-challenge.` and the claim's `_tdr.` must fit before the host, within DNS's 253 characters.
HOST_CHARS = 236


@dataclass(frozen=True, slots=True)
class Checked:
    """What the rules look at: the files as one, their domains, the installed types.

    `odd` are the aliases whose options the schema refused: nothing further is said of these.
    """

    united: United
    drafts: tuple[Draft, ...]
    types: Mapping[str, ProviderType]
    odd: frozenset[str] = frozenset()

    def type_of(self, alias: str | None) -> ProviderType | None:
        """Return the type of an alias, None where either is unknown."""
        place = self.united.accounts.get(alias or "")
        name = place.value.get("type") if place is not None and isinstance(place.value, dict) else None
        return self.types.get(name) if isinstance(name, str) else None


def problems(checked: Checked) -> Iterator[Problem]:
    """Yield every problem that a rule finds."""
    for account_rule in ACCOUNT_RULES:
        yield from account_rule(checked.united.accounts, checked.types, checked.odd)
    for rule in (*_RULES, *(_RULES_OF_ALL if checked.united.complete else ())):
        yield from rule(checked)


def _aliases(checked: Checked) -> Iterator[Problem]:
    """Each alias named for a part exists, and its type can play that part."""
    for part, given in _named_aliases(checked):
        alias = given.value
        if not isinstance(alias, str) or (part == "sparkpost" and alias == "none"):
            continue
        if alias not in checked.united.accounts:
            yield _unknown_alias(checked, part, alias, given)
            continue
        type_ = checked.type_of(alias)
        if type_ is not None and part not in type_.parts:
            what = f"the alias {shown(alias)} is of type {type_.name}, which cannot be the {part} of a domain"
            yield given.mark.problem(what, _those_who_can(checked, part))


def _named_aliases(checked: Checked) -> Iterator[tuple[str, Given]]:
    """Yield each place that names an alias once, `defaults` too where no domain takes them up."""
    seen: set[tuple[str, str, int, int]] = set()
    place = checked.united.single.get("defaults")
    defaults = checked.united.section("defaults")
    if place is not None:
        for part in PART_KEYS:
            if part in defaults:
                yield part, Given(defaults[part], place.mark(part), own=False)
    for draft in checked.drafts:
        for part in PART_KEYS:
            given = draft.given.get(part)
            if given is not None and given.own:
                key = (part, given.mark.file, given.mark.line, given.mark.column)
                if key not in seen:
                    seen.add(key)
                    yield part, given


def _unknown_alias(checked: Checked, part: str, alias: str, given: Given) -> Problem:
    what = f"no alias {shown(alias)} stands under `providers`"
    if alias == "none":
        what = f"a domain cannot do without its {part}"
    like = nearest(alias, checked.united.accounts) if alias != "none" else None
    return given.mark.problem(what, f"write {shown(like)}" if like else _those_who_can(checked, part))


def _those_who_can(checked: Checked, part: str) -> str:
    """Return the advice to name an alias that can play a part."""
    found = [
        alias
        for alias in sorted(checked.united.accounts)
        if alias != "none" and (type_ := checked.type_of(alias)) is not None and part in type_.parts
    ]
    if found:
        return f"write one of: {', '.join(found[:20])}" if len(found) > 1 else f"write {found[0]}"
    able = sorted(name for name, type_ in checked.types.items() if part in type_.parts)
    return f"add one under `providers`, of type {' or '.join(able)}"


def _missing_parts(checked: Checked) -> Iterator[Problem]:
    """Each domain has its three parts."""
    for draft in checked.drafts:
        if draft.place.value is not None and not isinstance(draft.place.value, dict):
            continue
        missing = [part for part in PART_KEYS if part not in draft.given]
        if missing:
            what = f"the domain {shown(draft.host)} names no {', no '.join(missing)}, nor does `defaults`"
            written = ", ".join(f"{part}: ALIAS" for part in missing)
            yield draft.place.key_mark().problem(what, f"add `{written}` here or under `defaults`")


def _without_account(checked: Checked) -> Iterator[Problem]:
    """Where there is no SparkPost account, nothing can be said of its objects."""
    for draft in checked.drafts:
        if draft.text("sparkpost") != "none":
            continue
        if draft.present and "origin" not in draft.given:
            what = f"{shown(draft.host)} has `sparkpost: none`, so nothing says where its edge forwards to"
            yield draft.mark("sparkpost").problem(
                what, "add `origin: HOST`, the tracking host of your mail server"
            )
        for key in ("default", "sending_domains", "subaccount"):
            given = draft.given.get(key)
            if given is not None and given.own:
                what = f"{shown(key)} needs a SparkPost account, and this domain has `sparkpost: none`"
                yield given.mark.problem(what, "remove it, or name the account's alias as `sparkpost`")


def _managed(checked: Checked) -> Iterator[Problem]:
    """Managed HTTPS is held by the domain's own SparkPost account, in the CDN's place."""
    for draft in checked.drafts:
        cdn, sparkpost = draft.text("cdn"), draft.text("sparkpost")
        type_ = checked.type_of(cdn)
        if type_ is None or "sparkpost" not in type_.parts or "cdn" not in type_.parts:
            continue
        if sparkpost is not None and cdn != sparkpost:
            what = (
                f"`cdn: {cdn}` asks for managed HTTPS, which only the domain's own SparkPost account can give"
            )
            own = "a CDN's alias" if sparkpost == "none" else f"`cdn: {sparkpost}`, or a CDN's alias"
            yield draft.mark("cdn").problem(f"{what} (`sparkpost: {sparkpost}`)", f"write {own}")
        elif checked.united.accounts[cdn or ""].value.get("region") == "enterprise":
            what = (
                f"`cdn: {cdn}` asks for managed HTTPS, which SparkPost does not give to enterprise accounts"
            )
            yield draft.mark("cdn").problem(what, "name a CDN's alias")


def _origins(checked: Checked) -> Iterator[Problem]:
    """An origin of the domain's own is a host that fits the account, and an edge is there to use it."""
    for draft in checked.drafts:
        given, sparkpost = draft.given.get("origin"), draft.text("sparkpost")
        if given is None:
            continue
        name = _host(given.value)
        if isinstance(name, HostnameError):
            yield given.mark.problem(name.what, name.instead)
        elif given.own and sparkpost is not None and sparkpost == draft.text("cdn"):
            what = "with managed HTTPS there is no edge that could forward to an origin"
            yield given.mark.problem(what, "remove it, or name a CDN's alias as `cdn`")
        elif isinstance(name, str):
            yield from _unfit_origin(checked, sparkpost, name, given)


def _unfit_origin(checked: Checked, sparkpost: str | None, origin: str, given: Given) -> Iterator[Problem]:
    """Say what the account's type has against an origin."""
    type_ = checked.type_of(sparkpost)
    if type_ is None or sparkpost in checked.odd:
        return
    options = {**checked.united.accounts[str(sparkpost)].value, "origin": origin}
    options.pop("type")
    for key, what, instead in type_.check(options):
        if key == "origin":
            yield given.mark.problem(what, instead)


def _own_names(checked: Checked) -> Iterator[Problem]:
    """A tracking domain is the user's own name, never a vendor's, and leaves room for the names below it."""
    reserved = dict.fromkeys(SPARKPOST_NAMES, "SparkPost")
    for type_ in checked.types.values():
        for name in type_.own_names:
            reserved.setdefault(name, type_.name)
    for draft in checked.drafts:
        whose = next((reserved[name] for name in reserved if is_under(draft.host, name)), None)
        if whose is not None:
            what = f"{shown(draft.host)} is a name of {whose}'s own"
            yield draft.place.key_mark().problem(what, "use a name below a domain of yours")
        elif len(draft.host) > HOST_CHARS:
            what = f"{shown(draft.host)} leaves no room for the DNS names that tdr puts before it"
            yield draft.place.key_mark().problem(what, f"use at most {HOST_CHARS} characters")


def _one_default(checked: Checked) -> Iterator[Problem]:
    """An account, and each subaccount, has one default tracking domain."""
    first: dict[tuple[str, int], Draft] = {}
    for draft in checked.drafts:
        given, alias = draft.given.get("default"), draft.text("sparkpost")
        if given is None or given.value is not True or not draft.present or alias in {None, "none"}:
            continue
        subaccount = draft.given["subaccount"].value if "subaccount" in draft.given else 0
        number = subaccount if isinstance(subaccount, int) else 0
        other = first.setdefault((str(alias), number), draft)
        if other is not draft:
            where = f"{alias}'s subaccount {number}" if number else alias
            what = f"{where} would have two default tracking domains"
            what += f" (also {other.host} at {other.mark('default')})"
            yield given.mark.problem(what, "write `default: true` for one of them")


def _sending_domains(checked: Checked) -> Iterator[Problem]:
    """Sending domains are host names; each is linked to one tracking domain."""
    first: dict[tuple[str | None, str], tuple[Draft, int]] = {}
    for draft in checked.drafts:
        given = draft.given.get("sending_domains")
        if given is None or not isinstance(given.value, list):
            continue
        for n, written in enumerate(given.value):
            mark = draft.place.mark("sending_domains", n)
            name = _host(written)
            if isinstance(name, HostnameError):
                yield mark.problem(name.what, name.instead)
            if not isinstance(name, str) or not draft.present:
                continue
            other, at = first.setdefault((draft.text("sparkpost"), name), (draft, n))
            if (other, at) != (draft, n):
                place = other.place.mark("sending_domains", at)
                what = f"the sending domain {shown(name)} stands twice (also at {place})"
                yield mark.problem(what, "keep one: it uses one tracking domain")


def _protected(checked: Checked) -> Iterator[Problem]:
    """Protected names are host names."""
    names = checked.united.section("policy").get("protected")
    place = checked.united.single.get("policy")
    for n, written in enumerate(names if isinstance(names, list) and place is not None else ()):
        name = _host(written)
        if isinstance(name, HostnameError) and place is not None:
            yield place.mark("protected", n).problem(name.what, name.instead)


def _host(written: object) -> str | HostnameError | None:
    """Return a written host name normalised, or what is wrong with it; None for what is no text."""
    if not isinstance(written, str):
        return None
    try:
        return normalise(written)
    except HostnameError as error:
        return error


Rule = Callable[[Checked], Iterator[Problem]]
# What only the whole of the files can tell.
_RULES_OF_ALL: tuple[Rule, ...] = (_aliases, _missing_parts)
_RULES: tuple[Rule, ...] = (
    _without_account,
    _managed,
    _origins,
    _own_names,
    _one_default,
    _sending_domains,
    _protected,
)
