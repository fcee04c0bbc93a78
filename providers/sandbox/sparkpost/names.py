"""Host names as SparkPost judges them, and SparkPost's own names and addresses, region by region."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
TOP_LABEL = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
OWN_ZONES: Final = ("spgo.io", "sparkpost.com", "sparkpostmail.com", "sparkpostbox.com")

SERVED_ZONE: Final = "spgo.io"
NAME_SERVER: Final = "ns1.spgo.io"
NAME_SERVER_ADDRESS: Final = "192.0.2.30"


@dataclass(frozen=True, slots=True)
class Region:
    """One of SparkPost's two separate services: `name`, its tracking endpoints and its API's variable.

    `endpoint` is the older tracking host, `v2_endpoint` the one that can hold managed certificates
    (docs: Tracking Domains API, "DNS"). `variable` is the environment variable that names the API's base.
    """

    name: str
    endpoint: str
    address: str
    v2_endpoint: str
    v2_address: str
    variable: str

    @property
    def endpoints(self) -> tuple[str, str]:
        """Both names that a tracking domain of this region may be an alias of."""
        return self.endpoint, self.v2_endpoint

    @property
    def addresses(self) -> tuple[tuple[str, str], ...]:
        """Both endpoints with their documentation addresses."""
        return (self.endpoint, self.address), (self.v2_endpoint, self.v2_address)


US: Final = Region("us", "spgo.io", "203.0.113.10", "v2.spgo.io", "203.0.113.11", "TDR_SPARKPOST_ENDPOINT")
EU: Final = Region(
    "eu", "eu.spgo.io", "203.0.113.20", "eu.v2.spgo.io", "203.0.113.21", "TDR_SPARKPOST_EU_ENDPOINT"
)
REGIONS: Final = {region.name: region for region in (US, EU)}


def lowered(name: str) -> str:
    """The name as SparkPost keeps it: the value of `domain` is case insensitive."""
    return name.lower()


def is_host_name(name: str) -> bool:
    """Whether a lower-case name has two labels or more, of letters, digits and inner hyphens only."""
    labels = name.split(".")
    if len(name) > 253 or len(labels) < 2 or TOP_LABEL.fullmatch(labels[-1]) is None:
        return False
    return all(LABEL.fullmatch(label) for label in labels)


def is_root_domain(name: str) -> bool:
    """Whether the name is a registrable domain itself; two labels stand for that here."""
    return name.count(".") < 2


def is_own_name(name: str) -> bool:
    """Whether the name is SparkPost's, which no account may register."""
    return any(name == zone or name.endswith("." + zone) for zone in OWN_ZONES)
