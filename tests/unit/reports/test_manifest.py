"""A manifest that was tampered with, or a file that was, is found without any database."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command

from codes.reports.manifest import SIGNATURE, Untrue, canonical, check, manifest_path

CITY_KEY = Ed25519PrivateKey.from_private_bytes(b"1" * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
CONTENT = b'\xef\xbb\xbf"day"\r\n"2026-11-24"\r\n'


def public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def sign(statement: dict[str, Any], key: Ed25519PrivateKey = CITY_KEY) -> dict[str, Any]:
    whole = {**statement, "public_key": public(key)}
    return {**whole, SIGNATURE: base64.b64encode(key.sign(canonical(whole))).decode()}


@pytest.fixture
def statement() -> dict[str, Any]:
    return {
        "report": "codes",
        "city": "chengdu",
        "filters": {"day": "2026-11-24"},
        "columns": ["day"],
        "rows": 1,
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "format": "csv",
        "identified": False,
        "made_at": "2026-11-24T10:00:00+08:00",
        "made_by": "李审计",
        "key_id": 4,
    }


@pytest.fixture
def file(tmp_path: Path, statement: dict[str, Any]) -> Path:
    exported = tmp_path / "codes.csv"
    exported.write_bytes(CONTENT)
    put(exported, sign(statement))
    return exported


def put(file: Path, manifest: object) -> None:
    manifest_path(file).write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")


def test_an_untouched_export_holds(file: Path) -> None:
    assert check(file)["rows"] == 1
    assert check(file, public_key=CITY_KEY.public_key().public_bytes_raw())["made_by"] == "李审计"


def test_the_order_and_the_layout_of_the_manifest_do_not_matter(file: Path, statement: dict[str, Any]) -> None:
    signed = sign(statement)
    manifest_path(file).write_text(json.dumps(dict(reversed(signed.items())), indent=7), encoding="ascii")
    assert check(file)["report"] == "codes"


@pytest.mark.parametrize("changed", [CONTENT + b" ", CONTENT[:-1], b"", CONTENT.replace(b"24", b"25")])
def test_a_changed_file_is_found(file: Path, changed: bytes) -> None:
    file.write_bytes(changed)
    with pytest.raises(Untrue, match="the file was changed"):
        check(file)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rows", 2),
        ("report", "cases"),
        ("city", "chongqing"),
        ("filters", {}),
        ("columns", []),
        ("made_by", "x"),
        ("made_at", "2026-11-25T10:00:00+08:00"),
        ("identified", True),
        ("key_id", 5),
        ("format", "xlsx"),
    ],
)
def test_a_changed_manifest_is_found(file: Path, statement: dict[str, Any], field: str, value: object) -> None:
    put(file, {**sign(statement), field: value})
    with pytest.raises(Untrue, match="changed after it was signed"):
        check(file)


def test_an_added_statement_is_found(file: Path, statement: dict[str, Any]) -> None:
    put(file, {**sign(statement), "approved_by": "nobody"})
    with pytest.raises(Untrue, match="changed after it was signed"):
        check(file)


def test_a_file_and_manifest_made_anew_are_found_by_whoever_knows_the_citys_key(
    file: Path, statement: dict[str, Any]
) -> None:
    file.write_bytes(b"forged")
    put(file, sign({**statement, "sha256": hashlib.sha256(b"forged").hexdigest()}, OTHER_KEY))
    assert check(file)["city"] == "chengdu"
    with pytest.raises(Untrue, match="another key"):
        check(file, public_key=CITY_KEY.public_key().public_bytes_raw())


def test_the_key_of_another_does_not_fit_the_signature(file: Path, statement: dict[str, Any]) -> None:
    put(file, {**sign(statement), "public_key": public(OTHER_KEY)})
    with pytest.raises(Untrue, match="changed after it was signed"):
        check(file)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "lacks report, city"),
    ],
)
def test_what_is_no_manifest_is_named(file: Path, content: str, told: str) -> None:
    manifest_path(file).write_text(content)
    with pytest.raises(Untrue, match=told):
        check(file)


@pytest.mark.parametrize(("field", "value"), [("public_key", "!"), ("public_key", "AAAA"), (SIGNATURE, 7)])
def test_a_key_or_signature_that_is_none_is_named(
    file: Path, statement: dict[str, Any], field: str, value: object
) -> None:
    put(file, {**sign(statement), field: value})
    with pytest.raises(Untrue, match=field):
        check(file)


def test_a_missing_manifest_or_file_is_named(file: Path) -> None:
    file.unlink()
    with pytest.raises(Untrue, match=r"codes\.csv"):
        check(file)
    manifest_path(file).unlink()
    with pytest.raises(Untrue, match=r"codes\.csv\.manifest\.json"):
        check(file)


def test_the_command_says_what_holds(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_export", str(file))
    said = capsys.readouterr().out
    assert "codes of chengdu, 1 rows" in said
    assert public(CITY_KEY) in said
    call_command("verify_export", str(file), "--public-key", public(CITY_KEY))
    assert "to be sure" not in capsys.readouterr().out


@pytest.mark.parametrize("key", [CITY_KEY, None])
def test_the_command_ends_with_6_and_says_what_is_wrong(file: Path, key: Ed25519PrivateKey | None) -> None:
    file.write_bytes(b"changed")
    options = ["--public-key", public(key)] if key else []
    with pytest.raises(CommandError, match="the file was changed") as ended:
        call_command("verify_export", str(file), *options)
    assert ended.value.returncode == 6


def test_a_public_key_that_is_none_is_refused(file: Path) -> None:
    with pytest.raises(CommandError, match="base64"):
        call_command("verify_export", str(file), "--public-key", "ä")
