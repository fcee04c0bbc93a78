"""The roles of docs/google.md are enough for all that tdr does, whichever way endpoint groups are judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from providers.google.permissions import CDN, DNS, role
from tests.scenarios.google import file_keys, google_world
from tests.scenarios.town import CLICK, town

FAMILIES = ("networkEndpointGroups", "globalNetworkEndpointGroups")


@pytest.mark.parametrize("counted", FAMILIES)
def test_the_two_roles_build_change_and_take_down(counted: str, tmp_path: Path) -> None:
    rights = sorted({*role(CDN), *role(DNS)})
    world = google_world(permissions=rights, switches={"google.endpoint-group-permissions": counted})
    with town(world, tmp_path) as place:
        place.apply(place.file({CLICK: {}}, **file_keys()))
        cached = place.file({CLICK: {}}, **file_keys(cache_ttl=10))
        place.apply(cached)
        place.settled(cached)
        place.ok("destroy", "-auto-approve", "-timeout", "3h", cached)


def test_a_right_that_is_missing_is_told_by_its_name(tmp_path: Path) -> None:
    missing = "compute.urlMaps.create"
    rights = sorted({*role(CDN), *role(DNS)} - {missing})
    with town(google_world(permissions=rights), tmp_path) as place:
        file = place.file({CLICK: {}}, **file_keys())
        ran = place.tdr("apply", "-auto-approve", "-timeout", "3h", file)
        assert ran.code == 1
        assert f"compute.UrlMaps.insert google_url_map.gcp[\"spgo.io\"]: Required '{missing}'" in ran.err
        assert f"grant a role with {missing}" in ran.err
