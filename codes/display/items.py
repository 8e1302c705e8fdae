"""Items, one for each cause and provider, for the officials responsible for providers.

Findings open and close items; officials move them through the other states.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When

from codes.models import DisplayFinding, DisplayItem
from codes.models.displayed import OF_ONE_VALUE
from regions.actors import SYSTEM
from regions.journal.record import Act, record, record_all
from regions.proposals import require_journalled_reason, require_role
from regions.refusals import MovedMeanwhile, NotFound
from regions.staff.roles import Role

# The roles responsible for a city's providers.
OWNERS = (Role.SOURCE_MANAGER, Role.SYSTEM_ADMIN)
OF_VALUE = Case(When(cause__in=OF_ONE_VALUE, then=F("value")), default=Value(""), output_field=TextField())


def settle_items(*, now: datetime) -> None:
    """Open an item for each cause that has none, assign the findings to their items, and close the items without findings.

    An item in the state ``mended`` is opened again if a wrong colour was displayed after that.
    """
    standing = DisplayFinding.objects.filter(closed_at__isnull=True).annotate(of_value=OF_VALUE)
    items = DisplayItem.objects.standing()
    wanted = set(standing.values_list("provider", "cause", "of_value").distinct())
    missing = sorted(wanted - set(items.values_list("provider", "cause", "value")))
    acts = [
        _act("opened", DisplayItem.objects.create(provider_id=provider, cause=cause, value=value, opened_at=now))
        for provider, cause, value in missing
    ]
    same = items.filter(provider=OuterRef("provider"), cause=OuterRef("cause"), value=OuterRef("of_value"))
    own = Subquery(same.order_by().values("pk")[:1])
    standing.annotate(own=own).filter(Q(item__isnull=True) | ~Q(item=F("own"))).update(item=own)
    again = standing.filter(item=OuterRef("pk"), shown_at__gt=OuterRef("mended_at"))
    recurring = items.filter(Exists(again), state=DisplayItem.State.MENDED)
    acts += _move(recurring, "recur", "recurred", mended_at=None)
    acts += _move(items.exclude(pk__in=standing.values("item")), "close", "closed", closed_at=now)
    if acts:
        record_all(acts, by=SYSTEM, now=now)


def tell(item_id: int, *, note: str, by: str, now: datetime) -> DisplayItem:
    """Record that the provider has been notified; ``note`` states who and how. Raises ``Refused``."""
    return _act_on(item_id, "tell", "told", note=note, by=by, now=now, told_at=now)


def mend(item_id: int, *, note: str, by: str, now: datetime) -> DisplayItem:
    """Record that the provider reports a correction. Its later displays show whether it is true. Raises ``Refused``."""
    return _act_on(item_id, "mend", "mended", note=note, by=by, now=now, mended_at=now)


def _act_on(
    item_id: int, action: str, done: str, *, note: str, by: str, now: datetime, **changes: datetime
) -> DisplayItem:
    require_role(by, *OWNERS)
    note = require_journalled_reason(note)
    with transaction.atomic():
        item = DisplayItem.objects.select_related("provider").filter(pk=item_id).first()
        if item is None:
            raise NotFound
        if not DisplayItem.TRANSITIONS.move(DisplayItem.objects.filter(pk=item.pk), action, **changes):
            raise MovedMeanwhile
        record(f"display.item_{done}", by=by, now=now, subject=item.subject, data={**item.described(), "note": note})
    item.refresh_from_db()
    return item


def _move(items: QuerySet[DisplayItem], action: str, done: str, **changes: datetime | None) -> list[Act]:
    """Apply the transition to the items. Return the acts for the journal."""
    found = list(items.select_related("provider"))
    DisplayItem.TRANSITIONS.move(DisplayItem.objects.filter(pk__in=[one.pk for one in found]), action, **changes)
    return [_act(done, one) for one in found]


def _act(done: str, item: DisplayItem) -> Act:
    return Act(f"display.item_{done}", item.subject, item.described())
