"""SMS messages for system administrators: counts, and the messages that were not delivered. The citizens are not shown."""

from datetime import timedelta

from django.db.models import Count, Min, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from codes.messages.outbox import sends_sms
from codes.messages.sending import SendingFault, send_again
from codes.models import Message
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt_and_return
from portal.web.keyset import keyset_page
from regions.numbers import number_of
from regions.staff.roles import Role

COUNTED = timedelta(days=7)
State = Message.State
# In the order in which a message passes through them.
SHOWN = (State.WAITING, State.SENDING, State.SENT, State.OVERTAKEN, State.LATE, State.DEAD, State.UNSURE)


@require_safe
@for_staff(Role.SYSTEM_ADMIN)
def sent_messages(request: StaffRequest) -> HttpResponse:
    """Show the counts of the last days, the age of the oldest waiting message, and the messages that are no longer retried."""
    recent = Message.objects.filter(made_at__gt=timezone.now() - COUNTED)
    waiting = Min("made_at", filter=Q(state=State.WAITING))
    figures = recent.aggregate(
        waiting_since=waiting, **{state.value: Count("pk", filter=Q(state=state)) for state in SHOWN}
    )
    page = keyset_page(Message.objects.filter(state__in=Message.TROUBLED), request.GET, by=["-id"])
    context = {
        "counts": [(state, figures[state.value]) for state in SHOWN],
        "waiting_since": figures["waiting_since"],
        "page": page,
        "rows": [(one, SendingFault(one.fault).label if one.fault else "") for one in page.rows],
        "sends_sms": sends_sms(),
    }
    return render(request, "official/messages/messages.html", context)


@require_POST
@for_staff(Role.SYSTEM_ADMIN)
def again(request: StaffRequest) -> HttpResponse:
    """Send the named message again, or all messages in trouble if none is named."""
    chosen = request.POST.get("message")
    message_id = None if chosen is None else get_object_or_404(Message, pk=number_of(chosen)).pk
    done = _("Sent again within seconds.")
    return attempt_and_return(request, send_again, message_id, back=reverse("official_messages"), done=done)
