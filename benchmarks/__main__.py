"""`python -m benchmarks JOB|all [-n RUNS]`: each job's least, median and most, beside what it is held to."""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import aws, fastly, sizes
from benchmarks.accounts import hosts, yaml_for

SMALL, LARGE = 1_000, 10_000
TDR = str(Path(sys.executable).with_name("tdr"))
TERRAFORM_VALIDATE_S, TERRAFORM_NOOP_S, TERRAFORM_NOOP_MIB = 5.1, 139.0, 4512.0
"""Terraform 1.11.4 on two cores: 10,000 resources; 50,000, which are 10,000 domains of five."""


def main() -> None:
    """Run one job, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("job", choices=[*JOBS, "all"])
    parser.add_argument("-n", dest="runs", type=int, default=5, help="how often each is run (5)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for job in JOBS if args.job == "all" else [args.job]:
            JOBS[job](Path(folder), args.runs)


def tell(what: str, found: Sequence[float], unit: str, *, floor: float = 0.0, target: float = 0.0) -> None:
    """Print one line; `floor` is the figure that the ratio is to, `target` the most that ratio may be."""
    middle = statistics.median(found)
    line = f"{what:34} {min(found):9.3f} {middle:9.3f} {max(found):9.3f} {unit:5}"
    if floor:
        held = "ok" if middle / floor <= target else "OVER"
        line += f" {middle / floor:6.2f} x of {floor:.3g} {unit}, target {target:g} x: {held}"
    print(line, flush=True)


def wall(*words: str) -> float:
    """Return the wall time of one process in seconds; it must succeed."""
    began = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True)
    return time.perf_counter() - began


def processor(*words: str) -> float:
    """Return the processor time of one process in seconds; it must succeed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall(*words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def child(job: str, folder: Path, size: int) -> dict[str, float]:
    """Do a job in a process of its own; return what it told: processor time, for others work here, too."""
    words = (sys.executable, "-m", "benchmarks.job", job, str(size), str(written(folder, size)))
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stderr.splitlines()[-1])
    return found


def written(folder: Path, size: int, types: Mapping[str, str] | None = None) -> Path:
    """Return the file of so many domains."""
    path = folder / f"{size}{'-real' if types else ''}.yaml"
    if not path.exists():
        path.write_text(yaml_for(hosts(size), types), encoding="utf-8")
    return path


# -- the jobs
def start(_folder: Path, runs: int) -> None:
    """`tdr --help`, turn by turn with `terraform version` where there is one, else with a bare Python."""
    terraform = shutil.which("terraform")
    peer = (terraform, "version") if terraform else (sys.executable, "-c", "pass")
    pairs = [(wall(TDR, "--help"), wall(*peer)) for _ in range(runs)]
    floor = statistics.median(other for _, other in pairs)
    tell(f"--help, to {Path(peer[0]).name}", [mine for mine, _ in pairs], "s", floor=floor, target=1.5)


def validate(folder: Path, runs: int) -> None:
    """`tdr validate` of 10,000 domains on the shipped providers."""
    path = written(folder, LARGE, {"sender": "sparkpost", "edge": "cloudflare"})
    found = [processor(TDR, "validate", str(path)) for _ in range(runs)]
    tell("validate, 10,000", found, "s", floor=TERRAFORM_VALIDATE_S, target=0.2)


def noop(folder: Path, runs: int) -> None:
    """A plan of 10,000 domains where all stands already, the vendors in memory."""
    child("settle", folder, LARGE)
    found = [child("noop", folder, LARGE) for _ in range(runs)]
    tell("no-op plan, 10,000", _of("took", found), "s", floor=TERRAFORM_NOOP_S, target=0.03)
    tell("  peak memory", _of("peak_mib", found), "MiB", floor=TERRAFORM_NOOP_MIB, target=0.12)


def first(folder: Path, runs: int) -> None:
    """A plan of 10,000 domains from nothing."""
    _growth("first plan", "first", folder, runs)


def apply(folder: Path, runs: int) -> None:
    """An apply of 10,000 domains at vendors that answer at once."""
    found = _growth("apply", "apply", folder, runs)
    tell("  peak memory", _of("peak_mib", found), "MiB", floor=600, target=1)
    each = [1e6 * one["apply"] / one["nodes"] for one in found]
    tell("  plan and apply, a step or gate", each, "us")


def _growth(what: str, job: str, folder: Path, runs: int) -> list[dict[str, float]]:
    pairs = [(child(job, folder, SMALL), child(job, folder, LARGE)) for _ in range(runs)]
    small = statistics.median(few["took"] for few, _ in pairs)
    found = [big for _, big in pairs]
    tell(f"{what}, 10,000", _of("took", found), "s", floor=small, target=12)
    return found


def show(folder: Path, runs: int) -> None:
    """The text and the JSON of a plan of 10,000 changes, in processor time."""
    found = [child("first", folder, LARGE // 7) for _ in range(runs)]
    tell("text of 10,000 changes", _of("text", found), "s", floor=0.2, target=1)
    tell("JSON of 10,000 changes", _of("json", found), "s", floor=0.2, target=1)


def rate(folder: Path, runs: int) -> None:
    """An apply of 100 domains at a published rate, in virtual time: the same on every machine."""
    found = [child("rate", folder, 100) for _ in range(runs)]
    tell("apply at 5 calls/s, 100", _of("passed", found), "s", floor=found[0]["bound"], target=1.1)


def on_sandbox(_folder: Path, _runs: int) -> None:
    """All commands on the sandbox: wall time and vendor calls."""
    sizes.table((1, 10, 100))


def on_aws(_folder: Path, _runs: int) -> None:
    """200 domains in one apply on the sandbox's AWS, in its time: one domain's and the busiest unit's."""
    single, whole = aws.table(200)
    bound_s = single.passed_s + whole.busiest[0]
    tell("apply on AWS, 200", [whole.passed_s], "s", floor=bound_s, target=1.1)


def on_fastly(_folder: Path, _runs: int) -> None:
    """300 domains in one apply on the sandbox's Fastly, in its time: one domain's and the busiest unit's."""
    for row in fastly.rows(300):
        tell(f"apply on Fastly, 300, {row.what}", [row.whole.passed_s], "s", floor=row.bound_s, target=1.1)


def _of(name: str, found: Sequence[Mapping[str, float]]) -> list[float]:
    return [one[name] for one in found]


JOBS: Mapping[str, Callable[[Path, int], None]] = {
    "help": start,
    "validate": validate,
    "noop": noop,
    "first": first,
    "apply": apply,
    "show": show,
    "rate": rate,
    "sizes": on_sandbox,
    "aws": on_aws,
    "fastly": on_fastly,
}

if __name__ == "__main__":
    main()
