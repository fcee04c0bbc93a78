"""Certificate Manager's API: what it takes, refuses and shows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.api_core import exceptions
from google.cloud import certificate_manager_v1 as cm

from tests.sandbox.google.bench import project, world
from tests.sandbox.google.certmanager_bench import (
    HOST,
    NUMBER,
    PARENT,
    CertManager,
    certmanager,
    client,
    record,
    zone,
)

NAME = "click-example-com"
LABELS = {"tdr": "acme-mail"}


def done(bench: CertManager, operation: Any) -> Any:
    """Let an operation end, and give its result."""
    bench.advance(3)
    return operation.result(timeout=5, retry=None)


def pem(*hosts: str) -> tuple[str, str]:
    """A certificate for hosts and its key, as a user uploads them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, hosts[0])])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(start).not_valid_after(start + dt.timedelta(days=90))
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    made = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def test_googles_own_client_goes_from_an_authorization_to_an_active_entry_and_back() -> None:
    with certmanager() as bench:
        api = client(bench)
        operation = api.create_dns_authorization(
            parent=PARENT,
            dns_authorization=cm.DnsAuthorization(domain=HOST, labels=LABELS),
            dns_authorization_id=NAME,
        )
        authorization = done(bench, operation)
        assert authorization.type_ == cm.DnsAuthorization.Type.FIXED_RECORD
        asked = authorization.dns_resource_record
        assert (asked.name, asked.type_) == (f"_acme-challenge.{HOST}.", "CNAME")
        assert asked.data.endswith(".authorize.certificatemanager.goog.")
        managed = cm.Certificate.ManagedCertificate(domains=[HOST], dns_authorizations=[authorization.name])
        done(
            bench,
            api.create_certificate(
                parent=PARENT, certificate=cm.Certificate(managed=managed), certificate_id=NAME
            ),
        )
        done(
            bench,
            api.create_certificate_map(
                parent=PARENT, certificate_map=cm.CertificateMap(labels=LABELS), certificate_map_id="links"
            ),
        )
        entry = cm.CertificateMapEntry(hostname=HOST, certificates=[f"{PARENT}/certificates/{NAME}"])
        made = done(
            bench,
            api.create_certificate_map_entry(
                parent=f"{PARENT}/certificateMaps/links",
                certificate_map_entry=entry,
                certificate_map_entry_id=NAME,
            ),
        )
        assert made.certificates == [f"projects/{NUMBER}/locations/global/certificates/{NAME}"]
        assert api.get_certificate_map_entry(name=made.name).state == cm.ServingState.PENDING
        bench.write("CNAME", asked.name.rstrip("."), asked.data)
        bench.advance(60)
        issuing = api.get_certificate(name=f"{PARENT}/certificates/{NAME}")
        assert issuing.managed.authorization_attempt_info[0].state.name == "AUTHORIZED"
        bench.advance(120)
        (certificate,) = api.list_certificates(parent=PARENT)
        assert certificate.managed.state.name == "ACTIVE"
        assert certificate.san_dnsnames == [HOST]
        assert certificate.pem_certificate.startswith("-----BEGIN CERTIFICATE-----")
        assert certificate.used_by[0].name.endswith(f"/certificateMaps/links/certificateMapEntries/{NAME}")
        (shown,) = api.list_certificate_map_entries(parent=f"{PARENT}/certificateMaps/links")
        assert shown.state == cm.ServingState.ACTIVE
        changed = cm.Certificate(name=certificate.name, labels={"tdr": "other"})
        renamed = done(bench, api.update_certificate(certificate=changed, update_mask="labels"))
        assert dict(renamed.labels) == {"tdr": "other"}
        with pytest.raises(exceptions.BadRequest, match="referenced by a CertificateMapEntry"):
            api.delete_certificate(name=certificate.name)
        done(bench, api.delete_certificate_map_entry(name=shown.name))
        done(bench, api.delete_certificate(name=certificate.name))
        done(bench, api.delete_dns_authorization(name=authorization.name))
        done(bench, api.delete_certificate_map(name=f"{PARENT}/certificateMaps/links"))
        assert list(api.list_certificates(parent=PARENT)) == []
        assert list(api.list_certificate_maps(parent=PARENT)) == []
        assert list(api.list_dns_authorizations(parent=PARENT)) == []


