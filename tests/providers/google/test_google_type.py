"""What tdr knows of Google Cloud before anything is opened, and without its SDK."""

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from providers.google import TYPE
from providers.google.names import (
    CERTIFICATE,
    MAP_ENTRY,
    PROXY_CERTIFICATE,
    SSL_CERTIFICATE,
    mark,
    marked,
    name_of,
    neg_name,
)
from providers.google.session import endpoint
from reconciler.errors import InvalidRequest
from reconciler.secret_shapes import names_a_secret

ROOT = Path(__file__).parents[3]
WITHOUT_SDK = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"google", "requests"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from reconciler.cli import main
codes = [main([command, sys.argv[1]]) for command in ("validate", "plan")]
assert codes == [0, 1], codes
"""
FILE = """
version: 1
owner: acme-mail
providers:
  lb: {type: google, project: acme-mail}
defaults: {sparkpost: none, origin: spgo.io, cdn: lb, dns: lb}
domains: {click.example.com: {}}
"""


def test_without_google_auth_a_file_is_judged_and_a_plan_says_the_line_to_type(tmp_path: Path) -> None:
    file = tmp_path / "domains.yaml"
    file.write_text(FILE)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_SDK, str(file)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "Success! The configuration is valid: 1 domain.\n"
    assert done.stderr == "Error: lb needs the google-auth package: pip install 'tdr-reconciler[google]'\n"


def test_the_options_are_a_schema_that_describes_each_of_them() -> None:
    jsonschema.Draft202012Validator.check_schema(dict(TYPE.options))
    assert all(option["description"] for option in TYPE.options["properties"].values())


@pytest.mark.parametrize(
    "options",
    [
        {"project": "acme-mail"},
        {"project": "example.com:acme-mail", "impersonate": "tdr@acme-mail.iam.gserviceaccount.com"},
        {"project": "acme-mail", "certificates": "load-balancer", "uploaded": ["mine"]},
        {"project": "acme-mail", "cache_ttl": 10, "scheme": "EXTERNAL", "host_header": "origin"},
    ],
)
def test_good_options_pass(options: dict[str, object]) -> None:
    jsonschema.validate(options, dict(TYPE.options))
    assert list(TYPE.check(options)) == []


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"project": "123456789012"},
        {"project": "acme-mail", "certificates": "classic"},
        {"project": "acme-mail", "uploaded": ["projects/acme/certificates/mine"]},
        {"project": "acme-mail", "cache_ttl": 0},
        {"project": "acme-mail", "credentials": "key.json"},
    ],
)
def test_bad_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(options, dict(TYPE.options))


def test_a_record_proves_no_host_of_a_classic_certificate() -> None:
    options = {"project": "p", "certificates": "load-balancer", "validation_record": "fixed"}
    assert [key for key, _, _ in TYPE.check(options)] == ["validation_record"]


def test_a_certificate_is_waited_for_where_it_is_issued() -> None:
    """One of the load balancer is issued once it is on the proxy, so nothing may wait for it before that."""
    ready = {kind.name: kind.ready for kind in TYPE.kinds}
    assert (ready[SSL_CERTIFICATE], ready[PROXY_CERTIFICATE]) == ("", "active")
    assert (ready[CERTIFICATE], ready[MAP_ENTRY]) == ("active", "active")


def test_pacing_never_passes_the_published_rates() -> None:
    published = {"compute-read": 1500, "compute-write": 1500}
    published |= {"certificates-read": 300, "certificates-write": 300}
    paced = {limit.unit: limit.burst for limit in TYPE.limits if limit.window_s == 60.0}
    assert paced.keys() == published.keys()
    assert all(count < published[unit] for unit, count in paced.items())


def test_names_are_what_compute_takes_and_tell_look_alikes_apart() -> None:
    longest = name_of("o" * 32, "a." * 100 + "example.com")
    assert len(longest) <= 63
    assert name_of("acme", "a-b.c") != name_of("acme", "a.b-c")
    assert neg_name("acme", "spgo.io").startswith("tdr-acme-spgo-io-")
    assert neg_name("acme", "spgo.io") != name_of("acme", "spgo.io")


def test_a_description_tells_owner_and_subject() -> None:
    assert marked(mark("acme", "spgo.io/443")) == ("acme", "spgo.io/443")
    assert marked("our load balancer") is None


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/google/compute/v1/", "http://127.0.0.1:8080/google"),
        ("", "https://compute.googleapis.com"),
    ],
)
def test_endpoints_are_overridden_as_gcloud_s_are(given: str, found: str) -> None:
    environ = {"CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": given}
    assert endpoint(environ, "compute.googleapis.com") == found


def test_no_option_has_a_name_for_which_a_file_is_refused_as_one_with_secrets() -> None:
    assert [name for name in TYPE.options["properties"] if names_a_secret(name)] == []


def test_an_override_that_is_no_url_is_told() -> None:
    environ = {"CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": "127.0.0.1:8080"}
    with pytest.raises(InvalidRequest, match="CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE is no URL"):
        endpoint(environ, "compute.googleapis.com")
