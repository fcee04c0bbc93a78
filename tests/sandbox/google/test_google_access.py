"""Who may ask the sandbox's Google Cloud, and the words of its refusals."""

from __future__ import annotations

import json

from providers.sandbox import started
from providers.sandbox.google import EMULATOR
from tests.sandbox.google.bench import ACCOUNT, bench, credentials, project, world


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


def test_an_account_acts_as_another_that_it_may_impersonate() -> None:
    other = "deploy@acme-mail.iam.gserviceaccount.com"
    acting = {"account": other, "permissions": ["compute.urlMaps.list"]}
    with bench(world(project(permissions=["dns.*"], impersonated=[acting]))) as google:
        assert google.refused("GET", "global/urlMaps")[:2] == (403, "forbidden")
        path = f"{google.url('IAMCREDENTIALS')}/v1/projects/-/serviceAccounts"
        scope = {"scope": ["https://www.googleapis.com/auth/cloud-platform"]}
        given = google.call("POST", f"{path}/{other}:generateAccessToken", json=scope).json()
        google.http.headers["Authorization"] = f"Bearer {given['accessToken']}"
        google.compute("GET", "global/urlMaps")
        again = google.call("POST", f"{path}/{ACCOUNT}:generateAccessToken", json=scope)
        assert (again.status_code, again.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


def test_an_api_that_is_not_enabled_says_how_to_enable_it() -> None:
    with bench(world(project(services=["dns.googleapis.com"]))) as google:
        status, reason, message = google.refused("GET", "global/urlMaps")
        assert (status, reason) == (403, "accessNotConfigured")
        assert "apis/api/compute.googleapis.com/overview?project=123456789012" in message
        details = google.compute_answer("GET", "global/urlMaps").json()["error"]["details"]
        assert details[1]["reason"] == "SERVICE_DISABLED"


def test_a_token_that_has_ended_is_refused() -> None:
    with bench() as google:
        google.control(expire_tokens=True)
        assert google.refused("GET", "global/urlMaps")[:2] == (401, "authError")
        del google.http.headers["Authorization"]
        assert google.refused("GET", "global/urlMaps")[:2] == (401, "required")


def test_the_state_outlives_a_restart() -> None:
    live = world(project(compute={"addresses": [{"name": "links"}]}))
    with bench(live) as google:
        google.compute("POST", "global/sslPolicies", {"name": "modern"})
        kept = json.loads(json.dumps(google.sandbox.kernel.dump()))
    with bench() as google:
        google.sandbox.kernel.load(kept)
        google.advance(10)
        assert google.compute("GET", "global/addresses/links")["address"].startswith("198.51.100.")
        assert google.compute("GET", "global/sslPolicies/modern")["profile"] == "COMPATIBLE"
