"""Filters of the queue that officials save by name. One of them can be the default of the queue."""

from django.db import transaction
from django.db.models import QuerySet

from codes.models import SavedFilter
from codes.review.errors import Reason
from regions.locks import advisory_lock
from regions.proposals import require_role
from regions.refusals import NotFound, Refused
from regions.staff.models import Account
from regions.staff.roles import Role

MOST = 12
LONGEST_NAME = 40


def filters_of(username: str) -> QuerySet[SavedFilter]:
    return SavedFilter.objects.filter(account__username=username).order_by("name")


def save_filter(*, name: str, query: str, is_default: bool, by: str) -> SavedFilter:
    """Save a filter, or rename one that is saved already. ``query`` is the query string of the queue's address."""
    require_role(by, Role.REVIEWER, Role.APPROVER)
    name = name.replace("\0", "").strip()[:LONGEST_NAME]
    if not name or not query:
        raise Refused(Reason.NOTHING_TO_SAVE)
    with transaction.atomic():
        advisory_lock(f"saved filters {by}")
        own = filters_of(by)
        kept = own.filter(query=query).first()
        if own.filter(name=name).exclude(query=query).exists():
            raise Refused(Reason.FILTER_NAME_TAKEN)
        if kept is None and own.count() >= MOST:
            raise Refused(Reason.TOO_MANY_FILTERS, most=MOST)
        if is_default:
            own.update(is_default=False)
        if kept is None:
            kept = SavedFilter(account=Account.objects.get(username=by), query=query)
        kept.name, kept.is_default = name, is_default
        kept.save()
    return kept


def make_default(*, filter_id: int, by: str) -> SavedFilter:
    """Make the filter the default of the queue, or remove that default if it was this one."""
    require_role(by, Role.REVIEWER, Role.APPROVER)
    with transaction.atomic():
        advisory_lock(f"saved filters {by}")
        kept = _own(filter_id, by)
        filters_of(by).update(is_default=False)
        kept.is_default = not kept.is_default
        kept.save(update_fields=["is_default"])
    return kept


def remove_filter(*, filter_id: int, by: str) -> SavedFilter:
    require_role(by, Role.REVIEWER, Role.APPROVER)
    kept = _own(filter_id, by)
    SavedFilter.objects.filter(pk=filter_id).delete()
    return kept


def _own(filter_id: int, by: str) -> SavedFilter:
    """Return the filter. Raises ``NotFound``, also if it is another person's."""
    kept = filters_of(by).filter(pk=filter_id).first()
    if kept is None:
        raise NotFound
    return kept
