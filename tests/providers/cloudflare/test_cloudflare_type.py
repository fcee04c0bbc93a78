"""What tdr knows of the vendor before anything is opened."""

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from providers.cloudflare import TYPE

ROOT = Path(__file__).parents[3]
WITHOUT_SDK = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "cloudflare":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from providers.cloudflare import TYPE
from reconciler.errors import TdrError
from reconciler.provider import Setting
assert not {"httpx", "cloudflare", "providers.cloudflare.provider"} & sys.modules.keys()
try:
    TYPE.open(Setting("web", {}, {"API_TOKEN": "t"}, {}, "acme", None))
except TdrError as error:
    sys.stdout.write(str(error))
"""


def test_a_missing_sdk_is_one_error_with_the_line_to_type() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_SDK], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "web needs the cloudflare package: pip install 'tdr-reconciler[cloudflare]'"


def test_the_options_are_a_schema_that_describes_each_of_them() -> None:
    jsonschema.Draft202012Validator.check_schema(dict(TYPE.options))
    assert all(option["description"] for option in TYPE.options["properties"].values())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"account": "acme"},
        {"zones": {"example.com": "0" * 32}},
        {"ssl": "strict", "cache_ttl": 0},
        {"mode": "saas", "saas_zone": "brand-links.net"},
    ],
)
def test_good_options_pass(options: dict[str, object]) -> None:
    jsonschema.validate(options, dict(TYPE.options))
    assert list(TYPE.check(options)) == []


@pytest.mark.parametrize(
    "options", [{"ssl": "flexible"}, {"cache_ttl": -1}, {"token": "x"}, {"zones": {"a": "b"}}]
)
def test_bad_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(options, dict(TYPE.options))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mode": "saas"}, ("mode", "`mode: saas` needs a zone that serves the hosts")),
        ({"saas_zone": "brand-links.net"}, ("saas_zone", "`saas_zone` is for `mode: saas` alone")),
        ({"mode": "saas", "saas_zone": "Brand."}, ("saas_zone", "Brand. is not a zone's name")),
    ],
)
def test_a_mode_and_its_zone_go_together(options: dict[str, object], said: tuple[str, str]) -> None:
    jsonschema.validate(options, dict(TYPE.options))
    assert [(key, wrong) for key, wrong, _ in TYPE.check(options)] == [said]


def test_a_zone_name_that_no_zone_has_is_told() -> None:
    [(key, wrong, _)] = TYPE.check({"zones": {"Example.com.": "0" * 32}})
    assert (key, wrong) == ("zones", "Example.com. is not a zone's name")


def test_pacing_never_passes_the_published_rate() -> None:
    [user] = [limit for limit in TYPE.limits if limit.unit == "user"]
    assert user.burst + user.per_s * 300 <= 1200
