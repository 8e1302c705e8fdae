"""Every encrypted column and evidence file is re-encrypted with the present key; an interrupted re-encryption continues."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg2.extensions
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models, transaction
from pytest_django import Settings

from codes import re_encryption
from codes.key_rotation import rotate_keys
from codes.models import Evidence
from codes.re_encryption import encrypted_columns
from codes.reconcile import reconcile
from codes.review.evidence.files import USE
from regions.journal.models import JournalEntry
from regions.journal.record import record
from regions.keys import encryption
from regions.keys.models import Encrypted
from regions.tenancy import as_owner, in_city, in_city_as_owner
from tests.integration.constraints.cast import AT, Cast

Stored = tuple[Encrypted, str, str, str]
LATER = AT + timedelta(hours=1)
# Digests, hashes and signatures; a wrapped key is encrypted with the installation's own.
NOT_ENCRYPTED = {
    "address", "address_hash", "before_hash", "browser_hash", "call_hash", "code_hash", "digest", "digests", "fingerprint", "id_hash",
    "key_hash", "link_hash", "pass_hash", "phone_hash", "previous", "pseudonym_hash", "public_key", "reading",
    "secret_hash", "sha256", "signature", "token_hash", "wrapped",
}  # fmt: skip


def encrypted_models() -> list[type[Encrypted]]:
    return [model for model in apps.get_models() if issubclass(model, Encrypted)]


def test_no_column_of_bytes_is_forgotten() -> None:
    of_cities = [model for model in apps.get_models() if model._meta.app_label not in ("regions", "portal")]
    columns = {
        (model._meta.db_table, field.name)
        for model in of_cities
        for field in model._meta.get_fields()
        if isinstance(field, models.BinaryField)
    }
    known = {(one.table, one.name) for one in encrypted_columns()}
    assert known <= columns
    assert {name for _, name in columns - known} <= NOT_ENCRYPTED


# What a row needs besides for its encrypted columns to be filled.
BESIDES: dict[str, dict[str, Any]] = {
    "codes.Citizen": {"phone_hash": b"x"},
    "codes.PhoneNotice": {"receiver": "earlier"},
}


@pytest.fixture
def stored(owner: psycopg2.extensions.connection) -> list[Stored]:
    """Every encrypted column of every row filled, under one key: at least two rows of people."""
    with in_city("alpha"):
        for model in encrypted_models():
            label = model._meta.label
            Cast().make(label, **dict.fromkeys(model.encrypted, b"x"), **BESIDES.get(label, {}))
        Cast().make("codes.Evidence")
    rows: list[Stored] = []
    with as_owner(), in_city_as_owner("alpha"), transaction.atomic():
        for model in encrypted_models():
            for name, use in model.encrypted.items():
                for row in model._default_manager.exclude(**{name: None}):
                    plain = f"{name} {row.pk}"
                    anew = {name: encryption.encrypt(plain, use=use)}
                    model._default_manager.filter(pk=row.pk).update(**anew)
                    rows.append((row, name, use, plain))
        record("tested", by="tests", now=AT)
    return rows


def _keys_of(stored: list[Stored]) -> set[int]:
    found = set()
    for row, name, use, plain in stored:
        row.refresh_from_db()
        value = getattr(row, name)
        assert encryption.decrypt(value, use=use) == plain
        found.add(encryption.key_of(value))
    return found


def test_every_column_and_file_is_brought_under_the_key_in_use_and_a_broken_call_goes_on(
    stored: list[Stored], monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    with in_city("alpha"):
        file = Evidence.objects.get()
        path = settings.MEDIA_ROOT / "alpha" / file.name[:2] / file.name
        path.parent.mkdir(parents=True)
        path.write_bytes(encryption.encrypt("picture", use=f"{USE}:{file.name}"))
        (old,) = _keys_of(stored)
        rotate_keys(by="system", now=LATER)
        encryption.forget_cached_keys()
        new = encryption.data_key_in_use()
    monkeypatch.setattr(re_encryption, "ROWS_AT_ONCE", 1)
    replaced, calls = re_encryption._replace, iter(range(3))

    def replace(*told: Any) -> int:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return replaced(*told)

    monkeypatch.setattr(re_encryption, "_replace", replace)
    with pytest.raises(KeyboardInterrupt):
        call()
    with in_city("alpha"):
        assert _keys_of(stored) == {old, new}
    monkeypatch.setattr(re_encryption, "_replace", replaced)
    assert "evidence files: 1 encrypted anew" in call()
    with in_city("alpha"):
        assert _keys_of(stored) == {new}
        assert encryption.key_of(path.read_bytes()) == new
        assert encryption.decrypt(path.read_bytes(), use=f"{USE}:{file.name}") == "picture"
        told = JournalEntry.objects.filter(verb="keys.rows_encrypted_anew").values_list("data__column", flat=True)
        assert {*told} == {str(one) for one in encrypted_columns()}
        assert [one for one in map(str, reconcile({})) if one.startswith("sources_")] == []
    assert "\n0 values" in call()


def call() -> str:
    out = StringIO()
    call_command("rotate_keys", "--city", "alpha", "--re-encrypt", stdout=out)
    return out.getvalue()


def test_only_a_security_administrator_may(stored: list[Stored]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("rotate_keys", "--city", "alpha", "--re-encrypt", "--by", "nobody", stdout=StringIO())
    assert refused.value.returncode == 5
