"""Subscriptions: managed certificates, asked for, changed, listed, given up.

docs: "TLS Subscriptions" (API reference); refusals as users of the API have reported them:
fastly/terraform-provider-fastly #888, #1141 ("Can't delete subscription": "Subscription has active domains").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from . import tls_documents as documents
from . import tls_switches as switches
from . import tls_views as views
from .call import Answer, Call, Refusal, Route
from .serving import serving
from .state import derived_id
from .tls_issuing import AUTHORITIES, judge_of, settle
from .tls_state import Authorization, Subscription, TlsState

KIND = "tls_subscription"
USUAL_AUTHORITY = "certainly"


def settled(call: Call) -> TlsState:
    """Give the account's TLS as it stands now."""
    settle(call.customer.tls, judge_of(call.kernel), call.now)
    return call.customer.tls


def create(call: Call) -> Answer:
    """`POST /tls/subscriptions`."""
    tls, data = settled(call), documents.asked(call, KIND)
    domains = _domains(documents.related(data, "tls_domains", "tls_domain") or ())
    authority = _authority(documents.attributes(data).get("certificate_authority") or USUAL_AUTHORITY)
    common = (documents.related(data, "common_name") or domains)[0].lower()
    if common not in domains:
        raise documents.refused("Invalid value for common_name", "common_name is not one of the domains")
    configuration = _configuration(tls, documents.related(data, "tls_configuration"))
    for domain in domains:
        _judge_domain(call, tls, domain)
    _judge_number(call, tls, domains)
    now = call.now
    each = Subscription(
        call.customer.new_id(), domains, common, authority, configuration, now, now, ordered=now
    )
    _authorize(call, each)
    tls.subscriptions[each.id] = each
    return documents.told(views.subscription(tls, each, now), _proofs(tls, [each]), status=201)


def show(call: Call) -> Answer:
    """`GET /tls/subscriptions/{id}`."""
    tls = settled(call)
    each = _found(call, tls)
    return documents.told(views.subscription(tls, each, call.now), _included(call, tls, [each]) or None)


def show_all(call: Call) -> Answer:
    """`GET /tls/subscriptions`: newest first, unless `sort` says otherwise."""
    tls, now, query = settled(call), call.now, call.query
    every = [views.subscription(tls, each, now) for each in tls.subscriptions.values()]
    for name in ("state", "certificate_authority", "has_active_order"):
        if wanted := query.get(f"filter[{name}]"):
            every = [each for each in every if str(each["attributes"][name]).lower() == wanted]
    if wanted := query.get("filter[tls_domains.id]"):
        every = [
            each
            for each in every
            if wanted in {d["id"] for d in each["relationships"]["tls_domains"]["data"]}
        ]
    newest_first = query.get("sort", "-created_at").startswith("-")
    every.sort(key=lambda each: str(each["attributes"]["created_at"]), reverse=newest_first)

    def include(shown: Sequence[documents.Resource]) -> Iterable[documents.Resource]:
        return _included(call, tls, [tls.subscriptions[each["id"]] for each in shown])

    return documents.page(call, every, lambda each: each, include if documents.included(call) else None)


def change(call: Call) -> Answer:
    """`PATCH /tls/subscriptions/{id}`: domains, common name, authority, configuration, or `retry`."""
    tls, data = settled(call), documents.asked(call, KIND)
    each, now = _found(call, tls), call.now
    if _has_active(tls, each, now) and call.query.get("force") != "true":
        raise documents.refused("Can't update subscription", "Subscription has active domains")
    given, before = documents.attributes(data), (each.domains, each.authority)
    named = documents.related(data, "tls_domains", "tls_domain")
    domains = each.domains if named is None else _domains(named)
    common = (documents.related(data, "common_name") or (each.common_name,))[0].lower()
    configuration = _configuration(tls, documents.related(data, "tls_configuration") or (each.configuration,))
    for domain in set(domains) - set(each.domains):
        _judge_domain(call, tls, domain)
    each.authority = _authority(given.get("certificate_authority") or each.authority)
    each.domains, each.common_name = domains, common if common in domains else domains[0]
    each.configuration, each.updated = configuration, now
    _retune(tls, each)
    if before != (each.domains, each.authority) or given.get("state") == "retry":
        _order(call, tls, each)
    return documents.told(views.subscription(tls, each, now), _proofs(tls, [each]))


def delete(call: Call) -> Answer:
    """`DELETE /tls/subscriptions/{id}`: with `force=true` even while its domains are active."""
    tls = settled(call)
    each = _found(call, tls)
    if _has_active(tls, each, call.now) and call.query.get("force") != "true":
        raise documents.refused("Can't delete subscription", "Subscription has active domains")
    del tls.subscriptions[each.id]
    for number in each.certificates:
        tls.certificates.pop(number, None)
    tls.activations = {
        number: activation
        for number, activation in tls.activations.items()
        if activation.subscription != each.id and activation.certificate not in each.certificates
    }
    return documents.nothing()


