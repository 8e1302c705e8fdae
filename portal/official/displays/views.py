"""Colours that providers display wrongly, by cause: the list, and the page of each with the remedy, examples and history."""

from collections.abc import Callable

from django.db.models import Case, F, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from codes.display import items as verbs
from codes.models import DisplayItem
from codes.models.displayed import DisplayCause
from portal.templatetags.page import titled, untranslated
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt_and_return
from portal.web.keyset import keyset_page
from regions.journal.models import JournalEntry
from regions.staff.roles import Role

READERS = (*verbs.OWNERS, Role.AUDITOR)
# A provider that sends a different unknown value for each citizen opens very many items.
MOST_STANDING, EXAMPLES, HISTORY = 200, 10, 50
State = DisplayItem.State
OPEN_FIRST = Case(
    *(When(state=state, then=Value(place)) for place, state in enumerate((State.OPEN, State.TOLD, State.MENDED)))
)
WRONG: dict[str, str | Promise] = {
    DisplayCause.OLD: gettext_lazy("{provider} still displays an earlier colour."),
    DisplayCause.UNKNOWN_VALUE: gettext_lazy("{provider} displays the value {value}, which is not in its map."),
    DisplayCause.MAPPED_ELSEWHERE: gettext_lazy(
        "{provider} displays the value {value} to people who should be shown another colour than the map says."
    ),
    DisplayCause.UNEXPLAINED: gettext_lazy("{provider} displays wrong colours, and nothing explains them."),
}
TO_MEND: dict[str, str | Promise] = {
    DisplayCause.OLD: gettext_lazy(
        "The provider reads the colour anew whenever it displays it, or at the latest {minutes} minutes after it has changed, and"
        " deletes the earlier colours that it keeps."
    ),
    DisplayCause.UNKNOWN_VALUE: gettext_lazy(
        "The provider says which colour people see with this value. Then it displays one that is in the map, or the operator adds"
        " this one to the city's file."
    ),
    DisplayCause.MAPPED_ELSEWHERE: gettext_lazy(
        "The provider says which colour people see with this value. If it is the map's, it displays another value to these people;"
        " if not, the operator corrects the map in the city's file."
    ),
    DisplayCause.UNEXPLAINED: gettext_lazy(
        "The provider finds out where these colours come from: it compares what it displayed at the instants below with what it"
        " had received by then."
    ),
}
HAPPENED: dict[str, str | Promise] = {
    "display.item_opened": pgettext_lazy("history of a display item", "Found"),
    "display.item_told": pgettext_lazy("history of a display item", "The provider was told"),
    "display.item_mended": pgettext_lazy("history of a display item", "The provider says that it is mended"),
    "display.item_recurred": pgettext_lazy("history of a display item", "Displayed wrongly again"),
    "display.item_closed": pgettext_lazy("history of a display item", "Nobody is shown it any more"),
}


@require_safe
@for_staff(*READERS)
def display_items(request: StaffRequest) -> HttpResponse:
    """Show the items that are not closed, open ones first and by number of people, and the closed ones below."""
    standing = DisplayItem.objects.standing()
    shown = standing.counted().order_by(OPEN_FIRST, F("people").desc(), "pk")[:MOST_STANDING]
    context = {
        "standing": shown,
        "more": max(0, standing.count() - MOST_STANDING),
        "page": keyset_page(DisplayItem.objects.counted().filter(state=State.CLOSED), request.GET, by=["-id"]),
    }
    return render(request, "official/displays/displays.html", context)


@require_safe
@for_staff(*READERS)
def display_item(request: StaffRequest, item_id: int) -> HttpResponse:
    """Show one item.

    People appear only as examples and by reference, because the provider is to be corrected and not a record.
    """
    item = get_object_or_404(DisplayItem.objects.counted(), pk=item_id)
    found = item.findings.select_related("citizen").order_by(F("closed_at").desc(nulls_first=True), "-shown_at", "pk")
    entries = JournalEntry.objects.filter(subject=item.subject, verb__in=HAPPENED).order_by("-seq")[:HISTORY]
    may_act = not request.roles.isdisjoint(verbs.OWNERS)
    context = {
        "item": item,
        "wrong": format_html(str(WRONG[item.cause]), provider=titled(item.provider), value=untranslated(item.value)),
        "to_mend": str(TO_MEND[item.cause]).format(minutes=item.provider.display_delay_minutes),
        "examples": found[:EXAMPLES],
        "history": [(one, HAPPENED[one.verb]) for one in entries],
        "may_tell": may_act and item.state == State.OPEN,
        "may_mend": may_act and item.state in (State.OPEN, State.TOLD),
    }
    return render(request, "official/displays/display.html", context)


@require_POST
@for_staff(*verbs.OWNERS)
def act(request: StaffRequest, item_id: int) -> HttpResponse:
    """Record that the provider was notified, or that it states that the fault is mended."""
    get_object_or_404(DisplayItem, pk=item_id)
    back = reverse("official_display", args=[item_id])
    acts: dict[str, tuple[Callable[..., DisplayItem], str]] = {
        "tell": (verbs.tell, _("Noted: the provider has been told.")),
        "mend": (verbs.mend, _("Noted. If it displays this wrongly again, the item opens again.")),
    }
    if chosen := acts.get(request.POST.get("verb", "")):
        verb, done = chosen
        note = request.POST.get("note", "")
        return attempt_and_return(request, verb, item_id, note=note, back=back, done=done)
    return redirect(back)
