"""The city's staff: who may do what, and making, changing and closing accounts. Nobody changes their own."""

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.db.models import Exists, OuterRef, Prefetch
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.official.staff_forms import NewAccountForm, RolesForm
from portal.staff_sign_in.resetting import reset_sign_in
from portal.web.access import StaffRequest, for_staff, own_or_404
from portal.web.keyset import keyset_page
from portal.web.refusing import attempt, refusals
from regions.proposals import require_role
from regions.staff.accounts import add_staff
from regions.staff.changes import change_roles, set_active
from regions.staff.models import Account, RoleGrant
from regions.staff.roles import Role


@require_safe
@for_staff(Role.SECURITY_ADMIN)
def staff_list(request: StaffRequest) -> HttpResponse:
    """Every account with its roles."""
    codes = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    held = RoleGrant.objects.filter(revoked_at__isnull=True).order_by("role")
    accounts = Account.objects.annotate(has_codes=Exists(codes)).prefetch_related(Prefetch("grants", held, "held"))
    page = keyset_page(
        accounts, by=["username"], after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    return render(request, "official/staff.html", {"page": page})


@require_safe
@for_staff(Role.SECURITY_ADMIN)
def account_page(request: StaffRequest, account_id: int) -> HttpResponse:
    """One account: its roles now and before, and what may be done with it."""
    account = own_or_404(Account.objects.all(), pk=account_id)
    return _page(request, account, RolesForm(initial={"roles": sorted(account.roles)}))


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.SECURITY_ADMIN)
def add_account(request: StaffRequest) -> HttpResponse:
    """A new account; its one-time password is on the page that answers, and nowhere else."""
    form = NewAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        with refusals(form, back=request.path):
            require_role(request.user.username, Role.SECURITY_ADMIN)
            account, password = add_staff(
                username=told["username"],
                full_name=told["full_name"],
                roles=told["roles"],
                by=request.user.username,
                now=timezone.now(),
            )
        if form.is_valid():
            return render(request, "official/staff_password.html", {"account": account, "password": password})
    return render(request, "official/staff_add.html", {"form": form})


@require_POST
@for_staff(Role.SECURITY_ADMIN)
def save_roles(request: StaffRequest, account_id: int) -> HttpResponse:
    """Other roles for the account."""
    account = own_or_404(Account.objects.all(), pk=account_id)
    form = RolesForm(request.POST)
    if form.is_valid():
        with refusals(form, back=request.path):
            change_roles(account.pk, roles=form.cleaned_data["roles"], by=request.user.username, now=timezone.now())
        if form.is_valid():
            messages.success(request, _("The roles are changed; they count from the next page on."))
            return redirect("official_account", account_id=account.pk)
    return _page(request, account, form)


@require_POST
@for_staff(Role.SECURITY_ADMIN)
def save_state(request: StaffRequest, account_id: int) -> HttpResponse:
    """Close the account, or open it again."""
    account = own_or_404(Account.objects.all(), pk=account_id)
    by, now, is_active = request.user.username, timezone.now(), request.POST.get("verb") == "open"
    back = reverse("official_account", args=[account.pk])
    done = attempt(request, lambda: set_active(account.pk, is_active=is_active, by=by, now=now), back=back)
    if done is not None:
        told = _("The account is open again.") if is_active else _("The account is closed; its sessions have ended.")
        messages.success(request, told)
    return redirect(back)


@require_POST
@for_staff(Role.SECURITY_ADMIN)
@sensitive_post_parameters()
def reset(request: StaffRequest, account_id: int) -> HttpResponse:
    """A lost phone or password: codes end, and a new one-time password is on the page that answers, and nowhere else."""
    account = own_or_404(Account.objects.all(), pk=account_id)
    by, now = request.user.username, timezone.now()
    back = reverse("official_account", args=[account.pk])
    done = attempt(request, lambda: reset_sign_in(account.pk, by=by, now=now), back=back)
    if done is None:
        return redirect(back)
    return render(request, "official/staff_password.html", {"account": done[0], "password": done[1]})


def _page(request: StaffRequest, account: Account, form: RolesForm) -> HttpResponse:
    context = {
        "account": account,
        "form": form,
        "grants": account.grants.order_by("-granted_at", "-pk"),
        "has_codes": Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).exists(),
        "is_own": account.pk == request.user.pk,
    }
    return render(request, "official/staff_account.html", context)
