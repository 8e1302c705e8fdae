"""The portal and the small verifier for other people's gates give the published results, and neither takes what is no pass."""

import ast
import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import pytest

import health_code_verifier
from codes.passes.checking import check_off_line
from codes.passes.key_list import read_list
from codes.passes.results import BadPass, CheckResult
from codes.passes.token import PREFIX, SIGNS, decode, encode, verify_token
from health_code_verifier.command import main
from health_code_verifier.keys import BadKeyList as TheirBadKeyList
from health_code_verifier.keys import read_list as their_list
from health_code_verifier.verify import RESULTS, check_code
from health_code_verifier.verify import check as their_check
from tests.unit.passes.test_token import AT, KEYS, OTHER, forged, list_text, token
from tests.unit.passes.vectors import FILE, as_text

PUBLISHED = json.loads(FILE.read_text(encoding="utf-8"))
ROWS = PUBLISHED["vectors"]
GENUINE = token()
VERIFIER = Path(health_code_verifier.__file__).parent


def keys_text(row: dict[str, Any]) -> str:
    return json.dumps(PUBLISHED["key_lists"][row["keys"]])


def test_the_published_vectors_are_those_of_this_version() -> None:
    assert FILE.read_text(encoding="utf-8") == as_text(), "tests.unit.passes.vectors.write writes them"


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_both_give_the_published_result(row: dict[str, Any]) -> None:
    at = datetime.fromisoformat(row["at"])
    ours = check_off_line(row["token"], [read_list(keys_text(row))], at=at)
    theirs = their_check(row["token"], [their_list(keys_text(row))], at=at)
    expected = (row["number"], row["result"], row["detail"])
    assert (ours.result.number, ours.result.value, ours.detail) == expected
    assert (theirs.number, theirs.result, theirs.detail) == expected
    assert theirs.list_age == ours.list_age


def test_the_results_have_the_same_numbers() -> None:
    assert list(RESULTS) == [result.value for result in CheckResult]


def altered(dice: Random) -> str:
    text = list(GENUINE)
    for _ in range(dice.choice((1, 1, 1, 2, 5))):
        place = dice.randrange(len(text))
        act = dice.choice(("replace", "insert", "delete", "swap", "cut"))
        if act == "replace":
            text[place] = dice.choice(SIGNS + "abz_é")
        elif act == "insert":
            text.insert(place, dice.choice(SIGNS + "abz_é\u2003\n"))
        elif act == "delete" and len(text) > 1:
            del text[place]
        elif act == "swap":
            other = dice.randrange(len(text))
            text[place], text[other] = text[other], text[place]
        elif place:
            del text[place:]
    return "".join(text)


def changed_bytes(dice: Random) -> str:
    raw = bytearray(decode(GENUINE.removeprefix(PREFIX)))
    raw[dice.randrange(len(raw))] ^= dice.randrange(1, 256)
    return PREFIX + encode(bytes(raw))


def wrong_algorithm(dice: Random) -> str:
    (key_id,) = KEYS
    return forged(header={1: dice.choice(["none", dice.randrange(-7, 99), -65535]), 4: key_id})


def wrong_claims(dice: Random) -> str:
    claim = dice.choice((1, 2, 3, 4, 6, 7, -70001))
    return forged(claims={claim: dice.choice([None, [], {}, b"x", 2**70, -1, 3.5, dice.randrange(9, 10**6)])})


# How each kind is made, how many, and the numbers that they have among them.
MADE: dict[str, tuple[Callable[[Random], str], int, set[str]]] = {
    "altered": (altered, 4500, {"not_a_pass", "bad_signature", "unknown_key"}),
    "changed bytes": (changed_bytes, 1000, {"not_a_pass", "bad_signature", "unknown_key"}),
    "random bytes": (lambda dice: PREFIX + encode(dice.randbytes(dice.randrange(200))), 1000, {"not_a_pass"}),
    "random CBOR": (
        lambda dice: PREFIX + encode(b"\xd2\x84" + dice.randbytes(dice.randrange(120))),
        500,
        {"not_a_pass"},
    ),
    "a key of nobody": (lambda dice: token(secret=OTHER, key_id=dice.randbytes(8)), 500, {"unknown_key"}),
    "a foreign key under a known name": (lambda _dice: token(secret=OTHER), 500, {"bad_signature"}),
    "a wrong algorithm": (wrong_algorithm, 1000, {"bad_signature"}),
    "wrong claims": (wrong_claims, 500, {"not_a_pass"}),
    "expired": (lambda _dice: GENUINE, 250, {"expired"}),
    "to come": (lambda _dice: GENUINE, 250, {"not_yet_valid"}),
}
LATER = {"expired": 1, "to come": -1}


def unlike_genuine(make: Callable[[Random], str], dice: Random) -> str:
    while (text := make(dice)) == GENUINE:
        pass
    return text


def refusal_of(text: str, at: datetime) -> BadPass:
    try:
        verify_token(text, KEYS, at=at)
    except BadPass as refusal:
        return refusal
    raise AssertionError(text)


def test_ten_thousand_that_are_no_passes_have_a_number_each(record_property: Callable[[str, object], None]) -> None:
    dice, lists, tried = Random(45), [their_list(list_text())], dict.fromkeys(RESULTS, 0)
    assert sum(count for _make, count, _results in MADE.values()) == 10_000
    for kind, (make, count, results) in MADE.items():
        found = set()
        for _ in range(count):
            at = AT + timedelta(seconds=LATER.get(kind, 0) * dice.randrange(66, 10**7))
            text = make(dice) if kind in LATER else unlike_genuine(make, dice)
            ours, theirs = refusal_of(text, at), check_code(text, lists, at=at)
            # In bytes that nobody signed each stops at the first fault that its own reader of CBOR sees.
            if not kind.startswith(("altered", "changed", "random", "wrong claims")):
                assert (theirs.result, theirs.detail) == (ours.result, ours.detail), kind
            found |= {theirs.result, ours.result.value}
            tried[theirs.result] += 1
        assert found == results, kind
    assert tried["ok"] == 0
    record_property("figure", f"{sum(tried.values())} tokens refused by both, none accepted: {tried}")


def test_the_verifier_imports_nothing_but_the_standard_library_and_one_package() -> None:
    for file in VERIFIER.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                first = name.partition(".")[0]
                assert first in sys.stdlib_module_names | {"cryptography", "health_code_verifier"}, (
                    f"{file.name}: {name}"
                )


def test_the_command_answers_in_json_and_refuses_a_list_of_another_signer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "keys.json"
    file.write_text(list_text())
    given = ["--keys", str(file), "--at", AT.isoformat()]
    assert main([*given, token()]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["number"], said["result"], said["colour"], said["list_age_hours"]) == (0, "ok", "green", 0.0)
    monkeypatch.setattr("sys.stdin", StringIO("hello\n"))
    assert main([*given, "--pin", said["signed_by"][0], "-"]) == 6
    assert json.loads(capsys.readouterr().out)["result"] == "not_a_pass"
    assert main([*given, "--pin", "00" * 32, token()]) == 2
    assert "not pinned" in capsys.readouterr().err
    with pytest.raises(TheirBadKeyList):
        their_list(list_text().replace('"offline_days": 7', '"offline_days": 70'))
