"""The commands: each reads what it needs, calls the engine, prints, returns an exit code.

What only one command needs (the engine, DNS and TLS) is imported by that one: `validate` starts without.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path

from reconciler.cli import CHANGES, ERROR, OK, _version
from reconciler.configurations import configuration, software_named
from reconciler.desired import Desired
from reconciler.errors import ConfigError, UsageError
from reconciler.load import load
from reconciler.problem import validation
from reconciler.registry import provider_types, provider_versions
from reconciler.schema import whole

Command = Callable[[Namespace], int]


def out(text: str) -> None:
    """Write the answer: plans, reports, JSON."""
    sys.stdout.write(text)
    sys.stdout.flush()


def err(text: str) -> None:
    """Write progress, warnings and errors."""
    sys.stderr.write(text)
    sys.stderr.flush()


def loaded(operands: list[str]) -> Desired:
    """Return what the files say."""
    return load([Path(operand) for operand in operands], os.environ, provider_types())


def validate(args: Namespace) -> int:
    """Check the files, offline."""
    try:
        desired = loaded(args.operands)
    except ConfigError as error:
        if not args.json:
            raise
        out(json.dumps(validation(error.problems), indent=2) + "\n")
        return ERROR
    if args.json:
        out(json.dumps(validation(()), indent=2) + "\n")
    else:
        count = len(desired.domains)
        out(f"Success! The configuration is valid: {count} domain{'s' * (count != 1)}.\n")
    return OK


def schema(_args: Namespace) -> int:
    """Print the JSON Schema of the YAML, whole."""
    out(json.dumps(whole(provider_types()), indent=2) + "\n")
    return OK


def version(args: Namespace) -> int:
    """Print the version; as JSON with those of the provider types, in Terraform's shape."""
    if args.json:
        told = {"tdr_version": _version().removeprefix("tdr "), "provider_selections": provider_versions()}
        out(json.dumps(told, indent=2) + "\n")
    else:
        out(_version() + "\n")
    return OK


def plan(args: Namespace) -> int:
    """Show what apply would do."""
    from reconciler.running import Opened, choice_of

    if _saved(args.operands) is not None:
        raise UsageError(f"{args.operands[0]} is a saved plan; `tdr show` prints it, `tdr apply` runs it")
    with Opened(loaded(args.operands), args) as run:
        made = run.plan(choice_of(args))
        run.show(made)
        if args.out:
            run.save(made, Path(args.out))
        if made.failed:
            return ERROR
        return CHANGES if args.detailed_exitcode and made.plan.changes else OK


def apply(args: Namespace) -> int:
    """Change live state to what the files, or a saved plan, say."""
    from reconciler.running import Opened, choice_of
    from reconciler.saved import load_plan

    text = _saved(args.operands)
    if text is None:
        with Opened(loaded(args.operands), args) as run:
            return run.apply(choice_of(args))
    saved = load_plan(text)
    with Opened(saved.desired, args) as run:
        return run.apply_saved(saved)


def destroy(args: Namespace) -> int:
    """Take down every domain of the files."""
    args.destroy = True
    return apply(args)


def show(args: Namespace) -> int:
    """Print a saved plan."""
    from reconciler.render import plan_text
    from reconciler.saved import load_plan

    text = _saved([args.plan])
    if text is None and not _exists(Path(args.plan)):
        raise UsageError(f"there is no file {args.plan}; make a plan with `tdr plan -out FILE`")
    if text is None:
        raise UsageError(f"{args.plan} is no saved plan; make one with `tdr plan -out FILE`")
    out(text if args.json else plan_text(load_plan(text).plan, color=color(args)))
    return OK


def check(args: Namespace) -> int:
    """Prove each domain from outside."""
    from reconciler.proving import prove

    hosts = [word for word in args.operands if not _is_path(word)]
    desired = loaded([word for word in args.operands if _is_path(word)])
    return prove(desired, hosts, as_json=args.json, environ=os.environ, out=out, err=err)


def orphans(args: Namespace) -> int:
    """List what this owner made and no file names."""
    from reconciler.running import Opened

    with Opened(loaded(args.operands), args) as run:
        return run.orphans(as_json=args.json)


def forget(args: Namespace) -> int:
    """Drop the claim on a domain; delete nothing."""
    from reconciler.running import Opened

    with Opened(loaded(args.operands), args) as run:
        return run.reclaim(args.domain, old_owner=None)


def adopt(args: Namespace) -> int:
    """Take over a domain from another owner."""
    from reconciler.running import Opened

    with Opened(loaded(args.operands), args) as run:
        return run.reclaim(args.domain, old_owner=args.old_owner)


def proxy_config(args: Namespace) -> int:
    """Print a configuration of the user's own proxy."""
    types = provider_types()
    software, operands = software_named(args.operands, types)
    out(configuration(loaded(operands), types, args.alias, software))
    return OK


def color(args: Namespace) -> bool:
    """Tell whether to colour: on a terminal, unless told otherwise."""
    return sys.stdout.isatty() and not args.no_color and not os.environ.get("NO_COLOR")


def _is_path(word: str) -> bool:
    return word.endswith((".yaml", ".yml")) or os.sep in word or _exists(Path(word))


def _exists(path: Path) -> bool:
    """Tell whether there is something at a path; what cannot be looked at is for its reader to tell."""
    try:
        return path.exists()
    except OSError:
        return True


def _saved(operands: list[str]) -> str | None:
    """Return the text of a saved plan, None where the operands are YAML.

    Raises UsageError for a mixture.
    """
    texts = [_json_text(Path(operand)) for operand in operands]
    if all(text is None for text in texts):
        return None
    if len(texts) > 1:
        raise UsageError("name one saved plan, or YAML files and folders")
    return texts[0]


def _json_text(path: Path) -> str | None:
    if path.suffix in (".yaml", ".yml"):
        return None
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            first = file.read(1)
        return path.read_text(encoding="utf-8", errors="replace") if first == b"{" else None
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); make it readable") from error


COMMANDS: Mapping[str, Command] = {
    "plan": plan,
    "apply": apply,
    "destroy": destroy,
    "validate": validate,
    "show": show,
    "check": check,
    "orphans": orphans,
    "forget": forget,
    "adopt": adopt,
    "proxy-config": proxy_config,
    "schema": schema,
    "version": version,
}
