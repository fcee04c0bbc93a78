"""ACM's operations. docs: AWS Certificate Manager API reference; user guide "Quotas"."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .acm_issuing import OWN_ZONES, settle
from .acm_state import TOKEN_S, YEAR_S, Certificate, digest
from .acm_views import EXTENDED_KEY_USAGES, ISSUED_STATUSES, KEY_USAGES, detail, summary
from .call import Answer, Call, Handler, Refusal

CERTIFICATES, CERTIFICATES_A_YEAR, NAMES, TAGS = 2500, 5000, 10, 50
LONGEST_COMMON_NAME = 64
DEFAULT_PAGE = 100
DEFAULT_KEY_TYPES = frozenset({"RSA_2048"})
KEY_ALGORITHMS = frozenset({"RSA_2048", "EC_prime256v1", "EC_secp384r1"})
REUSE = "aws.acm-token-reuse"
_ARN = re.compile(r"arn:aws:acm:([a-z0-9-]+):(\d{12}):certificate/([\w-]+)")


def request_certificate(call: Call) -> Answer:
    """RequestCertificate: a new certificate, or within an hour the one that the same token asked for."""
    acm, given = call.account.acm, call.params
    method = str(given.get("ValidationMethod", "EMAIL"))
    if "CertificateAuthorityArn" in given or method == "HTTP":
        raise Refusal(
            400, "InvalidParameterException", "The sandbox issues by DNS and email validation only."
        )
    algorithm = str(given.get("KeyAlgorithm", "RSA_2048"))
    if algorithm not in KEY_ALGORITHMS:
        raise Refusal(400, "InvalidParameterException", f"The key algorithm {algorithm} is not supported.")
    names = _names(call)
    tags = _tags(given.get("Tags", ()), {})
    asked = digest(method, algorithm, *names, *(f"{key}={value}" for key, value in sorted(tags.items())))
    token = f"{call.region}/{given['IdempotencyToken']}" if "IdempotencyToken" in given else ""
    if repeated := _repeated(call, token, asked):
        return Answer({"CertificateArn": repeated.arn})
    _within_quotas(call)
    certificate = Certificate(
        arn=acm.new_arn(call.region),
        names=names,
        created=call.now,
        method=method,
        key_algorithm=algorithm,
        tags=tags,
        options={
            "CertificateTransparencyLoggingPreference": "ENABLED",
            "Export": "DISABLED",
            **given.get("Options", {}),
        },
        token=token,
        asked=asked,
    )
    if own := [name for name in names if _is_amazons(name)]:
        certificate.failed, certificate.failure, certificate.refused = call.now, "DOMAIN_NOT_ALLOWED", own[0]
    acm.all[certificate.arn] = certificate
    acm.requests.append(call.now)
    return Answer({"CertificateArn": certificate.arn})


def _names(call: Call) -> tuple[str, ...]:
    given = (call.params["DomainName"], *call.params.get("SubjectAlternativeNames", ()))
    names = tuple(dict.fromkeys(name.lower().rstrip(".") for name in given))
    if len(names[0]) > LONGEST_COMMON_NAME:
        raise Refusal(
            400,
            "InvalidParameterException",
            f"The first domain name can be no longer than {LONGEST_COMMON_NAME} characters.",
        )
    if len(names) > call.account.quota("certificate_names", NAMES):
        raise Refusal(400, "LimitExceededException", "Certificate has too many domains.")
    return names


def _is_amazons(name: str) -> bool:
    return any(name == zone or name.endswith(f".{zone}") for zone in OWN_ZONES)


def _repeated(call: Call, token: str, asked: str) -> Certificate | None:
    """Give the certificate that this token stands for; what other arguments do is a switch."""
    acm = call.account.acm
    made = [c for c in acm.all.values() if token and c.token == token and call.now < c.created + TOKEN_S]
    same = [certificate for certificate in made if certificate.asked == asked]
    if made and not same and call.kernel.switch(REUSE) == "refused":
        raise Refusal(
            400,
            "InvalidParameterException",
            "The idempotency token was used with other parameters within the last hour.",
        )
    return same[-1] if same else None


def _within_quotas(call: Call) -> None:
    acm = call.account.acm
    year = call.account.quota("certificates_per_year", CERTIFICATES_A_YEAR)
    if sum(at > call.now - YEAR_S for at in acm.requests) >= year:
        raise Refusal(
            400,
            "LimitExceededException",
            f"Error: you have reached your limit of {year} certificates in the last year.",
        )
    here = sum(certificate.region == call.region for certificate in acm.all.values())
    if here >= call.account.quota("certificates", CERTIFICATES):
        raise Refusal(
            400,
            "LimitExceededException",
            "Cannot request more certificates in this account. Contact Customer Service for details.",
        )


def found(call: Call) -> Certificate:
    """Give the certificate that a call names, settled. Raises `Refusal`."""
    arn = str(call.params["CertificateArn"])
    parts = _ARN.fullmatch(arn)
    if parts is None:
        raise Refusal(400, "InvalidArnException", f"The certificate ARN {arn} is not valid.")
    certificate = call.account.acm.certificate(arn, call.now)
    if certificate is None or certificate.region != call.region:
        raise Refusal(400, "ResourceNotFoundException", f"Could not find certificate {arn}.")
    return certificate


def describe_certificate(call: Call) -> Answer:
    """DescribeCertificate."""
    certificate = found(call)
    return Answer({"Certificate": detail(call.account.acm, certificate, call.now)})


def get_certificate(call: Call) -> Answer:
    """GetCertificate: the PEM of what the edge serves."""
    certificate = found(call)
    if certificate.status(call.now) not in ISSUED_STATUSES or certificate.issued is None:
        raise Refusal(400, "RequestInProgressException", f"Certificate {certificate.arn} is not issued.")
    leaf, chain = call.account.acm.leaves.pem(certificate, call.now)
    return Answer({"Certificate": leaf, "CertificateChain": chain})


def delete_certificate(call: Call) -> Answer:
    """DeleteCertificate: refused while a distribution has it, and some minutes after."""
    certificate, acm = found(call), call.account.acm
    if tuple(acm.uses(certificate.arn, call.now)):
        text = f"Certificate {certificate.arn} in account {acm.number} is in use."
        raise Refusal(400, "ResourceInUseException", text)
    del acm.all[certificate.arn]
    return Answer()


def list_certificates(call: Call) -> Answer:
    """ListCertificates: of this region; RSA_2048 only, unless the filter names key types."""
    acm, given = call.account.acm, call.params
    if ("SortBy" in given) != ("SortOrder" in given):
        raise Refusal(400, "InvalidArgsException", "SortBy and SortOrder must be given together.")
    chosen = [c for c in acm.all.values() if c.region == call.region and _included(given, c)]
    for certificate in chosen:
        settle(acm, certificate, call.now)
    statuses = given.get("CertificateStatuses")
    chosen = [c for c in chosen if not statuses or c.status(call.now) in statuses]
    chosen.sort(key=_place, reverse=given.get("SortOrder") == "DESCENDING")
    start, size = _start(given, chosen), int(given.get("MaxItems", DEFAULT_PAGE))
    page = chosen[start : start + size]
    out: dict[str, Any] = {"CertificateSummaryList": [summary(acm, c, call.now) for c in page]}
    if start + size < len(chosen):
        out["NextToken"] = base64.b64encode(json.dumps(_place(page[-1])).encode()).decode()
    return Answer(out)


def _included(given: Mapping[str, Any], certificate: Certificate) -> bool:
    includes = given.get("Includes", {})
    origins = given.get("CertificateKeyPairOrigins") or ("AWS_MANAGED", "CUSTOMER_PROVIDED")
    origin = "CUSTOMER_PROVIDED" if certificate.type == "IMPORTED" else "AWS_MANAGED"
    extended = {name for name, _ in EXTENDED_KEY_USAGES} | {"ANY"}
    return (
        origin in origins
        and certificate.key_algorithm in (includes.get("keyTypes") or DEFAULT_KEY_TYPES)
        and set(includes.get("keyUsage", ())) <= {*KEY_USAGES, "ANY"}
        and set(includes.get("extendedKeyUsage", ())) <= extended
        and includes.get("exportOption") in (None, certificate.options.get("Export", "DISABLED"))
        and "managedBy" not in includes
    )


def _place(certificate: Certificate) -> tuple[float, str]:
    return certificate.created, certificate.arn


def _start(given: Mapping[str, Any], chosen: list[Certificate]) -> int:
    """Give where a page begins: after the place that its token names, whether that is still there or not."""
    if "NextToken" not in given:
        return 0
    try:
        created, arn = json.loads(base64.b64decode(given["NextToken"], validate=True))
        last = (float(created), str(arn))
    except (TypeError, ValueError) as error:
        raise Refusal(400, "InvalidArgsException", "The pagination token is not valid.") from error
    descending = given.get("SortOrder") == "DESCENDING"
    beyond = (
        n for n, each in enumerate(chosen) if (_place(each) < last if descending else _place(each) > last)
    )
    return next(beyond, len(chosen))


def add_tags(call: Call) -> Answer:
    """AddTagsToCertificate."""
    certificate = found(call)
    certificate.tags = _tags(call.params["Tags"], certificate.tags)
    return Answer()


def remove_tags(call: Call) -> Answer:
    """RemoveTagsFromCertificate: a tag with a value goes only where it has that value."""
    certificate = found(call)
    for tag in call.params["Tags"]:
        if "Value" not in tag or certificate.tags.get(tag["Key"]) == tag["Value"]:
            certificate.tags.pop(tag["Key"], None)
    return Answer()


def list_tags(call: Call) -> Answer:
    """ListTagsForCertificate."""
    return Answer({"Tags": [{"Key": k, "Value": v} for k, v in found(call).tags.items()]})


def _tags(given: Iterable[Mapping[str, str]], before: Mapping[str, str]) -> dict[str, str]:
    tags = dict(before)
    for tag in given:
        if tag["Key"].lower().startswith("aws:"):
            raise Refusal(400, "InvalidTagException", "Tag keys that begin with aws: are reserved.")
        tags[tag["Key"]] = tag.get("Value", "")
    if len(tags) > TAGS:
        raise Refusal(400, "TooManyTagsException", f"A certificate can have no more than {TAGS} tags.")
    return tags


HANDLERS: Mapping[str, Handler] = {
    "RequestCertificate": request_certificate,
    "DescribeCertificate": describe_certificate,
    "GetCertificate": get_certificate,
    "DeleteCertificate": delete_certificate,
    "ListCertificates": list_certificates,
    "AddTagsToCertificate": add_tags,
    "RemoveTagsFromCertificate": remove_tags,
    "ListTagsForCertificate": list_tags,
}
