"""Background jobs other than the daily job: an export, the opening of a city and the rehearsal of a draft."""

import tomllib
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from codes.opening_requests import ask_to_open, checked_bundle, confirm_opening
from codes.reports.export import FileFormat
from codes.reports.jobs import ask_for_export
from codes.reports.request import ReportName, ReportRequest
from codes.rule_sets import rehearsal_jobs
from codes.tasks import enqueue_export, enqueue_opening
from portal.official.tasks import enqueue_rehearsal
from regions.tenancy import in_city
from tests.faults.cities import RULE_MANAGER, Built
from tests.faults.plan import ASKED_IN, Kind
from tests.own_database import CITY_FILES

NEW_CITY = "west"
# Kind of fault → table of its jobs.
TABLES = {
    Kind.EXPORT: f"{ASKED_IN}.codes_exportjob",
    Kind.OPENING: "public.regions_cityopening",
    Kind.REHEARSAL: f"{ASKED_IN}.codes_draftrehearsal",
}


def ask_export(city: Built) -> None:
    with in_city(city.schema), transaction.atomic():
        request = ReportRequest(ReportName.CODES)
        job = ask_for_export(request, file_format=FileFormat.XLSX, by="system", now=timezone.now())
    enqueue_export(city.schema, job.pk)


def ask_rehearsal(city: Built) -> None:
    with in_city(city.schema):
        job = rehearsal_jobs.ask(city.draft, by=RULE_MANAGER, now=timezone.now())
    enqueue_rehearsal(city.schema, job.pk)


def ask_opening(city: Built) -> None:
    """Request the opening of a city with the settings of the tests' city beta, whose sources do not answer."""
    file = CITY_FILES / "beta.toml"
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    content["city"] |= {"schema": NEW_CITY, "host": f"{NEW_CITY}.localhost"}
    rules = {one["file"]: (CITY_FILES / one["file"]).read_text(encoding="utf-8") for one in content["rule_sets"]}
    opening = ask_to_open(checked_bundle(content, rules), schema=NEW_CITY, by="system", now=timezone.now())
    confirm_opening(opening.pk, by="operator:other", now=timezone.now())
    enqueue_opening(opening.pk)


ASK: dict[Kind, Callable[[Built], None]] = {
    Kind.EXPORT: ask_export,
    Kind.OPENING: ask_opening,
    Kind.REHEARSAL: ask_rehearsal,
}
