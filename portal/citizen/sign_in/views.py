"""The two pages of signing in. Neither text, status nor timing reveals whether a number is known."""

import json
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from codes.citizens.sign_in import Browser, WrongCode, ask_code, normalise_code, redeem_code
from codes.limits import TooOften
from portal.citizen.sign_in.tasks import enqueue_delivery
from portal.templatetags.page import span
from portal.web import citizen_session
from portal.web.access import for_anyone, safe_next
from portal.web.documents import DocumentForm, decrypt_identity, encrypt_identity
from portal.web.errors import retry_at, retry_later, whole_minutes
from portal.web.host import client_address, required_city
from regions.identity import Identity

SESSION_KEY = "signing_in"
BROWSER_COOKIE = f"{settings.COOKIE_PREFIX}browser"
BROWSER_REMEMBERED = timedelta(days=365)


class CodeField(forms.RegexField):
    """Six digits, full-width or not, grouped or not."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True})
    default_error_messages = {"invalid": gettext_lazy("The code has six digits.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^[0-9]{6}$", label=gettext_lazy("Code"), max_length=40, **kwargs)

    def to_python(self, value: Any) -> str:
        return normalise_code(super().to_python(value) or "")


class CodeForm(forms.Form):
    code = CodeField()


@for_anyone
@require_http_methods(["GET", "HEAD", "POST"])
def number(request: HttpRequest) -> HttpResponse:
    form = DocumentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        browser, identity = _browser(request) or Browser(), form.cleaned_data["identity"]
        wait = _ask(request, browser, identity)
        if not wait:
            request.session[SESSION_KEY] = {"who": encrypt_identity(identity), "next": safe_next(request)}
            return _remember(browser, redirect("citizen_sign_in_code"))
        form.add_error(None, _too_often(wait))
        return retry_later(_number_page(request, form, status=429), wait)
    return _number_page(request, form)


@for_anyone
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Ask for the code and redeem it. The page is the same if no code was sent."""
    identity, browser = _pending_identity(request), _browser(request)
    if identity is None or browser is None:
        return redirect("citizen_sign_in")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            citizen = redeem_code(identity=identity, browser=browser, code=form.cleaned_data["code"], now=now)
        except WrongCode as refusal:
            message = gettext("This code is wrong or has expired. Compare it, or ask for a new one.")
            if refusal.none_left:
                message = gettext(
                    "No code counts any more: it is over five minutes old, or was mistyped five times. Send another one."
                )
            form.add_error("code", message)
        else:
            onward = request.session[SESSION_KEY]["next"] or reverse("citizen_code")
            citizen_session.sign_in(request, citizen, now=now)
            return _remember(browser.marked(identity), redirect(onward))
    return _code_page(request, form)


@for_anyone
@require_POST
def again(request: HttpRequest) -> HttpResponse:
    identity, browser = _pending_identity(request), _browser(request)
    if identity is None or browser is None:
        return redirect("citizen_sign_in")
    wait = _ask(request, browser, identity)
    if not wait:
        return redirect("citizen_sign_in_code")
    return retry_later(_code_page(request, CodeForm(), fault=_too_often(wait), status=429), wait)


@for_anyone
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    citizen_session.sign_out(request)
    return redirect("citizen_home")


def _browser(request: HttpRequest) -> Browser | None:
    """Return the browser identified by its signed cookie, or ``None`` without a valid one."""
    cookie = request.get_signed_cookie(BROWSER_COOKIE, default="", salt=BROWSER_COOKIE)
    if not cookie:
        return None
    held = json.loads(cookie)
    return Browser(held["value"], tuple(held["marks"]))


def _remember(browser: Browser, response: HttpResponse) -> HttpResponse:
    """Set the browser's cookie, also when signed out.

    Requests for codes are limited per known browser, so others cannot use up the owner's limit.
    """
    response.set_signed_cookie(
        BROWSER_COOKIE,
        json.dumps({"value": browser.value, "marks": browser.marks}),
        salt=BROWSER_COOKIE,
        max_age=int(BROWSER_REMEMBERED.total_seconds()),
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _ask(request: HttpRequest, browser: Browser, identity: Identity) -> int:
    """Request a code. Return the seconds to wait if one was requested too often, otherwise 0."""
    try:
        code_id = ask_code(identity=identity, browser=browser, address=client_address(request), now=timezone.now())
    except TooOften as refusal:
        return refusal.seconds
    enqueue_delivery(required_city(request).schema_name, code_id)
    return 0


def _too_often(seconds: int) -> str:
    message = gettext("A code was asked for too often. Try again at %(at)s, in %(wait)s.")
    return message % {"at": retry_at(seconds), "wait": span(whole_minutes(seconds))}


def _pending_identity(request: HttpRequest) -> Identity | None:
    held = request.session.get(SESSION_KEY)
    return decrypt_identity(held["who"]) if held else None


def _number_page(request: HttpRequest, form: DocumentForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "next": safe_next(request)}
    return render(request, "citizen/sign_in/number.html", context, status=status)


def _code_page(request: HttpRequest, form: CodeForm, **more: Any) -> HttpResponse:
    status = more.pop("status", 200)
    return render(request, "citizen/sign_in/code.html", {"form": form, **more}, status=status)
