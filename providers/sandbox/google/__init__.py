"""Google Cloud, emulated: Compute Engine's load balancers, Certificate Manager, Cloud DNS, and the edge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import Emulator
from providers.sandbox.kernel import Kernel

from . import access, certmanager, classic, clouddns, compute, control, edge, world
from .api import Api
from .oauth import OAuth
from .state import Google


class Running:
    """The vendor, running: all projects of the world behind one listener for each API."""

    def __init__(self, kernel: Kernel, section: Any) -> None:
        """Read the world's section, bind the APIs, serve zones and addresses."""
        self._kernel = kernel
        parts = (compute, classic, certmanager, clouddns, edge)
        for switch in (switch for part in parts for switch in part.SWITCHES):
            kernel.register_switch(switch)
        self._google, self._exported = world.read(section or [], kernel.now())
        self._tokens = access.Tokens()
        self._oauth = OAuth(kernel, lambda: self._google, self._tokens)
        self._api = Api(kernel, lambda: self._google, self._tokens)
        self._zones = clouddns.Served(kernel, lambda: self._google)
        self._api.on_write = self._zones.publish
        self._zones.publish()
        self._edge = edge.Edge(kernel, lambda: self._google) if section else None

    def env(self) -> Mapping[str, str]:
        """Give the APIs' endpoints, under gcloud's own names, and the key files of the world's accounts."""
        urls = self._api.urls
        prefix = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"
        files = {
            variable: self._kernel.exported(
                f"google-{project.id}.json", access.key_file(project, self._oauth.token_uri)
            )
            for variable, project in self._exported.items()
        }
        return {
            f"{prefix}COMPUTE": f"{urls['compute']}/compute/v1/",
            f"{prefix}DNS": f"{urls['dns']}/dns/v1/",
            f"{prefix}CERTIFICATEMANAGER": f"{urls['certificatemanager']}/",
            f"{prefix}IAMCREDENTIALS": f"{self._oauth.iam_url}/",
            "NO_GCE_CHECK": "true",
            **{variable: str(file) for variable, file in files.items()},
        }

    def dump(self) -> Any:
        """Give the whole state; keys and tokens are made anew at each start."""
        return self._google.as_data()

    def load(self, state: Any) -> None:
        """Take the state that `dump` gave."""
        self._google = Google.from_data(state)
        self._zones.publish()
        if self._edge is not None:
            self._edge.forget()

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Change the state behind the APIs' back: see `control`."""
        out = control.patch(self._google, self._tokens, changes, self._kernel.now())
        self._zones.publish()
        return out


class _Emulator:
    """How the sandbox starts it."""

    name = "google"

    def start(self, kernel: Kernel, section: Any) -> Running:
        """Start with the world's section."""
        return Running(kernel, section)


EMULATOR: Emulator = _Emulator()
