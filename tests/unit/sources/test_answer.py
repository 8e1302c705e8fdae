"""Answers within bounds, and a source's words made safe to show."""

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.demo.stand_ins.big_data_faults import BOMB_BYTES, gzip_bomb
from regions.sources.connectors.answer import read_body, read_json, redact
from regions.sources.connectors.delivery import DeliveryInconsistent, SourceFault, SourceUnreachable

MEGABYTE = 1 << 20


class Chunks(httpx.SyncByteStream):
    """A body that arrives in pieces."""

    def __init__(self, body: bytes, size: int = 1000) -> None:
        self.body, self.size = body, size

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.body), self.size):
            yield self.body[start : start + self.size]


def answer(body: bytes, encoding: str | None = None) -> httpx.Response:
    headers = {} if encoding is None else {"Content-Encoding": encoding}
    return httpx.Response(200, headers=headers, stream=Chunks(body))


@pytest.mark.parametrize(("encoding", "pack"), [(None, bytes), ("identity", bytes), ("gzip", gzip.compress)])
def test_a_body_is_read_packed_or_not(encoding: str | None, pack: type[bytes]) -> None:
    body = json.dumps(list(range(50_000))).encode()
    assert read_body(answer(pack(body), encoding), MEGABYTE) == body


def test_a_body_may_not_exceed_its_limit() -> None:
    assert len(read_body(answer(b"x" * 1000), 1000)) == 1000
    with pytest.raises(DeliveryInconsistent) as fault:
        read_body(answer(b"x" * 1001), 1000)
    assert fault.value.reason == "too_large"


def test_a_gzip_bomb_never_unfolds() -> None:
    bomb = gzip_bomb()
    assert len(bomb) < MEGABYTE < BOMB_BYTES
    tracemalloc.start()
    try:
        with pytest.raises(DeliveryInconsistent) as fault:
            read_body(
                httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Chunks(bomb, len(bomb))), MEGABYTE
            )
        assert tracemalloc.get_traced_memory()[1] < 8 * MEGABYTE
    finally:
        tracemalloc.stop()
    assert fault.value.reason == "too_large"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"x", "br"),
        (zlib.compress(b"x"), "deflate"),
        (gzip.compress(b"x", mtime=0), "gzip, gzip"),
        (b"no gzip", "gzip"),
    ],
)
def test_other_packings_are_refused(body: bytes, encoding: str) -> None:
    with pytest.raises(DeliveryInconsistent) as fault:
        read_body(answer(body, encoding), MEGABYTE)
    assert fault.value.reason == "unknown_encoding"


def test_half_a_packed_body_may_be_whole_next_time() -> None:
    with pytest.raises(SourceUnreachable) as fault:
        read_body(answer(gzip.compress(bytes(range(256)) * 100)[:-20], "gzip"), MEGABYTE)
    assert fault.value.reason == "broken_off"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html></html>", "html_answer"),
        (b"  \n<!DOCTYPE html>", "html_answer"),
        (b"", "not_json"),
        (b'{"a": 1', "not_json"),
        (b'{"a": NaN}', "not_json"),
        (b'{"a": -Infinity}', "not_json"),
        (b'{"a": 1}{"b": 2}', "not_json"),
        (b"9" * 5000, "not_json"),
        (b'"' + b'\\"' * 500_000, "not_json"),
        (b"[" * 65 + b"]" * 65, "too_deep"),
        (b"[" * 1_000_000, "too_deep"),
        (b"[" + b"{}," * 100_000 + b"{}]", "too_deep"),
        (b"[" + b"1," * 100_000 + b"1]", "too_deep"),
    ],
)
def test_what_is_no_page_of_records_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(SourceFault) as fault:
        read_json(body, max_values=10_000)
    assert fault.value.reason == reason


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES, st.booleans())
def test_honest_json_is_read_as_it_is(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert read_json(text.encode(), max_values=10_000) == value


def test_brackets_inside_text_do_not_count() -> None:
    assert read_json(json.dumps(["[{" * 1000, '\\"[' * 1000]).encode(), max_values=10) == ["[{" * 1000, '\\"[' * 1000]


def test_undecodable_bytes_stay_visible_in_their_own_record() -> None:
    body = b'[{"full_name": "' + "张三".encode("gbk") + b'"}, {"full_name": "' + "李四".encode() + b'"}]'
    records = read_json(body, max_values=100)
    assert records[1] == {"full_name": "李四"}
    assert any("\ud800" <= character <= "\udfff" for character in records[0]["full_name"])


@pytest.mark.parametrize("spoilt", ["許".encode("gbk"), "珅許功蓋".encode("gb18030"), b"a\0b", b"a\tb\x1b"])
def test_a_spoilt_text_leaves_the_records_around_it_whole(spoilt: bytes) -> None:
    good = {"record_id": "2", "full_name": "李四", "detail": {"a": [1, "]"]}}
    body = b'[{"record_id": "1", "full_name": "' + spoilt + b'"}, ' + json.dumps(good).encode() + b"]"
    records = read_json(body, max_values=100)
    assert records[1] == good
    assert not records[0]["full_name"].isprintable()


def test_a_byte_order_mark_is_not_held_against_anyone() -> None:
    assert read_json(b"\xef\xbb\xbf[1]", max_values=10) == [1]


def test_words_of_a_source_are_short_printable_and_without_secrets() -> None:
    words = "no\r\nsuch\0app \x1b[31m\u202eS3CRET " + "11010519491231002X " + "x" * 1000
    shown = redact(words, ["s3cret", ""])
    assert len(shown) <= 200
    assert shown.isprintable()
    assert "s3cret" not in shown.lower()
    assert "1949" not in shown
    assert redact(None) == "None"
