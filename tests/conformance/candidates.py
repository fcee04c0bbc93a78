"""Who takes the conformance suite: a provider joins by one line in `CANDIDATES`.

A line names three files in the folder `candidates`:

NAME.world.yaml    the vendor accounts as the sandbox takes them. What is not tdr's has the word `foreign` in
                   it: the suite sees to it that every such thing stays, and stays as it was, come what may.
NAME.domains.yaml  the main job: what a user would write.
NAME.changed.yaml  the same hosts, wanted otherwise.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from providers.cloudflare import CALLS_FOR_SAAS
from providers.sandbox.calls import Call
from providers.sandbox.contract import Emulator
from tests.conformance import crowds
from tests.conformance.person import Control, Types, nobody
from tests.contract import aws_calls
from tests.servers.bridge import Bridge

FOLDER = Path(__file__).with_name("candidates")
World = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Candidate:
    """One line of the register.

    name        of its three files
    pages       each makes one list of the world longer than a page of the vendor
    pending     makes the world one in which nothing can be done yet, as the zones are not served
    roomy       gives the world zones of these names, alike, with room for hundreds of hosts
    by_hand     what a person may change beside a run: the vendor, and the nth change of its state
    per_plan    calls of a plan for each account's lists, and for each zone, however many hosts there are
    rows        of how many hosts a page holds what it has, for each list that grows with the hosts
    concerns    beginnings of the names of switches that make a difference to it and not to one before
    zone_rows   of how many hosts a page holds the records of a zone
    shared      as `rows`, of the lists in which `crowded` puts rows of others
    crowd       of how many hosts others have as many rows, in each of `shared`; in the first of the zones of
                `roomy`, too, where one page holds less than a hundred hosts' records
    crowded     puts them there
    impossible  settings of switches under which the main job cannot be done, with what the error must say
    forgotten   what a cut may leave, as nothing that is left tells that it is tdr's: found in a difference
    every_nth   of the places where a run is cut off, which are played beside one of each operation
    struck_nth  of its operations, which meet one and the same lasting fault: each meets some
    waits       whether its hosts wait for something that an account lists; else each only for itself
    emulators   beside those of the sandbox, or in the place of one: a real server that its world gets
    needs       programs of that server, each with the Debian package that has it
    people      what people do where a vendor has no API: given the sandbox's control and the provider types
    """

    name: str
    pages: tuple[Callable[[World], World], ...]
    pending: Callable[[World], World]
    roomy: Callable[[World, Sequence[str]], World]
    by_hand: tuple[str, Callable[[int], World]]
    per_plan: tuple[int, int]
    concerns: tuple[str, ...]
    rows: tuple[int, ...] = ()
    zone_rows: int = 1000
    shared: tuple[int, ...] = ()
    crowd: int = 0
    crowded: Callable[[World], World] = lambda world: world
    impossible: Mapping[str, str] = field(default_factory=dict)
    forgotten: re.Pattern[str] | None = None
    every_nth: int = 3
    struck_nth: int = 4
    waits: bool = True
    emulators: tuple[Emulator, ...] = ()
    needs: tuple[tuple[str, str], ...] = ()
    people: Callable[[Control, Types], Types] = nobody

    def world(self) -> World:
        """The world, anew."""
        return deepcopy(_world(self.file("world")))

    def file(self, what: str) -> Path:
        """One of its three files."""
        return FOLDER / f"{self.name}.{what}.yaml"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of the main job."""
        return tuple(sorted(yaml.safe_load(self.file("domains").read_text())["domains"]))

    @property
    def owner(self) -> str:
        """The mark that tdr leaves."""
        return str(yaml.safe_load(self.file("domains").read_text())["owner"])


@cache
def _world(file: Path) -> World:
    """A world as it stands in its file, read once."""
    read: World = yaml.safe_load(file.read_text())
    return read


