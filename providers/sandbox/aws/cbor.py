"""CBOR (RFC 8949) as far as Smithy's RPC v2 needs it: what the tagging API speaks to newer SDKs."""

from __future__ import annotations

import struct
from typing import Any

_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_BREAK = object()


def encoded(value: Any) -> bytes:
    """Spell JSON-like values; a float is a double."""
    match value:
        case None | True | False:
            made = bytes([0xE0 | {False: 20, True: 21, None: 22}[value]])
        case int():
            made = _head(0, value) if value >= 0 else _head(1, -1 - value)
        case float():
            made = b"\xfb" + struct.pack(">d", value)
        case bytes():
            made = _head(2, len(value)) + value
        case str():
            made = _head(3, len(value.encode())) + value.encode()
        case list() | tuple():
            made = _head(4, len(value)) + b"".join(encoded(item) for item in value)
        case _:
            made = _head(5, len(value)) + b"".join(encoded(k) + encoded(v) for k, v in value.items())
    return made


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    size = next(size for size in range(4) if number < 1 << (8 << size))
    return bytes([major << 5 | (24 + size)]) + number.to_bytes(1 << size, "big")


def decoded(data: bytes) -> Any:
    """Read one value. Raises ValueError."""
    reader = _Reader(data)
    value = reader.value()
    if value is _BREAK or reader.at != len(data):
        raise ValueError("not one CBOR value")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        taken = self.data[self.at : self.at + count]
        if len(taken) < count:
            raise ValueError("CBOR that ends too early")
        self.at += count
        return taken

    def value(self) -> Any:
        first = self.take(1)[0]
        major, extra = first >> 5, first & 31
        if major == 7:
            return self._simple(extra)
        if extra == 31:
            return self._unending(major)
        number = extra if extra < 24 else int.from_bytes(self.take(1 << (extra - 24)), "big")
        return self._counted(major, number)

    def _counted(self, major: int, number: int) -> Any:
        match major:
            case 0 | 1:
                value: Any = number if major == 0 else -1 - number
            case 2 | 3:
                value = self.take(number) if major == 2 else self.take(number).decode()
            case 4:
                value = [self.value() for _ in range(number)]
            case 5:
                value = {self.value(): self.value() for _ in range(number)}
            case _:  # a tag: of those that are sent, only "a time in unix seconds"
                value = self.value()
        return value

    def _simple(self, extra: int) -> Any:
        if extra == 31:
            return _BREAK
        if extra in _FLOATS:
            return struct.unpack(_FLOATS[extra], self.take(1 << (extra - 24)))[0]
        if extra in _SIMPLE:
            return _SIMPLE[extra]
        raise ValueError(f"no simple value of CBOR: {extra}")

    def _unending(self, major: int) -> Any:
        items: list[Any] = []
        while (item := self.value()) is not _BREAK:
            items.append(item)
        match major:
            case 2:
                return b"".join(items)
            case 3:
                return "".join(items)
            case 4:
                return items
            case 5:
                return dict(zip(items[::2], items[1::2], strict=True))
        raise ValueError("CBOR without an end")
