"""``tdr sandbox``: run a command in a sandbox, or keep one in the background."""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from providers.sandbox import MISSING_EXTRA, started
from providers.sandbox.contract import SandboxError, WorldError

if TYPE_CHECKING:
    from providers.sandbox.background import Background

DEFAULT_WORLD = Path("sandbox/world.yaml")
DEFAULT_STATE = Path(".sandbox")
_DURATION = re.compile(r"(\d+)(s|m|h)")
_UNIT_S = {"s": 1, "m": 60, "h": 3600}
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_NO_WORLD = """no world: write sandbox/world.yaml here, or name a file with -world FILE. The smallest is:
  sparkpost: [{region: us, key: sandbox-key, env: SPARKPOST_API_KEY}]
  cloudflare:
    - {token: sandbox-token, env: CLOUDFLARE_API_TOKEN, account: acme, zones: [{name: example.com}]}"""


def main(argv: Sequence[str]) -> int:
    """Run ``tdr sandbox ARGV`` and give the exit code: 0, that of the command run, or 1 for an error."""
    try:
        arguments = _parser().parse_args(_before_command(argv))
        _check_extra()
        code: int = arguments.action(arguments, _command(argv))
    except SandboxError as error:
        sys.stderr.write(f"tdr sandbox: {error}\n")
        return 1
    return code


def _check_extra() -> None:
    if any(importlib.util.find_spec(name) is None for name in ("aiohttp", "cryptography")):
        raise SandboxError(MISSING_EXTRA)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SandboxError(f"{message}\n{self.format_usage().strip()}")


DESCRIPTION = (
    "A small internet on this machine, for dry runs without an account: the vendors' APIs, DNS, edges, and a "
    "clock that makes nobody wait. A world file says what stands in it (docs/sandbox.md)."
)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="tdr sandbox", description=DESCRIPTION)
    actions = parser.add_subparsers(required=True, metavar="run|up|down|status|zone", parser_class=_Parser)
    run = _action(actions, "run", "start a sandbox, run COMMAND in it, stop; the exit code is COMMAND's")
    run.usage = "tdr sandbox run [-world FILE] -- COMMAND..."
    up = _action(actions, "up", 'start one in the background: eval "$(tdr sandbox up)" sets the environment')
    down = _action(actions, "down", "stop the one in the background; its state stays on disk")
    status = _action(actions, "status", "say whether one runs in the background; exit 1 where none does")
    zone = _action(actions, "zone", "do what a person does to a zone of the world's `dns:`")
    zone.description = (
        "Reads lines of a zone file, such as a plan of zones that are edited by hand prints, sets what they "
        "say, and removes what stands behind `; remove`. Other lines say nothing, so that this does all that "
        "a plan asks for: tdr plan | tdr sandbox zone NAME"
    )
    zone.add_argument("name", metavar="NAME", help="the zone")
    chosen = ((run, _run), (up, _up), (down, _down), (status, _status), (zone, _zone))
    for action, function in chosen:
        action.set_defaults(action=function)
    for action in (run, up):
        _option(action, "world", metavar="FILE", type=Path, help=f"the world (default {DEFAULT_WORLD})")
    where = f"where its state lies (default {DEFAULT_STATE})"
    for action in (up, down, status):
        _option(action, "state", metavar="DIR", type=Path, default=DEFAULT_STATE, help=where)
    idle = "stop after so long without a call (default 30m)"
    _option(up, "idle", metavar="TIME", type=_duration, default=1800, help=idle)
    _option(up, "fresh", action="store_true", help="begin anew from the world, not from the state on disk")
    _option(down, "forget", action="store_true", help="delete the state on disk, too")
    return parser


def _action(
    actions: argparse._SubParsersAction[_Parser],  # argparse has no public name for it
    name: str,
    text: str,
) -> _Parser:
    return actions.add_parser(name, help=text, description=text)


def _option(parser: argparse.ArgumentParser, name: str, **settings: Any) -> None:
    """Add an option that is written with one dash or two."""
    parser.add_argument(f"-{name}", f"--{name}", **settings)


def _duration(text: str) -> int:
    match = _DURATION.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write 90s, 30m or 2h")
    return int(match[1]) * _UNIT_S[match[2]]


def _before_command(argv: Sequence[str]) -> list[str]:
    return list(argv[: argv.index("--")] if "--" in argv else argv)


