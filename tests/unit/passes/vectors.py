"""The published test vectors: codes, key lists and instants with fixed keys, and the result each must have.

``write`` brings ``docs/pass-vectors.json`` to this version.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from codes.passes import paper
from codes.passes import token as tokens
from codes.passes.results import CheckResult, Detail
from tests.unit.passes.test_scanned import SPOILT, german
from tests.unit.passes.test_token import AT, KEY_ID, OTHER, SAID, SECRET, forged, list_text, published, token

FILE = Path(__file__).parents[3] / "docs" / "pass-vectors.json"
DAY = timedelta(days=1)
LISTS = {
    "current": list_text(),
    "retired": list_text(published(retired_at=AT - DAY)),
    "retired after": list_text(published(retired_at=AT)),
    "compromised": list_text(published(retired_at=AT, compromised_at=AT)),
    "of messages": list_text(published(use="message")),
    "six days old": list_text(published_at=AT - 6 * DAY),
    "eight days old": list_text(published_at=AT - 8 * DAY),
    "to come": list_text(published_at=AT + DAY),
}
PAPER_CLAIMS = {
    1: "510100",
    2: "ABCDEFGHIJKLMNOP",
    3: paper.PAPER_AUDIENCE,
    4: int((AT + 365 * DAY).timestamp()),
    6: int(AT.timestamp()),
}
Row = tuple[str, str, str, datetime, CheckResult | Detail]


def on_paper(**changes: Any) -> str:
    claims = PAPER_CLAIMS | {int(name.removeprefix("c")): value for name, value in changes.items()}
    return tokens.write_signed(claims, prefix=paper.PAPER_PREFIX, key_id=KEY_ID, sign=SECRET.sign)


def rows() -> Iterator[Row]:
    ok, none, part = CheckResult.OK, CheckResult.NOT_A_PASS, Detail.INCOMPLETE
    result: CheckResult | Detail
    genuine = token()
    for colour in tokens.COLOURS:
        yield (
            colour,
            token(replace(SAID, colour=colour)),
            "current",
            AT,
            ok if colour != "unknown" else CheckResult.UNKNOWN,
        )
    for name, seconds, result in (
        ("a little early", -5, ok), ("not yet", -6, CheckResult.NOT_YET_VALID), ("a little late", 64, ok),
        ("expired", 65, CheckResult.EXPIRED), ("a screenshot of yesterday", 86400, CheckResult.EXPIRED),
    ):  # fmt: skip
        yield name, genuine, "current", AT + timedelta(seconds=seconds), result
    for name, keys, result in (
        ("retired before", "retired", Detail.RETIRED_KEY), ("retired after", "retired after", ok),
        ("compromised", "compromised", Detail.COMPROMISED_KEY), ("a key of messages", "of messages", CheckResult.UNKNOWN_KEY),
        ("a list of six days", "six days old", ok), ("a list past its days", "eight days old", Detail.OLD_LIST),
        ("a list to come", "to come", Detail.LIST_TO_COME),
    ):  # fmt: skip
        yield name, genuine, keys, AT, result
    raw = tokens.decode(genuine.removeprefix(tokens.PREFIX))
    for name, text, result in (
        ("nothing", "", none), ("another code", "https://example.cn", none), ("only the prefix", tokens.PREFIX, part),
        ("another prefix", genuine.replace(tokens.PREFIX, "HC1:"), none), ("too long", tokens.PREFIX + "0" * 2000, part),
        ("a space and a line end", f" {genuine}\r\n", ok),
        ("a byte behind", tokens.PREFIX + tokens.encode(raw + b"\x00"), part),
        ("a byte in front", tokens.PREFIX + tokens.encode(b"\xf6" + raw), part),
        ("another spelling", tokens.PREFIX + tokens.encode(b"\xd8\x12" + raw[1:]), part),
        ("another tag", forged(tag=17), part), ("an unsigned header", forged(outer={1: -7}), part),
        ("no key", forged(header={1: -8}), Detail.UNKNOWN_ALGORITHM),
        ("ES256", forged(header={1: -7, 4: KEY_ID}), Detail.UNKNOWN_ALGORITHM),
        ("HMAC", forged(header={1: 5, 4: KEY_ID}), Detail.UNKNOWN_ALGORITHM),
        ("a critical header", forged(header={1: -8, 4: KEY_ID, 2: [99], 99: 1}), Detail.UNKNOWN_ALGORITHM),
        ("an unknown key", forged(header={1: -8, 4: b"nobody's"}), CheckResult.UNKNOWN_KEY),
        ("a key named in text", forged(header={1: -8, 4: "text"}), CheckResult.UNKNOWN_KEY),
        ("a forged signature", token(secret=OTHER), CheckResult.BAD_SIGNATURE),
        ("another city's name", forged(claims={1: "310000"}), Detail.WRONG_CITY),
        ("for a bank", forged(claims={3: "bank"}), Detail.WRONG_AUDIENCE),
        ("good for too long", forged(claims={4: int(AT.timestamp()) + 61}), part),
        ("good for no time", forged(claims={4: int(AT.timestamp())}), part),
        ("a time that is no whole number", forged(claims={4: 1e9}), part),
        ("a time beyond all", forged(claims={4: 10**30, 6: 10**30}), part),
        ("no colour there is", forged(claims={-70001: 7}), part), ("a colour that is true", forged(claims={-70001: True}), part),
        ("one claim more", forged(claims={99: "more"}), part),
        ("on paper", on_paper(), Detail.PAPER), ("on paper for too long", on_paper(c4=int((AT + 366 * DAY).timestamp())), part),
        ("on paper for gates", on_paper(c3="checkpoint"), Detail.WRONG_AUDIENCE),
        ("paper as a pass", on_paper().replace("HPP1:", tokens.PREFIX), part),
        ("a pass as paper", genuine.replace(tokens.PREFIX, "HPP1:"), part),
    ):  # fmt: skip
        yield name, text, "current", AT, result
    for name, text, result in spoilt(genuine):
        yield name, text, "current", AT, result
    yield "on paper, expired", on_paper(), "six days old", AT + 366 * DAY, CheckResult.EXPIRED


def spoilt(genuine: str) -> Iterator[tuple[str, str, CheckResult | Detail]]:
    """What a scanner, a keyboard or a clipboard made of a code."""
    for name, spoil in SPOILT.items():
        yield name, spoil(genuine), CheckResult.OK
    yield "a German keyboard, on paper", german(on_paper()), Detail.PAPER
    yield "a keyboard nobody knows", genuine.replace(":", "|"), Detail.KEYBOARD
    yield "cut off", genuine[:80], Detail.INCOMPLETE


def vectors() -> dict[str, Any]:
    found = []
    for name, text, keys, at, expected in rows():
        result = expected.result if isinstance(expected, Detail) else expected
        row = {
            "name": name,
            "token": text,
            "keys": keys,
            "at": at.isoformat(),
            "number": result.number,
            "result": result.value,
        }
        found.append({**row, "detail": expected.value if isinstance(expected, Detail) else None})
    return {"key_lists": {name: json.loads(text) for name, text in LISTS.items()}, "vectors": found}


def as_text() -> str:
    return json.dumps(vectors(), indent=1) + "\n"


def write() -> None:
    """``./run manage shell --command 'from tests.unit.passes.vectors import write; write()'``."""
    FILE.write_text(as_text(), encoding="utf-8")
