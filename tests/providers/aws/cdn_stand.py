"""The cdn part on a sandbox of its own, through boto3: a plain way to call, and hands to plan and write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from providers.aws.cdn import Cdn
from providers.aws.cdn_state import CdnState
from providers.aws.errors import translate
from providers.aws.session import Clients
from providers.sandbox import started
from providers.sandbox.aws import EMULATOR
from providers.sandbox.running import Running
from reconciler.diff import diff, resolved
from reconciler.errors import NotReady, ProviderError
from reconciler.model import Change, Resource, ResourceId
from reconciler.provider import Composition, Done, Failed, Parts, Scope, Setting, Wanted

T = TypeVar("T")
NUMBER, OTHER = "111122223333", "444455556666"
START = "2026-01-05T09:00:00Z"
HOST = "click.example.com"
OWNER = "acme-mail"
KEYS = {"access_key": "AKIASANDBOX0000MAIL", "secret_key": "sandbox-secret"}
ISSUED = {"id": "c1", "domain": HOST, "status": "ISSUED"}
ORDER = ("cache_policy", "origin_request_policy", "certificate", "distribution")


def account(number: str = NUMBER, **more: Any) -> dict[str, Any]:
    """An account as the world writes it; the first has keys, and an issued certificate for the host."""
    keys = KEYS if number == NUMBER else {}
    return {"account": number, **keys, "certificates": [ISSUED], **more}


def wanted(*hosts: str, **more: Any) -> tuple[Wanted, ...]:
    """Hosts of the cdn part; one unless given."""
    return tuple(Wanted(host, "spgo.io", 3600, **more) for host in hosts or (HOST,))


class Stand:
    """One alias on one sandbox."""

    def __init__(self, sandbox: Running, options: Mapping[str, Any]) -> None:
        """Open the alias with the world's keys; AWS's own limits are lifted."""
        self.sandbox, self.options, self.asked = sandbox, options, Counter[str]()
        sandbox.do(lambda: sandbox.kernel.limits.update(aws=None))
        self.reopen()

    def reopen(self) -> None:
        """Begin a new run: what the last one remembered is gone."""
        self.setting = Setting("aws", self.options, {}, self.sandbox.env, OWNER, self.call)
        self.clients = Clients(self.setting)
        self.cdn = Cdn(self.setting, self.clients)

    def call(
        self, unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = ""
    ) -> T:
        """Call at once, count, translate, never repeat."""
        self.asked[operation] += 1
        try:
            return fn()
        except ProviderError:
            raise
        except Exception as error:
            meaning = translate(error)
            if meaning is None:
                raise
            raise meaning from error

    # -- what tdr does
    def read(self, *hosts: str) -> tuple[dict[ResourceId, Resource], CdnState]:
        resources, state = self.cdn.read(Scope(Parts(cdn=wanted(*hosts))), f"aws.{NUMBER}")
        return {resource.id: resource for resource in resources}, state

    def compose(self, *hosts: str) -> Composition:
        return self.cdn.compose(wanted(*hosts), self.read(*hosts)[1])

    def plan(self, *hosts: str, absent: bool = False) -> list[Change]:
        """What turns live into desired, in the order of work."""
        live, state = self.read(*hosts)
        made = () if absent else self.cdn.compose(wanted(*hosts), state).resources
        desired = {resource.id: resolved(resource, live) for resource in made}
        ids = sorted({*live, *desired}, key=lambda id_: _rank(id_, id_ in desired))
        return [c for id_ in ids if (c := diff(live.get(id_), desired.get(id_))) is not None]

    def apply(self, changes: Sequence[Change], *, patience: int = 40) -> dict[str, Done | Failed]:
        """Make changes one after the other, as the engine does; what is not ready is asked again."""
        outcomes: dict[str, Done | Failed] = {}
        live: dict[ResourceId, Resource] = {}
        for change in changes:
            outcome = self.one(_with(change, live))
            for _ in range(patience):
                if not (isinstance(outcome, Failed) and isinstance(outcome.error, NotReady)):
                    break
                self.advance(15)
                outcome = self.one(_with(change, live))
            outcomes[f"{change.id.kind.removeprefix('aws_')} {change.id.key}"] = outcome
            if isinstance(outcome, Done) and outcome.resource is not None:
                live[change.id] = outcome.resource
        return outcomes

    def one(self, change: Change) -> Done | Failed:
        """Make one change, once."""
        return self.cdn.apply([change])[change.id]

    def settle(self, *hosts: str) -> None:
        """Make it so; every change must take effect."""
        outcomes = self.apply(self.plan(*hosts))
        assert [o.error for o in outcomes.values() if isinstance(o, Failed)] == []
        self.advance(600)

    # -- what others do
    def advance(self, seconds: float) -> None:
        """Let sandbox time pass."""
        self.sandbox.control("POST", "/clock/advance", {"seconds": seconds})

    def switch(self, name: str, setting: str) -> None:
        """Settle an open question about the vendor."""
        self.sandbox.control("PUT", f"/switches/aws.{name}", {"setting": setting})

    def fault(self, **members: Any) -> None:
        """Let a call go wrong."""
        self.sandbox.control("POST", "/faults", {"vendor": "aws", **members})

    def patch(self, number: str = NUMBER, **changes: Any) -> Any:
        """Change an account behind its APIs' back."""
        return self.sandbox.control("PATCH", "/vendors/aws", {"accounts": {number: changes}})

    def edit(self, host: str = HOST, **changes: Any) -> None:
        """Change a distribution behind tdr's back."""
        self.patch(cloudfront={"distributions": {host: changes}})

    # -- what there is
    @property
    def account(self) -> Any:
        """The first account's state."""
        vendor: Any = self.sandbox.kernel.vendors["aws"]
        return vendor._accounts.all[NUMBER]

    def distributions(self) -> list[Any]:
        """Every distribution of the account, as AWS tells of it."""
        listed = self.clients.cloudfront.list_distributions()["DistributionList"]
        return list(listed.get("Items") or ())

    def config(self, host: str = HOST) -> Any:
        """The configuration of a host's distribution."""
        (id_,) = [d["Id"] for d in self.distributions() if host in (d["Aliases"].get("Items") or ())]
        return self.clients.cloudfront.get_distribution_config(Id=id_)["DistributionConfig"]

    def policies(self, kind: str = "cache") -> dict[str, Any]:
        """The custom policies of a kind, by name."""
        cloudfront: Any = self.clients.cloudfront
        if kind == "cache":
            items = cloudfront.list_cache_policies(Type="custom")["CachePolicyList"].get("Items") or ()
            found = [item["CachePolicy"]["CachePolicyConfig"] for item in items]
        else:
            told = cloudfront.list_origin_request_policies(Type="custom")["OriginRequestPolicyList"]
            found = [i["OriginRequestPolicy"]["OriginRequestPolicyConfig"] for i in told.get("Items") or ()]
        return {config["Name"]: config for config in found}

    def certificates(self) -> dict[str, str]:
        """The status of each certificate, by the last part of its ARN."""
        listed = self.clients.acm.list_certificates()["CertificateSummaryList"]
        return {c["CertificateArn"].rpartition("/")[2]: c["Status"] for c in listed}


def _rank(id_: ResourceId, is_wanted: bool) -> tuple[int, str]:
    """In which order: what is used first, what goes last and the other way round."""
    place = next(n for n, word in enumerate(ORDER) if id_.kind.endswith(word))
    return (place if is_wanted else 100 - place), id_.key


def _with(change: Change, live: Mapping[ResourceId, Resource]) -> Change:
    after = change.after and resolved(change.after, live)
    return Change(change.id, change.action, change.before, after, change.fields, change.adopts)


@contextmanager
def stand(*accounts: Mapping[str, Any], **options: Any) -> Iterator[Stand]:
    """Run a sandbox with an alias; one account unless given. At the end all that was asked is emulated."""
    world = {"clock": START, "aws": list(accounts) or [account()]}
    with started(world, emulators=[EMULATOR]) as sandbox:
        at = Stand(sandbox, options)
        yield at
        at.clients.close()
        assert sandbox.kernel.unemulated == []
