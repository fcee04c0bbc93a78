"""What the API takes for a custom hostname: bodies checked, each refusal in the documented words.

docs: "Status codes - Custom hostnames" (1400 to 1449), "Hostnames over 64 characters" (1469), "Custom origin
server". Refused by the service but not here: reserved names such as example.com (1409, 1411, 1417, 1419),
since a sandbox has no others.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from providers.sandbox.contract import NotEmulated

from .answers import Refusal
from .saas_state import CAA_NAMES
from .state import Zone
from .traffic import record_for

TRY_AGAIN = "Check your input and try again."
SPECIAL = re.compile(r"[`~!@#$%^&()=+{}\[\]\\\s/:;'\",<>?|]")
HOSTNAME_MEMBERS = frozenset(
    {"hostname", "ssl", "custom_origin_server", "custom_origin_sni", "custom_metadata"}
)
SSL_MEMBERS = frozenset(
    {
        "method",
        "type",
        "settings",
        "bundle_method",
        "wildcard",
        "certificate_authority",
        "cloudflare_branding",
    }
)
UPLOADS = frozenset({"custom_certificate", "custom_key", "custom_csr_id", "custom_cert_bundle"})
ON_OFF = ("on", "off")
LONGEST_COMMON_NAME = 64


@dataclass(frozen=True, slots=True)
class Wanted:
    """The `ssl` member of a body; None: not said."""

    method: str
    type: str
    wildcard: bool | None
    bundle_method: str | None
    authority: str | None
    settings: Mapping[str, Any] | None
    branding: bool


def bad(code: int, message: str) -> Refusal:
    """A refusal of what was sent."""
    return Refusal(400, code, f"{message} {TRY_AGAIN}")


def members(body: Mapping[str, Any], *, creating: bool) -> None:
    """Refuse members that there are not."""
    allowed = HOSTNAME_MEMBERS if creating else HOSTNAME_MEMBERS - {"hostname"}
    if not set(body) <= allowed:
        raise bad(1400, "Unable to decode the JSON request body.")


def host(given: Any) -> str:
    """Give the hostname of a body, normalised."""
    if not isinstance(given, str):
        raise bad(1400, "Unable to decode the JSON request body.")
    if not given.isascii():
        raise bad(1408, "Custom hostnames with non-ASCII characters are not supported.")
    name = given.strip().lower().rstrip(".")
    if name.startswith("*."):
        raise Refusal(
            400,
            1448,
            "Custom hostnames with wildcards are not supported for certificates managed by Cloudflare. "
            "Review your input and try again.",
        )
    if not _plain(name):
        raise Refusal(400, 1407, _invalid("custom hostname"))
    if "." not in name:
        raise bad(1410, f"Unable to parse custom hostname - publicsuffix: invalid public suffix {name}.")
    return name


def _plain(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return 0 < len(name) < 256 and not SPECIAL.search(name) and all(name.split("."))
    return False


def _invalid(what: str) -> str:
    return (
        f"Invalid {what}. {what.capitalize()}s have to be smaller than 256 characters in length, cannot be "
        "IP addresses, cannot contain any special characters such as ``~`!@#$%^&*()=+{}[]\\"
    )


def origin(zone: Zone, given: Any, switch: Callable[[str], str]) -> str | None:
    """Give the custom origin server of a body: a proxied record of the zone, or none."""
    if given in (None, ""):
        return None
    if zone.plan_id != "enterprise" and switch("cloudflare.custom-origin-server") == "enterprise":
        raise Refusal(
            403, 1414, "Access to setting a custom origin server has not been granted for this zone."
        )
    name = given.strip().lower().rstrip(".") if isinstance(given, str) else ""
    if not name.isascii():
        raise bad(1416, "Custom origin hostnames with non-ASCII characters are not supported.")
    if "*" in name:
        raise bad(1420, "Wildcard custom origin hostnames are not supported.")
    if not _plain(name):
        raise Refusal(400, 1415, _invalid("custom origin hostname"))
    if not has_record(zone, name):
        raise bad(
            1421,
            "The custom origin hostname you specified does not exist on Cloudflare as a DNS record (A, AAAA "
            f"or CNAME) in your zone:{zone.id}.",
        )
    return name


def has_record(zone: Zone, name: str) -> bool:
    """Say whether the zone has a proxied record of this very name; wildcards do not count."""
    found = record_for(zone, name) if zone.holds(name) else None
    return found is not None and found.name == name


def sni(zone: Zone, given: Any) -> str | None:
    """Give the TLS name for the custom origin; docs: "SNI rewrites" needs an entitlement."""
    if given in (None, ""):
        return None
    if zone.plan_id != "enterprise":
        raise Refusal(403, 1414, "Access to setting a custom origin SNI has not been granted for this zone.")
    return str(given)


def metadata(zone: Zone, given: Any) -> dict[str, str] | None:
    """Give the custom metadata of a body, which is an addition to Enterprise."""
    if given is None or given == {}:
        return None
    if zone.plan_id != "enterprise":
        raise Refusal(403, 1413, "No custom metadata access has been allocated for this zone.")
    if not isinstance(given, Mapping):
        raise bad(1401, "Unable to encode the Custom Metadata as JSON.")
    return {str(key): str(value) for key, value in given.items()}


def ssl(zone: Zone, given: Any, switch: Callable[[str], str]) -> Wanted:
    """Give the `ssl` member of a body."""
    if not isinstance(given, Mapping) or not set(given) <= SSL_MEMBERS | UPLOADS:
        raise bad(1434, "The SSL attribute is invalid. Refer to the API documentation,")
    if set(given) & UPLOADS:
        raise NotEmulated("custom hostnames with uploaded certificates")
    if not given.get("method") or not given.get("type"):
        raise bad(1440, "Both validation type and validation method are required.")
    if given["method"] not in ("http", "email", "txt"):
        raise bad(
            1432, "The validation method is not supported. Only `http`, `email`, or `txt` are accepted."
        )
    if given["type"] != "dv":
        raise bad(1433, "The validation type is not supported. Only 'dv' is accepted.")
    if given.get("bundle_method", "ubiquitous") not in ("ubiquitous", "optimal", "force"):
        raise Refusal(
            400, 1449, "The request input bundle_method must be one of: ubiquitous, optimal, force."
        )
    return Wanted(
        method=given["method"],
        type=given["type"],
        wildcard=given.get("wildcard"),
        bundle_method=given.get("bundle_method"),
        authority=_authority(zone, given.get("certificate_authority"), switch),
        settings=None if given.get("settings") is None else settings(given["settings"]),
        branding=bool(given.get("cloudflare_branding")),
    )


def _authority(zone: Zone, given: Any, switch: Callable[[str], str]) -> str | None:
    """Give the chosen authority; "" is Cloudflare's own choice."""
    if given in (None, ""):
        return given if given is None else ""
    refused = switch("cloudflare.certificate-authority-choice") == "enterprise"
    if given not in CAA_NAMES or (refused and zone.plan_id != "enterprise"):
        raise bad(1434, "The SSL attribute is invalid. Refer to the API documentation,")
    return str(given)


