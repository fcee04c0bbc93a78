"""The sandbox's Compute Engine: a load balancer is made, changed and taken away as Google has it done."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from providers.sandbox import started
from providers.sandbox.contract import WorldError
from providers.sandbox.google import EMULATOR
from tests.sandbox.google.bench import PROJECT, Bench, bench, credentials, project, world

GROUP = {"name": "origin", "networkEndpointType": "INTERNET_FQDN_PORT", "defaultPort": 443}
BACKEND = {"group": "global/networkEndpointGroups/origin"}
SERVICE = {
    "name": "links",
    "protocol": "HTTPS",
    "loadBalancingScheme": "EXTERNAL_MANAGED",
    "backends": [BACKEND],
}
URL_MAP = {"name": "links", "defaultService": "global/backendServices/links"}
POLICY = {"name": "modern", "profile": "MODERN", "minTlsVersion": "TLS_1_2"}
CERTIFICATE = {"name": "click", "type": "MANAGED", "managed": {"domains": ["click.example.com"]}}
HTTPS = {
    "name": "https",
    "urlMap": "global/urlMaps/links",
    "sslCertificates": ["global/sslCertificates/click"],
    "sslPolicy": "global/sslPolicies/modern",
}
HTTP = {"name": "http", "urlMap": "global/urlMaps/links"}
ADDRESS = {"name": "links"}
RULE = {
    "name": "links-443",
    "IPAddress": "global/addresses/links",
    "portRange": "443",
    "target": "global/targetHttpsProxies/https",
    "loadBalancingScheme": "EXTERNAL_MANAGED",
}
RULE_80 = {**RULE, "name": "links-80", "portRange": "80", "target": "global/targetHttpProxies/http"}
COLLECTIONS: dict[str, list[dict[str, Any]]] = {
    "networkEndpointGroups": [{**GROUP, "endpoints": [{"fqdn": "spgo.io", "port": 443}]}],
    "backendServices": [SERVICE],
    "urlMaps": [URL_MAP],
    "sslCertificates": [CERTIFICATE],
    "sslPolicies": [POLICY],
    "targetHttpsProxies": [HTTPS],
    "targetHttpProxies": [HTTP],
    "addresses": [ADDRESS],
    "forwardingRules": [RULE, RULE_80],
}
LIVE = world(project(compute={**COLLECTIONS, "operation_s": 5}))
AT_ONCE = world(project(compute={**COLLECTIONS, "operation_s": 0}))


def test_a_creation_is_an_operation_that_ends_after_some_seconds() -> None:
    with bench() as google:
        begun = google.compute("POST", "global/sslPolicies", POLICY)
        assert (begun["status"], begun["operationType"]) == ("PENDING", "insert")
        one = "global/sslPolicies/modern"
        assert google.refused("GET", one)[:2] == (404, "notFound")
        assert google.refused("POST", "global/sslPolicies", POLICY)[:2] == (409, "alreadyExists")
        google.advance(1)
        operation = f"global/operations/{begun['name']}"
        assert google.compute("POST", f"{operation}/wait")["status"] == "RUNNING"
        google.advance(5)
        done = google.compute("GET", operation)
        assert (done["status"], done["progress"], "error" in done) == ("DONE", 100, False)
        assert google.compute("GET", one)["minTlsVersion"] == "TLS_1_2"
        assert google.compute_answer("DELETE", operation).status_code == 204


def test_a_switch_shows_what_is_not_finished() -> None:
    with bench() as google:
        google.switch("unfinished-resources", "shown")
        google.compute("POST", "global/addresses", ADDRESS)
        assert google.compute("GET", "global/addresses/links")["status"] == "RESERVING"
        assert [each["name"] for each in google.compute("GET", "global/addresses")["items"]] == ["links"]


def test_nothing_else_is_done_to_a_resource_while_an_operation_runs_on_it() -> None:
    with bench(LIVE) as google:
        body = {"sslPolicy": ""}
        google.compute("POST", "global/targetHttpsProxies/https/setSslPolicy", body)
        refused = google.refused("POST", "global/targetHttpsProxies/https/setSslPolicy", body)
        assert refused[:2] == (400, "resourceNotReady")
        google.compute("POST", "global/networkEndpointGroups", {**GROUP, "name": "other"})
        other = {**SERVICE, "name": "o", "backends": [{"group": "global/networkEndpointGroups/other"}]}
        assert google.refused("POST", "global/backendServices", other)[1] == "resourceNotReady"


def test_the_same_request_id_is_the_same_operation() -> None:
    with bench() as google:
        sent = {"requestId": str(uuid.UUID(int=7))}
        first = google.compute("POST", "global/addresses", ADDRESS, **sent)
        google.advance(60)
        assert google.compute("POST", "global/addresses", ADDRESS, **sent)["name"] == first["name"]
        refused = google.refused("POST", "global/addresses", ADDRESS, requestId=str(uuid.UUID(int=0)))
        assert refused[:2] == (400, "invalid")


def test_answers_have_what_google_fills_in() -> None:
    with bench(AT_ONCE) as google:
        rule = google.compute("GET", "global/forwardingRules/links-443")
        address = google.compute("GET", "global/addresses/links")
        assert rule["portRange"] == "443-443"
        assert rule["IPAddress"] == address["address"]
        assert (address["status"], len(address["users"])) == ("IN_USE", 2)
        service = google.compute("GET", "global/backendServices/links")
        assert (service["timeoutSec"], service["enableCDN"], service["port"]) == (30, False, 443)
        assert set(service["backends"][0]) == {"group"}
        assert rule["target"].startswith("https://www.googleapis.com/compute/v1/projects/acme-mail/global/")
        (endpoint,) = google.compute("POST", "global/networkEndpointGroups/origin/listNetworkEndpoints")[
            "items"
        ]
        assert endpoint == {"networkEndpoint": {"fqdn": "spgo.io", "port": 443}}
        assert google.compute("GET", "global/networkEndpointGroups/origin")["size"] == 1


def test_what_is_used_is_not_deleted() -> None:
    with bench(AT_ONCE) as google:
        for one, user in (
            ("networkEndpointGroups/origin", "backendServices/links"),
            ("backendServices/links", "urlMaps/links"),
            ("sslCertificates/click", "targetHttpsProxies/https"),
            ("targetHttpProxies/http", "forwardingRules/links-80"),
        ):
            status, reason, message = google.refused("DELETE", f"global/{one}")
            assert (status, reason) == (400, "resourceInUseByAnotherResource")
            assert message.endswith(f"is already being used by 'projects/acme-mail/global/{user}'")
        google.switch("in-use-refusal", "operation")
        failed = google.compute("DELETE", "global/addresses/links")
        assert failed["error"]["errors"][0]["code"] == "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE"
        assert (failed["httpErrorStatusCode"], failed["httpErrorMessage"]) == (400, "BAD REQUEST")
        assert google.compute("GET", "global/addresses/links")["status"] == "IN_USE"


def test_a_change_by_an_old_fingerprint_is_refused() -> None:
    with bench(AT_ONCE) as google:
        one = "global/backendServices/links"
        held = google.compute("GET", one)["fingerprint"]
        google.compute("PATCH", one, {"timeoutSec": 40, "fingerprint": held})
        assert google.refused("PATCH", one, {"timeoutSec": 50, "fingerprint": held})[:2] == (
            412,
            "conditionNotMet",
        )
        assert google.refused("PATCH", one, {"timeoutSec": 50})[:2] == (400, "required")
        google.switch("patch-without-fingerprint", "accepted")
        google.compute("PATCH", one, {"timeoutSec": 50})
        after = google.compute("GET", one)
        assert (after["timeoutSec"], after["protocol"]) == (50, "HTTPS")
        google.compute("PUT", one, {**SERVICE, "fingerprint": after["fingerprint"]})
        assert google.compute("GET", one)["timeoutSec"] == 30


def test_labels_come_by_their_own_call_only() -> None:
    with bench(world(project(compute={"operation_s": 0}))) as google:
        google.compute("POST", "global/addresses", {**ADDRESS, "labels": {"tdr": "acme"}})
        one = google.compute("GET", "global/addresses/links")
        assert "labels" not in one
        wanted = {"labels": {"tdr": "acme"}, "labelFingerprint": one["labelFingerprint"]}
        google.compute("POST", "global/addresses/links/setLabels", wanted)
        assert google.compute("GET", "global/addresses", filter="labels.tdr=acme")["items"][0]["labels"] == {
            "tdr": "acme"
        }
        assert google.refused("POST", "global/addresses/links/setLabels", wanted)[0] == 412


@pytest.mark.parametrize(
    ("collection", "body", "reason"),
    [
        ("backendServices", {**SERVICE, "name": "Big"}, "invalid"),
        ("backendServices", {**SERVICE, "name": "b", "protocol": "GOPHER"}, "invalid"),
        ("backendServices", {**SERVICE, "name": "b", "healthChecks": ["global/healthChecks/h"]}, "invalid"),
        (
            "backendServices",
            {**SERVICE, "name": "b", "backends": [{**BACKEND, "balancingMode": "RATE"}]},
            "invalid",
        ),
        ("urlMaps", {"name": "u"}, "required"),
        ("urlMaps", {"name": "u", "defaultService": "global/backendServices/none"}, "notFound"),
        ("targetHttpsProxies", {"name": "p", "urlMap": "global/urlMaps/links"}, "required"),
        (
            "targetHttpsProxies",
            {**HTTPS, "name": "p", "sslCertificates": [f"global/sslCertificates/c{n}" for n in range(16)]},
            "invalid",
        ),
        ("forwardingRules", {**RULE, "name": "again"}, "invalid"),
        (
            "forwardingRules",
            {**RULE, "name": "r", "IPAddress": "", "loadBalancingScheme": "EXTERNAL"},
            "invalid",
        ),
    ],
)
def test_what_google_refuses_is_refused(collection: str, body: dict[str, Any], reason: str) -> None:
    with bench(AT_ONCE) as google:
        assert google.refused("POST", f"global/{collection}", body)[1] == reason


def test_a_group_of_the_internet_has_one_endpoint() -> None:
    with bench(AT_ONCE) as google:
        group = "global/networkEndpointGroups/origin"
        more = {"networkEndpoints": [{"fqdn": "eu.spgo.io", "port": 443}]}
        assert google.refused("POST", f"{group}/attachNetworkEndpoints", more)[:2] == (400, "invalid")
        assert google.refused("POST", f"{group}/detachNetworkEndpoints", more)[:2] == (404, "notFound")


def test_a_list_comes_in_pages_and_by_filters() -> None:
    policies = [{**POLICY, "name": f"p{number}"} for number in range(3)]
    with bench(world(project(compute={"sslPolicies": policies}))) as google:
        first = google.compute("GET", "global/sslPolicies", maxResults=2)
        rest = google.compute("GET", "global/sslPolicies", maxResults=2, pageToken=first["nextPageToken"])
        assert [each["name"] for each in (*first["items"], *rest["items"])] == ["p0", "p1", "p2"]
        found = google.compute("GET", "global/sslPolicies", filter='name="p1"')
        assert [each["name"] for each in found["items"]] == ["p1"]
        assert "items" not in google.compute("GET", "global/sslPolicies", filter="name eq q.*")
        newest = google.compute("GET", "global/sslPolicies", orderBy="creationTimestamp desc")
        assert [each["name"] for each in newest["items"]] == ["p2", "p1", "p0"]


def test_quotas_and_rates_of_the_project_hold() -> None:
    given = project(quotas={"SSL_POLICIES": 0}, rates={"compute.writes": 1}, compute={"operation_s": 0})
    with bench(world(given)) as google:
        assert google.refused("POST", "global/sslPolicies", POLICY)[:2] == (403, "quotaExceeded")
        assert google.refused("POST", "global/sslPolicies", POLICY)[:2] == (403, "rateLimitExceeded")
        google.compute("GET", "global/sslPolicies")
        google.advance(60)
        google.switch("quota-refusal", "operation")
        failed = google.compute("POST", "global/sslPolicies", POLICY)
        assert failed["error"]["errors"][0]["code"] == "QUOTA_EXCEEDED"


def test_a_permission_that_lacks_is_named() -> None:
    with bench(world(project(permissions=["compute.urlMaps.*"], compute=COLLECTIONS))) as google:
        google.compute("GET", "global/urlMaps")
        status, reason, message = google.refused("GET", "global/sslPolicies")
        assert (status, reason) == (403, "forbidden")
        assert "'compute.sslPolicies.list'" in message
        body = {**URL_MAP, "name": "more"}
        assert "'compute.backendServices.use'" in google.refused("POST", "global/urlMaps", body)[2]


def test_a_world_that_google_would_refuse_is_refused() -> None:
    wrong = world(project(compute={"urlMaps": [URL_MAP]}))
    with (
        pytest.raises(WorldError, match=r"google\[0\].compute.urlMaps\[0\]"),
        started(wrong, emulators=[EMULATOR]),
    ):
        pass


def test_the_real_client_makes_changes_and_takes_away_a_load_balancer() -> None:
    compute_v1 = pytest.importorskip("google.cloud.compute_v1")
    with bench(world(project(compute={"operation_s": 0}))) as google:
        _walk(google, compute_v1)
        assert google.compute("GET", "global/forwardingRules").get("items", []) == []


def _walk(google: Bench, sdk: Any) -> None:
    base = google.url("COMPUTE").removesuffix("/compute/v1")
    options = {"credentials": credentials(google.sandbox.env), "client_options": {"api_endpoint": base}}
    how: dict[str, Any] = {"retry": None, "timeout": 20}
    made = [
        (sdk.GlobalNetworkEndpointGroupsClient, "network_endpoint_group", sdk.NetworkEndpointGroup, GROUP),
        (sdk.BackendServicesClient, "backend_service", sdk.BackendService, SERVICE),
        (sdk.UrlMapsClient, "url_map", sdk.UrlMap, URL_MAP),
        (sdk.SslCertificatesClient, "ssl_certificate", sdk.SslCertificate, CERTIFICATE),
        (sdk.SslPoliciesClient, "ssl_policy", sdk.SslPolicy, POLICY),
        (sdk.TargetHttpsProxiesClient, "target_https_proxy", sdk.TargetHttpsProxy, HTTPS),
        (sdk.TargetHttpProxiesClient, "target_http_proxy", sdk.TargetHttpProxy, HTTP),
        (sdk.GlobalAddressesClient, "address", sdk.Address, ADDRESS),
        (sdk.GlobalForwardingRulesClient, "forwarding_rule", sdk.ForwardingRule, RULE),
    ]
    clients = {word: client(**options) for client, word, _, _ in made}
    operations = sdk.GlobalOperationsClient(**options)
    for _, word, message, body in made:
        request = {
            "project": PROJECT,
            f"{word}_resource": message.from_json(_json(body)),
            "request_id": _id(),
        }
        begun = clients[word].insert_unary(request=request, **how)
        done = operations.wait(project=PROJECT, operation=begun.name, **how)
        assert done.status == sdk.Operation.Status.DONE
        assert not done.error.errors
    endpoints = [sdk.NetworkEndpoint(fqdn="spgo.io", port=443)]
    clients["network_endpoint_group"].attach_network_endpoints_unary(
        project=PROJECT,
        network_endpoint_group="origin",
        global_network_endpoint_groups_attach_endpoints_request_resource=(
            sdk.GlobalNetworkEndpointGroupsAttachEndpointsRequest(network_endpoints=endpoints)
        ),
        **how,
    )
    held = clients["backend_service"].get(project=PROJECT, backend_service="links", **how)
    change = sdk.BackendService(timeout_sec=40, fingerprint=held.fingerprint)
    names = {"project": PROJECT, "backend_service": "links"}
    clients["backend_service"].patch_unary(**names, backend_service_resource=change, **how)
    assert clients["backend_service"].get(**names, **how).timeout_sec == 40
    for _, word, _, body in reversed(made):
        (listed,) = clients[word].list(project=PROJECT, **how)
        assert listed.name == body["name"]
        clients[word].delete_unary(**{"project": PROJECT, word: body["name"]}, **how)


def _json(body: Any) -> str:

    return json.dumps(body)


def _id() -> str:
    return str(uuid.uuid4())
