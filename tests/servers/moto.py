"""moto's server: Amazon's side as others have read it. One process for all tests of a worker.

Every test has accounts of its own there, as moto keeps apart what comes with different account numbers.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import httpx
from aiohttp import web
from botocore.config import Config

from providers.sandbox.contract import Vendor
from providers.sandbox.kernel import Kernel
from providers.sandbox.zone import NameServer, Record, Zone
from tests.servers.judges import judge
from tests.servers.programs import serving

VENDOR = "aws"
KEY, SECRET = "AKIAJUDGEDBYMOTO0000", "moto-takes-any"  # moto looks at no signature
ACCOUNT_HEADER = "x-moto-account-id"
READY = re.compile(r"Running on (http://127\.0\.0\.1:\d+)")
PATIENCE_S = 30.0
SERVED = tuple(
    NameServer(host, f"192.0.2.{80 + n}")
    for n, host in enumerate(
        ("ns-2048.awsdns-64.com", "ns-2049.awsdns-65.net", "ns-2050.awsdns-66.org", "ns-2051.awsdns-67.co.uk")
    )
)
#: Hop by hop, or made anew by whoever passes a message on.
OWN_HEADERS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "content-encoding", "date"}
)
_numbers = itertools.count(100_000_000_001)
_OPEN = ExitStack()


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run moto's server for the length of a with block; gives its URL."""
    argv = (judge("python"), "-m", "moto.server", "-p", "0")
    # Pending certificates are issued at the first look; what else is set here keeps it to itself.
    env = {"PATH": os.defpath, "HOME": str(folder), "MOTO_ACM_VALIDATION_WAIT": "0"}
    with serving(argv, "Running on", folder, env) as lines:
        found = next(match for line in lines if (match := READY.search(line)))  # the list grows as it is read
        yield found[1]


@cache
def server() -> str:
    """Start moto's server, once; gives its URL. It runs until `end`."""
    return _OPEN.enter_context(running(Path(_OPEN.enter_context(TemporaryDirectory(prefix="moto-")))))


def end() -> None:
    """Stop what was started: a worker of the suite is not always given the time to end by itself."""
    _OPEN.close()
    server.cache_clear()


class MotoAccount:
    """An account at moto, and hands to play the person in it."""

    def __init__(self) -> None:
        """Begin with nothing in it."""
        self.url, self.number = server(), str(next(_numbers))
        self.ids: dict[str, str] = {}

    def client(self, service: str) -> Any:
        """Make a client of boto3 whose calls belong to this account."""
        client: Any = boto3.Session().client(
            service,  # type: ignore[call-overload]  # any of them
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            config=Config(retries={"total_max_attempts": 1}),
        )
        client.meta.events.register("before-send.*", self._mark)
        return client

    def _mark(self, request: Any, **_: Any) -> None:
        request.headers[ACCOUNT_HEADER] = self.number

    def zone(self, name: str, records: Iterable[Mapping[str, Any]] = ()) -> str:
        """Make a zone with records as a world writes them; gives its id."""
        made = self.route53.create_hosted_zone(Name=name, CallerReference=f"{self.number} {name}")
        self.ids[name] = made["HostedZone"]["Id"].rpartition("/")[2]
        self.write(name, "CREATE", records)
        return self.ids[name]

    def write(self, zone: str, action: str, records: Iterable[Mapping[str, Any]]) -> None:
        """Change a zone as a person would."""
        changes = [{"Action": action, "ResourceRecordSet": rrset(record)} for record in records]
        if changes:
            self.route53.change_resource_record_sets(
                HostedZoneId=self.ids[zone], ChangeBatch={"Changes": changes}
            )

    def rrsets(self, zone: str) -> list[dict[str, Any]]:
        """All of a zone but its SOA, which moto spells as no server could serve it."""
        pages = self.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=self.ids[zone])
        return [rrset for page in pages for rrset in page["ResourceRecordSets"] if rrset["Type"] != "SOA"]

    @property
    def route53(self) -> Any:
        """The client that the hands use."""
        return _route53(self)


@cache
def _route53(account: MotoAccount) -> Any:
    return account.client("route53")


def rrset(record: Mapping[str, Any]) -> dict[str, Any]:
    values = [{"Value": value} for value in record["values"]]
    return {"Name": record["name"], "Type": record["type"], "TTL": record["ttl"], "ResourceRecords": values}


# -- as a vendor of the sandbox
class MotoBridge:
    """The emulator, in the place of the sandbox's own `aws`: it reads of its section the zones alone."""

    name = VENDOR

    def start(self, kernel: Kernel, section: Any) -> Vendor:
        """Make an account at moto with the section's zones, and stand before it."""
        return Passing(kernel, [zone for each in section or () for zone in each.get("zones", ())])


class Passing:
    """The port before moto: what passes is recorded as a call, may be struck by faults, and is moto's doing.

    The sandbox's name servers show its zones, as moto has none.
    """

    def __init__(self, kernel: Kernel, zones: Iterable[Mapping[str, Any]]) -> None:
        """Write the zones at moto and bind the port."""
        self.kernel, self.account, self.changes = kernel, MotoAccount(), 0
        self._http = httpx.Client(base_url=self.account.url, trust_env=False, timeout=PATIENCE_S)
        _OPEN.callback(self._http.close)
        self.url = kernel.api(VENDOR, "api", [web.route("*", "/{path:.*}", self._pass)])
        for zone in zones:
            self.account.zone(zone["name"], zone.get("records", ()))
            kernel.add_zone(self._public(zone["name"]))

    def _public(self, name: str) -> Zone:
        return Zone(name, SERVED, lambda: self._records(name), revision=lambda: self.changes)

    def _records(self, zone: str) -> Iterator[Record]:
        for rrset in self.account.rrsets(zone):
            for record in rrset["ResourceRecords"]:
                name = rrset["Name"].replace("\\052", "*")
                yield Record(name, rrset["Type"], rrset["TTL"], record["Value"])

    async def _pass(self, request: web.Request) -> web.Response:
        """Hand a request on. Waiting for moto holds up nobody that it needs: it is a process of its own."""
        headers = {k: v for k, v in request.headers.items() if k.lower() not in OWN_HEADERS}
        answer = self._http.request(
            request.method,
            request.raw_path,
            headers={**headers, ACCOUNT_HEADER: self.account.number},
            content=await request.read(),
        )
        if request.method != "GET":
            self.changes += 1
            self.kernel.touch()
        kept = {k: v for k, v in answer.headers.items() if k.lower() not in OWN_HEADERS}
        return web.Response(status=answer.status_code, headers=kept, body=answer.content)

    def env(self) -> Mapping[str, str]:
        """Give the endpoint, keys, and that there is nothing of Amazon's on this machine."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def dump(self) -> Any:
        """Give all zones."""
        return {name: {"records": self.account.rrsets(name)} for name in self.account.ids}

    def load(self, state: Any) -> None:
        """Refuse: moto keeps its own."""
        raise NotImplementedError

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Change records as a person does: `add_records`, `put_records` in the place of what stands there."""
        for zone, change in changes["zones"].items():
            self.account.write(zone, "CREATE", change.get("add_records", ()))
            self.account.write(zone, "UPSERT", change.get("put_records", ()))
        self.changes += 1
        return {}
