"""Typed text is not lost: a citizen's answers in a form of several pages, and text typed and not sent, are kept for a day.

It is stored in the city's database, encrypted, under the citizen who typed it, so that it is there after signing in again, in any
language and browser. A page sends text while it is typed (``templates/components/keep.html``); refused forms are kept as well.
"""

import json
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, resolve
from django.utils import timezone

from codes.models import Citizen
from codes.models.kept_form import KEPT_FORM, KeptForm
from regions.keys.encryption import CannotDecrypt, decrypt, encrypt

KEPT_FOR = timedelta(days=1)
MOST_LETTERS = 20_000
# Not kept: the pressed button, and fields that the page creates again.
NEVER_KEPT = frozenset({"csrfmiddlewaretoken", "act", "number", "next", "kept-page"})


def _read(who: Citizen, place: str) -> dict[str, Any]:
    kept = KeptForm.objects.filter(kept_by=who.actor, place=place, kept_at__gt=timezone.now() - KEPT_FOR).first()
    try:
        return dict(json.loads(decrypt(bytes(kept.content_encrypted), use=KEPT_FORM))) if kept else {}
    except CannotDecrypt:  # its key was withdrawn meanwhile
        return {}


def _write(who: Citizen, place: str, content: dict[str, Any]) -> None:
    text = json.dumps(content)
    if len(text) > MOST_LETTERS:
        return
    sealed = encrypt(text, use=KEPT_FORM)
    row = KeptForm(kept_by=who.actor, place=place, content_encrypted=sealed, kept_at=timezone.now())
    # One statement: text sent while typing may arrive at the same time as the form, which drops the row.
    KeptForm.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["kept_by", "place"],
        update_fields=["content_encrypted", "kept_at"],
    )


def _drop(who: Citizen, place: str) -> None:
    KeptForm.objects.filter(kept_by=who.actor, place=place).delete()


class Draft:
    """The answers so far in one form of several pages. ``about`` separates the drafts about a guardian's dependants."""

    def __init__(self, who: Citizen, form: str, about: str) -> None:
        self._who = who
        self._place = f"{form}:{about}"
        self._read: dict[str, Any] | None = None

    @property
    def answers(self) -> dict[str, Any]:
        """The answers by page; empty if nothing was answered."""
        if self._read is None:
            self._read = _read(self._who, self._place)
        return dict(self._read)

    def keep(self, page: str, answer: Any) -> None:
        self.replace({**self.answers, page: answer})

    def forget(self, page: str) -> None:
        if page in self.answers:
            self.replace({name: answer for name, answer in self.answers.items() if name != page})

    def drop(self) -> None:
        _drop(self._who, self._place)
        self._read = {}

    def replace(self, answers: dict[str, Any]) -> None:
        _write(self._who, self._place, answers)
        self._read = answers


def typed_on(who: Citizen, path: str) -> dict[str, Any]:
    """Return what was typed on a page and not sent, as initial values of its form: a list where a field has several."""
    fields = _read(who, path)
    return {name: texts if len(texts) > 1 else texts[0] for name, texts in fields.items() if texts}


def keep_typed(who: Citizen, path: str, data: QueryDict) -> None:
    """Keep the fields of a page's form without empty ones."""
    fields = {name: [text for text in texts if text] for name, texts in data.lists() if name not in NEVER_KEPT}
    fields = {name: texts for name, texts in fields.items() if texts}
    if fields:
        _write(who, path, fields)


def after_post(request: HttpRequest, who: Citizen, response: HttpResponse) -> None:
    """Keep the fields of a form that was refused or to which a file was added, and drop those of an accepted form."""
    path = kept_page(request)
    if not path:
        return
    if response.status_code != 302 or (request.POST.get("act") == "add" and request.FILES):
        keep_typed(who, path, request.POST)
    else:
        _drop(who, path)


def kept_page(request: HttpRequest) -> str:
    """Return the citizen's page whose form this is if it keeps what is typed; empty for other forms."""
    path = request.POST.get("kept-page", "")
    try:
        found = resolve(path, getattr(request, "urlconf", None))
    except Resolver404:
        return ""
    return path if (found.url_name or "").startswith("citizen_") else ""
