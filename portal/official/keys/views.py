"""API keys of providers: listing, issuing and revoking them, and replacing one while the old one still works.

A new key is shown only in the response to its form. It is not kept in the session or shown at another address.
"""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codes.intake import provider_keys as verbs
from codes.models import KeyState, Provider, ProviderKey, Scope
from portal.templatetags.page import titled
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt_and_return, form_refusals
from portal.web.keyset import keyset_page
from portal.web.widgets import DateInput
from regions.staff.roles import Role

OVERLAP = timedelta(days=7)
A_MOMENT = "%Y-%m-%dT%H:%M"


class RotateForm(forms.Form):
    """``old`` is the key that is replaced. The new key has the same scopes unless others are chosen."""

    old_until = forms.DateTimeField(
        label=_("The old key works until"),
        help_text=_("Until then both work, so that the provider can change over."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=A_MOMENT),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What the new key opens"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    until = forms.DateField(
        label=_("Last day of the new key"),
        help_text=_("Three years at most."),
        widget=DateInput(),
    )

    def lifetime(self, *, now: datetime) -> timedelta:
        return timezone.make_aware(datetime.combine(self.cleaned_data["until"], time.max)) - now


class IssueForm(RotateForm):
    old_until = None  # type: ignore[assignment]  # how a form drops a field
    provider = forms.ChoiceField(label=_("Whose key it is"), widget=forms.RadioSelect)
    seen = forms.IntegerField(widget=forms.HiddenInput)
    field_order = ("provider", "scopes", "until", "seen")

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        providers = Provider.objects.current().order_by("code")
        self.fields["provider"].choices = [(one.code, titled(one)) for one in providers]  # type: ignore[attr-defined]


@require_safe
@for_staff(Role.SYSTEM_ADMIN)
def keys(request: StaffRequest) -> HttpResponse:
    """List the keys in force by provider, including providers without a key, and below them the keys that no longer work."""
    now = timezone.now()
    standing = list(verbs.keys_in_force(now=now))
    holders = {key.provider_id for key in standing}
    ending = set(verbs.keys_ending(now=now).values_list("pk", flat=True))
    current = set(Provider.objects.current().values_list("pk", flat=True))
    earlier = ProviderKey.objects.select_related("provider").exclude(pk__in=[key.pk for key in standing])
    page = keyset_page(earlier, request.GET, by=["-id"])
    context = {
        "providers": [
            (
                one,
                one.pk in current,
                [(key, key.state_at(now), key.pk in ending) for key in standing if key.provider_id == one.pk],
            )
            for one in Provider.objects.filter(pk__in=current | holders).order_by("code")
        ],
        "page": page,
        "rows": [(key, key.state_at(now)) for key in page.rows],
    }
    return render(request, "official/keys/keys.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.SYSTEM_ADMIN)
@never_cache
def issue(request: StaffRequest) -> HttpResponse:
    """Issue a key. The provider may be preselected in the address."""
    initial = {
        "provider": request.GET.get("provider", ""),
        "scopes": list(verbs.ONLY_ENTRIES),
        "until": timezone.localdate() + verbs.LIFETIME - timedelta(days=1),
        "seen": verbs.newest_key(),
    }
    form = IssueForm(request.POST if request.method == "POST" else None, initial=initial)

    def issue_it(*, now: datetime, **who: Any) -> tuple[ProviderKey, str]:
        wanted = {name: form.cleaned_data[name] for name in ("provider", "scopes", "seen")}
        return verbs.issue_key(**wanted, lifetime=form.lifetime(now=now), now=now, **who)

    return _shown_once(request, form, issue_it, back=reverse("official_keys"))


@require_safe
@for_staff(Role.SYSTEM_ADMIN)
def key_page(request: StaffRequest, key_id: int) -> HttpResponse:
    key = get_object_or_404(ProviderKey.objects.select_related("provider"), pk=key_id)
    state = key.state_at(timezone.now())
    context = {
        "key": key,
        "state": state,
        "works": state in (KeyState.IN_FORCE, KeyState.REPLACED),
        "may_replace": state == KeyState.IN_FORCE,
    }
    return render(request, "official/keys/key.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.SYSTEM_ADMIN)
@never_cache
def rotate(request: StaffRequest, key_id: int) -> HttpResponse:
    """Issue a key that replaces this one. The old key works until the end of the overlap."""
    old = get_object_or_404(ProviderKey.objects.select_related("provider"), pk=key_id)
    overlap = timezone.now() + OVERLAP
    initial = {
        "old_until": min(overlap, old.expires_at or overlap),
        "scopes": old.scopes,
        "until": timezone.localdate() + verbs.LIFETIME - timedelta(days=1),
    }
    form = RotateForm(request.POST if request.method == "POST" else None, initial=initial)

    def rotate_it(*, now: datetime, **who: Any) -> tuple[ProviderKey, str]:
        wanted = {name: form.cleaned_data[name] for name in ("old_until", "scopes")}
        return verbs.rotate_key(old.pk, **wanted, lifetime=form.lifetime(now=now), now=now, **who)

    return _shown_once(request, form, rotate_it, back=reverse("official_key", args=[old.pk]), old=old)


@require_POST
@for_staff(Role.SYSTEM_ADMIN)
def revoke(request: StaffRequest, key_id: int) -> HttpResponse:
    get_object_or_404(ProviderKey, pk=key_id)
    back, done = reverse("official_key", args=[key_id]), gettext("Revoked: the key opens nothing any more.")
    return attempt_and_return(request, partial(verbs.revoke_key, key_id), back=back, done=done)


def _shown_once(
    request: StaffRequest,
    form: RotateForm,
    act: Callable[..., tuple[ProviderKey, str]],
    *,
    back: str,
    old: ProviderKey | None = None,
) -> HttpResponse:
    """Return the form, or the key that it created. This response is the only place where the key can be read."""
    if form.is_valid():
        with form_refusals(form, back=back):
            key, secret = act(by=request.user.username, now=timezone.now())
            made = {"key": key, "secret": secret, "signing_secret": verbs.signing_secret(key)}
            if old is not None:
                old.refresh_from_db()
            return render(request, "official/keys/issued.html", {**made, "old": old})
    context = {"form": form, "old": old, "back": back}
    return render(request, "official/keys/new.html", context, status=422 if form.errors else 200)
