"""The messages to a citizen, including those about their family, and the choice of which are also sent by SMS."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from codes.messages.outbox import CHOOSABLE, choose, sends_sms
from codes.models import Message, MessageChoice, MessageLanguage
from portal.citizen.messages.wording import worded
from portal.web.access import CitizenRequest, for_citizens
from portal.web.keyset import keyset_page
from regions.keys.encryption import decrypt_phone
from regions.masking import mask_phone

MESSAGES_A_PAGE = 20


class ChoiceForm(forms.Form):
    by_sms = forms.MultipleChoiceField(
        label=gettext_lazy("Sent by SMS as well"),
        choices=[(kind.value, kind.label) for kind in CHOOSABLE],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the SMS"),
        choices=MessageLanguage.choices,
        widget=forms.RadioSelect,
        required=False,
    )


@for_citizens
@require_safe
def message_list(request: CitizenRequest) -> HttpResponse:
    """Show the messages, the newest first. Showing a message marks it as read; it is marked as new this once."""
    mine = Message.objects.readable_by(request.citizen).select_related("about")
    page = keyset_page(mine, request.GET, by=["-id"], size=MESSAGES_A_PAGE)
    rows = worded(page.rows, reader=request.citizen)
    shown = [one.pk for one in page.rows if one.read_at is None]
    if shown:
        Message.objects.filter(pk__in=shown, read_at__isnull=True).update(read_at=timezone.now())
    return render(request, "citizen/messages/list.html", {"page": page, "rows": rows})


@for_citizens
@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: CitizenRequest) -> HttpResponse:
    """Choose which messages are sent by SMS in addition to those that everybody gets."""
    form = ChoiceForm(request.POST if request.method == "POST" else None, initial=_chosen(request))
    if request.method == "POST" and form.is_valid():
        choose(request.citizen, **form.cleaned_data, by=request.citizen.actor, now=timezone.now())
        messages.success(request, _("Saved. It holds from the next message on."))
        return redirect("citizen_messages")
    phone = request.citizen.phone_encrypted
    context = {
        "form": form,
        "phone": mask_phone(decrypt_phone(bytes(phone))) if phone is not None else "",
        "sends_sms": sends_sms(),
    }
    return render(request, "citizen/messages/choices.html", context, status=422 if form.errors else 200)


def _chosen(request: CitizenRequest) -> dict[str, object]:
    chosen = MessageChoice.objects.filter(citizen=request.citizen).first() or MessageChoice()
    return {"by_sms": [kind for kind in CHOOSABLE if kind not in chosen.without], "language": chosen.language}
