"""Who may ask the sandbox's Google Cloud, and the words of its refusals."""

from __future__ import annotations

from providers.sandbox import started
from providers.sandbox.google import EMULATOR
from tests.sandbox.google.bench import ACCOUNT, bench, credentials, world


def test_an_account_gets_a_token_for_its_key_and_nobody_else_does() -> None:
    with bench() as google:
        found = credentials(google.sandbox.env)
        assert found.service_account_email == ACCOUNT
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "a.b.c"}
        answer = google.call("POST", found._token_uri, data=form)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_world_without_projects_has_endpoints_and_no_credentials() -> None:
    env_names = ("COMPUTE", "DNS", "CERTIFICATEMANAGER")
    with started({"clock": world()["clock"]}, emulators=[EMULATOR]) as sandbox:
        assert all(f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}" in sandbox.env for name in env_names)
        assert "GOOGLE_APPLICATION_CREDENTIALS" not in sandbox.env
        assert sandbox.env["NO_GCE_CHECK"] == "true"
