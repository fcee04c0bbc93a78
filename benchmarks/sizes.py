"""How long tdr takes, and how many calls it makes, as the number of domains grows; on the sandbox.

For each size: every domain is made by one `apply`, then planned again, unchanged. Wall time is that of the
whole process, as typed. Vendor calls are counted by the sandbox.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from providers.sandbox import started

TDR = str(Path(sys.executable).with_name("tdr"))
HOSTS_A_ZONE = 200


def world(size: int) -> dict[str, object]:
    """Accounts and zones for so many domains; nothing stands there yet."""
    zones = [{"name": zone_of(number), "plan": "business"} for number in range(0, size, HOSTS_A_ZONE)]
    return {
        "sparkpost": [{"region": "us", "key": "key", "env": "SPARKPOST_API_KEY"}],
        "cloudflare": [{"token": "token", "env": "CLOUDFLARE_API_TOKEN", "account": "acme", "zones": zones}],
    }


def zone_of(number: int) -> str:
    return f"z{number // HOSTS_A_ZONE}.example"


def domains(size: int) -> dict[str, object]:
    """The YAML for so many domains."""
    return {
        "version": 1,
        "owner": "bench",
        "providers": {"sp": {"type": "sparkpost"}, "web": {"type": "cloudflare"}},
        "defaults": {"sparkpost": "sp", "cdn": "web", "dns": "web"},
        "domains": {f"t{number}.{zone_of(number)}": {} for number in range(size)},
    }


def timed(words: list[str], folder: Path, env: Mapping[str, str]) -> float:
    """Run tdr and return its wall time in seconds; it must succeed."""
    began = time.perf_counter()
    done = subprocess.run(
        [TDR, *words], cwd=folder, env=dict(env), capture_output=True, text=True, check=False
    )
    took = time.perf_counter() - began
    if done.returncode:
        sys.exit(
            f"tdr {' '.join(words)}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        )
    return took


def measure(size: int) -> None:
    """Print one row for each command at this size."""
    with tempfile.TemporaryDirectory() as name, started(world(size)) as sandbox:
        folder = Path(name)
        (folder / "domains.yaml").write_text(yaml.safe_dump(domains(size)), encoding="utf-8")
        env = {"PATH": os.defpath, "HOME": name, **sandbox.env}
        jobs = (["--help"], ["validate"], ["plan"], ["apply", "-auto-approve", "-timeout", "24h"], ["plan"])
        for words in jobs:
            sandbox.control("DELETE", "/calls")
            took = timed(words, folder, env)
            calls = Counter(call["vendor"] for call in sandbox.control("GET", "/calls?kind=api"))
            counted = ", ".join(f"{vendor} {count}" for vendor, count in sorted(calls.items())) or "none"
            print(f"| {size:5} | {words[0]:8} | {took:8.2f} s | {counted} |", flush=True)


def table(sizes: Sequence[int]) -> None:
    """Measure each size."""
    print("| domains | command | wall | vendor calls |\n|---|---|---|---|")
    for size in sizes:
        measure(size)
