"""What the engine knows of a kind of resource beside its attributes: how long it takes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model import AT_ONCE, Rounds


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource: what it is called when ready, how long that may take, how long it usually does.

    `writes` is how many calls each change of it takes beside those of its batch, for the forecast. `gathers`
    where a batch costs much whatever is in it (a version, an activation): it is held for a while for changes
    of its container that need but writes that are under way.
    `ready` is empty where a resource is done as soon as it is written. What rests on one waits until it is
    ready: a certificate that is issued only once it is at the edge is not what has it, but its place there.
    All times in seconds.

    `removal` says how its deletion goes where that takes the vendor's time (disable, wait until it is off,
    delete), `writing` how its creation or change does (an operation that runs on): its provider gives
    NotReady for it until it is gone, or stands as asked for. It is then asked for again, every `poll_s` and
    for `timeout_s` at most, together with what else of its container was put off, while the other members of
    the batch go on. Each time it is the same change from what was last known to stand there: the provider
    looks whether an operation runs before it begins one, also one of a run that was killed. What is to be
    replaced is removed once: from then on its change is a creation.

    `billed` says, without prices, how the vendor charges for what exists of this kind, used or not; empty
    where it costs nothing by itself. Plans name what they make and what they end of it.
    """

    name: str
    ready: str = ""
    timeout_s: int = 0
    usual_s: int = 0
    poll_s: float = 10.0
    removal: Rounds = AT_ONCE
    writing: Rounds = AT_ONCE
    writes: int = 0
    gathers: bool = False
    billed: str = ""
