"""Exit codes, flags, streams and texts of every command."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.town import CLICK, NOTHING, Town, cname, live_click, sparkpost, world, zone

Open = Callable[[Mapping[str, Any]], Town]
GO = "go.example.com"
MINE: dict[str, Any] = {CLICK: {"sending_domains": ["mail.example.com"]}, GO: {}}
COMMANDS = (
    "plan",
    "apply",
    "destroy",
    "validate",
    "show",
    "check",
    "orphans",
    "forget",
    "adopt",
    "schema",
    "version",
)


@pytest.fixture
def town(open_town: Open) -> Town:
    """A live http host."""
    return open_town(world(zone("example.com", cname(CLICK)), sp=live_click()))


@pytest.fixture
def done(town: Town) -> tuple[Town, Path]:
    """Two hosts, all applied."""
    file = town.file(MINE)
    town.apply(file)
    town.forget_calls()
    return town, file


# -- exit codes
def test_exit_codes_of_plan(town: Town) -> None:
    file = town.file(MINE)
    assert town.tdr("plan", file).code == 0
    assert town.tdr("plan", "-detailed-exitcode", file).code == 2
    town.apply(file)
    assert town.tdr("plan", "-detailed-exitcode", file).code == 0
    bad = town.file({"a.b.example.com": {}}, "bad.yaml")
    assert town.tdr("plan", bad).code == 1
    assert town.tdr("plan", "-detailed-exitcode", bad).code == 1


USAGE: list[list[str]] = [
    ["plann"],
    ["plan", "-nonsense", "FILE"],
    ["plan", "-target"],
    ["plan", "-timeout=soon", "FILE"],
    ["plan", "-parallelism=0", "FILE"],
    ["plan", "-parallelism=x", "FILE"],
    ["plan", "-max-deletes=-1", "FILE"],
    ["plan", "-input=perhaps", "FILE"],
    ["plan", "nowhere.yaml"],
    ["plan", "/etc/hostname"],
    ["plan", "-target=nowhere.example.com", "FILE"],
    ["plan", "-replace=nothing", "FILE"],
    ["show", "FILE"],
    ["show", "nowhere"],
    ["show", "x" * 300],
    ["validate", "x" * 300],
    ["validate", "x" * 300 + ".yaml"],
    ["plan", "x" * 300 + ".yaml"],
    ["check", "FILE", "x" * 300 + ".yaml"],
    ["check", "FILE", "nodot"],
    ["forget"],
    ["forget", "-auto-approve", "no_name.example.com", "FILE"],
    ["adopt", "-auto-approve", "-from", "rival", "https://click.example.com", "FILE"],
    ["adopt", CLICK],
    ["check", "FILE", "nowhere.example.com"],
]


@pytest.mark.parametrize("words", USAGE, ids=" ".join)
def test_a_mistake_on_the_command_line_is_exit_1_in_one_line(town: Town, words: list[str]) -> None:
    file = town.file(MINE)
    ran = town.tdr(*(str(file) if word == "FILE" else word for word in words))
    assert ran.code == 1
    assert ran.out == ""
    assert sum(line.startswith("Error: ") for line in ran.err.splitlines()) == 1
    assert "Traceback" not in ran.err


def test_what_is_named_and_not_there_is_told_as_that(town: Town) -> None:
    file = town.file(MINE)
    assert "there is no file nowhere; make a plan" in town.tdr("show", "nowhere").err
    assert '"nodot" has no dot; write the whole name' in town.tdr("check", file, "nodot").err
    assert "a.example.org is none of the files' domains" in town.tdr("check", file, "a.example.org").err
    assert "x.yaml: there is no such file; create it" in town.tdr("validate", "x.yaml").err


def test_an_id_of_a_zone_that_is_none_is_told_with_what_one_looks_like(town: Town) -> None:
    web = {"type": "cloudflare", "zones": {"example.com": "example"}}
    ran = town.tdr("validate", town.file(MINE, providers={"sp": {"type": "sparkpost"}, "web": web}))
    assert "which is not a zone's id, 32 hexadecimal digits; write for example example.com: " in ran.err


def test_a_missing_operand_is_asked_for_by_its_name_alone(town: Town) -> None:
    assert "the following arguments are required: DOMAIN\n" in town.tdr("forget").err


def test_check_is_2_where_something_is_wrong_and_0_where_nothing_is(done: tuple[Town, Path]) -> None:
    town, file = done
    assert town.ok("check", file).out.splitlines()[-1] == "2 domains checked: all proven."
    assert town.ok("check", file, GO).out.splitlines()[-1] == "1 domain checked: all proven."
    town.fault(kind="status", status=503, on="edge", vendor="cloudflare", times=0)
    ran = town.tdr("check", file, GO)
    assert (ran.code, ran.out.splitlines()[-1]) == (2, f"1 domain checked: {GO} not proven.")
    found = town.tdr("check", "-json", file)
    assert found.code == 2
    assert [d["ok"] for d in json.loads(found.out)["domains"]] == [False, False]


def test_without_an_answer_apply_and_destroy_refuse_before_anything_is_read(town: Town) -> None:
    file = town.file(MINE)
    for words in (["apply"], ["apply", "-input=false"], ["destroy"], ["apply", "-destroy"]):
        ran = town.tdr(*words, file)
        assert ran.code == 1
        assert "nobody can be asked here: pass -auto-approve, or a saved plan" in ran.err
    assert town.calls() == []


# -- flags
def test_one_dash_or_two_and_values_after_a_blank_or_an_equals_sign(done: tuple[Town, Path]) -> None:
    town, file = done
    for words in (
        ["-detailed-exitcode", "-timeout", "10m"],
        ["--detailed-exitcode", "--timeout=10m"],
        ["-detailed-exitcode", "-target", GO],
        ["--target=go.*", "-detailed-exitcode=true", "-prune=false"],
    ):
        ran = town.tdr("plan", *words, file)
        assert (ran.code, ran.out.splitlines()[0]) == (0, NOTHING), f"{words}\n{ran}"


def test_what_wrappers_always_pass_is_accepted(town: Town) -> None:
    """Atlantis, Digger and dflook pass these without being asked."""
    file = town.file(MINE)
    passed = [
        "-input=false",
        "-no-color",
        "-lock=false",
        "-lock-timeout=3m",
        "-refresh=true",
        "-compact-warnings",
    ]
    assert town.tdr("plan", *passed, "-detailed-exitcode", file).code == 2
    town.apply(*passed, "-parallelism=2", "-timeout=45m", file)
    assert town.tdr("plan", "-lock", "-compact-warnings", "-lock-timeout", "300s", file).out == f"{NOTHING}\n"


def test_target_and_exclude_take_hosts_globs_and_addresses(town: Town) -> None:
    file = town.file(MINE)

    def hosts(*words: str) -> set[str]:
        out = town.ok("plan", *words, file).out
        return {host for host in MINE if f"  {host}" in out.partition("Order of work:")[2]}

    assert hosts() == {CLICK, GO}
    assert hosts("-target", GO) == {GO}
    assert hosts("-target=cl*", "-target=go.*") == {CLICK, GO}
    assert hosts("-exclude=cl*") == {GO}
    assert hosts("-target=*.example.com", "-exclude", CLICK) == {GO}
    assert hosts(f'-target=dns_record.web["{GO}/claim"]') == {GO}


def test_target_touches_nothing_else(town: Town) -> None:
    file = town.file(MINE)
    town.apply("-target", GO, file)
    assert town.claim(CLICK) == ""
    assert town.named(CLICK)[0]["proxied"] is False
    assert town.tracking(CLICK, "us")["secure"] is False  # type: ignore[index]  # the world has it
    assert "Plan: 4 to import, 4 to add, 2 to change, 0 to destroy." in town.ok("plan", file).out


def test_replace_makes_one_resource_anew(done: tuple[Town, Path]) -> None:
    town, file = done
    address = f'cloudflare_cache_host.web["{GO}"]'
    ran = town.apply("-replace", address, file)
    assert f"# {address} will be replaced, as requested" in ran.out
    assert "Plan: 1 to add, 0 to change, 1 to destroy." in ran.out
    assert "Apply complete! Resources: 1 added, 0 changed, 1 destroyed." in ran.out
    assert len(town.calls("PATCH", "cloudflare", "/rulesets/")) == 2  # out of the rule, and into it
    town.settled(file)


def test_the_record_that_links_lead_through_is_not_replaced(done: tuple[Town, Path]) -> None:
    town, file = done
    ran = town.tdr("apply", "-auto-approve", "-replace", f'dns_record.web["{GO}/host"]', file)
    assert ran.code == 1
    assert "cannot be replaced: links in mail already sent lead through it" in ran.err
    assert [c for c in town.calls() if c["method"] != "GET"] == []


def test_refresh_only_shows_what_drifted_and_changes_nothing(done: tuple[Town, Path]) -> None:
    town, file = done
    assert town.ok("plan", "-refresh-only", file).out == f"{NOTHING}\n"
    town.zone_now(remove_records=[f"{GO} CNAME"])
    ran = town.ok("plan", "-refresh-only", file)
    assert f'dns_record.web["{GO}/host"]' in ran.out
    assert "refresh-only plan: it changes nothing" in ran.out
    assert [c for c in town.calls() if c["method"] != "GET"] == []


def test_plan_destroy_and_apply_destroy_are_what_destroy_is(done: tuple[Town, Path]) -> None:
    town, file = done
    said = town.ok("plan", "-destroy", "-target", GO, file).out
    assert "Plan: 0 to add, 0 to change, 5 to destroy." in said
    ran = town.apply("-destroy", "-target", GO, file)
    assert "Destroy complete! Resources: 5 destroyed." in ran.out
    assert town.named(GO) == []
    assert town.visit(f"https://{CLICK}/f/a/b/c/d").status == 302


def test_a_timeout_ends_the_run(town: Town) -> None:
    town.zone_now(packs=[{"type": "universal", "status": "pending_validation"}])
    before = town.control("GET", "/clock")["now"]
    ran = town.tdr("apply", "-auto-approve", "-timeout=5m", town.file(MINE))
    assert ran.code == 1
    assert town.control("GET", "/clock")["now"] - before <= 330


# -- saved plans
def saved(town: Town, file: Path, *words: str) -> Path:
    """A plan in a file."""
    path = town.folder / "it.tdrplan"
    town.ok("plan", "-out", path, *words, file)
    return path


def test_a_saved_plan_is_shown_and_carried_out_as_it_was_approved(town: Town) -> None:
    file = town.file(MINE)
    plan = saved(town, file)
    assert plan.stat().st_mode & 0o077 == 0
    assert town.ok("show", plan).out == town.ok("plan", file).out
    document = json.loads(town.ok("show", "-json", plan).out)
    assert document["format_version"] == "1.2"
    assert document["applyable"] is True
    file.unlink()  # the plan needs nothing but itself
    ran = town.ok("apply", plan)
    assert "Apply complete! Resources: 4 imported, 10 added, 2 changed, 0 destroyed." in ran.out
    town.settled(town.file(MINE))


def test_a_saved_plan_holds_no_secret(town: Town) -> None:
    text = saved(town, town.file(MINE)).read_text()
    assert "sandbox-key-us" not in text
    assert "sandbox-token" not in text


MOVED: list[tuple[str, dict[str, Any]]] = [
    (f'dns_record.web["{CLICK}/host"]', {"remove_records": [f"{CLICK} CNAME"]}),
    (
        f'dns_record.web["{GO}/host"]',
        {"add_records": [{"type": "A", "name": GO, "content": "203.0.113.80", "ttl": 300}]},
    ),
]


@pytest.mark.parametrize(("address", "change"), MOVED, ids=["a record gone", "a record come"])
def test_a_stale_plan_is_refused_by_the_name_of_what_moved(
    town: Town, address: str, change: Mapping[str, Any]
) -> None:
    plan = saved(town, town.file(MINE))
    town.zone_now(**change)
    town.forget_calls()
    ran = town.tdr("apply", plan)
    assert ran.code == 1
    assert "Error: the plan is stale" in ran.err
    assert f"  {address}: " in ran.err
    assert [c for c in town.calls() if c["method"] != "GET"] == []


def test_a_plan_that_was_carried_out_is_told_as_that(town: Town) -> None:
    plan = saved(town, town.file(MINE))
    town.ok("apply", plan)
    town.forget_calls()
    ran = town.tdr("apply", plan)
    assert ran.code == 1
    assert "Error: the plan seems to be carried out already: nothing of it is left to do" in ran.err
    assert "is no longer to be changed" not in ran.err
    assert [c for c in town.calls() if c["method"] != "GET"] == []


def test_what_nobody_planned_makes_no_plan_stale(town: Town) -> None:
    """Other hosts of the zone, and a certificate that was issued meanwhile."""
    plan = saved(town, town.file(MINE))
    town.zone_now(
        add_records=[cname("www.example.com", "site.example.org")],
        packs=[{"type": "universal", "expires_in_s": 86400}],
    )
    town.ok("apply", plan)


@pytest.mark.parametrize("spoil", ["edited", "cut", "other"])
def test_a_plan_that_is_not_as_it_was_written_is_refused(town: Town, spoil: str) -> None:
    plan = saved(town, town.file(MINE))
    text = plan.read_text()
    spoilt = {"edited": text.replace("spgo.io", "evil.example"), "cut": text[:-40], "other": '{"a": 1}'}[
        spoil
    ]
    plan.write_text(spoilt)
    for words in (["apply"], ["show"]):
        ran = town.tdr(*words, plan)
        assert ran.code == 1
        assert "make it again with `tdr plan -out FILE`" in ran.err
    assert [c for c in town.calls() if c["method"] != "GET"] == []


def test_a_saved_plan_of_targets_touches_only_these(town: Town) -> None:
    plan = saved(town, town.file(MINE), "-target", GO)
    town.ok("apply", plan)
    assert town.claim(CLICK) == ""
    assert town.claim(GO) != ""


# -- streams
def test_stdout_has_plan_and_report_and_stderr_the_rest(town: Town) -> None:
    ran = town.apply(town.file(MINE))
    assert "Plan: 4 to import, 10 to add, 2 to change, 0 to destroy." in ran.out
    assert ran.out.splitlines()[-1].startswith("Apply complete! Resources: ")
    for of_stderr in ("Creating...", "Warning: ", "TDR_NET_MAP", "reads", "waiting"):
        assert of_stderr in ran.err
        assert of_stderr not in ran.out


def test_plan_text_is_the_same_byte_for_byte(town: Town) -> None:
    file = town.file(MINE)
    first = town.ok("plan", file).out
    town.advance(90000)
    assert town.ok("plan", file).out == first
    turned = town.file(dict(reversed(MINE.items())))
    assert town.ok("plan", turned).out == first


def test_json_is_a_stream_of_objects_and_nothing_else(town: Town) -> None:
    file = town.file(MINE)
    for words in (["plan", "-json"], ["apply", "-json", "-auto-approve"]):
        events = [json.loads(line) for line in town.ok(*words, file).out.splitlines()]
        assert events[0]["type"] == "version"
        kinds = {event["type"] for event in events}
        assert {"planned_change", "change_summary"} <= kinds
        assert all({"@level", "@message", "@module", "@timestamp"} <= event.keys() for event in events)


def test_orphans_and_validate_speak_json(done: tuple[Town, Path]) -> None:
    town, _ = done
    file = town.file({CLICK: {}})
    assert list(json.loads(town.ok("orphans", "-json", file).out)["orphans"]) == [GO]
    assert json.loads(town.ok("validate", "-json", file).out)["valid"] is True
    file.write_text("version: 1\nowner: x y\n")
    ran = town.tdr("validate", "-json", file)
    assert ran.code == 1
    found = json.loads(ran.out)
    assert (found["valid"], found["error_count"] > 0) == (False, True)


# -- the rest
def test_validate_schema_and_version_need_no_account(tmp_path: Path, open_town: Open) -> None:
    town = open_town(world(sp=sparkpost()))
    file = town.file(MINE)
    assert town.ok("validate", file).out == "Success! The configuration is valid: 2 domains.\n"
    schema = json.loads(town.ok("schema").out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert town.ok("version").out == town.ok("-version").out
    told = json.loads(town.ok("version", "-json").out)
    assert town.ok("version").out == f"tdr {told['tdr_version']}\n"
    assert {"cloudflare", "sparkpost"} <= told["provider_selections"].keys()
    assert told["provider_selections"]["sparkpost"] == told["tdr_version"]
    assert town.calls() == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_tells_what_it_does_and_what_it_takes(town: Town, command: str) -> None:
    ran = town.ok(command, "-h")
    assert ran.err == ""
    assert ran.out.startswith(f"usage: tdr {command} ")
    described = ran.out.split("\n\n")[1]
    assert described.strip()
    assert len(max(ran.out.splitlines(), key=len)) <= 100


def test_help_names_every_command(town: Town) -> None:
    out = town.ok("-h").out
    assert all(f"\n    {command} " in out for command in COMMANDS)
    assert town.ok().out == out


def test_a_missing_key_is_named_with_its_variables(town: Town) -> None:
    ran = town.tdr("plan", town.file(MINE), SPARKPOST_API_KEY="")
    assert ran.code == 1
    assert "SPARKPOST_API_KEY" in ran.err
    assert "TDR_SP_API_KEY" in ran.err
    assert town.calls() == []


def test_a_wrong_key_is_one_clear_line(town: Town) -> None:
    ran = town.tdr("plan", town.file(MINE), CLOUDFLARE_API_TOKEN="not-a-token")
    assert ran.code == 1
    (line,) = [line for line in ran.err.splitlines() if line.startswith("Error: ")]
    assert "web (cloudflare)" in line
    assert "not-a-token" not in ran.err
