"""The addresses of a city that answer GET, found from the portal's own table, and values for their arguments."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from urllib.parse import urlencode

from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from codes.models import (
    Alarm,
    BulkSuppression,
    Case,
    CityCorrection,
    DisplayItem,
    ExportJob,
    Fact,
    GateDevice,
    HeldGroup,
    IdentifiedExport,
    ProviderKey,
    ReplyTemplate,
    RuleSet,
    RuleSetDraft,
    Ruling,
    Run,
    SavedFilter,
    Suppression,
    Webhook,
)
from codes.reports.figures import FIGURED
from codes.reports.request import ReportName
from portal.web.access import Audience, audience_of
from regions.sources.models import Batch, Source, SourceChange
from regions.staff.models import Account, StaffChange

URLCONF = "portal.urls_city"
Fill = Callable[[Case], object]


def _group(case: Case) -> object:
    """Return the case's own group, or the first group: cases of one person have none."""
    grouped = Case.objects.filter(closed_at__isnull=True).exclude(group_key="")
    return case.group_key or grouped.values_list("group_key", flat=True).order_by("group_key")[0]


def _record(case: Case) -> object:
    """Return a record about the case's citizen."""
    return Fact.objects.filter(citizen=case.citizen_id).values_list("pk", flat=True).order_by("pk")[0]


def _latest(model: type[Model]) -> Fill:
    """Return a function that finds the row staged last."""
    return lambda _case: model._default_manager.latest("pk").pk


# By argument, or by the beginning of a page's name and argument.
FILLS: dict[tuple[str, str], Fill] = {
    ("", "number"): lambda case: case.number,
    ("", "run_id"): lambda _case: Run.objects.latest("pk").pk,
    ("", "key"): _group,
    ("", "fact_id"): _record,
    ("", "ruling_id"): lambda _case: Ruling.objects.filter(state="proposed").earliest("pk").pk,
    ("", "suppression_id"): lambda _case: Suppression.objects.filter(state="proposed").earliest("pk").pk,
    ("", "draft_id"): lambda _case: RuleSetDraft.objects.earliest("pk").pk,
    ("official_draft", "place"): lambda _case: 0,
    ("", "account_id"): lambda _case: Account.objects.earliest("pk").pk,
    ("", "batch_id"): lambda _case: Batch.objects.latest("pk").pk,
    ("", "alarm_id"): _latest(Alarm),
    ("", "bulk_suppression_id"): _latest(BulkSuppression),
    ("", "city_correction"): _latest(CityCorrection),
    ("", "device_id"): _latest(GateDevice),
    ("", "filter_id"): _latest(SavedFilter),
    ("", "group_id"): _latest(HeldGroup),
    ("", "identified_id"): _latest(IdentifiedExport),
    ("", "item_id"): _latest(DisplayItem),
    ("", "key_id"): _latest(ProviderKey),
    ("", "template_id"): _latest(ReplyTemplate),
    ("", "webhook_id"): _latest(Webhook),
    ("auditor_export", "name"): lambda _case: ExportJob.objects.latest("pk").name,
    ("official_source", "change_id"): _latest(SourceChange),
    ("official_staff", "change_id"): _latest(StaffChange),
    ("official_source", "code"): lambda _case: Source.objects.order_by("code")[0].code,
    ("official_rule_set", "code"): lambda _case: RuleSet.objects.order_by("code")[0].code,
    ("official_rule_set", "version"): lambda _case: 1,
}


def _together() -> str:
    """Return the query for the rulings proposed together with the first one."""
    first = Ruling.objects.filter(state="proposed").earliest("pk")
    return f"?{urlencode({'by': first.proposed_by, 'at': first.proposed_at.isoformat()})}"


# Queries without which a page shows a form, or nothing.
QUERIES: dict[str, Callable[[], str]] = {
    "auditor_report": lambda: "?show=1&first=&last=",
    "official_approve_together": _together,
}
# The form a page is sent if it shows its content only after a POST.
FORMS: dict[str, dict[str, str]] = {"official_find": {"text": "建国", "born_in": "1990"}}
# Arguments that take each of these values in turn.
EACH: dict[tuple[str, str], list[str]] = {
    ("auditor_report", "report"): list(ReportName),
    ("auditor_report_figures", "report"): list(FIGURED),
    ("citizen_declare_page", "page"): ["to", "symptoms", "contact", "stays", "arrival"],
    ("official_work_table", "table"): ["people", "offices", "causes", "places"],
    ("official_work_file", "table"): ["people"],
    ("official_work_file", "file_format"): ["csv"],
    ("guide", "audience"): ["citizen"],
}


@dataclass(frozen=True)
class Page:
    """An address that answers GET: its name, its audience, how its arguments are found, and fixed arguments."""

    name: str
    audience: Audience
    fills: Mapping[str, Fill]
    fixed: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The name, with the fixed arguments."""
        return " ".join([self.name, *self.fixed.values()])

    def path(self, case: Case) -> str:
        """Return the address about this case or its citizen."""
        filled = {name: fill(case) for name, fill in self.fills.items()}
        return reverse(self.name, urlconf=URLCONF, kwargs=filled | dict(self.fixed)) + QUERIES.get(self.name, str)()

    def open(self, browser: Client, path: str) -> HttpResponse:
        """Return the browser's response at the path."""
        form = FORMS.get(self.name)
        return browser.get(path) if form is None else browser.post(path, form)  # type: ignore[return-value]


def pages() -> tuple[list[Page], list[str]]:
    """Return the pages whose arguments can be filled in, and the names of the others.

    Of two addresses with the same name the shorter one is used: about oneself, not about a dependant.
    """
    found: dict[str, tuple[Audience, tuple[str, ...]]] = {}
    for pattern in _patterns(get_resolver(URLCONF).url_patterns):
        audience, arguments = audience_of(pattern.callback), tuple(pattern.pattern.converters)
        if audience is None or pattern.name is None:
            continue
        if pattern.name not in found or len(arguments) < len(found[pattern.name][1]):
            found[pattern.name] = (audience, arguments)
    looked_at: list[Page] = []
    without: list[str] = []
    for name, (audience, arguments) in found.items():
        each = {one: EACH[name, one] for one in arguments if (name, one) in EACH}
        fills = {one: fill for one in arguments if one not in each and (fill := _fill(name, one))}
        if len(fills) + len(each) < len(arguments):
            without.append(name)
            continue
        fixed = (dict(zip(each, values, strict=True)) for values in product(*each.values()))
        looked_at += [Page(name, audience, fills, values) for values in fixed]
    return looked_at, without


def _fill(name: str, argument: str) -> Fill | None:
    return next((fill for (start, of), fill in FILLS.items() if of == argument and name.startswith(start)), None)


def _patterns(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns)
        else:
            yield pattern
