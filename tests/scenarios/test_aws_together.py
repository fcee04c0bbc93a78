"""Many hosts in one apply: what AWS takes its time for is waited for together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.aws_calls import operation
from tests.scenarios.aws import FILE, aws_world, r53
from tests.scenarios.town import Town

HOSTS = 12


def test_twelve_hosts_wait_for_their_certificates_and_deployments_together(
    open_town: Callable[[Mapping[str, Any]], Town],
) -> None:
    """One host costs 15, 19, 4 and 4 of the calls that are bounded; by turns it were twelve times that."""
    town = open_town(aws_world(r53()))
    town.file({f"t{number}.example.com": {} for number in range(HOSTS)}, **FILE)
    town.apply(town.folder)
    api = [call for call in town.sandbox.kernel.calls if (call.kind, call.vendor) == ("api", "aws")]
    asked = Counter(operation(call)[1] for call in api if call.status in (200, 201))
    once_a_host = ("RequestCertificate", "AddTagsToCertificate", "CreateDistributionWithTags")
    assert {name: asked[name] for name in once_a_host} == dict.fromkeys(once_a_host, HOSTS)
    assert (asked["GetResources"], asked["ListCachePolicies"]) == (1, 2)
    assert asked["DescribeCertificate"] <= 2 * HOSTS
    most = {"ListCertificates": 25, "ListDistributions": 30, "ChangeResourceRecordSets": 24, "GetChange": 96}
    assert {name: asked[name] for name in most if asked[name] > most[name]} == {}
