"""``tdr sandbox``: run, up, down, status, as a shell sees them."""

import fcntl
import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from providers.sandbox.background import Background
from providers.sandbox.command import main, past_proxies
from providers.sandbox.running import call_control

ROOT = Path(__file__).parents[2]
WORLD = """\
clock: 2026-01-05T09:00:00Z
dns:
  - zone: example.net
    records: [{type: CNAME, name: click.example.net, content: spgo.io}]
"""
TDR_SANDBOX = [
    sys.executable,
    "-c",
    "import sys; from providers.sandbox.command import main; sys.exit(main(sys.argv[1:]))",
]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a world; what was started there is stopped."""
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "world.yaml").write_text(WORLD)
    yield tmp_path
    for lock in tmp_path.rglob("lock"):
        tdr(tmp_path, "down", "-state", str(lock.parent))


def tdr(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run `tdr sandbox ARGV` in a folder; `run` in a process of its own, as its command writes by itself."""
    if argv[:1] == ("run",):
        return subprocess.run(
            [*TDR_SANDBOX, *argv],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    out, err = io.StringIO(), io.StringIO()
    with chdir(folder), redirect_stdout(out), redirect_stderr(err):
        code = main(argv)
    return subprocess.CompletedProcess(argv, code, out.getvalue(), err.getvalue())


def exported(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What a shell has after evaluating the lines printed."""
    assert done.returncode == 0, done.stderr
    shell = subprocess.run(
        ["/bin/sh", "-c", f"{done.stdout}\nenv"], env={}, capture_output=True, text=True, check=True
    )
    return dict(line.split("=", 1) for line in shell.stdout.splitlines())


def wait_until_gone(folder: Path) -> None:
    deadline = time.monotonic() + 30
    while Background(folder / ".sandbox").is_running():
        assert time.monotonic() < deadline


@pytest.mark.parametrize("world", [(), ("-world", "sandbox/world.yaml"), ("--world", "sandbox/world.yaml")])
def test_run_gives_the_command_the_environment_and_takes_its_exit_code(
    folder: Path, world: tuple[str, ...]
) -> None:
    done = tdr(folder, "run", *world, "--", "sh", "-c", "env; exit 7")

    assert done.returncode == 7
    assert done.stderr == ""
    for name in ("TDR_SANDBOX_URL", "TDR_NET_MAP", "TDR_RESOLVERS", "TDR_CA_FILE"):
        assert f"\n{name}=" in f"\n{done.stdout}"


def test_run_leaves_nothing_behind(folder: Path) -> None:
    done = tdr(folder, "run", "--", "sh", "-c", 'echo "$TDR_CA_FILE"; echo "$TDR_SANDBOX_URL"')

    ca_file, url = done.stdout.split()
    assert not Path(ca_file).exists()
    with pytest.raises(ConnectionRefusedError):
        call_control(url, "GET", "/health")


def test_a_command_that_a_signal_ended_exits_with_128_and_its_number(folder: Path) -> None:
    assert tdr(folder, "run", "--", "sh", "-c", "kill -TERM $$").returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_passed_on_to_the_command(folder: Path, number: signal.Signals) -> None:
    script = "trap 'exit 9' INT TERM; echo ready; sleep 30 & wait"
    process = subprocess.Popen(
        [*TDR_SANDBOX, "run", "--", "sh", "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        code = process.wait(timeout=30)

    assert code == 9


def test_ctrl_c_on_a_terminal_reaches_the_command_once(folder: Path) -> None:
    """A second interrupt would make tdr drop what is in flight."""
    script = "n=0; trap 'n=$((n+1))' INT; echo ready; read a; read b; echo count=$n"
    words = [*TDR_SANDBOX, "run", "--", "/bin/sh", "-c", script]
    process = subprocess.Popen(
        [sys.executable, "-c", f"import pty; pty.spawn({words!r})"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    )
    with process:
        assert process.stdin
        assert process.stdout
        shown = b""
        while b"ready" not in shown:
            shown += process.stdout.read(1000)
        process.stdin.write(b"\x03x\ny\n")
        while b"count=" not in shown:
            shown += process.stdout.read(1000)

    assert b"count=1" in shown


def test_a_command_that_is_not_there_exits_with_127(folder: Path) -> None:
    done = tdr(folder, "run", "--", "no-such-command-anywhere")

    assert (done.returncode, done.stderr) == (
        127,
        "tdr sandbox: cannot run no-such-command-anywhere: No such file or directory\n",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("dns: [", "w.yaml: is not YAML: "),
        ("[]", "w.yaml: must be a mapping of sections"),
        ("umbrella: []", "w.yaml: umbrella: unknown section; write one of "),
        (
            "dns: [{zone: example.net, recrods: []}]",
            "w.yaml: dns[0].recrods: unknown key; write zone, records",
        ),
    ],
)
def test_a_wrong_world_is_one_error_naming_the_file(
    tmp_path: Path, content: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "w.yaml").write_text(content)

    code = main(["run", "-world", str(tmp_path / "w.yaml"), "--", "true"])

    error = capsys.readouterr().err
    assert code == 1
    assert message in error
    assert error.count("w.yaml") == 1


@pytest.mark.parametrize("content", ["[]", "umbrella: []"])
def test_up_reports_a_wrong_world_in_the_same_words(folder: Path, content: str) -> None:
    (folder / "w.yaml").write_text(content)

    up, run = (tdr(folder, action, "-world", "w.yaml", "--", "true") for action in ("up", "run"))

    assert (up.returncode, up.stdout, up.stderr) == (1, "", run.stderr)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["run", "--", "true"], "no world: write sandbox/world.yaml here, or name a file with -world FILE"),
        (["up", "-world", "none.yaml"], "none.yaml: cannot be read"),
        (["run", "-world", "w.yaml"], "nothing to run; write  tdr sandbox run [-world FILE] -- COMMAND..."),
        (["up", "-idle", "soon"], "'soon' is no duration; write 90s, 30m or 2h"),
        (["fly"], "invalid choice: 'fly'"),
        ([], "required: run|up|down|status"),
    ],
)
def test_wrong_use_exits_with_1_and_says_what_to_write(tmp_path: Path, argv: list[str], message: str) -> None:
    done = tdr(tmp_path, *argv)

    assert done.returncode == 1
    assert message in done.stderr


def test_up_keeps_one_in_the_background_and_down_stops_it(folder: Path) -> None:
    before = tdr(folder, "status")
    up = exported(tdr(folder, "up"))
    status = tdr(folder, "status")
    again = tdr(folder, "up")
    saved = (folder / ".sandbox" / "env").read_text()
    down = tdr(folder, "down")
    after = tdr(folder, "status")

    assert (before.returncode, before.stdout) == (1, "no sandbox runs in .sandbox\n")
    assert status.returncode == 0
    assert up["TDR_SANDBOX_URL"] in status.stdout
    assert "time         2026-01-05T09:00:" in status.stdout
    assert (exported(again), again.stderr) == (up, "a sandbox runs in .sandbox already\n")
    assert saved == again.stdout
    assert (down.returncode, down.stderr) == (0, "stopped .sandbox\n")
    assert after.returncode == 1
    assert tdr(folder, "down").stderr == "no sandbox runs in .sandbox\n"


def test_state_survives_down_and_up_until_the_world_changes(folder: Path) -> None:
    first = exported(tdr(folder, "up"))
    call_control(first["TDR_SANDBOX_URL"], "POST", "/clock/advance", {"seconds": 86_400})
    ca = Path(first["TDR_CA_FILE"]).read_bytes()
    tdr(folder, "down")
    again = tdr(folder, "up")
    now = call_control(exported(again)["TDR_SANDBOX_URL"], "GET", "/clock")["now"]
    same_ca = Path(first["TDR_CA_FILE"]).read_bytes() == ca
    tdr(folder, "down")
    (folder / "sandbox" / "world.yaml").write_text(WORLD + "# changed\n")
    changed = tdr(folder, "up")
    anew = call_control(exported(changed)["TDR_SANDBOX_URL"], "GET", "/clock")["now"]

    assert now >= 1_767_603_600 + 86_400
    assert same_ca
    assert again.stderr == "going on with the state of the last time (-fresh begins anew)\n"
    assert changed.stderr == "the world has changed: its sandbox begins anew\n"
    assert anew < 1_767_603_600 + 600


def test_a_process_that_serves_nothing_yet_or_any_more_is_told(folder: Path) -> None:
    (folder / ".sandbox").mkdir()
    with (folder / ".sandbox" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = [tdr(folder, "up"), tdr(folder, "status")]

    assert [done.returncode for done in told] == [1, 1]
    assert all("is starting or stopping: try again" in done.stderr for done in told)


def test_a_killed_one_is_not_taken_for_a_running_one_and_what_was_saved_is_kept(folder: Path) -> None:
    url = exported(tdr(folder, "up"))["TDR_SANDBOX_URL"]
    call_control(url, "POST", "/clock/advance", {"seconds": 86_400})
    state = folder / ".sandbox" / "state.json"
    deadline = time.monotonic() + 20
    while not state.exists():
        assert time.monotonic() < deadline
    os.kill(int((folder / ".sandbox" / "pid").read_text()), signal.SIGKILL)
    wait_until_gone(folder)

    again = tdr(folder, "up", "-state", ".sandbox")

    assert call_control(exported(again)["TDR_SANDBOX_URL"], "GET", "/clock")["now"] >= 1_767_603_600 + 86_400


def test_fresh_begins_anew_and_forget_deletes_the_state(folder: Path) -> None:
    url = exported(tdr(folder, "up", "-state", "elsewhere"))["TDR_SANDBOX_URL"]
    call_control(url, "POST", "/clock/advance", {"seconds": 86_400})
    tdr(folder, "down", "-state", "elsewhere")
    fresh = tdr(folder, "up", "-state", "elsewhere", "--fresh")
    now = call_control(exported(fresh)["TDR_SANDBOX_URL"], "GET", "/clock")["now"]
    tdr(folder, "down", "-state", "elsewhere", "-forget")

    assert now < 1_767_603_600 + 600
    assert fresh.stderr == ""
    assert not (folder / "elsewhere").exists()


@pytest.mark.parametrize("state", ["{", '{"world": 1}', "[]"])
def test_a_state_that_does_not_fit_is_refused_with_the_way_out(folder: Path, state: str) -> None:
    (folder / ".sandbox").mkdir()
    (folder / ".sandbox" / "state.json").write_text(state.replace("1", f'"{world_digest(folder)}"'))

    refused = tdr(folder, "up")

    assert refused.returncode == 1
    assert "begin anew with  tdr sandbox up -fresh" in refused.stderr


def world_digest(folder: Path) -> str:
    return hashlib.sha256((folder / "sandbox" / "world.yaml").read_bytes()).hexdigest()


def test_an_idle_one_stops_by_itself(folder: Path) -> None:
    assert tdr(folder, "up", "-idle", "0s").returncode == 0
    wait_until_gone(folder)


def test_help_needs_no_extra_and_no_server(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *TDR_SANDBOX[1:], "run", "--help"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "usage: tdr sandbox run [-world FILE] -- COMMAND" in done.stdout
    assert "aiohttp" not in done.stderr
    assert "cryptography" not in done.stderr


def test_loopback_goes_around_a_proxy() -> None:
    assert past_proxies({}) == {}
    assert past_proxies({"https_proxy": "http://proxy.example", "NO_PROXY": "example.org"}) == {
        "NO_PROXY": "example.org,127.0.0.1,localhost",
        "no_proxy": "example.org,127.0.0.1,localhost",
    }


def test_main_is_the_entry_points_function(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run"]) == 1
    assert "nothing to run" in capsys.readouterr().err
