"""Labels of reports, their columns and cells. Exported files keep the names documented in ``docs/exports.md``."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, TextChoices, Value
from django.utils import timezone
from django.utils.formats import date_format, localize
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import get_language, gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from codes.models import CityCorrection, Neighbour, Provider, RuleSetVersion, Ruling, Run, Suppression
from codes.models.case import CaseState
from codes.models.displayed import DisplayCause
from codes.models.run import RunStep
from codes.reports.request import DataAge, ReportName
from codes.vocabulary import Because, Cause, State
from portal.auditor.journal_labels import action_choices, subject_label
from portal.templatetags.page import actor, gap, stored_day, titled, untranslated
from portal.templatetags.staff import BATCH_STATES, CASE_KINDS, REVIEW_REASONS
from regions.divisions import division_title
from regions.models import City
from regions.numbers import number_of
from regions.retention.classes import data_classes
from regions.sources.models import Source
from regions.tenancy import current_city
from regions.vocabulary import title_field


class ReportTitle(TextChoices):
    CODES = "codes", _("Codes")
    DISAGREEMENTS = "disagreements", pgettext_lazy("report title", "Disagreements")
    CASES = "cases", pgettext_lazy("report title", "Cases")
    APPEALS = "appeals", _("Appeals")
    JOURNAL = "journal", _("Journal")
    SOURCES = "sources", _("Deliveries of sources")
    WORK = "work", _("Work on cases")


class ReportLead(TextChoices):
    CODES = "codes", _("What every citizen was shown by every provider on a day.")
    DISAGREEMENTS = "disagreements", _("Who was shown different colours on a day, and why.")
    CASES = "cases", _("Cases by the day they were opened, and what was decided.")
    APPEALS = "appeals", _("Cases that a citizen asked for, and how they ended.")
    JOURNAL = "journal", _("Who did what and when, entry by entry, with the digests.")
    SOURCES = "sources", _("Every delivery of every source, and what became of it.")
    WORK = "work", _("Counts by day, person, office, cause and place: what came in, and what was decided in time.")


COLUMNS: dict[str, str | Promise] = {
    "day": _("Day"),
    "citizen_ref": pgettext_lazy("column", "Citizen"),
    "id_number": _("ID number"),
    "full_name": _("Name"),
    "provider": _("Provider"),
    "state": _("State"),
    "rule_codes": _("Rules"),
    "turns_green_on": pgettext_lazy("column", "Turns green on"),
    "rule_set": _("Rule set"),
    "rule_set_version": pgettext_lazy("column", "Rule-set version"),
    "horizon": pgettext_lazy("column", "Complete up to"),
    "colours": pgettext_lazy("column", "Colours"),
    "effective": _("Effective code"),
    "effective_because": _("Because of"),
    "pairs": _("Diagnosis"),
    "case_number": pgettext_lazy("column", "Case"),
    "case_state": _("State of the case"),
    "display": _("Displayed wrongly"),
    "number": pgettext_lazy("column", "Case"),
    "kind": _("Kind"),
    "severity": pgettext_lazy("column", "Most severe colour"),
    "opened_at": _("Opened"),
    "due_at": pgettext_lazy("column", "Due"),
    "paused_at": _("Paused since"),
    "escalated_at": pgettext_lazy("column", "Escalated"),
    "assigned_to": pgettext_lazy("column", "Assigned to"),
    "closed_at": _("Closed"),
    "outcome": _("Outcome"),
    "follows": pgettext_lazy("column", "Follows"),
    "appeal": _("Appeal"),
    "rulings": _("Rulings"),
    "seq": pgettext_lazy("column", "Number"),
    "at": _("At"),
    "by": pgettext_lazy("column", "By"),
    "verb": _("Act"),
    "subject": _("Subject"),
    "data": _("Content"),
    "digest": _("Digest"),
    "source": _("Source"),
    "cause": _("Primary cause"),
    "place": _("Place of the record"),
    "data_age": _("Age of the data"),
    "table": _("Table"),
    "language": _("Language of the headings"),
    "batch": _("Batch"),
    "since": _("Since"),
    "as_of": pgettext_lazy("column", "Complete up to"),
    "started_at": pgettext_lazy("column", "Began"),
    "received_at": pgettext_lazy("column", "Received"),
    "delivered": pgettext_lazy("column", "Delivered"),
    "accepted": pgettext_lazy("column", "Accepted"),
    "unchanged": _("Unchanged"),
    "quarantined": pgettext_lazy("column", "In quarantine"),
    "full": pgettext_lazy("column", "Full"),
    "late": pgettext_lazy("column", "Late"),
    "changed": pgettext_lazy("column", "Changed in place"),
    "missing": pgettext_lazy("column", "Missing"),
    "reason": pgettext_lazy("column", "Reason"),
    "message": _("Message"),
}
# The vocabulary of states depends on the report: "accepted" occurs for batches and for appeals.
STATES: dict[ReportName, Callable[[str], str]] = {
    ReportName.CODES: lambda state: str(State(state).label),
    ReportName.CASES: lambda state: str(CaseState(state).label),
    ReportName.APPEALS: lambda state: str(CaseState(state).label),
    ReportName.SOURCES: lambda state: str(BATCH_STATES[state]),
}
RULING_STATES: dict[str, Promise] = {
    "proposed": pgettext_lazy("state of a ruling", "proposed"),
    "approved": pgettext_lazy("state of a ruling", "approved"),
    "refused": pgettext_lazy("state of a ruling", "refused"),
    "withdrawn": pgettext_lazy("state of a ruling", "taken back"),
    "ended": pgettext_lazy("state of a ruling", "ended"),
}
# Columns whose cells are stored values with labels. Values without a label are shown as they are.
VOCABULARIES: dict[str, tuple[type[TextChoices], ...]] = {
    "severity": (State,),
    "effective": (State,),
    "effective_because": (Because,),
    "case_state": (CaseState,),
    "cause": (Cause,),
    "data_age": (DataAge,),
    "outcome": (State, *REVIEW_REASONS, CaseState),
    "colour": (State,),
    "reason_code": REVIEW_REASONS,
}

LONGEST_CELL = 80
# Number of subjects shown in the row of an act on many.
FIRST_SUBJECTS = 3
Titles = dict[str, dict[str, str]]


def column_title(column: str) -> str:
    return str(COLUMNS[column])


def report_title(report: str) -> str:
    return str(ReportTitle(ReportName(report).value).label)


TITLED: dict[str, type[Provider | Source]] = {"provider": Provider, "source": Source}
# Models that belong to a case, by the kind under which the journal names them.
OF_CASES: dict[str, type[Ruling | Suppression | CityCorrection]] = {
    "correction": CityCorrection,
    "ruling": Ruling,
    "suppression": Suppression,
}
# Columns whose cells name providers.
OF_PROVIDERS = frozenset({"colours", "pairs", "display", "appeal"})


def city_titles(columns: Iterable[str] = (*TITLED, "rule_set")) -> Titles:
    """Return the titles of the city's providers, sources and rule sets in the page's language, by code, for those that ``columns`` name.

    Rule sets without a title are left out. Versions are also keyed by the name that the journal uses for them.
    """
    wanted = {"provider" if column in OF_PROVIDERS else column for column in columns}
    title = title_field()
    rows: dict[str, QuerySet[Any, tuple[Any, ...]]] = {
        name: model.objects.values_list(Value(name), "code", title, Value(0)) for name, model in TITLED.items()
    }
    rows["rule_set"] = RuleSetVersion.objects.exclude(rule_set__title_zh="").values_list(
        Value("rule_set"), "rule_set__code", f"rule_set__{title}", "version"
    )
    titles: Titles = {name: {} for name in rows if name in wanted}
    for name, code, called, version in _at_once([rows[name] for name in titles]):
        titles[name][code] = called
        if version:
            named = gettext("{rule_set}, version {number}").format(rule_set=called, number=version)
            titles[name][f"{code}-{version}"] = named
    return titles


def _at_once(queries: Sequence[QuerySet[Any, tuple[Any, ...]]]) -> Iterable[tuple[Any, ...]]:
    """Return the rows of all queries, read in one query."""
    if not queries:
        return ()
    first, *others = (query.order_by() for query in queries)
    return first.union(*others, all=True)


def titles_of(subjects: Sequence[str], *, in_a_city: bool) -> Titles:
    """Return the titles of the subjects of journal entries, by kind and code.

    In a city, titles of other cities come from its own table of neighbours. The province has no runs, sources or
    providers.
    """
    cities: Sequence[City | Neighbour] = (
        [current_city(), *Neighbour.objects.exclude(schema_name="")]
        if in_a_city
        else list(City.objects.exclude(schema_name="public"))
    )
    titles = {
        "city": {city.schema_name: titled(city, "name") for city in cities},
        "data": {one.name: str(one.title) for one in data_classes()},
        "export": {report.value: str(report.label) for report in ReportTitle},
    }
    if not in_a_city:
        return titles
    return {**titles, "run": _run_titles(subjects), **_case_numbers(subjects), **city_titles()}


def _case_numbers(subjects: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the case numbers of rulings, suppressions and corrections, which pages show under the number of their case."""
    named = {kind: [int(one.partition(":")[2]) for one in subjects if one.startswith(f"{kind}:")] for kind in OF_CASES}
    rows = [
        OF_CASES[kind].objects.filter(pk__in=keys, case__isnull=False).values_list(Value(kind), "pk", "case__number")
        for kind, keys in named.items()
        if keys
    ]
    numbers: Titles = {}
    for kind, pk, number in _at_once(rows):
        numbers.setdefault(kind, {})[str(pk)] = number
    return numbers