def test_an_operation_is_under_way_for_some_seconds_and_then_has_its_response() -> None:
    with certmanager() as bench:
        begun = bench.raw("POST", "certificateMaps", {"labels": LABELS}, certificateMapId="links")
        path = begun["name"].removeprefix(f"{PARENT}/")
        assert "done" not in begun
        assert begun["metadata"]["target"] == f"{PARENT}/certificateMaps/links"
        assert begun["metadata"]["verb"] == "create"
        bench.advance(3)
        ended = bench.raw("GET", path)
        assert ended["done"] is True
        assert ended["response"]["@type"].endswith(".CertificateMap")
        assert bench.raw("GET", "operations")["operations"] == [ended]
        assert bench.raw("DELETE", path) == {}
        assert bench.error("GET", path)["status"] == "NOT_FOUND"


def test_what_is_created_or_deleted_may_be_seen_only_when_its_operation_is_done() -> None:
    with certmanager() as bench:
        bench.switch("certificate-manager-visible", "when-done")
        bench.raw("POST", "certificateMaps", {}, certificateMapId="links")
        assert bench.raw("GET", "certificateMaps") == {}
        assert (
            bench.error("POST", "certificateMaps", {}, certificateMapId="links")["status"] == "ALREADY_EXISTS"
        )
        bench.advance(3)
        assert len(bench.raw("GET", "certificateMaps")["certificateMaps"]) == 1
        bench.raw("DELETE", "certificateMaps/links")
        assert len(bench.raw("GET", "certificateMaps")["certificateMaps"]) == 1
        bench.advance(3)
        assert bench.raw("GET", "certificateMaps") == {}


def test_what_others_use_is_not_deleted() -> None:
    with certmanager() as bench:
        bench.authorize()
        bench.order(HOST)
        entry = {"hostname": HOST, "certificates": [f"{PARENT}/certificates/{NAME}"]}
        bench.raw("POST", "certificateMaps", {}, certificateMapId="links")
        bench.raw("POST", "certificateMaps/links/certificateMapEntries", entry, certificateMapEntryId="one")
        refused = {
            f"dnsAuthorizations/{NAME}": "can't delete dns authorization that is referenced by a certificate",
            f"certificates/{NAME}": "can't delete certificate that is referenced by a CertificateMapEntry or "
            "other resources",
            "certificateMaps/links": "can't delete certificate map that contains certificate map entries",
        }
        for path, message in refused.items():
            error = bench.error("DELETE", path)
            assert (error["code"], error["status"], error["message"]) == (400, "FAILED_PRECONDITION", message)
            (violation,) = error["details"][0]["violations"]
            assert violation["type"] == "RESOURCE_STILL_IN_USE"
            assert violation["subject"] == f"projects/{NUMBER}/locations/global/{path}"


