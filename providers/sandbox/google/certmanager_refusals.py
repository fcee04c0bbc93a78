"""How Certificate Manager refuses.

Words as users of the API have been shown them, in public reports of Terraform's and Pulumi's providers
(hashicorp/terraform-provider-google issue 24742, pulumi/pulumi-google-native issue 462) and in Config
Connector's recordings; what none of them shows is worded after AIP-193.
"""

from __future__ import annotations

from .call import Refusal

_RPC = "type.googleapis.com/google.rpc"


def not_found(name: str) -> Refusal:
    """Refuse what is not there; `name` is whole."""
    return Refusal(404, "notFound", f"Resource '{name}' was not found")


def already_exists(name: str) -> Refusal:
    """Refuse a name that is taken."""
    return Refusal(409, "alreadyExists", f"Resource '{name}' already exists")


def invalid(field: str, description: str, message: str = "Validation failed") -> Refusal:
    """Refuse a request by one of its fields, spelt as in the protocol (``managed.dns_authorizations[0]``)."""
    violations = [{"field": field, "description": description}]
    details = ({"@type": f"{_RPC}.BadRequest", "fieldViolations": violations},)
    return Refusal(400, "badRequest", message, details=details)


def in_use(name: str, what: str) -> Refusal:
    """Refuse to delete what others use; `name` is whole, with the project's number."""
    violations = [{"type": "RESOURCE_STILL_IN_USE", "subject": name, "description": what}]
    details = ({"@type": f"{_RPC}.PreconditionFailure", "violations": violations},)
    return Refusal(400, "failedPrecondition", what, name="FAILED_PRECONDITION", details=details)


CERTIFICATE_IN_USE = "can't delete certificate that is referenced by a CertificateMapEntry or other resources"
MAP_IN_USE = "can't delete certificate map that is referenced by a target proxy"
MAP_NOT_EMPTY = "can't delete certificate map that contains certificate map entries"
AUTHORIZATION_IN_USE = "can't delete dns authorization that is referenced by a certificate"