def _found(call: Call, tls: TlsState) -> Subscription:
    each = tls.subscriptions.get(call.params["id"])
    if each is None:
        raise documents.missing("subscription")
    return each


def _domains(given: Sequence[str]) -> list[str]:
    domains = list(dict.fromkeys(name.lower() for name in given))
    if not domains:
        raise documents.refused("Invalid value for tls_domains", "tls_domains can't be blank")
    for name in domains:
        labels = name.removeprefix("*.").split(".")
        if len(labels) < 2 or not all(label and len(label) < 64 for label in labels) or len(name) > 253:
            raise documents.refused("Invalid value for tls_domains", f"{name} is not a valid domain")
    return domains


def _authority(given: object) -> str:
    if given not in AUTHORITIES:
        raise documents.refused(
            "Invalid value for certificate_authority", "certificate_authority is not included in the list"
        )
    return str(given)


def _configuration(tls: TlsState, named: tuple[str, ...] | None) -> str:
    number = named[0] if named else tls.default.id
    if number not in tls.configurations:
        raise documents.missing("configuration")
    return number


def _judge_domain(call: Call, tls: TlsState, domain: str) -> None:
    for other in call.fastly:
        if other is not call.customer and (
            other.tls.holds(domain) or any(each.fqdn == domain for each in other.domains.values())
        ):
            raise _taken(domain)
    served = serving(call.fastly, domain)
    if served is not None and served.customer is not call.customer:
        raise _taken(domain)
    if tls.holds(domain) and call.switch(switches.SECOND_SUBSCRIPTION.name) == "refused":
        raise documents.refused("Invalid value for tls_domains", f"{domain} has already been taken")
    known = served is not None or any(each.fqdn == domain for each in call.customer.domains.values())
    if not known and call.switch(switches.SUBSCRIPTION_NEEDS_DOMAIN.name) == "yes":
        raise documents.refused("Invalid value for tls_domains", f"{domain} is not on a service")


def _taken(domain: str) -> Refusal:
    return documents.refused("Bad Request", f"Domain {domain} is owned by another customer.")


def _judge_number(call: Call, tls: TlsState, domains: Sequence[str]) -> None:
    most = call.customer.limits.managed_certificates
    held = {domain for each in tls.subscriptions.values() for domain in each.domains}
    if len(held.union(domains)) > most:
        raise documents.refused("Bad Request", f"Exceeding max number of managed certificates: {most}")


def _authorize(call: Call, each: Subscription) -> None:
    """Ask for the proof of each domain that none was asked for yet, and of no other."""
    customer, now = call.customer, call.now
    same = call.switch(switches.CHALLENGE_TOKEN.name) == "per-domain"
    for domain in each.domains:
        if domain not in each.authorizations:
            parts = (customer.id, domain) if same else (each.id, domain)
            token = derived_id("challenge", *parts).lower()[:18]
            number = customer.new_id()
            each.authorizations[domain] = Authorization(number, domain, token, now, now)
    each.authorizations = {domain: each.authorizations[domain] for domain in each.domains}


def _order(call: Call, tls: TlsState, each: Subscription) -> None:
    """Begin anew to get a certificate; the present one stays in use until there is another."""
    for number in [n for n in each.certificates if tls.certificates[n].not_before > call.now]:
        each.certificates.remove(number)
        del tls.certificates[number]
    each.ordered, each.looked, each.wants = call.now, 0.0, True
    _authorize(call, each)
    for proof in each.authorizations.values():
        proof.passed = None


def _retune(tls: TlsState, each: Subscription) -> None:
    """Let activations follow: those of domains that are gone go."""
    for activation in list(tls.activations.values()):
        if activation.subscription == each.id:
            activation.configuration = each.configuration
            if activation.domain not in each.domains:
                del tls.activations[activation.id]


def _has_active(tls: TlsState, each: Subscription, now: float) -> bool:
    return any(
        activation.subscription == each.id or activation.certificate in each.certificates
        for activation in tls.active(now)
    )


def _proofs(tls: TlsState, every: Iterable[Subscription]) -> list[documents.Resource]:
    return [views.authorization(tls, each, proof) for each in every for proof in each.authorizations.values()]


def _included(call: Call, tls: TlsState, every: Sequence[Subscription]) -> list[documents.Resource]:
    wanted = documents.included(call)
    found = _proofs(tls, every) if "tls_authorizations" in wanted else []
    if "tls_certificates" in wanted:
        numbers = [number for each in every for number in each.certificates]
        shown = (tls.certificates[number] for number in numbers)
        found += [views.certificate(each) for each in shown if each.created <= call.now]
    return found


ROUTES = (
    Route("POST", "/tls/subscriptions", create, form=object),
    Route("GET", "/tls/subscriptions", show_all, form=object),
    Route("GET", "/tls/subscriptions/{id}", show, form=object),
    Route("PATCH", "/tls/subscriptions/{id}", change, form=object),
    Route("DELETE", "/tls/subscriptions/{id}", delete, form=object),
)
