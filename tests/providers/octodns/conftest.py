"""An account with one zone, for each test anew."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.providers.octodns.octodns_bench import ZONE, MemoryProvider, Vendor


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """The account behind all classes of these tests."""
    kept, MemoryProvider.vendor = MemoryProvider.vendor, Vendor()
    MemoryProvider.vendor.zones[ZONE] = {}
    MemoryProvider.vendor.put(ZONE, "NS", "ns1.vendor.example.", "ns2.vendor.example.")
    MemoryProvider.vendor.put("www.example.com", "A", "203.0.113.80")
    yield MemoryProvider.vendor
    MemoryProvider.vendor = kept
