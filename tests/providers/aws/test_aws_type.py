"""What tdr knows of AWS before anything is opened, and without its SDK."""

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from providers.aws import TYPE

ROOT = Path(__file__).parents[3]
WITHOUT_SDK = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"boto3", "botocore"}:
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
  mail: {type: aws, profile: mail}
defaults: {sparkpost: none, origin: spgo.io, cdn: mail, dns: mail}
domains: {click.example.com: {}}
"""


def test_without_boto3_a_file_is_judged_and_a_plan_says_the_line_to_type(tmp_path: Path) -> None:
    file = tmp_path / "domains.yaml"
    file.write_text(FILE)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_SDK, str(file)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "Success! The configuration is valid: 1 domain.\n"
    assert done.stderr == "Error: mail needs the boto3 package: pip install 'tdr-reconciler[aws]'\n"


def test_the_options_are_a_schema_that_describes_each_of_them() -> None:
    jsonschema.Draft202012Validator.check_schema(dict(TYPE.options))
    assert all(option["description"] for option in TYPE.options["properties"].values())


@pytest.mark.parametrize(
    "options",
    [
        {"price_class": "PriceClass_50"},
        {"minimum_tls": "TLSv1"},
        {"cache_key": "all"},
        {"certificates": ["c1"]},
        {"role_arn": "tdr"},
        {"secret_access_key": "x"},
        {"quotas": {"zones": 1}},
    ],
)
def test_bad_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(options, dict(TYPE.options))
