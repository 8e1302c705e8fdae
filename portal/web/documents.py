"""A form for a document, and its encryption between two pages."""

import base64
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from regions.identity import BadIdentity, Identity, check_identity
from regions.keys.encryption import CannotDecrypt, decrypt, encrypt
from regions.vocabulary import IdType

USE = "document between two pages"


class DocumentForm(forms.Form):
    """Type and number of a document, which ``cleaned_data`` has as one ``identity``."""

    id_type = forms.ChoiceField(label=_("Kind of document"))
    id_number = forms.CharField(
        label=_("Document number"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["id_type"].choices = [(one.value, capfirst(str(one.label))) for one in IdType]  # type: ignore[attr-defined]
        self.fields["id_type"].initial = IdType.RESIDENT_ID.value

    def clean(self) -> dict[str, Any]:
        """Check the form of the number only, not whether anybody has it."""
        data = super().clean() or {}
        if "id_type" in data and "id_number" in data:
            try:
                data["identity"] = check_identity(data["id_type"], data["id_number"], today=timezone.localdate())
            except BadIdentity as bad:
                self.add_error("id_number", str(bad.reason.label))
        return data


def encrypt_identity(identity: Identity) -> str:
    """Encrypt an identity for the session, which must not contain a number in plain text."""
    return base64.b64encode(encrypt(f"{identity.id_type.value}:{identity.id_number}", use=USE)).decode()


def decrypt_identity(kept: str) -> Identity | None:
    """Decrypt what ``encrypt_identity`` returned. Return ``None`` for anything else."""
    try:
        kind, _sep, number = decrypt(base64.b64decode(kept), use=USE).partition(":")
    except (CannotDecrypt, ValueError):
        return None
    return Identity(IdType(kind), number)