@pytest.mark.parametrize(
    ("path", "query", "body", "field"),
    [
        ("certificates", {"certificateId": "a"}, {}, "type"),
        ("certificates", {"certificateId": "-a"}, {}, "certificate_id"),
        ("certificates", {"certificateId": "a"}, {"managed": {"domains": []}}, "managed.domains"),
        ("certificates", {"certificateId": "a"}, {"managed": {"domains": ["nodots"]}}, "managed.domains[0]"),
        ("certificates", {"certificateId": "a"}, {"managed": {"domains": ["*.a.com"]}}, "managed.domains"),
        (
            "certificates",
            {"certificateId": "a"},
            {"managed": {"domains": [HOST], "dnsAuthorizations": ["short"]}},
            "managed.dns_authorizations[0]",
        ),
        (
            "certificates",
            {"certificateId": "a"},
            {"selfManaged": {"pemCertificate": "x", "pemPrivateKey": "y"}},
            "self_managed",
        ),
        ("dnsAuthorizations", {"dnsAuthorizationId": "a"}, {"domain": "*.example.com"}, "domain"),
        ("dnsAuthorizations", {"dnsAuthorizationId": "a"}, {"domain": HOST, "type": "OTHER"}, "type"),
        ("certificateMaps", {"certificateMapId": "a"}, {"labels": {"Not": "so"}}, "labels"),
    ],
)
def test_what_is_not_valid_is_refused_by_its_field(
    path: str, query: dict[str, str], body: Any, field: str
) -> None:
    with certmanager() as bench:
        error = bench.error("POST", path, body, **query)
        assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
        assert error["details"][0]["fieldViolations"][0]["field"] == field


def test_an_entry_names_certificates_of_its_project_and_a_host_that_its_map_has_not() -> None:
    with certmanager() as bench:
        bench.authorize()
        bench.order(HOST)
        bench.raw("POST", "certificateMaps", {}, certificateMapId="links")
        entries = "certificateMaps/links/certificateMapEntries"
        own = [f"projects/{NUMBER}/locations/global/certificates/{NAME}"]
        wrong = ["projects/other/locations/global/certificates/mine"]
        error = bench.error(
            "POST", entries, {"hostname": HOST, "certificates": wrong}, certificateMapEntryId="a"
        )
        assert error["message"] == f'invalid certificate name "{wrong[0]}"'
        both = {"hostname": HOST, "matcher": "PRIMARY", "certificates": own}
        assert bench.error("POST", entries, both, certificateMapEntryId="a")["code"] == 400
        good = {"hostname": HOST, "certificates": own}
        bench.raw("POST", entries, good, certificateMapEntryId="a")
        assert bench.error("POST", entries, good, certificateMapEntryId="b")["code"] == 409
        moved = {"hostname": "other.example.com"}
        assert bench.error("PATCH", f"{entries}/a", moved, updateMask="hostname")["code"] == 400
        bench.raw(
            "PATCH", f"{entries}/a", {"description": "x", "certificates": own}, updateMask="certificates"
        )
        assert "description" not in bench.raw("GET", f"{entries}/a")


def test_references_come_back_with_the_projects_number_or_where_that_is_so_its_id() -> None:
    with certmanager() as bench:
        bench.authorize()
        bench.order(HOST)
        name = f"locations/global/dnsAuthorizations/{NAME}"
        assert bench.managed()["dnsAuthorizations"] == [f"projects/{NUMBER}/{name}"]
        bench.switch("certificate-references", "project-id")
        assert bench.managed()["dnsAuthorizations"] == [f"projects/acme-mail/{name}"]


def test_an_uploaded_certificate_is_read_and_its_key_never_shown() -> None:
    with certmanager() as bench:
        certificate, key = pem(HOST, "open.example.com")
        told = {"pemCertificate": certificate, "pemPrivateKey": key}
        bench.raw("POST", "certificates", {"selfManaged": told}, certificateId="mine")
        shown = bench.raw("GET", "certificates/mine")
        assert shown["sanDnsnames"] == [HOST, "open.example.com"]
        assert shown["expireTime"].startswith("2026-04-01")
        assert shown["pemCertificate"] == certificate
        assert key not in str(bench.sandbox.control("GET", "/state"))
        other = {**told, "pemPrivateKey": pem(HOST)[1]}
        error = bench.error("POST", "certificates", {"selfManaged": other}, certificateId="other")
        assert "do not match" in error["details"][0]["fieldViolations"][0]["description"]
        newer = pem("new.example.com")
        replaced = {"selfManaged": {"pemCertificate": newer[0], "pemPrivateKey": newer[1]}}
        bench.raw("PATCH", "certificates/mine", replaced, updateMask="self_managed")
        assert bench.raw("GET", "certificates/mine")["sanDnsnames"] == ["new.example.com"]


