"""AWS, emulated: CloudFront, ACM, Route 53, and of other services what tdr asks; one endpoint for all."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from providers.sandbox import MISSING_EXTRA
from providers.sandbox.contract import Emulator, SandboxError
from providers.sandbox.kernel import Kernel

from . import acm, cloudfront, edge, route53, world
from .account import Accounts, Key
from .api import Api
from .route53_dns import Served


class Aws:
    """The vendor, running: all accounts of the world behind one endpoint."""

    def __init__(self, kernel: Kernel, section: Any) -> None:
        """Read the world's section, bind the API, serve the zones."""
        for switch in (*acm.SWITCHES, *cloudfront.SWITCHES, *route53.SWITCHES, *edge.SWITCHES):
            kernel.register_switch(switch)
        if section and find_spec("botocore") is None:
            raise SandboxError(MISSING_EXTRA)
        self._accounts = Accounts(kernel)
        self._kernel = kernel
        self._exported = world.read(section or [], self._accounts)
        self._api = Api(kernel, self._accounts)
        self._zones = Served(kernel, self._accounts)
        self._zones.publish()
        self._edge = edge.Edge(kernel, self._accounts) if section else None

    def env(self) -> Mapping[str, str]:
        """Give the endpoint of all services, and the world's keys.

        Keys with a profile are in a file of their own. Nothing of the user's own AWS settings is read.
        """
        credentials = self._kernel.exported("aws-credentials", _profiles(self._exported))
        config = self._kernel.exported("aws-config", "")
        default = self._exported.get("")
        keys = {"AWS_ACCESS_KEY_ID": default.id, "AWS_SECRET_ACCESS_KEY": default.secret} if default else {}
        return {
            "AWS_ENDPOINT_URL": self._api.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
            "AWS_CONFIG_FILE": str(config),
            **keys,
        }

    def dump(self) -> Any:
        """Give the whole state; keys without their secrets."""
        return self._accounts.as_data()

    def load(self, state: Any) -> None:
        """Take the state that `dump` gave."""
        self._accounts.from_data(state)
        if self._edge is not None:
            self._edge.cache.clear()
        self._zones.publish()

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Change the state behind the APIs' back: see `world.patch`."""
        out = world.patch(self._accounts, changes)
        self._zones.publish()
        return out


def _profiles(keys: Mapping[str, Key]) -> str:
    """Give the text of a shared credentials file."""
    return "\n".join(
        f"[{profile}]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
        for profile, key in sorted(keys.items())
        if profile
    )


class _Emulator:
    """How the sandbox starts it."""

    name = "aws"

    def start(self, kernel: Kernel, section: Any) -> Aws:
        """Start with the world's section."""
        return Aws(kernel, section)


EMULATOR: Emulator = _Emulator()
