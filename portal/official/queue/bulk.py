"""One action for all cases of a filter. The page shows their number, and asks to confirm again if it has changed."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from codes.models import Provider
from codes.review.cases.assign import bulk_assign
from codes.review.cases.move import BULK_LIMIT
from codes.review.cases.queue import CaseFilter, count_of
from codes.review.proposals.bulk_rulings import LIGHTER, BulkLine, BulkPreview, preview_many, propose_many
from codes.review.reasons import CARRIES, RulingReason
from codes.vocabulary import Colour
from portal.official.cases.forms import CHOOSE, OUTCOMES, EndDateField, GroupGroundsForm, choices_of
from portal.official.queue.filters import parse_filter_of_act, queue_address
from portal.official.queue.views import reviewers
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import form_refusals
from portal.web.widgets import SelectName
from regions.staff.roles import CASE_WORK, Role


class AssignAllForm(forms.Form):
    count = forms.IntegerField(widget=forms.HiddenInput)
    to = forms.ChoiceField(
        label=gettext_lazy("Give them to"),
        choices=lambda: [("", _("Choose …")), *((one.username, one.get_full_name()) for one in reviewers())],
        widget=SelectName,
        error_messages=CHOOSE,
    )


class ProposeAllForm(GroupGroundsForm):
    count = forms.IntegerField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        widget=forms.RadioSelect,
        choices=[(one.value, OUTCOMES[one.value]) for one in LIGHTER],
        error_messages=CHOOSE,
    )
    reason_code = forms.ChoiceField(
        label=gettext_lazy("Reason for the colour"),
        choices=choices_of(one for one in RulingReason if CARRIES[one] & {Colour.GREEN, Colour.YELLOW}),
        error_messages=CHOOSE,
    )
    expires_on = EndDateField()
    alike = forms.MultipleChoiceField(
        label=gettext_lazy("For whom"), error_messages={"required": gettext_lazy("Tick at least one line.")}
    )

    def __init__(self, *args: Any, preview: BulkPreview, **kwargs: Any) -> None:
        """Tick every line of the preview initially."""
        super().__init__(*args, **kwargs)
        keys = [line.likeness.key for line in preview.lines]
        self.fields["alike"].choices = [(key, key) for key in keys]  # type: ignore[attr-defined]  # a choice field
        self.initial["alike"] = keys


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(*CASE_WORK)
def assign_all(request: StaffRequest) -> HttpResponse:
    filters = parse_filter_of_act(request.GET)
    count = count_of(filters, now=timezone.now())
    form = AssignAllForm(request.POST or None, initial={"count": count})
    if request.method == "POST" and form.is_valid() and _same_number(form, count):
        with form_refusals(form, back=queue_address(filters)):
            done = bulk_assign(chosen=filters, to=form.cleaned_data["to"], by=request.user.username, now=timezone.now())
            messages.success(
                request, ngettext("%(n)s case assigned.", "%(n)s cases assigned.", done) % {"n": localize(done)}
            )
            return redirect(queue_address(filters))
    return _ask(request, "official/queue/assign_all.html", form, filters, count)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.REVIEWER)
def propose_all(request: StaffRequest) -> HttpResponse:
    """Propose one lighter colour for the cases of the ticked lines.

    The cases of a line are alike in everything that the page shows.
    """
    filters, now = parse_filter_of_act(request.GET), timezone.now()
    all_cases = count_of(filters, now=now)
    too_many = all_cases > BULK_LIMIT
    preview = BulkPreview([], 0) if too_many else preview_many(chosen=filters, by=request.user.username, now=now)
    count = sum(line.people[Colour.GREEN] for line in preview.lines)
    form = ProposeAllForm(request.POST or None, initial={"count": count}, preview=preview)
    if request.method == "POST" and form.is_valid() and _same_number(form, count):
        data = form.cleaned_data
        with form_refusals(form, back=queue_address(filters)):
            handled = propose_many(
                chosen=filters,
                colour=data["outcome"],
                reason_code=data["reason_code"],
                documents=form.references(),
                expires_on=data["expires_on"],
                by=request.user.username,
                now=now,
                reason=data["note"],
                alike=data["alike"],
            )
            done = ngettext(
                "%(n)s case proposed. A second official decides.",
                "%(n)s cases proposed. A second official decides.",
                handled.done,
            )
            messages.success(request, done % {"n": localize(handled.done)})
            if handled.skipped:
                messages.info(
                    request,
                    _("%(n)s were not proposed: not ticked, or for a look of their own.")
                    % {"n": localize(handled.skipped)},
                )
            return redirect(queue_address(filters))
    more = {"lines": _lines(preview, form), "left_out": preview.left_out, "all_cases": all_cases, "too_many": too_many}
    return _ask(request, "official/queue/propose_all.html", form, filters, count, **more)


def _lines(preview: BulkPreview, form: ProposeAllForm) -> list[dict[str, Any]]:
    """Return the preview's lines for the table, with the providers' names."""
    providers = {provider.code: provider for provider in Provider.objects.all()}
    ticked = set(form["alike"].value() or ())

    def shown(line: BulkLine) -> dict[str, Any]:
        return {
            "key": line.likeness.key,
            "is_ticked": line.likeness.key in ticked,
            "kind": line.likeness.kind,
            "causes": line.likeness.causes,
            "colours": [(providers[code], colour) for code, colour in line.likeness.colours if code in providers],
            "people": [(colour, line.people[colour]) for colour in LIGHTER],
        }

    return [shown(line) for line in preview.lines]


def _same_number(form: forms.Form, count: int) -> bool:
    """Return whether the number is still the one that the page showed. If not, the form asks to confirm the new number."""
    if form.cleaned_data["count"] == count:
        return True
    data = cast(QueryDict, form.data).copy()
    data["count"] = str(count)
    form.data = data
    form.add_error(
        None,
        _("The number has changed meanwhile: it is %(n)s now. Send again if that is right.") % {"n": localize(count)},
    )
    return False


def _ask(
    request: StaffRequest, template: str, form: forms.Form, filters: CaseFilter, count: int, **more: Any
) -> HttpResponse:
    context = {
        "form": form,
        "count": count,
        "filters": filters,
        "provider": Provider.objects.filter(code=filters.provider).first() if filters.provider else None,
        "back": queue_address(filters),
        "is_all": not filters.as_json(),
        "limit": BULK_LIMIT,
        **more,
    }
    return render(request, template, context, status=422 if form.errors else 200)
