"""The part of CBOR (RFC 8949) that codes are written in, in its one shortest spelling: anything else is refused."""

from typing import Any

MAX_DEPTH = 4


class NotCbor(ValueError):
    """The bytes are no shortest spelling of what a code holds."""


class Tag:
    """A value with a tag."""

    def __init__(self, number: int, value: Any) -> None:
        self.number, self.value = number, value


def decode(raw: bytes) -> Any:
    """What the bytes say, all of them. Raises ``NotCbor``."""
    value, end = _item(raw, 0, 0)
    if end != len(raw):
        raise NotCbor("more behind the value")
    return value


def head(major: int, number: int) -> bytes:
    """The shortest head of an item."""
    if number < 24:
        return bytes([major << 5 | number])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | extra]) + number.to_bytes(size, "big")
    raise NotCbor("too large a number")


def byte_string(value: bytes) -> bytes:
    return head(2, len(value)) + value


def _item(raw: bytes, start: int, depth: int) -> tuple[Any, int]:
    if depth > MAX_DEPTH:
        raise NotCbor("too deep")
    major, number, end = _head(raw, start)
    if major in (0, 1):
        return (number if major == 0 else -1 - number), end
    if major in (2, 3):
        piece = raw[end : end + number]
        if len(piece) != number:
            raise NotCbor("cut off")
        try:
            return (piece if major == 2 else piece.decode()), end + number
        except UnicodeDecodeError as error:
            raise NotCbor("no text") from error
    if major == 6:
        value, end = _item(raw, end, depth + 1)
        return Tag(number, value), end
    if major not in (4, 5) or number > len(raw):
        raise NotCbor("a kind of value that no code holds")
    values = []
    for _ in range(number * (major - 3)):
        value, end = _item(raw, end, depth + 1)
        values.append(value)
    return (values if major == 4 else _map(values)), end


def _map(values: list[Any]) -> dict[Any, Any]:
    keys = values[::2]
    if not all(isinstance(key, int | str | bytes) for key in keys) or len(set(keys)) != len(keys):
        raise NotCbor("a key that is none, or is there twice")
    return dict(zip(keys, values[1::2], strict=True))


def _head(raw: bytes, start: int) -> tuple[int, int, int]:
    if start >= len(raw):
        raise NotCbor("cut off")
    major, extra = divmod(raw[start], 32)
    if extra < 24:
        return major, extra, start + 1
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(extra)
    piece = raw[start + 1 : start + 1 + (size or 0)]
    if size is None or len(piece) != size:
        raise NotCbor("cut off, or without a length")
    number = int.from_bytes(piece, "big")
    if head(major, number) != raw[start : start + 1 + size]:
        raise NotCbor("not the shortest spelling")
    return major, number, start + 1 + size
