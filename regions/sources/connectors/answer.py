"""Reading what a stranger answered, within bounds: bytes, depth, number of values, and words that may be shown."""

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

from regions.sources.connectors.delivery import DeliveryInconsistent, SourceUnreachable

# Records are five levels deep in their detail, within record, list, data and answer; some slack lets a record that
# is too deep be quarantined by itself.
MAX_DEPTH = 64
SHOWN_CHARACTERS = 200
_PIECE_BYTES = 1 << 16
# A string (perhaps unended: the match must not start over inside it), or what opens, closes and separates values.
_MARK = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)
_NUMBER_OF_A_PERSON = re.compile(r"[0-9]{15,17}[0-9Xx]?")


def read_body(response: httpx.Response, max_bytes: int) -> bytes:
    """The body, unpacked piece by piece so that a small bomb never becomes a large one in memory.

    Raises DeliveryInconsistent (too_large, unknown_encoding), SourceUnreachable (broken_off).
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        pieces: Iterable[bytes] = response.iter_raw()
    elif encoding in ("gzip", "x-gzip"):
        pieces = _gunzip(response.iter_raw())
    else:
        raise DeliveryInconsistent("unknown_encoding")
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > max_bytes:
            raise DeliveryInconsistent("too_large")
    return bytes(body)


def read_json(body: bytes, *, max_values: int) -> Any:
    """The value, whose bytes that are no UTF-8 stay visible as lone surrogates: one bad name spoils one record only.

    Raises DeliveryInconsistent (html_answer, not_json, too_deep).
    """
    text = body.decode("utf-8-sig", errors="surrogateescape")
    if text.lstrip()[:1] == "<":
        raise DeliveryInconsistent("html_answer")
    _measure(text, max_values)
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        # Also numbers of thousands of digits, which Python refuses to convert.
        raise DeliveryInconsistent("not_json") from None


def clean(text: object, secrets: Iterable[str] = ()) -> str:
    """Words of a source made safe to show and log: short, printable, without our secrets or a person's number."""
    shown = str(text)[: 10 * SHOWN_CHARACTERS]
    for secret in secrets:
        if secret:
            shown = re.sub(re.escape(secret), "***", shown, flags=re.IGNORECASE)
    shown = _NUMBER_OF_A_PERSON.sub("***", shown)
    shown = "".join(character if character.isprintable() else " " for character in shown)
    return shown.strip()[:SHOWN_CHARACTERS]


def _gunzip(packed: Iterable[bytes]) -> Iterator[bytes]:
    """One gzip member in pieces of at most 64 KiB. Raises DeliveryInconsistent, SourceUnreachable."""
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    for chunk in packed:
        waiting = chunk
        while waiting and not unpacking.eof:
            try:
                yield unpacking.decompress(waiting, _PIECE_BYTES)
            except zlib.error:
                raise DeliveryInconsistent("unknown_encoding") from None
            waiting = unpacking.unconsumed_tail
    if not unpacking.eof:
        raise SourceUnreachable("broken_off")


def _measure(text: str, max_values: int) -> None:
    """Refuse, before anything is built, what would take much more memory than its text. Raises DeliveryInconsistent."""
    depth = values = 0
    for match in _MARK.finditer(text):
        mark = match.group()
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        elif mark != ",":
            continue
        values += 1
        if depth > MAX_DEPTH or values > max_values:
            raise DeliveryInconsistent("too_deep")


def _refuse_constant(name: str) -> None:
    """NaN and the infinities are Python's addition to JSON, and no source's to use. Raises ValueError."""
    raise ValueError(name)
