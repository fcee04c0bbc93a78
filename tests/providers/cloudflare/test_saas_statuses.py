"""Every status that Cloudflare has for a custom hostname and its certificate is told in plain words."""

from pathlib import Path
from typing import Any, get_args

import pytest
from cloudflare.types.custom_hostnames.custom_hostname_list_response import SSL, CustomHostnameListResponse

from providers.cloudflare.saas_statuses import CERTIFICATE, HOSTNAME, hostname_status, is_lost

PAGE = (Path(__file__).parents[3] / "docs/cloudflare.md").read_text(encoding="utf-8")


def words(model: Any) -> set[str]:
    [literal, _] = get_args(model.model_fields["status"].annotation)
    return set(get_args(literal))


def test_the_tables_have_every_status_that_the_sdk_knows() -> None:
    assert words(CustomHostnameListResponse) == HOSTNAME.keys()
    assert words(SSL) == CERTIFICATE.keys()


@pytest.mark.parametrize("table", [HOSTNAME, CERTIFICATE])
def test_the_page_for_users_says_the_same(table: Any) -> None:
    assert [name for name, meaning in table.items() if f"| `{name}` | {meaning.text} |" not in PAGE] == []


@pytest.mark.parametrize("status", HOSTNAME)
@pytest.mark.parametrize("ssl_status", CERTIFICATE)
def test_ready_is_what_serves_and_hopeless_never_is(status: str, ssl_status: str) -> None:
    told = hostname_status(status, ssl_status)
    assert told.ready is (status in {"active", "active_redeploying"} and ssl_status == "active")
    assert not (told.ready and told.hopeless)
    assert told.ready or (HOSTNAME[status].text in told.text) or CERTIFICATE[ssl_status].text in told.text


def test_a_status_of_tomorrow_is_waited_for_and_errors_are_repeated() -> None:
    told = hostname_status("pondering", "", ["None of the records was found."])
    assert (told.ready, told.hopeless) == (False, False)
    assert told.text == (
        "pondering: a status that tdr does not know; certificate without a status: a status that tdr does "
        "not know; None of the records was found."
    )


def test_what_never_comes_by_itself_is_asked_for_again() -> None:
    assert {status for status in CERTIFICATE if is_lost(status)} == {
        "initializing_timed_out",
        "validation_timed_out",
        "issuance_timed_out",
        "deployment_timed_out",
        "deletion_timed_out",
        "expired",
        "inactive",
        "deleted",
    }
