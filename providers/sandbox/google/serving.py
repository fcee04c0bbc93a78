"""What an address and a port lead to: forwarding rule, proxy, URL map; read at a moment."""

from __future__ import annotations

from dataclasses import dataclass

from .compute_state import Body
from .state import Google, Project


@dataclass(frozen=True, slots=True)
class Serving:
    """A load balancer's frontend at a moment. `secure`: the proxy speaks TLS."""

    project: Project
    rule: Body
    proxy: Body
    secure: bool
    url_map: Body
    at: float

    @property
    def certificates(self) -> tuple[Body, ...]:
        """The classic certificates on the proxy, as kept; none where a map is set, which outdoes them."""
        if self.certificate_map:
            return ()
        found = (self.find(link) for link in self.proxy.get("sslCertificates", ()))
        return tuple(body for body in found if body is not None)

    @property
    def certificate_map(self) -> str:
        """The name of the proxy's certificate map, empty for none."""
        return str(self.proxy.get("certificateMap", "")).rpartition("/")[2]

    @property
    def policy(self) -> Body | None:
        """The TLS policy of the proxy, None for Google's default."""
        link = self.proxy.get("sslPolicy")
        return self.find(link) if link else None

    def find(self, link: str) -> Body | None:
        """Give the resource that a URL names: a backend service, its endpoint group (``_endpoints``)."""
        return find(self.project, link, self.at)


def find(project: Project, link: str, at: float) -> Body | None:
    """Give the resource of this project that a URL names, as kept at a moment."""
    collection, _, name = link.rpartition("/global/")[2].partition("/")
    return project.compute.body(collection, name, at)


def serving(google: Google, address: str, port: int, at: float) -> Serving | None:
    """Give what answers at an address and port at a moment: None where no forwarding rule does."""
    for project in google:
        for rule in project.compute.bodies("forwardingRules", at).values():
            if rule.get("IPAddress") == address and rule.get("portRange") == f"{port}-{port}":
                return _through(project, rule, at)
    return None


def _through(project: Project, rule: Body, at: float) -> Serving | None:
    proxy = find(project, rule["target"], at)
    url_map = find(project, proxy["urlMap"], at) if proxy else None
    if proxy is None or url_map is None:
        return None
    return Serving(project, rule, proxy, "/targetHttpsProxies/" in rule["target"], url_map, at)