def _command(argv: Sequence[str]) -> list[str]:
    return list(argv[argv.index("--") + 1 :] if "--" in argv else ())


def _run(arguments: argparse.Namespace, command: list[str]) -> int:
    from providers.sandbox.world import read_world

    if not command:
        raise SandboxError("nothing to run; write  tdr sandbox run [-world FILE] -- COMMAND...")
    file = _world_file(arguments.world)
    world = read_world(file)
    called = _Command(command)
    try:
        with called.taking_signals(), started(world) as sandbox:
            return called.call({**os.environ, **past_proxies(os.environ), **sandbox.env})
    except WorldError as error:
        raise SandboxError(f"{file}: {error}") from error


def _world_file(named: Path | None) -> Path:
    if named is None and not DEFAULT_WORLD.exists():
        raise SandboxError(_NO_WORLD)
    return (named or DEFAULT_WORLD).absolute()


def past_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """Give what keeps loopback out of a proxy, where the environment names one."""
    if not any(environ.get(name) for name in _PROXIES):
        return {}
    bypassed = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    value = ",".join(filter(None, (bypassed, "127.0.0.1", "localhost")))
    return {"NO_PROXY": value, "no_proxy": value}


class _Command:
    """The command, and the signals that are for it, from before it starts to its end."""

    def __init__(self, words: list[str]) -> None:
        """Nothing runs yet."""
        self._words = words
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []  # signals that came before it ran

    def call(self, environment: Mapping[str, str]) -> int:
        """Run it to its end and give its exit code, 128+n where signal n ended it."""
        if self._early:
            return 128 + self._early[0]
        try:
            self._process = subprocess.Popen(self._words, env=environment)  # noqa: S603 - that is the command
        except OSError as error:
            sys.stderr.write(f"tdr sandbox: cannot run {self._words[0]}: {error.strerror}\n")
            return 127 if isinstance(error, FileNotFoundError) else 126
        for number in self._early:  # while it started
            self._process.send_signal(number)
        code = self._process.wait()
        return code if code >= 0 else 128 - code

    @contextmanager
    def taking_signals(self) -> Iterator[None]:
        """Pass signals on; what the terminal sends, the command receives by itself."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._take) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _take(self, number: int, _frame: object) -> None:
        if self._process is None:
            self._early.append(number)
        elif number == signal.SIGTERM or not _in_foreground():
            self._process.send_signal(number)


def _in_foreground() -> bool:
    """Say whether we belong to a terminal's foreground: then it sends Ctrl-C to the command, too."""
    try:
        with Path("/dev/tty").open("rb", buffering=0) as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:  # no terminal
        return False


def _background(folder: Path) -> Background:
    from providers.sandbox.background import Background

    return Background(folder)


def _up(arguments: argparse.Namespace, _command: list[str]) -> int:
    background = _background(arguments.state)
    if background.is_running():
        sys.stderr.write(f"a sandbox runs in {arguments.state} already\n")
    else:
        file = _world_file(arguments.world)
        note = background.start(file, idle_s=arguments.idle, fresh=arguments.fresh)
        sys.stderr.write(note)
    sys.stdout.write(background.env_text())
    return 0


def _down(arguments: argparse.Namespace, _command: list[str]) -> int:
    background = _background(arguments.state)
    was_running = background.stop()
    sys.stderr.write(f"{'stopped' if was_running else 'no sandbox runs in'} {arguments.state}\n")
    if arguments.forget:
        background.forget()
    return 0


def _status(arguments: argparse.Namespace, _command: list[str]) -> int:
    background = _background(arguments.state)
    if not background.is_running():
        sys.stdout.write(f"no sandbox runs in {arguments.state}\n")
        return 1
    sys.stdout.write(background.describe())
    return 0


def _zone(arguments: argparse.Namespace, _command: list[str]) -> int:
    from providers.sandbox.by_hand import edit

    url = os.environ.get("TDR_SANDBOX_URL")
    if not url:
        raise SandboxError("TDR_SANDBOX_URL is not set: run this in a sandbox (tdr sandbox run, or up)")
    try:
        count = edit(url, arguments.name, sys.stdin)
    except OSError as error:
        raise SandboxError(f"no sandbox answers at {url}: {error}") from error
    sys.stdout.write(f"{arguments.name}: {count} record{'s' * (count != 1)} edited\n")
    return 0


def export_lines(environment: Mapping[str, str]) -> str:
    """Spell an environment for a shell to evaluate."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
