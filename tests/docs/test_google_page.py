"""docs/google.md says what tdr does: options, rights, services and limits are those of the code."""

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from providers.google.cloud_dns_zones import Quota
from providers.google.findings import MAX_COMMON_NAME, MAX_LISTED
from providers.google.names import CERTIFICATES_SERVICE, COMPUTE_SERVICE, DNS_SERVICE
from providers.google.options import OPTIONS
from providers.google.permissions import CDN, DNS, METHODS, role
from providers.google.session import IAM_SERVICE

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = Path(__file__).parents[2] / "examples/google"
PAGE = (DOCS / "google.md").read_text(encoding="utf-8")
YAML = (DOCS / "yaml.md").read_text(encoding="utf-8")
ROLES = [
    found
    for block in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    if "includedPermissions" in (found := yaml.safe_load(block))
]


@pytest.mark.parametrize(("at", "part"), [(0, CDN), (1, DNS)])
def test_each_role_holds_what_the_calls_need_and_nothing_else(at: int, part: str) -> None:
    assert ROLES[at]["includedPermissions"] == list(role(part))
    assert ROLES[at]["stage"] == "GA"


def test_every_method_in_the_table_is_one_of_googles() -> None:
    folder = files("googleapiclient.discovery_cache") / "documents"
    names = ("compute.v1", "certificatemanager.v1", "dns.v1")
    known = {
        method for name in names for method in methods(json.loads((folder / f"{name}.json").read_text()))
    }
    assert set(METHODS) - known == set()


def methods(part: dict[str, Any]) -> Iterator[str]:
    """The ids of all methods of a description."""
    yield from (method["id"] for method in part.get("methods", {}).values())
    for resource in part.get("resources", {}).values():
        yield from methods(resource)


def test_the_apis_to_enable_are_those_that_are_called() -> None:
    lines = re.findall(r"^gcloud services enable (.+?) --project", PAGE, re.MULTILINE)
    assert [line.split() for line in lines] == [[COMPUTE_SERVICE, CERTIFICATES_SERVICE], [DNS_SERVICE]]


def test_the_example_says_the_same_to_gcloud() -> None:
    """Each of the page's lines stands in the example's README, whose other lines name what is there."""
    readme = gcloud(EXAMPLE.joinpath("README.md").read_text(encoding="utf-8"))
    enabled = {word for line in readme for word in line.split() if word.endswith(".googleapis.com")}
    assert enabled == {COMPUTE_SERVICE, CERTIFICATES_SERVICE, DNS_SERVICE, IAM_SERVICE}
    assert [line for line in gcloud(PAGE) if "services enable" not in line and line not in readme] == []
    files = {word for line in readme for word in re.findall(r"--file examples/google/(\S+)", line)}
    assert sorted(files) == ["roles/cdn.yaml", "roles/dns.yaml"]
    assert [name for name in files if not (EXAMPLE / name).is_file()] == []


def gcloud(text: str) -> list[str]:
    """The lines of a page that are typed at gcloud, each as one."""
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    return [
        re.sub(r"\s+#.*", "", line).strip()
        for line in re.findall(r"^\s*(?:\$ )?(gcloud .*)$", joined, re.MULTILINE)
    ]


def test_every_option_that_gives_the_guides_way_is_an_option() -> None:
    table = PAGE[PAGE.index("## tdr and the guide of 2021") :]
    ways = [row.split("|")[4] for row in table.splitlines() if row.startswith("| ")][1:]
    named = {name for way in ways for name in re.findall(r"`(\w+)", way)}
    assert len(named) > 5
    assert named <= set(OPTIONS["properties"])


def test_every_option_has_its_row_and_its_values() -> None:
    rows = YAML[YAML.index("| `google` |") : YAML.index("| `powerdns` |")]
    found = dict(re.findall(r"^\| [^|]*\| `(\w+)` \| (.*) \|$", rows, re.MULTILINE))
    assert set(found) == set(OPTIONS["properties"])
    for name, option in OPTIONS["properties"].items():
        assert all(f"`{value}`" in found[name] for value in option.get("enum", ())), name
        assert "default" not in option or f"`{option['default']}` (if omitted)" in found[name], name


def test_the_limits_are_those_that_are_reckoned_with() -> None:
    quota = Quota()
    row = (
        f"Cloud DNS: {quota.additions:,} additions, {quota.deletions:,} deletions and {quota.change_bytes:,} "
        f"bytes a change, {quota.sets_per_zone:,} record sets a zone"
    )
    assert row in PAGE
    assert f"certificates on one proxy: {MAX_LISTED}, fixed" in PAGE
    assert f"certificate for one name: {MAX_COMMON_NAME} characters" in PAGE