def _run_titles(subjects: Sequence[str]) -> dict[str, str]:
    """Return the titles of runs, which are their day and number, and of partitions, which add the partition's number."""
    named = [subject.removeprefix("run:") for subject in subjects if subject.startswith("run:")]
    keys = {name: number_of(name.partition("/")[0]) for name in named}
    runs = Run.objects.in_bulk({key for key in keys.values() if key is not None})
    titles = {}
    for name in named:
        if run := runs.get(keys[name]):
            number = name.partition("/")[2]
            title = str(date_format(run.day, "DATE_FORMAT")) + (f" · {run.sequence}" if run.sequence > 1 else "")
            part = str(RunStep.PARTITION.label).format(number=number)
            titles[name] = f"{title}{gettext(', ')}{part}" if number else title
    return titles


def cell_label(report: ReportName, column: str, cell: Any, titles: Titles) -> str:
    """Return a cell as the page shows it: labels and titles, datetimes in the city's time zone, lists and objects shortened."""
    if cell is None or cell in ("", []):
        return "–"
    if column == "state":
        return STATES[report](cell)
    for vocabulary in VOCABULARIES.get(column, ()):
        if cell in {word.value for word in vocabulary}:
            return str(vocabulary(cell).label)
    if column == "kind":
        return str(CASE_KINDS[cell])
    if column == "verb":
        return dict(action_choices()).get(cell) or untranslated(cell)
    if column in ("assigned_to", "by", "decided_by", "proposed_by"):
        return actor(cell)
    if column == "subject":
        return _subjects(cell, titles)
    if column == "message":
        return str(cell)
    if column == "full":
        return gettext("Yes") if cell else gettext("No")
    if column in ("day", "turns_green_on", "tested_on", "expires_on"):
        return stored_day(str(cell))
    if column == "place":
        return division_title(cell, get_language() or "en")
    if column in titles and isinstance(cell, str):
        return titles[column].get(cell) or untranslated(cell)
    if column == "colours":
        providers = titles["provider"]
        return pgettext("between values", ", ").join(
            f"{providers.get(code, code)} {State(colour).label}" for code, colour in cell.items()
        )
    if column == "pairs":
        return pgettext("between values", ", ").join(_pair(pair, titles["provider"]) for pair in cell)
    if column == "display":
        return pgettext("between values", ", ").join(_displayed(found, titles["provider"]) for found in cell)
    if column.endswith(("_at", "horizon", "as_of")) or column in ("at", "since"):
        return date_format(timezone.localtime(datetime.fromisoformat(str(cell))), "DATETIME_FORMAT")
    if column == "appeal":
        return _together(report, cell, titles)
    if column == "rulings":
        return format_html_join(
            pgettext("between values", ", "), "{}", ((_together(report, one, titles),) for one in cell)
        )
    if isinstance(cell, dict):
        cell = ", ".join(f"{key} {value}" for key, value in cell.items() if value not in (None, "", [], {}))
    elif isinstance(cell, list):
        cell = ", ".join(map(str, cell))
    return untranslated(Truncator(cell).chars(LONGEST_CELL))