def settings(given: Any) -> dict[str, Any]:
    """Give the TLS settings of a body."""
    if not isinstance(given, Mapping):
        raise bad(1434, "The SSL attribute is invalid. Refer to the API documentation,")
    for name, code in (("http2", 1422), ("tls_1_3", 1424), ("early_hints", 1434)):
        if given.get(name, "on") not in ON_OFF:
            raise bad(code, f"Invalid `{name}` setting. Only 'on' or 'off' is accepted.")
    if given.get("min_tls_version", "1.0") not in ("1.0", "1.1", "1.2", "1.3"):
        raise bad(1425, "Invalid `min_tls_version` setting. Only '1.0','1.1','1.2' or '1.3' is accepted.")
    if unknown := set(given) - {"http2", "tls_1_3", "early_hints", "min_tls_version", "ciphers"}:
        raise bad(1434, f"The SSL attribute is invalid ({min(unknown)}). Refer to the API documentation,")
    return dict(given)


def common_name(hosts: list[str], *, branding: bool) -> None:
    """Refuse names of which none fits into a certificate's common name."""
    if not branding and all(len(name) > LONGEST_COMMON_NAME for name in hosts):
        raise Refusal(
            400,
            1469,
            "Since no host is 64 characters or fewer, Cloudflare Branding is required. Please check your "
            "input and try again.",
        )
