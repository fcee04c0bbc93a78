"""A tracking domain behind Fastly, from nothing to a click, as SparkPost's origin sees it."""

from providers.sandbox import started
from providers.sandbox.fastly import EMULATOR
from providers.sandbox.sparkpost import EMULATOR as SPARKPOST
from tests.sandbox.fastly.test_edge import BACKEND
from tests.sandbox.fastly.tls_bench import HOST, TOKEN, Origin, world
from tests.sandbox.fastly.tls_bench import Bench as FastlyBench

URL = f"https://{HOST}/f/a/b/c/d?target=https%3A%2F%2Fshop.example%2Fsale"
SPARK = {
    "region": "us",
    "key": "key-us",
    "tracking_domains": [{"domain": HOST, "secure": True, "verified": True}],
}


def test_user_agent_client_and_tracking_host_arrive_and_a_repeat_within_ten_seconds_does_not() -> None:
    with started({**world(), "sparkpost": [SPARK]}, emulators=[SPARKPOST, EMULATOR]) as sandbox:
        fastly = FastlyBench(sandbox, Origin())
        number = fastly.service("POST", "/service", name="tracking")["id"]
        version = f"/service/{number}/version/1"
        spelt = {
            name: str(int(value)) if isinstance(value, bool) else value for name, value in BACKEND.items()
        }
        fastly.service("POST", f"{version}/backend", **spelt)
        fastly.service("POST", f"{version}/domain", name=HOST)
        fastly.service("PUT", f"{version}/settings", **{"general.default_ttl": "10"})
        fastly.service("PUT", f"{version}/activate")
        fastly.issued(HOST)
        cname = fastly.ok("GET", "/tls/configurations", include="dns_records")["included"]
        target = next(
            each["id"] for each in cname if each["attributes"] == {"record_type": "CNAME", "region": "global"}
        )
        fastly.add_record(HOST, "CNAME", target)
        headers = (("User-Agent", "Phone/1.0"), ("X-Sandbox-Client", "198.51.100.77"))
        got = fastly.visit(URL, headers=headers, connect_to=None)
        assert (got.status, got.header("location")) == (302, "https://shop.example/sale")
        fastly.advance(5)
        fastly.visit(URL, headers=headers)
        (event,) = sandbox.control("GET", "/vendors/sparkpost")["events"]
        expected = {
            "tracking_host": HOST,
            "user_agent": "Phone/1.0",
            "client": "198.51.100.77",
            "host": HOST,
            "sni": "spgo.io",
            "scheme": "https",
        }
        assert {key: event[key] for key in expected} == expected
        fastly.advance(6)
        fastly.visit(URL, headers=headers)
        assert len(sandbox.control("GET", "/vendors/sparkpost")["events"]) == 2
        fastly.http.close()
        assert TOKEN not in str(sandbox.control("GET", "/state"))