def subjects_shown(cell: str | list[str] | None) -> list[str]:
    """Return the subjects of a cell that are shown: the only one, or the first ones."""
    return [cell] if isinstance(cell, str) else (cell or [])[:FIRST_SUBJECTS]


def _subjects(cell: str | list[str], titles: Titles) -> str:
    shown = subjects_shown(cell)
    first = format_html_join(gettext(", "), "{}", ((subject_label(one, titles),) for one in shown))
    if isinstance(cell, str) or len(shown) == len(cell):
        return first
    return format_html("{}{}{} …", gettext("%(n)s in all:") % {"n": localize(len(cell))}, gap(), first)


def _together(report: ReportName, cells: Mapping[str, Any], titles: Titles) -> str:
    """Return the parts of an appeal or a ruling, each formatted like a cell of its own."""
    parts = (
        str(RULING_STATES[value]) if name == "state" else cell_label(report, name, value, titles)
        for name, value in cells.items()
        if value
    )
    return format_html_join(" · ", "{}", ((part,) for part in parts))


def _pair(pair: dict[str, Any], providers: Mapping[str, str]) -> str:
    a, b = (providers.get(pair[side], pair[side]) for side in ("a", "b"))
    return f"{a} – {b}{gettext(': ')}{Cause(pair['primary_cause']).label}"


def _displayed(found: dict[str, str], providers: Mapping[str, str]) -> str:
    provider = providers.get(found["provider"], found["provider"])
    return f"{provider} {found['value']}{gettext(': ')}{DisplayCause(found['cause']).label}"
