"""Changes of staff that take two people: proposing one, its page, and the decision of another security administrator."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.official.staff.forms import NewAccountForm
from portal.official.tasks import enqueue_enrolment_link
from portal.templatetags.page import role_title
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt, form_refusals
from regions.staff import changes
from regions.staff.models import Account, ChangeKind, ChangeState, StaffChange
from regions.staff.roles import Role
from regions.tenancy import current_city

FIELDS: dict[str, str | Promise] = {
    "full_name": _("Name"),
    "office": _("Office"),
    "email": _("E-mail address"),
    "roles": _("Roles"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.SECURITY_ADMIN)
def add_account(request: StaffRequest) -> HttpResponse:
    """Propose a new account. It is created when another administrator confirms."""
    form = NewAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        reason = data.pop("note")
        with form_refusals(form, back=request.path):
            change = changes.propose_account(**data, reason=reason, by=request.user.username, now=timezone.now())
            return _proposed(request, change)
    return render(request, "official/staff/add.html", {"form": form})


@require_POST
@for_staff(Role.SECURITY_ADMIN)
def propose(request: StaffRequest, account_id: int) -> HttpResponse:
    """Propose a reset, another e-mail address, or the reopening of a closed account."""
    account = get_object_or_404(Account, pk=account_id)
    acts: dict[str, Callable[..., StaffChange]] = {
        ChangeKind.RESET: changes.propose_reset,
        ChangeKind.REOPENING: changes.propose_reopening,
        ChangeKind.EMAIL: partial(changes.propose_email, email=request.POST.get("email", "")),
    }
    act, back = acts.get(request.POST.get("kind", "")), reverse("official_account", args=[account.pk])
    reason = request.POST.get("reason", "")
    change = attempt(request, act, account.pk, reason=reason, back=back) if act else None
    return redirect(back) if change is None else _proposed(request, change)


@require_safe
@for_staff(Role.SECURITY_ADMIN)
def change_page(request: StaffRequest, change_id: int) -> HttpResponse:
    change = get_object_or_404(StaffChange.objects.select_related("account"), pk=change_id)
    is_open = change.state == ChangeState.PROPOSED
    is_expired = change.state == ChangeState.EXPIRED or (is_open and change.expires_at <= timezone.now())
    me = request.user.username
    context = {
        "change": change,
        "kind": ChangeKind(change.kind).label,
        "state": ChangeState.EXPIRED.label if is_expired else ChangeState(change.state).label,
        "rows": _rows(change),
        "may_decide": is_open and not is_expired and me not in (change.proposed_by, change.username),
        "may_withdraw": is_open and me == change.proposed_by,
        "is_open": is_open and not is_expired,
        "sends_link": change.kind in (ChangeKind.ACCOUNT, ChangeKind.RESET, ChangeKind.REOPENING),
    }
    return render(request, "official/staff/change.html", context)


@require_POST
@for_staff(Role.SECURITY_ADMIN)
def decide_change(request: StaffRequest, change_id: int) -> HttpResponse:
    change = get_object_or_404(StaffChange, pk=change_id)
    back = reverse("official_staff_change", args=[change.pk])
    acts: dict[str, Callable[..., StaffChange]] = {
        "confirm": changes.confirm,
        "refuse": partial(changes.refuse, reason=request.POST.get("reason", "")),
        "withdraw": changes.withdraw,
    }
    act = acts.get(request.POST.get("verb", ""))
    done = attempt(request, act, change.pk, back=back) if act else None
    if done is not None and done.state == ChangeState.CONFIRMED:
        _send_links(done)
        messages.success(request, gettext("Confirmed and in force."))
    return redirect(back)


def _proposed(request: StaffRequest, change: StaffChange) -> HttpResponse:
    messages.success(request, gettext("Proposed. Another security administrator confirms; until then nothing changes."))
    return redirect("official_staff_change", change_id=change.pk)


def _send_links(change: StaffChange) -> None:
    """Enqueue the enrolment links at once; the periodic sweep would send them within half a minute."""
    for link in change.account.enrolment_links.open().filter(sent_at__isnull=True) if change.account else []:
        enqueue_enrolment_link(current_city().schema_name, link.pk)


def _rows(change: StaffChange) -> list[tuple[str | Promise, str, str]]:
    """Return title, old and new value of each field.

    Unchanged values are included, because a reset shows the address to which the link is sent.
    """
    shown = [name for name in FIELDS if name in change.values]
    return [(FIELDS[name], _words(change.before.get(name)), _words(change.values[name])) for name in shown]


def _words(value: Any) -> str:
    if isinstance(value, list):
        return gettext(", ").join(role_title(one) for one in value)
    return str(value or "")
