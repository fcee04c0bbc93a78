"""The command line: parse, call, print, translate. Imports nothing that `--help` does not need."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from collections.abc import Sequence
from functools import cache
from typing import NoReturn

from reconciler import VERSION
from reconciler.errors import ConfigError, TdrError, UsageError

OK, ERROR, CHANGES, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: 2 only where asked for, 130 only on the second Ctrl-C."""

DURATION = re.compile(r"(\d+)(s|m|h)?")
TRUTHS = ("--input", "--lock", "--refresh", "--compact-warnings")
"""Flags that are true or false: as in Terraform, a word after them is no value of theirs."""
SWITCHES = (
    *("--prune", "--json", "--detailed-exitcode", "--destroy", "--refresh-only"),
    *("--auto-approve", "--resume", "--no-color"),
)
"""Flags that are off unless given, alone or with `=true`."""
TRUE_OR_FALSE = {"true": True, "1": True, "false": False, "0": False}
SECONDS = {"s": 1, "m": 60, "h": 3600, None: 1}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except ConfigError as error:
        sys.stderr.write("".join(f"Error: {problem}\n" for problem in error.problems))
        return ERROR
    except UsageError as error:
        sys.stderr.write(f"Error: {error}\nRun `tdr --help` for usage.\n")
        return ERROR
    except TdrError as error:
        # Lines that are indented belong to the error before them.
        lines = str(error).splitlines()
        sys.stderr.write("".join(f"{line if line[:1] == ' ' else f'Error: {line}'}\n" for line in lines))
        return ERROR
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(words: list[str]) -> int:
    if words and words[0] in _plugin_names(words[0]):
        return _plugin(words[0], words[1:])
    parsed = parser().parse_args(double_dashed(words))
    if parsed.command is None:
        parser().print_help()
        return OK
    commands = importlib.import_module("reconciler.commands")
    code: int = commands.COMMANDS[parsed.command](parsed)
    return code


def double_dashed(words: Sequence[str]) -> list[str]:
    """Return words with `-flag` as `--flag`: one dash or two, as Terraform's users write."""
    found: list[str] = []
    for number, word in enumerate(words):
        if word == "--":
            return [*found, *words[number:]]
        single = word.startswith("-") and not word.startswith("--") and len(word) > 2
        found += _switched(f"-{word}" if single else word)
    return found


def _switched(word: str) -> list[str]:
    """Return a flag that is true or false as argparse wants it: `-prune=false` is no `-prune`."""
    name, equals, value = word.partition("=")
    if name in TRUTHS:
        return [word if equals else f"{word}=true"]
    if equals and name in SWITCHES and value.lower() in TRUE_OR_FALSE:
        return [name] if TRUE_OR_FALSE[value.lower()] else []
    return [word]


def seconds(text: str) -> int:
    """Return a duration such as 90s, 45m or 2h in seconds."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write one such as 90s, 45m or 2h")
    return int(match[1]) * SECONDS[match[2]]


def from_zero(text: str) -> int:
    """Return a whole number that is not negative."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number; write 0 or more")
    return int(text)


def from_one(text: str) -> int:
    """Return a whole number above zero."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} does not do; write 1 or more")
    return int(text)


def truth(text: str) -> bool:
    """Return what `-input=false` says."""
    if text.lower() not in ("true", "false", "0", "1"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() in ("true", "1")


class Parser(argparse.ArgumentParser):
    """argparse, with usage errors as an exception: exit 2 would read as "changes pending"."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message.replace("argument --", "argument -").replace(" --", " -"))


