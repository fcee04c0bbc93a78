"""Where certificates are on load balancers: forwarding rules that lead to proxies which hold them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .compute_state import Body, path_of
from .state import Project

PROXIES = "targetHttpsProxies"


@dataclass(frozen=True, slots=True)
class Frontend:
    """One forwarding rule to an HTTPS proxy."""

    address: str
    ports: tuple[int, ...]
    proxy: str  # its name

    @property
    def serves_https(self) -> bool:
        """Say whether port 443 is among its ports."""
        return 443 in self.ports


def map_of(proxy: Body) -> str:
    """Give the name of a proxy's certificate map; "" for none."""
    return str(proxy.get("certificateMap") or "").rpartition("/certificateMaps/")[2]


def proxies_with_map(project: Project, name: str, at: float) -> tuple[str, ...]:
    """Give the names of the HTTPS proxies that have a certificate map."""
    proxies = project.compute.bodies(PROXIES, at)
    return tuple(each for each, body in proxies.items() if map_of(body) == name)


def proxies_with_certificate(project: Project, name: str, at: float) -> tuple[str, ...]:
    """Give the names of the HTTPS proxies that serve a classic certificate: a map outdoes those."""
    end = f"/sslCertificates/{name}"
    return tuple(
        each
        for each, body in project.compute.bodies(PROXIES, at).items()
        if not map_of(body) and any(str(link).endswith(end) for link in body.get("sslCertificates") or ())
    )


def frontends(project: Project, at: float) -> Iterator[Frontend]:
    """Give all forwarding rules to HTTPS proxies."""
    for rule in project.compute.bodies("forwardingRules", at).values():
        before, found, proxy = str(rule.get("target") or "").rpartition(f"/{PROXIES}/")
        if before and found:
            first, _, last = str(rule.get("portRange") or "443-443").partition("-")
            ports = tuple(port for port in (80, 443, 8080) if int(first) <= port <= int(last or first))
            yield Frontend(str(rule.get("IPAddress") or ""), ports, proxy)


def of_map(project: Project, name: str, at: float) -> dict[str, list[Frontend]]:
    """Give a certificate map's frontends by the path of their proxy."""
    proxies = set(proxies_with_map(project, name, at))
    found: dict[str, list[Frontend]] = {}
    for frontend in frontends(project, at):
        if frontend.proxy in proxies:
            found.setdefault(path_of(project.id, PROXIES, frontend.proxy), []).append(frontend)
    return found


def addresses(project: Project, proxies: tuple[str, ...], at: float) -> tuple[frozenset[str], frozenset[str]]:
    """Give the addresses where these proxies are on port 443, and those where they are on others only."""
    mine = [each for each in frontends(project, at) if each.proxy in proxies]
    serving = frozenset(each.address for each in mine if each.serves_https)
    return serving, frozenset(each.address for each in mine) - serving
