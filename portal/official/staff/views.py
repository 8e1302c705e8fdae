"""The city's staff: accounts and roles, and the acts that one security administrator may do alone.

Nobody changes their own account.
"""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from portal.mail import has_mail_server
from portal.official.staff.forms import RolesForm
from portal.official.tasks import enqueue_enrolment_link
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt, attempt_and_return, submit
from portal.web.keyset import keyset_page
from regions.staff.changes import close_account, propose_roles, send_again, withdraw_roles
from regions.staff.enrolment import is_enrolling
from regions.staff.models import Account, EnrolmentLink, RoleGrant, StaffChange
from regions.staff.roles import Role
from regions.tenancy import current_city


@require_safe
@for_staff(Role.SECURITY_ADMIN)
def staff_list(request: StaffRequest) -> HttpResponse:
    """List all accounts and the changes that wait for a second administrator."""
    held = RoleGrant.objects.filter(revoked_at__isnull=True).order_by("role")
    page = keyset_page(_accounts().prefetch_related(Prefetch("grants", held, "held")), request.GET, by=["username"])
    waiting = StaffChange.objects.waiting().filter(expires_at__gt=timezone.now()).order_by("proposed_at", "pk")
    return render(request, "official/staff/staff.html", {"page": page, "waiting": waiting})


@require_safe
@for_staff(Role.SECURITY_ADMIN)
def account_page(request: StaffRequest, account_id: int) -> HttpResponse:
    """Show one account: its present and former roles, and the possible actions."""
    account = get_object_or_404(_accounts(), pk=account_id)
    return _page(request, account, RolesForm(initial={"roles": sorted(account.roles)}))


@require_POST
@for_staff(Role.SECURITY_ADMIN)
def save_roles(request: StaffRequest, account_id: int) -> HttpResponse:
    """Withdraw roles at once if the form only removes some. Otherwise propose the change."""
    account = get_object_or_404(_accounts(), pk=account_id)
    form = RolesForm(request.POST)
    only_takes_away = set(request.POST.getlist("roles")) < account.roles
    withdrawn, proposed = (
        gettext("The roles are withdrawn; they count no more from the next page on."),
        gettext("Proposed. Another security administrator confirms; until then nothing changes."),
    )

    def save(data: dict[str, Any], **who: Any) -> None:
        if only_takes_away:
            withdraw_roles(account.pk, keep=data["roles"], **who)
        else:
            propose_roles(account.pk, roles=data["roles"], reason=data["note"], **who)

    back = reverse("official_account", args=[account.pk])
    response = submit(request, form, save, back=back, done=withdrawn if only_takes_away else proposed)
    return response or _page(request, account, form)


@require_POST
@for_staff(Role.SECURITY_ADMIN)
def close(request: StaffRequest, account_id: int) -> HttpResponse:
    account = get_object_or_404(Account, pk=account_id)
    back = reverse("official_account", args=[account.pk])
    done = gettext("The account is closed; its sessions have ended.")
    return attempt_and_return(request, close_account, account.pk, back=back, done=done)


@require_POST
@for_staff(Role.SECURITY_ADMIN)
def send_link_again(request: StaffRequest, account_id: int) -> HttpResponse:
    account = get_object_or_404(Account, pk=account_id)
    back = reverse("official_account", args=[account.pk])
    done = gettext("Another link is on its way to the account's address; the one before no longer works.")
    link = attempt(request, send_again, account.pk, back=back)
    if link is not None:
        enqueue_enrolment_link(current_city().schema_name, link.pk)
        messages.success(request, done)
    return redirect(back)


def _accounts() -> QuerySet[Account]:
    """Return the accounts annotated with their state of enrolment."""
    codes = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    links = EnrolmentLink.objects.open().filter(account=OuterRef("pk"))
    return Account.objects.annotate(has_codes=Exists(codes), has_link=Exists(links))


def _page(request: StaffRequest, account: Account, form: RolesForm) -> HttpResponse:
    now = timezone.now()
    context = {
        "account": account,
        "form": form,
        "grants": account.grants.order_by("-granted_at", "-pk"),
        "waiting": account.changes.waiting().filter(expires_at__gt=now).order_by("proposed_at", "pk"),
        "is_own": account.pk == request.user.pk,
        "is_enrolling": is_enrolling(account),
        "link": account.enrolment_links.open().first(),
        "has_mail_server": has_mail_server(),
        "now": now,
    }
    return render(request, "official/staff/account.html", context)