PAGES = (crowds.more_zones, crowds.more_records)
#: A zone as an edge: rulesets, two of their phases, records, three settings, universal TLS, page rules,
#: certificate packs.
EDGE_ZONE = 10
DISTRIBUTIONS_PAGE = 100  # docs: ListDistributions
MARKS_PAGE = 100 // 2  # docs: GetResources; a host has a distribution and a certificate
SAAS_ZONE = EDGE_ZONE + CALLS_FOR_SAAS - 1  # the pages of custom hostnames are counted by `rows`
SAAS_SWITCHES = (
    "cloudflare.custom-",
    "cloudflare.dcv-",
    "cloudflare.validation-records",
    "cloudflare.ownership-",
    "cloudflare.token-for-",
    "cloudflare.no-fallback-",
    "cloudflare.certificate-",
    "cloudflare.ssl-settings-",
    "cloudflare.edit-redeploys",
    "cloudflare.hostname-is-zone",
    "cloudflare.sparkpost-on-cloudflare",
)
HOSTNAMES_PAGE = 50  # docs: List Custom Hostnames
SETS_PAGE = (300 - 2) // 3  # docs: ListResourceRecordSets; SOA and NS; a host, its claim, its validation
FASTLY_PAGE = 100  # docs: Services, Domain management, TLS subscriptions, TLS activations
CANDIDATES = (
    Candidate(
        "cloudflare",
        PAGES,
        crowds.pending_zones,
        crowds.roomy_zones,
        ("cloudflare", crowds.edited_zone),
        per_plan=(3, EDGE_ZONE),
        concerns=("cloudflare.", "sparkpost."),
        impossible={"cloudflare.sparkpost-on-cloudflare=yes": "1014"},
    ),
    Candidate(
        "managed",
        PAGES,
        crowds.pending_zones,
        crowds.roomy_zones,
        ("cloudflare", crowds.edited_zone),
        per_plan=(3, 2),
        concerns=("sparkpost.",),
    ),
    Candidate(
        "dns",
        PAGES,
        crowds.pending_zones,
        crowds.roomy_zones,
        ("cloudflare", crowds.edited_records),
        per_plan=(2, 2),
        concerns=("cloudflare.",),
    ),
    Candidate(
        "aws",
        (crowds.more_hosted_zones, crowds.more_record_sets, crowds.more_distributions),
        crowds.private_zones,
        crowds.hosted_zones,
        ("aws", crowds.edited_hosted_zone),
        per_plan=(7, 1),
        rows=(MARKS_PAGE,),
        zone_rows=SETS_PAGE,
        shared=(DISTRIBUTIONS_PAGE,),
        crowd=crowds.AWS_CROWD,
        crowded=crowds.crowded_aws,
        every_nth=8,  # each of its operations is new, and its runs make the most calls by far
        struck_nth=8,  # one piece of code reads the answers to all that the vendor names
        # Its certificate's tags told the record that proves it, which goes after it.
        forgotten=re.compile(r"too much .*\.acm-validations\.aws"),
        concerns=("aws.",),
    ),
    Candidate(
        "fastly",
        (
            crowds.more_services,
            crowds.more_versionless_domains,
            crowds.more_subscriptions,
            crowds.more_activations,
            *PAGES,
        ),
        crowds.pending_zones,
        crowds.roomy_fastly,
        ("fastly", crowds.edited_customer),
        per_plan=(6, 2),
        shared=(FASTLY_PAGE, FASTLY_PAGE, FASTLY_PAGE),  # versionless domains, subscriptions, activations
        crowd=crowds.FASTLY_CROWD,
        crowded=crowds.crowded_fastly,
        every_nth=8,
        # With the last of a host at Fastly goes what tells that the record which proved it is tdr's.
        forgotten=re.compile(r"too much .*_acme-challenge\."),
        concerns=("fastly.",),
    ),
    Candidate(
        "saas",
        (crowds.more_hostnames,),
        crowds.pending_zones,
        crowds.roomy_saas_zone,
        ("cloudflare", crowds.edited_saas_zone),
        per_plan=(5 + SAAS_ZONE, 1),
        shared=(HOSTNAMES_PAGE,),
        crowd=crowds.SAAS_CROWD,
        crowded=crowds.crowded_saas,
        every_nth=8,  # most of its operations are those of candidates before it
        # Its rule told that the custom hostname was tdr's; the records that prove it go after both.
        forgotten=re.compile(r"\.sets\._(acme-challenge|cf-custom-hostname)\.[^:]*: null became "),
        concerns=SAAS_SWITCHES,
        impossible={
            "cloudflare.sparkpost-on-cloudflare=yes": "1014",
            "cloudflare.custom-origin-server=enterprise": "1414",
        },
    ),
    Candidate(
        "google",
        (
            crowds.more_managed_zones,
            crowds.more_google_sets,
            crowds.more_policies,
            crowds.more_managed_certificates,
        ),
        crowds.private_managed_zones,
        crowds.managed_zones,
        ("google", crowds.edited_project),
        per_plan=(18, 1),  # of Google: nine lists and a group's endpoints; four of certificates; two of DNS
        every_nth=12,
        struck_nth=8,  # all its operations are new, and two pieces of code read the answers
        # Its DNS authorization told the record that proves it, which goes after it.
        forgotten=re.compile(r"too much .*_acme-challenge\."),
        concerns=("google.",),
    ),
    Candidate(
        "powerdns",
        (),  # its lists have no pages
        crowds.secondary_zones,
        crowds.roomy_powerdns_zones,
        ("powerdns", crowds.edited_records),
        per_plan=(2, 1),
        concerns=("powerdns.",),
    ),
    Candidate(
        "rfc2136",
        (),  # a transfer has no pages
        crowds.unserved_zones,
        crowds.primary_zones,
        ("rfc2136", crowds.edited_primary),
        per_plan=(1, 1),
        concerns=(),
        emulators=(Bridge(),),
        needs=(("named", "bind9"),),
    ),
    Candidate(
        "external",
        PAGES,
        crowds.pending_zones,
        crowds.roomy_zones,
        ("cloudflare", crowds.edited_records),
        per_plan=(2, 2),
        concerns=(),
        waits=False,
    ),
)

#: With CONFORMANCE=every-call in the environment nothing is left to a sample.
EVERY_CALL = os.environ.get("CONFORMANCE") == "every-call"

#: POSTs that only read, by the vendor's documentation: (vendor, path).
READING_POSTS = (
    # docs: Tracking Domains API, certificate/check tells whether a managed certificate could be had
    ("sparkpost", re.compile(r"/tracking-domains/[^/]+/certificate/check$")),
    # docs: Compute Engine API, networkEndpointGroups.listNetworkEndpoints
    ("google", re.compile(r"/listNetworkEndpoints$")),
)


def writes(call: Call) -> bool:
    """Whether a call changes anything at the vendor."""
    if call.method in ("GET", "HEAD"):
        return False
    if call.vendor == "aws":
        return not aws_calls.reads(call)
    return not any(call.vendor == whose and what.search(call.path) for whose, what in READING_POSTS)


@cache
def named(name: str) -> Candidate:
    """The candidate of this name."""
    return next(candidate for candidate in CANDIDATES if candidate.name == name)
