"""Searching the journal by what pages show (names, titles, numbers, labels in either language) or by stored values."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms import DateField
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import override

from codes.intake.citizens import REF_LENGTH, REF_LETTERS
from codes.models import Case, Provider, Run
from codes.models.case import CASE_NUMBER
from codes.reports.request import bounds
from portal.auditor.journal_labels import SUBJECT_LABELS
from portal.auditor.report_labels import OF_CASES, titles_of
from portal.templatetags.page import ACTOR_LABELS
from regions.actors import CITIZEN_PREFIX, CITY_PREFIX, PROVIDER_PREFIX
from regions.journal.models import JournalEntry, JournalEntryQuerySet
from regions.places import place_meant
from regions.staff.models import Account

CITIZEN_REF = re.compile(rf"\bC[{REF_LETTERS}]{{{REF_LENGTH}}}\b")
# Pages show the user name as well if two people have the same name.
USER_NAME = re.compile(r"\(([^()]+)\)$")
# 2026年11月24日 · 2、分区 7
RUN_SHOWN = re.compile(r"(?P<day>[^·,，、]+?)(?: · (?P<sequence>\d{1,4}))?(?:[,，、] ?\D*(?P<partition>\d{1,6})\D*)?")
# A placeholder in a label after ``re.escape``.
ESCAPED_PLACEHOLDER = re.compile(r"\\\{\w+\\\}")


def search(wanted: Mapping[str, Any], *, in_a_city: bool) -> JournalEntryQuerySet:
    """Return the entries that match the form's values.

    ``in_a_city`` is ``False`` for the province's journal, which has no cases, sources or providers.
    """
    entries = JournalEntry.objects.all()
    if wanted["by"]:
        entries = entries.filter(by__in=_actors(wanted["by"].strip(), in_a_city=in_a_city))
    if wanted["verb"]:
        entries = entries.filter(verb=wanted["verb"])
    if wanted["subject"]:
        entries = _about(entries, wanted["subject"].strip(), in_a_city=in_a_city)
    span = bounds(wanted["first"], wanted["last"], zone=timezone.get_current_timezone())
    if span["from"]:
        entries = entries.filter(at__gte=span["from"])
    if span["until"]:
        entries = entries.filter(at__lt=span["until"])
    return entries


def _actors(shown: str, *, in_a_city: bool) -> set[str]:
    """Return the stored actors that pages show as ``shown``."""
    labelled = {f"{prefix}{name}" for prefix, name in _read_back(shown, ACTOR_LABELS)}
    refs = {f"{CITIZEN_PREFIX}{ref}" for ref in CITIZEN_REF.findall(shown.upper())}
    titled = Provider.objects.filter(Q(title_zh__iexact=shown) | Q(title_en__iexact=shown)) if in_a_city else ()
    providers = {f"{PROVIDER_PREFIX}{one.code}" for one in titled}
    return {shown, *_accounts(shown), *labelled, *refs, *providers, f"{CITY_PREFIX}{place_meant(shown)}"}


def _accounts(shown: str) -> set[str]:
    named = Account.objects.filter(full_name__iexact=shown).values_list("username", flat=True)
    return {*named, *USER_NAME.findall(shown)}


def _about(entries: JournalEntryQuerySet, shown: str, *, in_a_city: bool) -> JournalEntryQuerySet:
    """Return the entries about the subjects that pages show as ``shown``.

    The label of a kind alone matches all subjects of the kind.

    A citizen's entries include those about their cases; a case's include those about its rulings, suppressions and
    corrections.
    """
    labelled = dict(_read_back(shown, SUBJECT_LABELS, then=r"(?:\s+(.+))?"))
    if "" in labelled.values():
        of_kinds = (Q(subject=kind) | Q(subject__startswith=f"{kind}:") for kind in labelled)
        return entries.filter(reduce(or_, of_kinds))
    subjects = {shown, *(f"{kind}:{name}" for kind, name in labelled.items())}
    runs: list[str] = []
    refs, cases = CITIZEN_REF.findall(shown.upper()), set(CASE_NUMBER.findall(shown.upper()))
    names = [shown, *labelled.values()]
    for name in names:
        subjects |= {f"staff:{username}" for username in _accounts(name)}
    for language, _title in settings.LANGUAGES:
        with override(language):
            titles = titles_of([], in_a_city=in_a_city)
        subjects |= {f"{kind}:{code}" for kind, called in titles.items() for code in called if called[code] in names}
    if in_a_city:
        cases |= {*Case.objects.filter(citizen__ref__in=refs).values_list("number", flat=True)}
        runs = [run for name in names for run in _runs(name)]
        subjects |= {
            f"{kind}:{pk}"
            for kind, model in OF_CASES.items()
            for pk in model.objects.filter(case__number__in=cases).values_list("pk", flat=True)
        }
    subjects |= {f"citizen:{ref}" for ref in refs} | {f"case:{number}" for number in cases}
    of_runs = (Q(subject=run) if "/" in run else Q(subject=run) | Q(subject__startswith=f"{run}/") for run in runs)
    return entries.about(sorted(subjects)) | entries.filter(reduce(or_, of_runs, Q(pk__in=[])))


def _runs(shown: str) -> list[str]:
    """Return the stored subjects of the run, the partition or all runs of a day that pages show as ``shown``."""
    found = RUN_SHOWN.fullmatch(shown)
    day = _day(found["day"]) if found else None
    if found is None or day is None:
        return []
    runs = Run.objects.filter(day=day, **({"sequence": int(found["sequence"])} if found["sequence"] else {}))
    part = f"/{found['partition']}" if found["partition"] else ""
    return [f"run:{pk}{part}" for pk in runs.values_list("pk", flat=True)]


def _day(shown: str) -> date | None:
    for language, _title in settings.LANGUAGES:
        with override(language), suppress(ValidationError):
            return DateField().to_python(shown)
    return None


def _read_back(shown: str, labels: Mapping[str, str | Promise], *, then: str = "") -> Iterator[tuple[str, str]]:
    """Yield the stored prefix and the name for each label, in either language, that matches ``shown`` with a name in its placeholder."""
    for stored, label in labels.items():
        for language, _title in settings.LANGUAGES:
            with override(language):
                pattern = ESCAPED_PLACEHOLDER.sub("(.+)", re.escape(str(label))) + then
            if found := re.fullmatch(pattern, shown, re.IGNORECASE):
                yield stored, "".join(filter(None, found.groups()))
