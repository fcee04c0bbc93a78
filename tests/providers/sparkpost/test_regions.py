"""Options of a sparkpost alias: what fits together, and which address and account they mean."""

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from providers.sparkpost import TYPE
from providers.sparkpost.regions import OPTIONS, api_base, check, identity, origin

ENTERPRISE = {
    "region": "enterprise",
    "endpoint": "https://acme.api.e.sparkpost.com/api/v1",
    "origin": "acme.et.e.sparkpost.com",
}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"region": "us", "origin": "spgo.io"},
        {"region": "us", "origin": "v2.spgo.io"},
        {"origin": "PMTA.example.com."},
        {"region": "eu"},
        {"region": "eu", "origin": "eu.v2.spgo.io"},
        {"endpoint": "http://127.0.0.1:8080/api/v1"},
        ENTERPRISE,
    ],
)
def test_what_fits_is_not_complained_of(options: dict[str, str]) -> None:
    jsonschema.validate(options, dict(OPTIONS))
    assert list(check(options)) == []


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({"region": "eu", "origin": "spgo.io"}, ["origin"]),
        ({"region": "eu", "origin": "v2.spgo.io"}, ["origin"]),
        ({"region": "us", "origin": "eu.spgo.io"}, ["origin"]),
        ({"origin": "EU.v2.spgo.io."}, ["origin"]),
        ({"region": "us", "endpoint": "https://api.eu.sparkpost.com/api/v1"}, ["endpoint"]),
        ({"region": "eu", "endpoint": "https://api.sparkpost.com/api/v1"}, ["endpoint"]),
        ({"region": "enterprise"}, ["region", "region"]),
        ({"region": "enterprise", "endpoint": "https://a.example/api/v1"}, ["region"]),
        ({**ENTERPRISE, "endpoint": "http://acme.api.e.sparkpost.com/api/v1"}, ["endpoint"]),
    ],
)
def test_what_contradicts_itself_is_named_with_what_to_write(
    options: dict[str, str], keys: list[str]
) -> None:
    found = list(check(options))
    assert [key for key, _, _ in found] == keys
    assert all(wrong and instead for _, wrong, instead in found)


@pytest.mark.parametrize(
    "options",
    [
        {"region": "asia"},
        {"endpoint": "api.sparkpost.com"},
        {"endpoint": "https://[bad/api/v1"},
        {"endpoint": "https://user:pass@a.example/api/v1"},
        {"endpoint": "https://a.example/api/v1?key=1"},
        {"origin": "https://spgo.io"},
        {"account": ""},
        {"api_key": "x"},
    ],
)
def test_the_schema_refuses_what_is_no_option(options: dict[str, str]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(options, dict(OPTIONS))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "spgo.io"),
        ({"region": "us"}, "spgo.io"),
        ({"region": "eu"}, "eu.spgo.io"),
        ({"region": "us", "origin": "V2.spgo.io."}, "v2.spgo.io"),
        (ENTERPRISE, "acme.et.e.sparkpost.com"),
        ({"region": "enterprise"}, ""),
    ],
)
def test_the_origin_follows_the_region_unless_it_is_given(options: dict[str, str], expected: str) -> None:
    assert origin(options) == expected


SANDBOX = "http://127.0.0.1:8080/api/v1"


@pytest.mark.parametrize(
    ("options", "environ", "expected"),
    [
        ({}, {}, "https://api.sparkpost.com/api/v1"),
        ({"region": "eu"}, {}, "https://api.eu.sparkpost.com/api/v1"),
        ({}, {"TDR_SPARKPOST_ENDPOINT": f"{SANDBOX}/"}, SANDBOX),
        ({"region": "eu"}, {"TDR_SPARKPOST_ENDPOINT": SANDBOX}, "https://api.eu.sparkpost.com/api/v1"),
        ({"region": "eu"}, {"TDR_SPARKPOST_EU_ENDPOINT": SANDBOX}, SANDBOX),
        ({"endpoint": "https://a.example/v1"}, {}, "https://a.example/v1"),
        ({"endpoint": "https://a.example/v1"}, {"TDR_SPARKPOST_ENDPOINT": SANDBOX}, SANDBOX),
        (ENTERPRISE, {}, ENTERPRISE["endpoint"]),
        (ENTERPRISE, {"TDR_MY_SP_ENDPOINT": SANDBOX}, SANDBOX),
        (ENTERPRISE, {"TDR_SPARKPOST_ENDPOINT": SANDBOX}, ENTERPRISE["endpoint"]),
    ],
)
def test_the_environment_replaces_the_address(
    options: dict[str, str], environ: dict[str, str], expected: str
) -> None:
    assert api_base("my-sp", options, environ) == expected


def test_an_account_is_known_by_service_and_name_not_by_the_environment() -> None:
    assert identity("sp", {}) == identity("sp", {"region": "us"}) == "sparkpost/us/sp"
    assert identity("sp", {"region": "eu", "account": "acme"}) == "sparkpost/eu/acme"
    assert identity("sp", ENTERPRISE) == "sparkpost/acme.api.e.sparkpost.com/sp"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(dict(OPTIONS))


def test_the_type_says_what_the_engine_asks() -> None:
    assert (TYPE.name, TYPE.parts, TYPE.extra) == ("sparkpost", {"sparkpost", "cdn"}, None)
    assert [(s.suffix, s.variable) for s in TYPE.secrets] == [("API_KEY", "SPARKPOST_API_KEY")]
    assert {kind.name: kind.ready for kind in TYPE.kinds if kind.ready} == {"managed_certificate": "issued"}
    assert TYPE.origin is origin


def test_knowing_the_type_loads_no_client(tmp_path: Path) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, providers.sparkpost; print(*sys.modules)"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(sys.modules["providers"].__path__[0]).parent)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert {"httpx", "ssl", "jsonschema"} & set(loaded) == set()
