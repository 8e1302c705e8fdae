"""Alarms: the list, and the page of one alarm with its figures, what its people have in common, and its acknowledgement."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import formats
from django.utils.dateparse import parse_date
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codes.models import Alarm, AlarmAcknowledgement, Provider, RuleSetVersion, SubjectKind
from codes.models.alarm import subject_in
from codes.sentinel import alarms as verbs
from portal.official.cases.forms import text_field
from portal.web.access import StaffRequest, for_staff
from portal.web.chart import DayChart, Series, day_chart
from portal.web.errors import attempt_and_return, submit
from portal.web.keyset import keyset_page
from regions.sources.models import Source
from regions.staff.models import Account
from regions.staff.roles import Role


class AcknowledgementForm(forms.Form):
    finding = forms.ChoiceField(
        label=gettext_lazy("What was it?"), widget=forms.RadioSelect, choices=AlarmAcknowledgement.Finding.choices
    )
    note = text_field(gettext_lazy("In words"))


@require_safe
@for_staff(*verbs.READERS)
def alarm_list(request: StaffRequest) -> HttpResponse:
    """Show the alarms that are not acknowledged, the most severe first, and the acknowledged ones below them."""
    page = keyset_page(Alarm.objects.exclude(state=Alarm.State.RAISED), request.GET, by=["-id"])
    context = {
        "standing": [_worded(alarm) for alarm in Alarm.objects.standing()],
        "page": page,
        "acknowledged": [_worded(alarm) for alarm in page.rows],
    }
    return render(request, "official/alarms/alarms.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(*verbs.READERS)
def alarm_page(request: StaffRequest, alarm_id: int) -> HttpResponse:
    """Show the alarm with a form that proposes to acknowledge it."""
    alarm = get_object_or_404(Alarm.objects.select_related("first_run", "last_run"), pk=alarm_id)
    form = AcknowledgementForm(request.POST if request.method == "POST" else None)

    def propose(data: dict[str, Any], **who: Any) -> None:
        verbs.propose(alarm.pk, finding=data["finding"], reason=data["note"], **who)

    if request.method == "POST":
        done = _("Proposed. The alarm stands until somebody of the other role confirms.")
        if sent := submit(request, form, propose, back=_address(alarm), done=done):
            return sent
    return _show(request, alarm, form)


@require_POST
@for_staff(*verbs.READERS)
def decide(request: StaffRequest, alarm_id: int, proposal_id: int) -> HttpResponse:
    """Confirm or send back the proposal as the second person, or withdraw it as the person who proposed it."""
    proposal = get_object_or_404(AlarmAcknowledgement, pk=proposal_id, alarm=alarm_id)
    back = _address(proposal.alarm)
    acts: dict[str, tuple[Callable[..., object], str]] = {
        "confirm": (verbs.confirm, _("The alarm is acknowledged.")),
        "send_back": (
            partial(verbs.send_back, reason=request.POST.get("reason", "")),
            _("Sent back; the alarm stands."),
        ),
        "withdraw": (verbs.withdraw, _("The proposal is taken back.")),
    }
    if chosen := acts.get(request.POST.get("verb", "")):
        act, done = chosen
        return attempt_and_return(request, act, proposal.pk, back=back, done=done)
    return redirect(back)


def _show(request: StaffRequest, alarm: Alarm, form: AcknowledgementForm) -> HttpResponse:
    proposals = list(alarm.acknowledgements.order_by("-pk"))
    waiting = next((one for one in proposals if one.state == "proposed"), None)
    is_standing = alarm.state == Alarm.State.RAISED
    role = next(role for role in verbs.READERS if role in request.roles)
    language = get_language() or "en"
    context = {
        **_worded(alarm),
        "is_standing": is_standing,
        "daily": _daily(alarm),
        "address": _subject_address(alarm.kind, alarm.key, role),
        "shared": [
            (SubjectKind(kind).label, subject_in(language, kind, key), people, _subject_address(kind, key, role))
            for kind, key, people in alarm.figures.get("shared", [])
        ],
        "waiting": waiting,
        "earlier": [one for one in proposals if one is not waiting],
        "form": form,
        "may_read_runs": role == Role.AUDITOR,
        "may_propose": is_standing and waiting is None,
        "may_decide": waiting is not None and waiting.proposed_as != role,
        "is_mine": waiting is not None and waiting.proposed_by == request.user.username,
    }
    return render(request, "official/alarms/alarm.html", context, status=422 if form.errors else 200)


def _worded(alarm: Alarm) -> dict[str, Any]:
    return {"alarm": alarm, "message": alarm.message_in(get_language() or "en")}


def _daily(alarm: Alarm) -> DayChart:
    days: Sequence[tuple[str, int]] = list(reversed(alarm.figures["days"]))
    labels = [formats.date_format(day, "MONTH_DAY_FORMAT") for text, _people in days if (day := parse_date(text))]
    return day_chart(_("People a day"), labels, [Series(_("People"), [people for _text, people in days])])


def _subject_address(kind: str, key: str, role: Role) -> str:
    """Return the address of a page about the subject that the role may read, or an empty string if there is none."""
    if kind == SubjectKind.BATCH:
        return reverse("official_batch", args=[int(key)])
    if kind in (SubjectKind.OFFICIAL, SubjectKind.PUBLISHER) and role == Role.SECURITY_ADMIN:
        account = Account.objects.filter(username=key).first()
        return reverse("official_account", args=[account.pk]) if account else ""
    if role != Role.AUDITOR:
        return ""
    match kind:
        case SubjectKind.OFFICIAL | SubjectKind.PUBLISHER:
            asked = {"by": key}
        case SubjectKind.SOURCE:
            asked = {"subject": f"source:{Source.objects.get(pk=key).code}"}
        case SubjectKind.PROVIDER:
            asked = {"subject": f"provider:{Provider.objects.get(pk=key).code}"}
        case SubjectKind.VERSION:
            asked = {"subject": f"rule_set:{RuleSetVersion.objects.select_related('rule_set').get(pk=key)}"}
        case _:
            return ""
    return f"{reverse('auditor_journal')}?{urlencode(asked)}"


def _address(alarm: Alarm) -> str:
    return reverse("official_alarm", args=[alarm.pk])
