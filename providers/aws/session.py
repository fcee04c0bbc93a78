"""One alias's way into AWS: credentials, clients, and who they belong to.

boto3's own chain finds the credentials. Its retries are off: pacing and repeating are the engine's.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar
from xml.etree import ElementTree

import boto3
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, PartialCredentialsError, ResponseStreamingError
from botocore.loaders import create_loader
from botocore.session import Session as CoreSession

from providers.aws.errors import Unreadable, request_id_of, translate
from providers.aws.names import STS, identity_of, provider_of
from reconciler.errors import InvalidRequest

if TYPE_CHECKING:
    from types_boto3_acm import ACMClient
    from types_boto3_cloudfront import CloudFrontClient
    from types_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient
    from types_boto3_route53 import Route53Client
    from types_boto3_sts import STSClient

    from reconciler.provider import Setting

T = TypeVar("T")
REGION: Final = "us-east-1"
"""Where CloudFront takes its certificates from, and where the global services are signed for."""

ROLE_SESSION_S: Final = 3600
"""The longest that every role allows, chained ones too (docs: AssumeRole)."""

_CONFIG: Final = Config(
    region_name=REGION,
    connect_timeout=10,
    read_timeout=60,
    retries={"total_max_attempts": 1, "mode": "standard"},
    max_pool_connections=32,
    user_agent_extra="tdr",
)
_LOADER: Final = create_loader()
"""The services' models, read once for all aliases: that is most of what a client costs (24 ms of 140)."""

_XML: Final = frozenset({"query", "rest-xml"})
_NO_REASON: Final = b"<ErrorResponse><Error><Code/><Message/></Error></ErrorResponse>"
"""What botocore finds no code and no reason in: it cannot read an empty body of every service."""

_NEEDED: Final = {"DescribeCertificate": "Certificate", "RequestCertificate": "CertificateArn"}
"""What nothing can be done without, though botocore's models do not say so."""

