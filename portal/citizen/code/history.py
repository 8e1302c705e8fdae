"""The history of a citizen's code: each change, its time and its cause in plain words."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from codes.effective import effective_code
from codes.models import Citizen, EffectiveChange, Fact, VerdictChange
from codes.vocabulary import Because, State
from portal.citizen.code.sentences import decision_sentence, end_sentence, record_sentence
from portal.citizen.subject import SubjectRequest, for_subject, name_of_ward
from portal.templatetags.citizen import named
from portal.templatetags.page import label_of
from portal.web.keyset import keyset_page

ON_A_PAGE = 20


@dataclass(frozen=True)
class ShownChange:
    """A change and the sentences that explain it."""

    state: State
    since: datetime
    why: list[str]


@for_subject
@require_safe
def history_page(request: SubjectRequest) -> HttpResponse:
    """Show the changes, the newest first.

    The current code is shown above them, because it may have expired without a change.
    """
    mine = EffectiveChange.objects.filter(citizen=request.subject).select_related("ruling")
    page = keyset_page(mine, request.GET, by=["-since", "-id"], size=ON_A_PAGE)
    brought = _verdict_changes(request.subject, page.rows)
    facts = Fact.objects.in_bulk(
        {hit["fact_id"] for changes in brought.values() for one in changes for hit in one.hits}
    )
    standing = effective_code(request.subject.pk, now=timezone.now())
    context = {
        "name": name_of_ward(request),
        "standing": standing,
        "because": Because(standing.because),
        "page": page,
        "changes": [
            ShownChange(State(one.after), one.since, _why(one, brought.get(one.run_id, []), facts)) for one in page.rows
        ],
    }
    return render(request, "citizen/history.html", context)


def _verdict_changes(citizen: Citizen, changes: Sequence[EffectiveChange]) -> Mapping[int | None, list[VerdictChange]]:
    """Return the verdict changes of the runs that changed the code, by run."""
    runs = {one.run_id for one in changes if one.run_id}
    found: dict[int | None, list[VerdictChange]] = defaultdict(list)
    for one in (
        VerdictChange.objects.counted()
        .filter(citizen=citizen, run__in=runs)
        .select_related("provider")
        .order_by("provider__code")
    ):
        found[one.run_id].append(one)
    return found


def _why(change: EffectiveChange, brought: Sequence[VerdictChange], facts: Mapping[int, Fact]) -> list[str]:
    if change.after_because == Because.RULING and change.ruling:
        return [decision_sentence(change.ruling)]
    sentences = []
    if change.before_because == Because.RULING:
        ruling = change.ruling
        sentences = [end_sentence(ruling) if ruling and ruling.ended_by else _("The officials' decision is over.")]
    sentences.append(_("%(reason)s.") % {"reason": capfirst(label_of(Because(change.after_because)))})
    return sentences + [named([one.provider], text) for one in brought for text in _holding(one, facts)]


def _holding(change: VerdictChange, facts: Mapping[int, Fact]) -> list[str]:
    """Return the records that hold the citizen since the change, or only the colour if the records are no longer kept."""
    if change.after == State.GREEN:
        return [_("no record counts any more.")]
    records = dict.fromkeys(record_sentence(facts[hit["fact_id"]]) for hit in change.hits if hit["fact_id"] in facts)
    return list(records) or [_("%(reason)s.") % {"reason": label_of(State(change.after))}]
