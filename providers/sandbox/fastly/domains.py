"""To come."""

from __future__ import annotations

from .call import Route

ROUTES: tuple[Route, ...] = ()
