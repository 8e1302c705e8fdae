"""The city's staff: who may do what, and making, changing and closing accounts. Nobody changes their own."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.templatetags.page import role_title
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt, form_refusals, submit
from portal.web.keyset import keyset_page
from regions.journal.record import record
from regions.staff.accounts import add_staff, change_roles, new_password, set_active
from regions.staff.models import Account, RoleGrant
from regions.staff.roles import Role


class RolesForm(forms.Form):
    """``change_roles`` checks which roles exclude each other."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=lambda: [(role.value, role_title(role)) for role in Role],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("An auditor and an administrator hold no other role: system, security and audit are three people."),
    )


class NewAccountForm(RolesForm):
    username = forms.CharField(
        label=_("User name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    full_name = forms.CharField(
        label=_("Name"), max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    field_order = ("username", "full_name", "roles")


def reset_sign_in(account_id: int, *, by: str, now: datetime) -> tuple[Account, str]:
    """The account begins anew with a one-time password, told once. Raises ``Refused``.

    The codes do not end alone: whoever knew the password could then tie a phone of their own to the account.
    """
    with transaction.atomic():
        account, password = new_password(account_id, by=by, now=now)
        removed, _ = Authenticator.objects.filter(user=account).delete()
        if removed:
            record("staff.codes_reset", by=by, now=now, subject=f"staff:{account.username}")
    return account, password


@require_safe
@for_staff(Role.SECURITY_ADMIN)
def staff_list(request: StaffRequest) -> HttpResponse:
    codes = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    held = RoleGrant.objects.filter(revoked_at__isnull=True).order_by("role")
    accounts = Account.objects.annotate(has_codes=Exists(codes)).prefetch_related(Prefetch("grants", held, "held"))
    page = keyset_page(accounts, request.GET, by=["username"])
    return render(request, "official/staff/staff.html", {"page": page})


@require_safe
@for_staff(Role.SECURITY_ADMIN)
def account_page(request: StaffRequest, account_id: int) -> HttpResponse:
    """One account: its roles now and before, and what may be done with it."""
    account = get_object_or_404(Account, pk=account_id)
    return _page(request, account, RolesForm(initial={"roles": sorted(account.roles)}))


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.SECURITY_ADMIN)
def add_account(request: StaffRequest) -> HttpResponse:
    """A new account; its one-time password is shown in this response only."""
    form = NewAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        with form_refusals(form, back=request.path):
            account, password = add_staff(
                username=data["username"],
                full_name=data["full_name"],
                roles=data["roles"],
                by=request.user.username,
                now=timezone.now(),
            )
        if form.is_valid():
            return render(request, "official/staff/password.html", {"account": account, "password": password})
    return render(request, "official/staff/add.html", {"form": form})


@require_POST
@for_staff(Role.SECURITY_ADMIN)
def save_roles(request: StaffRequest, account_id: int) -> HttpResponse:
    account = get_object_or_404(Account, pk=account_id)
    form = RolesForm(request.POST)
    response = submit(
        request,
        form,
        lambda data, **who: change_roles(account.pk, roles=data["roles"], **who),
        back=reverse("official_account", args=[account.pk]),
        done=gettext("The roles are changed; they count from the next page on."),
    )
    return response or _page(request, account, form)


@require_POST
@for_staff(Role.SECURITY_ADMIN)
def save_state(request: StaffRequest, account_id: int) -> HttpResponse:
    account = get_object_or_404(Account, pk=account_id)
    is_active = request.POST.get("verb") == "open"
    back = reverse("official_account", args=[account.pk])
    done = attempt(request, set_active, account.pk, is_active=is_active, back=back)
    if done is not None:
        opened, closed = (
            gettext("The account is open again."),
            gettext("The account is closed; its sessions have ended."),
        )
        messages.success(request, opened if is_active else closed)
    return redirect(back)


@require_POST
@for_staff(Role.SECURITY_ADMIN)
@sensitive_post_parameters()
def reset(request: StaffRequest, account_id: int) -> HttpResponse:
    """For a lost phone or password: the codes end, and a new one-time password is shown in this response only."""
    account = get_object_or_404(Account, pk=account_id)
    back = reverse("official_account", args=[account.pk])
    done = attempt(request, reset_sign_in, account.pk, back=back)
    if done is None:
        return redirect(back)
    return render(request, "official/staff/password.html", {"account": done[0], "password": done[1]})


def _page(request: StaffRequest, account: Account, form: RolesForm) -> HttpResponse:
    context = {
        "account": account,
        "form": form,
        "grants": account.grants.order_by("-granted_at", "-pk"),
        "has_codes": Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).exists(),
        "is_own": account.pk == request.user.pk,
    }
    return render(request, "official/staff/account.html", context)
