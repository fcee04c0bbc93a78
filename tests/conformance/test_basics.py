"""What every provider does: it reads without writing, creates, changes, deletes, and then is done."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from reconciler import app
from reconciler.planner import Choice
from reconciler.provider import Parts, Scope
from tests.conformance.candidates import Candidate, World
from tests.conformance.holdings import differences
from tests.conformance.stand import Stand, private_part, stand

DESTROY = Choice(destroy=True)
LATER_PAGE = re.compile(r"(?i)\b(page|page%5Bnumber%5D|cursor|offset|marker|name|pageToken)=(?!1\b)")


def emptied(world: dict[str, Any]) -> dict[str, Any]:
    """The same accounts with nothing in them."""
    return {
        vendor: section
        if not isinstance(section, list)
        else [{k: v for k, v in account.items() if not isinstance(v, list | dict)} for account in section]
        for vendor, section in world.items()
    }


def test_accounts_with_nothing_in_them_are_read_as_nothing(candidate: Candidate) -> None:
    with stand(candidate, emptied) as at, at.session() as session:
        for live in app.read_world(session).values():
            assert (live.resources, live.zones, live.rrsets) == ((), (), ())


def test_no_parts_concern_nothing(candidate: Candidate) -> None:
    """What no host of the file concerns is not even listed as a zone."""
    with stand(candidate) as at, at.session() as session:
        for provider in session.providers.values():
            live = provider.read(Scope(Parts()))
            assert (live.zones, live.rrsets) == ((), ())


def test_without_the_zone_there_is_one_clear_error_for_each_host(candidate: Candidate) -> None:
    with stand(candidate, emptied) as at:
        ran = at.tdr("plan")
        assert ran.code == 1
        assert "Traceback" not in ran.said
        for host in candidate.hosts:
            assert any(host in line for line in ran.err.splitlines() if line.startswith("Error: "))


def test_reading_and_planning_never_write(candidate: Candidate) -> None:
    with stand(candidate) as at:
        for choice in (Choice(), Choice(prune=True), DESTROY):
            at.plan(choice=choice)
        assert at.writes == []
        at.done()
        written = len(at.writes)
        for choice in (Choice(), Choice(prune=True), DESTROY):
            at.plan(choice=choice)
        with at.session() as session:
            for alias, live in app.read_world(session).items():
                mine = [resource.id for resource in live.resources if resource.host in candidate.hosts]
                session.providers[alias].ready(mine)
        assert len(at.writes) == written


def test_every_request_goes_through_the_engines_calls(candidate: Candidate) -> None:
    """So that it is paced, retried and counted."""
    with stand(candidate) as at, at.session() as session:
        app.plan_from(session, app.read_world(session), Choice())
        assert sum(calls.tally.total for calls in session.calls.values()) == len(at.calls)


def test_what_is_created_changed_and_deleted_leaves_nothing_to_do(candidate: Candidate) -> None:
    with stand(candidate) as at:
        at.done()
        at.converged()
        at.done(candidate.file("changed"))
        at.converged(candidate.file("changed"))
        at.done()
        at.converged()
        at.done(choice=DESTROY)
        at.converged(choice=DESTROY)
        nothing_is_left(at)


def nothing_is_left(at: Stand) -> None:
    """No mark of the owner stands anywhere, and no claim; what others put at a claim's name may."""
    held = str(at.holdings())
    assert at.candidate.owner not in held
    assert "v=tdr1" not in held


def test_a_host_that_is_to_be_absent_is_taken_down_once(candidate: Candidate, tmp_path: Path) -> None:
    wanted = yaml.safe_load(candidate.file("domains").read_text())
    gone = {host: {"state": "absent"} for host in wanted["domains"]}
    file = tmp_path / "absent.yaml"
    file.write_text(yaml.safe_dump({**wanted, "domains": gone, "policy": {"max_deletes": len(gone)}}))
    with stand(candidate) as at:
        at.done()
        at.done(file)
        at.converged(file)
        nothing_is_left(at)


def test_applying_twice_is_applying_once(candidate: Candidate) -> None:
    with stand(candidate) as at:
        at.done()
        held, written = at.holdings(), len(at.writes)
        at.done()
        assert len(at.writes) == written
        assert differences(held, at.holdings()) == []


def test_everything_is_found_where_lists_have_pages(candidate: Candidate) -> None:
    for longer in candidate.pages:
        with stand(candidate, longer) as at, at.session() as session:
            world = app.read_world(session)
            assert any(LATER_PAGE.search(call.query) for call in at.calls)
            plan, _ = app.plan_from(session, world, Choice())
            assert set(plan.hosts) | {finding.host for finding in plan.findings} >= set(candidate.hosts)
            read = {rrset.name for live in world.values() for rrset in live.rrsets}
            assert {record for record in names(at.candidate, longer) if record not in read} == set()


def names(candidate: Candidate, longer: Callable[[World], World]) -> set[str]:
    """The names of all records in the zones of the job."""
    sections = [section for section in longer(candidate.world()).values() if isinstance(section, list)]
    zones = [zone for section in sections for account in section for zone in account.get("zones", ())]
    concerned = [z for z in zones if any(host.endswith(f".{name_of(z)}") for host in candidate.hosts)]
    return {str(record["name"]).removesuffix(".") for z in concerned for record in z.get("records", ())}


def name_of(zone: World) -> str:
    """The name that a zone of the world serves, which Google calls otherwise than the zone."""
    return str(zone.get("dnsName", zone["name"])).removesuffix(".")


def test_the_job_is_done_where_its_zones_are_not_on_the_first_page(candidate: Candidate) -> None:
    for longer in candidate.pages[:1]:
        with stand(candidate, longer) as at:
            at.done()
            at.converged()


def test_what_forbids_every_host_is_told_of_every_host(candidate: Candidate) -> None:
    with stand(candidate, candidate.pending) as at:
        ran = at.tdr("apply", "-auto-approve")
        assert ran.code == 1
        assert "Traceback" not in ran.said
        for host in candidate.hosts:
            assert any(host in line for line in ran.err.splitlines() if line.startswith("Error: ")), ran.err
        assert at.writes == []


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_refused_credential_is_told_without_it(candidate: Candidate, command: str, tmp_path: Path) -> None:
    with stand(candidate) as at:
        flags = ["-auto-approve"] if command == "apply" else []
        for name, wrong in wrong_ones(at, tmp_path):
            right = at.environ[name]
            at.environ[name] = wrong
            ran = at.tdr(command, *flags)
            assert ran.code == 1
            assert "Traceback" not in ran.said
            assert "Error: " in ran.err
            at.environ[name] = right
        assert at.writes == []


def wrong_ones(at: Stand, folder: Path) -> Iterator[tuple[str, str]]:
    """Each variable with a credential, and a wrong one for it, which is a secret, too.

    The wrong one of a key file is the account's with the key of another.
    """
    for name, value in at.keys.items():
        at.secrets.add(f"{value}-wrong")
        yield name, f"{value}-wrong"
    for name, file in at.key_files.items():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        told = {**json.loads(Path(file).read_text()), "private_key": key.private_bytes(*form).decode()}
        wrong = folder / "wrong.json"
        wrong.write_text(json.dumps(told))
        at.secrets.add(private_part(str(wrong)))
        yield name, str(wrong)
