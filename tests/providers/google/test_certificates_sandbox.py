"""Certificate Manager's writes on the sandbox: made, active, changed, taken down.

Each call is held against Google's own description when the sandbox ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from providers.google.certificates_api import Certificates, Found, read_certificates
from providers.google.certificates_apply import CertificatesApply
from providers.google.errors import translate
from providers.google.managed import authorization_attrs, certificate_attrs, entry_attrs, map_attrs
from providers.google.names import (
    AUTHORIZATION,
    AUTHORIZATIONS,
    CERTIFICATE,
    CERTIFICATES,
    CERTIFICATES_SERVICE,
    MAP,
    MAP_ENTRY,
    MAPS,
    map_container,
    mark,
)
from providers.google.natives import Authorization, Certificate, Entry, Map
from providers.google.permissions import METHODS
from providers.google.rest import Rest
from providers.google.session import Session
from reconciler.errors import AuthError, Conflict, InvalidRequest, NotReady, RateLimited, Unavailable
from reconciler.model import Action, Attrs, Change, Resource, ResourceId, attrs
from reconciler.provider import Done, Failed, Outcomes, Setting, one_by_one
from tests.sandbox.google.certmanager_bench import CertManager, certmanager

KEY, OWNER = "spgo.io", "acme"
HOST, OTHER = "click.example.com", "open.example.com"
WHERE = {
    AUTHORIZATION: AUTHORIZATIONS,
    CERTIFICATE: CERTIFICATES,
    MAP: MAPS,
    MAP_ENTRY: map_container(KEY),
}
OUR_MAP = map_attrs(Map("tdr-map", mark(OWNER, KEY), OWNER))


def proof(host: str = HOST, owner: str = OWNER) -> Attrs:
    return authorization_attrs(Authorization(f"p-{host.partition('.')[0]}", host, owner))


def order(host: str = HOST) -> Attrs:
    short = host.partition(".")[0]
    one = Certificate(
        f"c-{short}", OWNER, managed=True, domains=frozenset({host}), authorizations=(f"p-{short}",)
    )
    return certificate_attrs(one)


def entry(host: str = HOST, certificate: str = "", name: str = "") -> Attrs:
    short = host.partition(".")[0]
    return entry_attrs(Entry("tdr-map", name or f"e-{short}", host, OWNER, (certificate or f"c-{short}",)))


def change(kind: str, after: Attrs | None, before: Attrs | None = None, key: str = HOST) -> Change:
    id_ = ResourceId("lb", kind, key)
    old, new = (None if m is None else Resource(id_, m, container=WHERE[kind]) for m in (before, after))
    action = Action.DELETE if after is None else Action.CREATE if before is None else Action.UPDATE
    return Change(id_, action, old, new)


class Stand:
    """The provider's writes on one sandbox; `asked` is each call by Google's name for it."""

    def __init__(self, on: CertManager, session: Session) -> None:
        self.on, self.asked = on, list[str]()
        self.api = Certificates(Rest(session, self._call, CERTIFICATES_SERVICE))
        self.begin()

    def begin(self) -> None:
        """Start another run: it knows nothing of the one before."""
        self.part = CertificatesApply(self.api, OWNER, one_by_one)

    def _call(self, _unit: str, operation: str, fn: Any, *, repeatable: bool, resource: str = "") -> Any:
        self.asked.append(operation)
        try:
            return fn()
        except Exception as error:
            meaning = translate(error)
            if meaning is None:
                raise
            raise meaning from error

    def write(self, *batch: Change, rounds: int = 12) -> Outcomes:
        """Apply until nothing is on its way; time passes meanwhile."""
        told: dict[ResourceId, Any] = {}
        left: Sequence[Change] = batch
        for _ in range(rounds):
            told |= self.part.apply(left)
            left = [c for c in left if _runs(told[c.id])]
            if not left:
                break
            self.on.advance(2)
        return told

    def done(self, *batch: Change) -> list[Any]:
        told = self.write(*batch)
        assert all(isinstance(outcome, Done) for outcome in told.values()), told
        return [outcome.resource for outcome in told.values() if isinstance(outcome, Done)]

    def error(self, one: Change, rounds: int = 12) -> Any:
        outcome = self.write(one, rounds=rounds)[one.id]
        assert isinstance(outcome, Failed), outcome
        return outcome.error

    def read(self) -> Found:
        return read_certificates(self.api, one_by_one, OWNER)

    def all_of(self, host: str = HOST) -> None:
        """Make what a host has, in its map."""
        self.done(change(MAP, OUR_MAP, key=KEY))
        for kind, managed in (
            (AUTHORIZATION, proof(host)),
            (CERTIFICATE, order(host)),
            (MAP_ENTRY, entry(host)),
        ):
            self.done(change(kind, managed, key=host))


def _runs(outcome: Any) -> bool:
    return isinstance(outcome, Failed) and isinstance(outcome.error, NotReady)


@pytest.fixture
def stand() -> Iterator[Stand]:
    with certmanager() as on:
        setting = Setting("lb", {"project": "acme-mail"}, {}, on.sandbox.env, OWNER, None)  # type: ignore[arg-type]  # calls come with Rest
        session = Session(setting)
        try:
            yield Stand(on, session)
        finally:
            session.close()


def prove(stand: Stand, resource: Any) -> None:
    """Write the record that an authorization told."""
    name, value = resource.outputs["record_name"], resource.outputs["record_value"]
    stand.on.write("CNAME", name, f"{value}.")


def test_a_certificate_becomes_active_in_its_map_and_goes_again(stand: Stand) -> None:
    stand.done(change(MAP, OUR_MAP, key=KEY))
    (proven,) = stand.done(change(AUTHORIZATION, proof()))
    assert proven.outputs["record_name"] == f"_acme-challenge.{HOST}"
    stand.done(change(CERTIFICATE, order()))
    stand.done(change(MAP_ENTRY, entry()))
    ids = [ResourceId("lb", kind, HOST) for kind in (CERTIFICATE, MAP_ENTRY)]
    before = stand.part.ready(ids)
    assert not any(status.ready for status in before.values())
    assert before[ids[1]].text.startswith("pending")

    prove(stand, proven)
    for _ in range(3):  # Google looks, issues, and brings it to its frontends
        stand.on.advance(120)
        after = stand.part.ready(ids)
    assert {status.text for status in after.values()} == {"active"}

    for kind, managed, key in (
        (MAP_ENTRY, entry(), HOST),
        (MAP, OUR_MAP, KEY),
        (CERTIFICATE, order(), HOST),
        (AUTHORIZATION, proof(), HOST),
    ):
        assert stand.done(change(kind, None, managed, key=key)) == [None]
    assert stand.read() == Found()


def test_all_of_it_is_read_with_the_entries_of_the_maps_that_matter(stand: Stand) -> None:
    stand.all_of()
    stand.on.raw("POST", "certificateMaps", {}, certificateMapId="theirs")
    stand.asked.clear()
    found = stand.read()
    assert [authorization_attrs(one) for one in found.authorizations] == [proof()]
    assert [certificate_attrs(one) for one in found.certificates] == [order()]
    assert [one.name for one in found.maps] == ["tdr-map", "theirs"]
    assert [entry_attrs(one) for one in found.entries] == [entry()]
    assert [one.map for one in found.entries] == ["tdr-map"]
    assert len(stand.asked) == 4  # not what is in the map of somebody else's that nothing serves


def test_many_in_one_container_are_written_side_by_side_and_looked_for_together(stand: Stand) -> None:
    hosts = [f"h{number}.example.com" for number in range(9)]
    stand.done(*(change(AUTHORIZATION, proof(host), key=host) for host in hosts))
    head = "certificatemanager.projects.locations"
    assert stand.asked.count(f"{head}.dnsAuthorizations.create") == 9
    assert stand.asked.count(f"{head}.operations.get") == 0
    assert len(stand.asked) <= 9 + 5
    assert {operation for operation in stand.asked if operation not in METHODS} == set()


def test_what_still_runs_is_not_ready(stand: Stand) -> None:
    error = stand.error(change(AUTHORIZATION, proof()), rounds=1)
    assert "is running" in error.message


@pytest.mark.parametrize("seen", ["at-once", "when-done"])
def test_what_another_run_began_is_found(stand: Stand, seen: str) -> None:
    stand.on.switch("certificate-manager-visible", seen)
    stand.error(change(AUTHORIZATION, proof()), rounds=1)
    stand.begin()
    (made,) = stand.done(change(AUTHORIZATION, proof()))
    assert made.mark == OWNER
    assert len(stand.read().authorizations) == 1


def test_an_entry_gets_another_certificate_and_keeps_the_labels_of_others(stand: Stand) -> None:
    stand.all_of()
    stand.done(change(AUTHORIZATION, proof(OTHER), key=OTHER))
    stand.done(change(CERTIFICATE, order(OTHER), key=OTHER))
    path = "certificateMaps/tdr-map/certificateMapEntries/e-click"
    stand.on.raw("PATCH", path, {"labels": {"team": "mail", "tdr": OWNER}}, updateMask="labels")
    wanted = entry(certificate="c-open")
    stand.begin()  # it finds the map by its mark
    stand.done(change(MAP_ENTRY, wanted, entry()))
    told = stand.on.raw("GET", path)
    assert told["labels"] == {"team": "mail", "tdr": OWNER}
    assert told["certificates"] == ["projects/123456789012/locations/global/certificates/c-open"]


def test_an_authorization_of_nobodys_is_taken_over_by_its_label(stand: Stand) -> None:
    stand.on.raw(
        "POST", "dnsAuthorizations", {"domain": HOST, "labels": {"by": "hand"}}, dnsAuthorizationId="p-click"
    )
    unlabelled = attrs(**{**proof(), "owner": None})
    (taken,) = stand.done(change(AUTHORIZATION, proof(), unlabelled))
    assert taken.mark == OWNER
    assert stand.on.raw("GET", "dnsAuthorizations/p-click")["labels"] == {"by": "hand", "tdr": OWNER}


def test_a_maps_description_and_label_are_put_right(stand: Stand) -> None:
    stand.on.raw("POST", "certificateMaps", {"description": "mine"}, certificateMapId="tdr-map")
    stand.done(change(MAP, OUR_MAP, attrs(**{**OUR_MAP, "owner": None, "description": "mine"}), KEY))
    assert [map_attrs(one) for one in stand.read().maps] == [OUR_MAP]


def test_what_is_there_and_not_tdrs_is_left_alone(stand: Stand) -> None:
    stand.on.raw("POST", "dnsAuthorizations", {"domain": HOST}, dnsAuthorizationId="p-click")
    error = stand.error(change(AUTHORIZATION, proof()))
    assert isinstance(error, Conflict)
    assert "is not tdr's" in error.message


def test_what_changed_since_the_plan_is_a_conflict(stand: Stand) -> None:
    stand.all_of()
    for after in (entry(certificate="c-new"), None):
        before = attrs(**{**entry(certificate="c-old"), "owner": "somebody"})
        error = stand.error(change(MAP_ENTRY, after, before))
        assert isinstance(error, Conflict)
        assert "changed since it was planned" in error.message


def test_a_second_entry_for_a_host_is_a_conflict(stand: Stand) -> None:
    stand.all_of()
    error = stand.error(change(MAP_ENTRY, entry(name="another")))
    assert isinstance(error, Conflict)
    assert "has an entry for click.example.com already: e-click" in error.message


def test_a_second_authorization_that_google_refuses_is_a_conflict(stand: Stand) -> None:
    stand.on.switch("second-dns-authorization", "refused")
    stand.on.raw("POST", "dnsAuthorizations", {"domain": HOST}, dnsAuthorizationId="theirs")
    assert isinstance(stand.error(change(AUTHORIZATION, proof())), Conflict)


def test_what_google_finds_wrong_in_a_body_is_told_by_field(stand: Stand) -> None:
    error = stand.error(change(CERTIFICATE, order()))
    assert isinstance(error, InvalidRequest)
    assert "managed.dns_authorizations[0]: DNS authorization" in error.message


def test_what_cannot_be_changed_is_said(stand: Stand) -> None:
    stand.all_of()
    other = attrs(**{**order(), "domains": (OTHER,)})
    error = stand.error(change(CERTIFICATE, other, order()))
    assert isinstance(error, InvalidRequest)
    assert "domains cannot be changed" in error.message


def test_what_something_uses_is_asked_for_again_until_nothing_does(stand: Stand) -> None:
    stand.all_of()
    for kind, managed, key in (
        (CERTIFICATE, order(), HOST),
        (AUTHORIZATION, proof(), HOST),
        (MAP, OUR_MAP, KEY),
    ):
        error = stand.error(change(kind, None, managed, key), rounds=1)
        assert isinstance(error, NotReady)
        assert "can't delete" in error.message
    stand.done(change(MAP_ENTRY, None, entry()))
    stand.done(change(CERTIFICATE, None, order()))


def test_entries_of_a_map_that_is_gone_are_gone_and_none_is_made_there(stand: Stand) -> None:
    assert stand.done(change(MAP_ENTRY, None, entry())) == [None]
    error = stand.error(change(MAP_ENTRY, entry()))
    assert isinstance(error, Conflict)
    assert error.message == "the certificate map is not there"


def test_a_certificate_and_an_entry_that_were_only_read_are_told_of(stand: Stand) -> None:
    stand.all_of()
    stand.begin()
    several = [(MAP, OUR_MAP, KEY), (CERTIFICATE, order(), HOST), (MAP_ENTRY, entry(), HOST)]
    read = [Resource(ResourceId("lb", k, key), m, container=WHERE[k]) for k, m, key in several]
    stand.part.remember(read)
    told = stand.part.ready([one.id for one in read])
    assert [status.text.partition(":")[0] for status in told.values()] == ["provisioning", "pending"]


def test_an_api_that_is_off_is_named_with_the_line_to_type(stand: Stand) -> None:
    stand.on.control(services=["dns.googleapis.com"])
    with pytest.raises(AuthError) as found:
        stand.read()
    assert "gcloud services enable certificatemanager.googleapis.com --project acme-mail" in str(found.value)


class Failing(Rest):
    """A service whose writes are taken, and whose operations fail."""

    def __init__(self, code: int, message: str) -> None:
        self.project, self._error = "acme-mail", {"code": code, "message": message}

    def get(self, *_asked: Any, **_more: Any) -> Any:
        return {
            "name": "projects/acme-mail/locations/global/operations/op",
            "done": True,
            "error": self._error,
        }

    def pages(self, *_asked: Any, **_more: Any) -> Iterator[Any]:
        yield {"name": "projects/acme-mail/locations/global/certificates/c-click", "labels": {"tdr": OWNER}}

    def send(self, *_asked: Any, **_more: Any) -> Any:
        return {"name": "projects/acme-mail/locations/global/operations/op"}


@pytest.mark.parametrize(
    ("code", "message", "meaning"),
    [
        (8, "Quota exceeded: 100 authorizations", RateLimited),
        (9, "can't delete certificate that is referenced", NotReady),
        (13, "Internal error", Unavailable),
    ],
)
def test_what_an_operation_failed_with_is_told(code: int, message: str, meaning: type[Exception]) -> None:
    part = CertificatesApply(Certificates(Failing(code, message)), OWNER, one_by_one)
    (outcome,) = part.apply([change(CERTIFICATE, None, order())]).values()
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, meaning)
    assert message in outcome.error.message
    assert outcome.error.resource == 'google_certificate.lb["click.example.com"]'