_FILES: Final = {"AWS_SHARED_CREDENTIALS_FILE": "credentials_file", "AWS_CONFIG_FILE": "config_file"}
_SERVICES: Final = {
    "acm": "ACM",
    "cloudfront": "CLOUDFRONT",
    "pricing-plan-manager": "PRICING_PLAN_MANAGER",
    "resourcegroupstaggingapi": "RESOURCE_GROUPS_TAGGING_API",
    "route53": "ROUTE_53",
    "sts": "STS",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose credentials these are: the account's number and the principal's ARN."""

    account: str
    arn: str

    @property
    def name(self) -> str:
        """What the account is known by in claims."""
        return identity_of(self.account)


class Clients:
    """The clients of one alias, each made once. Thread-safe, which boto3's sessions are not.

    Raises AuthError for a profile, keys or configuration files that cannot be used: most when made, what
    boto3 looks at later when a client is first asked for.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._lock = threading.RLock()
        self._clients: dict[str, Any] = {}
        self._identity: Identity | None = None
        self._role: DeferredRefreshableCredentials | None = None
        self._session: Any = self._told(self._opened)

    @property
    def acm(self) -> ACMClient:
        made: ACMClient = self._client("acm")
        return made

    @property
    def cloudfront(self) -> CloudFrontClient:
        made: CloudFrontClient = self._client("cloudfront")
        return made

    @property
    def pricing(self) -> Any:
        """The manager of flat-rate plans, for which there are no type stubs yet."""
        return self._client("pricing-plan-manager")

    @property
    def route53(self) -> Route53Client:
        made: Route53Client = self._client("route53")
        return made

    @property
    def tagging(self) -> ResourceGroupsTaggingAPIClient:
        made: ResourceGroupsTaggingAPIClient = self._client("resourcegroupstaggingapi")
        return made

    @property
    def sts(self) -> STSClient:
        made: STSClient = self._client("sts")
        return made

    def identity(self) -> Identity:
        """Tell whose credentials these are; asked once."""
        if self._identity is None:
            calls = self._setting.calls
            if self._role is not None:
                # Here a role that cannot be assumed is told as such, and the engine counts the call.
                calls(STS, "AssumeRole", self._role.get_frozen_credentials, repeatable=True)
            told = calls(STS, "GetCallerIdentity", self.sts.get_caller_identity, repeatable=True)
            self._identity = Identity(told["Account"], told["Arn"])
        return self._identity

    def close(self) -> None:
        """End all connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._told(partial(self._made, self._session, service))
            return self._clients[service]

    def _told(self, make: Callable[[], T]) -> T:
        """Make a session or a client: boto3 looks for credentials then, outside any call of the engine's."""
        try:
            return make()
        except BotoCoreError as error:
            meaning = translate(error)
            if meaning is None:
                raise
            meaning.provider = provider_of(self._setting.alias)
            raise meaning from error

    def _made(self, session: Any, service: str) -> Any:
        environ = self._setting.environ
        endpoint = environ.get(f"AWS_ENDPOINT_URL_{_SERVICES[service]}") or environ.get("AWS_ENDPOINT_URL")
        try:
            client = session.client(service, config=_CONFIG, endpoint_url=endpoint or None)
        except ValueError as error:
            raise InvalidRequest(
                f"{error}: write a whole URL into AWS_ENDPOINT_URL, or unset it",
                provider=provider_of(self._setting.alias),
            ) from error
        client.meta.events.register("before-parse", _refuse_fragments)
        return client

    def _opened(self) -> boto3.Session:
        """Make the session, with the credentials of the role where there is one."""
        base = _session(self._setting)
        role = self._setting.options.get("role_arn")
        if not role:
            return base
        asked = {"RoleArn": role, "RoleSessionName": f"tdr-{self._setting.owner}"}
        if "external_id" in self._setting.options:
            asked["ExternalId"] = self._setting.options["external_id"]
        self._role = DeferredRefreshableCredentials(
            refresh_using=partial(_assumed, self._made(base, "sts"), asked), method=_AssumedRole.METHOD
        )
        core = _core()
        core.register_component("credential_provider", CredentialResolver([_AssumedRole(self._role)]))
        return boto3.Session(botocore_session=core, region_name=REGION)


class _AssumedRole(CredentialProvider):
    """Where a session with a role has its credentials from."""

    METHOD = "assume-role"

    def __init__(self, credentials: DeferredRefreshableCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> DeferredRefreshableCredentials:
        return self._credentials


def _assumed(sts: STSClient, asked: Mapping[str, Any]) -> Mapping[str, str]:
    """Fetch credentials of the role, as botocore's refreshing wants them.

    They end by this machine's clock, not by that of AWS: one that is off would have them expired at once.
    """
    ends = datetime.now(UTC) + timedelta(seconds=ROLE_SESSION_S)
    given = sts.assume_role(DurationSeconds=ROLE_SESSION_S, **asked)["Credentials"]
    return {
        "access_key": given["AccessKeyId"],
        "secret_key": given["SecretAccessKey"],
        "token": given["SessionToken"],
        "expiry_time": ends.isoformat(),
    }


def _refuse_fragments(response_dict: dict[str, Any], operation_model: Any, **_: object) -> None:
    """Find unreadable what botocore would take for an empty answer, which is a list of nothing.

    It keeps JSON that does not parse as a message, and an empty body as no members. Of a failure that is
    told in words of a proxy's only the status counts.
    """
    body, status = response_dict["body"] or b"", response_dict["status_code"]
    headers = response_dict["headers"]
    if 0 < len(body) < _announced(headers):  # botocore asks its HTTP library not to look
        raise ResponseStreamingError(error=f"the answer ends after {len(body)} bytes")
    wrong = _wrong(body, operation_model)
    if status >= 300:
        if wrong:
            is_xml = operation_model.service_model.resolved_protocol in _XML
            response_dict["body"] = _NO_REASON if is_xml else b""
        return
    shape = operation_model.output_shape
    if body or shape is not None:
        wrong = wrong or _stranger(body, operation_model)
        if wrong:
            raise Unreadable(wrong, request_id_of(headers))


def _announced(headers: Mapping[str, str]) -> int:
    """Give the length that an answer said its body has; 0 where it said none."""
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


def _wrong(body: bytes, operation_model: Any) -> str:
    """Say what is wrong with a body in a protocol of AWS's; empty where it can be read."""
    protocol = operation_model.service_model.resolved_protocol
    if not body:
        return "it has no body"
    try:
        if protocol in _XML:
            root = ElementTree.fromstring(body)  # noqa: S314 - as botocore itself does next
            return "it is a web page" if root.tag.lower().endswith("html") else ""
        return "" if isinstance(json.loads(body), dict) else "its JSON is no object"
    except ElementTree.ParseError as error:
        return f"its XML ends or breaks: {error}"
    except ValueError as error:
        return f"its JSON ends or breaks: {error}"


def _stranger(body: bytes, operation_model: Any) -> str:
    """Say why a JSON object is no answer to what was asked; empty where it may be one."""
    if operation_model.service_model.resolved_protocol in _XML:
        return ""
    shape = operation_model.output_shape
    told = json.loads(body).keys()
    members = shape.members if shape else {}
    known = {member.serialization.get("name", name) for name, member in members.items()}
    if told and not told & known:
        return f"it has no member that {operation_model.name} answers with"
    needed = _NEEDED.get(operation_model.name, "")
    return f"it has no {needed}" if needed and needed not in told else ""


def _core() -> CoreSession:
    """Open one session of botocore, with the models that all share."""
    core = CoreSession()
    core.register_component("data_loader", _LOADER)
    return core


def _session(setting: Setting) -> boto3.Session:
    """Open boto3's chain as the alias and the environment that tdr was given say.

    A profile that the file names goes before keys of the environment, one of the environment after them.
    """
    environ = setting.environ
    core = _core()
    for variable, name in _FILES.items():
        if variable in environ:
            core.set_config_variable(name, environ[variable])
    profile = setting.options.get("profile")
    key = environ.get("AWS_ACCESS_KEY_ID")
    if not profile and key:
        secret = environ.get("AWS_SECRET_ACCESS_KEY")
        if not secret:
            raise PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY")
        core.get_scoped_config()  # raises for a profile of the environment that is not there
        return boto3.Session(
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=environ.get("AWS_SESSION_TOKEN"),
            botocore_session=core,
            region_name=REGION,
        )
    named = profile or environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE")
    session = boto3.Session(profile_name=named, botocore_session=core, region_name=REGION)
    core.get_scoped_config()  # raises for a profile that no file has, as the first client would
    if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        core.get_component("credential_provider").remove("iam-role")
    return session