@cache
def parser() -> Parser:
    """Return the whole command line, made once."""
    top = Parser(
        prog="tdr",
        description="Make SparkPost tracking domains HTTPS, from one YAML file.",
        epilog="`tdr sandbox` plays the vendors on this machine, to try all this without an account "
        "(`tdr sandbox -h`). Flags take one dash or two.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=_version(), help="print the version")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    _add_plan(commands)
    _add_apply(commands, "apply", "change live state to what the files say, or as a saved plan says")
    _add_apply(commands, "destroy", "take down every domain of the files")
    _add_others(commands)
    return top


ASKING = "false: ask nothing, and end where an answer is needed"
YAML = "YAML files, or folders with *.yaml files (domains.yaml if none)"
OPERANDS = {
    "FILE": YAML,
    "FILE|PLAN": f"{YAML}, or one saved plan",
    "FILE|HOST": f"{YAML}, and the domains to prove (all if none)",
    "SOFTWARE|FILE": f"nginx or caddy (nginx if none), and {YAML}",
}

Subparsers = argparse._SubParsersAction  # noqa: SLF001  argparse has no public name for it


def _command(commands: Subparsers[Parser], name: str, text: str, *, files: str = "FILE") -> Parser:
    found = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    if files:
        found.add_argument("operands", nargs="*", default=[], metavar=files, help=OPERANDS[files])
    found.add_argument(
        "--no-color", action="store_true", help="no colours (NO_COLOR in the environment does the same)"
    )
    return found


def _add_choice(command: Parser) -> None:
    """Add what plan, apply and destroy share."""
    add = command.add_argument
    add(
        "--target",
        action="append",
        default=[],
        metavar="HOST",
        help="only this domain (`*` and `?` stand for parts), or this plan address; repeatable",
    )
    add(
        "--exclude",
        action="append",
        default=[],
        metavar="HOST",
        help="all but this domain, or this plan address; repeatable",
    )
    add(
        "--replace",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="make this resource anew, by its plan address",
    )
    add(
        "--prune",
        action="store_true",
        help="delete the domains, too, that this owner holds and no file names",
    )
    add(
        "--max-deletes",
        type=from_zero,
        metavar="N",
        help="how many domains this run may delete (else the file's policy)",
    )
    add("--parallelism", type=from_one, default=8, metavar="N", help="threads for each account (8)")
    add(
        "--timeout",
        type=seconds,
        default=2700,
        metavar="TIME",
        help="sit out no wait that would end later than this (45m)",
    )
    add("--json", action="store_true", help="Terraform's event stream on stdout: one JSON object a line")
    add("--input", type=truth, default=True, metavar="true|false", help=ASKING)
    for name in ("--lock", "--lock-timeout", "--refresh", "--compact-warnings"):
        add(name, help=argparse.SUPPRESS)


def _add_plan(commands: Subparsers[Parser]) -> None:
    plan = _command(commands, "plan", "show what apply would do; changes nothing")
    _add_choice(plan)
    plan.add_argument("--out", metavar="FILE", help="save the plan, for `tdr apply FILE`")
    plan.add_argument(
        "--detailed-exitcode", action="store_true", help="exit 0 without changes, 1 on error, 2 with changes"
    )
    plan.add_argument("--destroy", action="store_true", help="plan to take everything down")
    plan.add_argument("--refresh-only", action="store_true", help="only show what was changed outside of tdr")


def _add_apply(commands: Subparsers[Parser], name: str, text: str) -> None:
    command = _command(commands, name, text, files="FILE|PLAN" if name == "apply" else "FILE")
    _add_choice(command)
    command.add_argument("--auto-approve", action="store_true", help="do not ask")
    if name == "apply":
        command.add_argument("--destroy", action="store_true", help="take everything down")
        command.add_argument(
            "--resume", action="store_true", help="go on only with domains in the middle of a move"
        )


def _add_others(commands: Subparsers[Parser]) -> None:
    validate = _command(commands, "validate", "check the files; offline")
    validate.add_argument("--json", action="store_true", help="diagnostics as JSON")
    show = _command(commands, "show", "show a saved plan", files="")
    show.add_argument("plan", metavar="PLAN", help="what `tdr plan -out` wrote")
    show.add_argument("--json", action="store_true", help="as Terraform-shaped JSON")
    check = _command(commands, "check", "prove each domain from outside: TLS, https, http", files="FILE|HOST")
    check.add_argument("--json", action="store_true", help="the proof as JSON")
    orphans = _command(commands, "orphans", "list the domains that this owner holds and no file names")
    orphans.add_argument("--json", action="store_true", help="as JSON")
    forget = _command(commands, "forget", "give up a domain: drop the claim, delete nothing", files="")
    adopt = _command(
        commands,
        "adopt",
        "take over a domain from another owner: write the claim, change nothing else",
        files="",
    )
    adopt.add_argument("--from", dest="old_owner", required=True, metavar="OWNER", help="whose it is now")
    for command in (forget, adopt):
        command.add_argument("domain", metavar="DOMAIN", help="its host name")
        command.add_argument("operands", nargs="*", default=[], metavar="FILE", help=YAML)
        command.add_argument("--auto-approve", action="store_true", help="do not ask")
        command.add_argument("--input", type=truth, default=True, metavar="true|false", help=ASKING)
    proxy = _command(
        commands,
        "proxy-config",
        "print a configuration of your own proxy for the hosts of an alias",
        files="SOFTWARE|FILE",
    )
    proxy.add_argument("--alias", metavar="ALIAS", help="the alias, where several have proxies of your own")
    _command(commands, "schema", "print the JSON Schema of the YAML, provider options included", files="")
    version = _command(commands, "version", "print the version", files="")
    version.add_argument("--json", action="store_true", help="as JSON, with the provider types' versions")


def _version() -> str:
    return f"tdr {VERSION}"


def _plugin_names(word: str) -> tuple[str, ...]:
    """Return the names of further commands; looked up only for a word that is none of ours."""
    if word.startswith("-") or word in OWN:
        return ()
    names: tuple[str, ...] = importlib.import_module("reconciler.plugins").command_names()
    return names


OWN = (
    "plan",
    "apply",
    "destroy",
    "validate",
    "show",
    "check",
    "orphans",
    "forget",
    "adopt",
    "proxy-config",
    "schema",
    "version",
)


def _plugin(name: str, words: list[str]) -> int:
    code: int = importlib.import_module("reconciler.plugins").run(name, words)
    return code


if __name__ == "__main__":
    sys.exit(main())
