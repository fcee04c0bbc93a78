"""What of TLS the world's customers begin with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from providers.sandbox.contract import WorldError
from providers.sandbox.world_form import entries, known, one_of, text

from .state import Customer, derived_id
from .tls_issuing import AUTHORITIES, ISSUE_S, Judge, issue
from .tls_names import FASTLY_ZONE
from .tls_state import DAY_S, GIVEN_UP_S, Activation, Authorization, Certificate, Configuration, Subscription

KEYS = ("configurations", "certificates", "subscriptions")
CONFIGURATION_KEYS = ("id", "name", "default", "cname", "tls_protocols", "http_protocols")
CERTIFICATE_KEYS = ("id", "name", "names", "active", "days_left")
SUBSCRIPTION_KEYS = ("id", "domains", "authority", "state", "configuration")
STATES = ("pending", "processing", "issued", "renewing", "failed")
CNAME = f"t.sni.global.{FASTLY_ZONE}"
YEAR_S = 365 * DAY_S


def read_world(customer: Customer, section: Mapping[str, Any], at: str, now: float) -> None:
    """Take a customer's TLS from the world. Raises WorldError naming the place, which begins with `at`."""
    for place, given in entries(section.get("configurations"), f"{at}.configurations"):
        _configuration(customer, known(given, CONFIGURATION_KEYS, place), place, now)
    if not customer.tls.configurations:
        _configuration(customer, {}, at, now)
    customer.tls.default.default = True
    for place, given in entries(section.get("certificates"), f"{at}.certificates"):
        _certificate(customer, known(given, CERTIFICATE_KEYS, place), place, now)
    for place, given in entries(section.get("subscriptions"), f"{at}.subscriptions"):
        _subscription(customer, known(given, SUBSCRIPTION_KEYS, place), place, now)


def _configuration(customer: Customer, given: Mapping[str, Any], at: str, now: float) -> None:
    number = str(given.get("id") or derived_id(customer.id, "configuration", at))
    cname = text(given.get("cname", CNAME), f"{at}.cname", CNAME).lower().rstrip(".")
    if not cname.endswith(f".{FASTLY_ZONE}"):
        raise WorldError(f"{at}.cname", f"write a name in {FASTLY_ZONE}, such as {CNAME}")
    each = Configuration(number, str(given.get("name", "TLS v1.3")), cname, now, now)
    each.default = bool(given.get("default", False))
    for key in ("tls_protocols", "http_protocols"):
        if key in given:
            setattr(each, key, list(_texts(given[key], f"{at}.{key}")))
    customer.tls.configurations[number] = each


def _certificate(customer: Customer, given: Mapping[str, Any], at: str, now: float) -> None:
    names = _texts(given.get("names"), f"{at}.names")
    number = str(given.get("id") or customer.new_id())
    left_s = float(given.get("days_left", 365)) * DAY_S
    each = Certificate(
        number,
        str(given.get("name", names[0])),
        list(names),
        now,
        now,
        now - YEAR_S,
        now + left_s,
        "Uploaded",
    )
    each.serial = str(len(customer.tls.certificates) + 1)
    customer.tls.certificates[number] = each
    for host in _texts(given.get("active", []), f"{at}.active"):
        if not each.covers(host):
            raise WorldError(f"{at}.active", f"the certificate is not for {host}")
        activation = Activation(customer.new_id(), host, customer.tls.default.id, now, number)
        customer.tls.activations[activation.id] = activation


def _subscription(customer: Customer, given: Mapping[str, Any], at: str, now: float) -> None:
    tls, domains = customer.tls, _texts(given.get("domains"), f"{at}.domains")
    if not domains:
        raise WorldError(f"{at}.domains", "write one host or more")
    authority = one_of(given.get("authority", "certainly"), tuple(AUTHORITIES), f"{at}.authority")
    state = one_of(given.get("state", "issued"), STATES, f"{at}.state")
    configuration = str(given.get("configuration", tls.default.id))
    one_of(configuration, tuple(tls.configurations), f"{at}.configuration")
    number = str(given.get("id") or customer.new_id())
    begun = now - _age(state, authority)
    each = Subscription(number, list(domains), domains[0], authority, configuration, begun, begun, begun)
    for domain in domains:
        token = derived_id("challenge", number, domain).lower()[:18]
        each.authorizations[domain] = Authorization(customer.new_id(), domain, token, begun, begun)
    tls.subscriptions[number] = each
    if state in ("issued", "renewing", "processing"):
        for proof in each.authorizations.values():
            proof.looked, proof.passed = True, begun
        judge = Judge(lambda name, _: _unasked(name))
        issue(tls, each, begun + ISSUE_S, judge)


def _unasked(name: str) -> Any:
    raise WorldError(name, "is not looked up while the world is read")


def _age(state: str, authority: str) -> float:
    """Give for how long a subscription has been there, so that it stands as it is to stand."""
    terms = AUTHORITIES[authority]
    return {
        "issued": DAY_S,
        "renewing": terms.validity_s - terms.renewed_before_s + DAY_S,
        "failed": GIVEN_UP_S + DAY_S,
    }.get(state, 0.0)


def _texts(given: Any, at: str) -> Sequence[str]:
    if not isinstance(given, list) or not all(isinstance(each, str) and each for each in given):
        raise WorldError(at, "write a list of texts")
    return given
