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
from health_code_verifier.verify import RESULTS
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
    hint = None if row["result"] == "not_a_pass" and ours.detail in ("keyboard", "incomplete") else ours.detail
    assert (ours.result.number, ours.result.value, hint) == expected
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


MADE: dict[str, tuple[Callable[[Random], str], int]] = {
    "altered": (altered, 4500),
    "changed bytes": (changed_bytes, 1000),
    "random bytes": (lambda dice: PREFIX + encode(dice.randbytes(dice.randrange(200))), 1000),
    "random CBOR": (lambda dice: PREFIX + encode(b"\xd2\x84" + dice.randbytes(dice.randrange(120))), 500),
    "a foreign key": (lambda dice: token(secret=OTHER, key_id=dice.choice([*KEYS, dice.randbytes(8)])), 1000),
    "a wrong algorithm": (wrong_algorithm, 1000),
    "wrong claims": (wrong_claims, 500),
    "expired or to come": (lambda _dice: GENUINE, 500),
}


def refusal_of(text: str, at: datetime) -> BadPass:
    try:
        verify_token(text, KEYS, at=at)
    except BadPass as refusal:
        return refusal
    raise AssertionError(text)


def test_ten_thousand_that_are_no_passes_have_a_number_each(record_property: Callable[[str, object], None]) -> None:
    dice, lists, tried = Random(45), [their_list(list_text())], dict.fromkeys(RESULTS, 0)
    for kind, (make, count) in MADE.items():
        for _ in range(count):
            at = (
                AT + timedelta(seconds=dice.choice((-1, 1)) * dice.randrange(66, 10**7))
                if kind.startswith("exp")
                else AT
            )
            while (text := make(dice)).strip() == GENUINE and at == AT:
                pass
            theirs = their_check(text, lists, at=at)
            assert theirs.result != "ok", kind
            ours = refusal_of(text, at)
            assert 1 <= ours.result.number <= 9
            tried[theirs.result] += 1
            if kind in ("a foreign key", "a wrong algorithm", "expired or to come"):
                assert (theirs.result, theirs.detail) == (
                    ours.result.value,
                    getattr(ours.detail, "value", None),
                )
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