def test_lists_come_in_pages_and_through_filters() -> None:
    with certmanager() as bench:
        for number in range(5):
            labels = {"tdr": "acme-mail" if number % 2 else "other"}
            bench.raw("POST", "certificateMaps", {"labels": labels}, certificateMapId=f"m{number}")
        first = bench.raw("GET", "certificateMaps", pageSize=2)
        second = bench.raw("GET", "certificateMaps", pageSize=3, pageToken=first["nextPageToken"])
        names = [each["name"][-2:] for page in (first, second) for each in page["certificateMaps"]]
        assert names == ["m0", "m1", "m2", "m3", "m4"]
        assert "nextPageToken" not in second
        mine = bench.raw("GET", "certificateMaps", filter='labels.tdr = "acme-mail"')["certificateMaps"]
        assert [each["name"][-2:] for each in mine] == ["m1", "m3"]
        assert bench.raw("GET", "certificateMaps", filter="labels.none:*") == {}
        assert bench.error("GET", "certificateMaps", pageToken="?")["code"] == 400


def test_more_than_three_hundred_writes_a_minute_are_refused_until_the_next() -> None:
    with certmanager(world(project(rates={"certificatemanager.writes": 2}), dns=[zone()])) as bench:
        bench.raw("POST", "certificateMaps", {}, certificateMapId="a")
        bench.raw("POST", "certificateMaps", {}, certificateMapId="b")
        error = bench.error("POST", "certificateMaps", {}, certificateMapId="c")
        assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
        bench.advance(60)
        bench.raw("POST", "certificateMaps", {}, certificateMapId="c")


def test_a_missing_permission_is_named() -> None:
    allowed = ["certificatemanager.certs.*", "certificatemanager.dnsauthorizations.create"]
    with certmanager(world(project(permissions=allowed), dns=[zone()])) as bench:
        error = bench.error("GET", "certificateMaps")
        assert error["status"] == "PERMISSION_DENIED"
        assert "certificatemanager.certmaps.list" in error["message"]
        bench.raw("POST", "dnsAuthorizations", {"domain": HOST}, dnsAuthorizationId=NAME)
        name = f"{PARENT}/dnsAuthorizations/{NAME}"
        body = {"managed": {"domains": [HOST], "dnsAuthorizations": [name]}}
        error = bench.error("POST", "certificates", body, certificateId="a")
        assert "certificatemanager.dnsauthorizations.use" in error["message"]


def test_the_world_has_certificates_maps_and_entries_and_keeps_them_over_a_restart() -> None:
    manager = {
        "dns_authorizations": [{"name": NAME, "domain": HOST, "labels": LABELS}],
        "certificates": [
            {"name": NAME, "domains": [HOST], "dns_authorizations": [NAME]},
            {"name": "mine", "domains": ["*.example.com"], "uploaded": True},
            {"name": "given-up", "domains": ["old.example.com"], "state": "failed"},
        ],
        "maps": [{"name": "links", "entries": [{"name": NAME, "hostname": HOST, "certificates": [NAME]}]}],
    }
    with certmanager(
        world(project(certificate_manager=manager), dns=[zone(record("A", HOST, "192.0.2.9"))])
    ) as bench:
        assert bench.managed()["state"] == "ACTIVE"
        assert bench.managed("given-up")["state"] == "FAILED"
        assert bench.raw("GET", f"certificateMaps/links/certificateMapEntries/{NAME}")["state"] == "ACTIVE"
        kinds = ("dnsAuthorizations", "certificateMaps", "certificateMaps/links/certificateMapEntries")
        before = [bench.raw("GET", kind) for kind in kinds]
        vendor = bench.sandbox.kernel.vendors["google"]
        vendor.load(vendor.dump())
        assert [bench.raw("GET", kind) for kind in kinds] == before
        assert bench.managed()["state"] == "ACTIVE"
