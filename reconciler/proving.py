"""`tdr check`: the proof that SparkPost's guide asks for, for each domain, from outside."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from reconciler.desired import Desired
from reconciler.errors import UsageError
from reconciler.hostname import HostnameError, normalise
from reconciler.net import Network, from_environment
from reconciler.proof import Proof
from reconciler.proof import prove as proof_of

NOT_PROVEN = 2
Write = Callable[[str], None]


def chosen(desired: Desired, hosts: Sequence[str]) -> tuple[str, ...]:
    """Return the hosts to prove: those named, else all present ones. Raises UsageError for a stranger."""
    try:
        named = [normalise(host) for host in hosts]
    except HostnameError as error:
        raise UsageError(str(error)) from error
    strangers = [host for host in named if host not in desired.domains]
    if strangers:
        raise UsageError(f"{', '.join(strangers)} is none of the files' domains; name one that is")
    present = (host for host, domain in desired.domains.items() if domain.state == "present")
    return tuple(named or present)


def prove(
    desired: Desired,
    hosts: Sequence[str],
    *,
    as_json: bool,
    environ: Mapping[str, str],
    out: Write,
    err: Write,
) -> int:
    """Print the proof of each host; 2 where one is not proven."""
    network = from_environment(environ)
    err("".join(f"{line}\n" for line in network.announcements()))
    proofs = [_proof(network, host) for host in chosen(desired, hosts)]
    if as_json:
        out(json.dumps({"domains": [_data(proof) for proof in proofs]}, indent=2) + "\n")
    else:
        out("".join(f"{proof.text}\n\n" for proof in proofs))
        failed = [proof.host for proof in proofs if not proof.ok]
        word = f"{', '.join(failed)} not proven" if failed else "all proven"
        out(f"{len(proofs)} domain{'s' * (len(proofs) != 1)} checked: {word}.\n")
    return 0 if all(proof.ok for proof in proofs) else NOT_PROVEN


def _proof(network: Network, host: str) -> Proof:
    return proof_of(network.evidence(host), network.settings)


def _data(proof: Proof) -> dict[str, object]:
    return {"host": proof.host, "ok": proof.ok, "reasons": list(proof.reasons)}
