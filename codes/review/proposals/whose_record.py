"""Whom the ruling that a record is wrong covers: the people whom its versions named when it was decided.

A source may correct such a record to another person. Nobody has decided about the record of that person, so it counts
(docs/adr/0107-a-wrong-record-of-another-person.md). The engine's condition is the statement ``suppressed`` of
codes/engine/verdict.sql.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from codes.models import Citizen, Fact, Suppression

IN_FORCE = Suppression.State.APPROVED
# After this time a record that names somebody else is no longer announced to the officials.
ANNOUNCED = timedelta(days=30)


def covers(fact: Fact) -> bool:
    """Return whether a ruling in force says that this version is wrong, or the whole record of the person whom it names."""
    record = {"record_id": fact.record_id, "source": fact.source_id, "provider": fact.provider_id}
    weighed = Fact.objects.filter(**record, citizen=fact.citizen_id, received_at__lte=OuterRef("decided_at"))
    ruled = Suppression.objects.filter(**record, state=IN_FORCE)
    return ruled.filter(Q(Exists(weighed), version=None) | Q(version=fact.version)).exists()


def rulings_about(citizen: Citizen) -> QuerySet[Suppression]:
    """Return the rulings about records that named the citizen when they were decided, and those still proposed about such records."""
    mine = Fact.objects.filter(citizen=citizen, record_id=OuterRef("record_id"))
    weighed = mine.filter(received_at__lte=OuterRef("decided_at"))
    return Suppression.objects.filter(_of_origin(weighed) | Q(decided_at=None) & _of_origin(mine))


def naming_somebody_else(*, now: datetime) -> QuerySet[Suppression]:
    """Return the rulings in force whose record its source has lately corrected to a person whom no ruling covers.

    ``names`` is the newest version's citizen, ``ref`` in the city.
    """
    of_record = {"record_id": OuterRef("record_id"), "source": OuterRef("source")}
    weighed = Fact.objects.filter(
        **of_record, citizen=OuterRef(OuterRef("citizen")), received_at__lte=OuterRef("decided_at")
    )
    ruled = Suppression.objects.filter(**of_record, state=IN_FORCE)
    covering = ruled.filter(Q(Exists(weighed), version=None) | Q(version=OuterRef("version")))
    newest = Fact.objects.filter(**of_record, superseded=False, revoked=False, received_at__gt=now - ANNOUNCED)
    uncovered = newest.filter(~Exists(covering)).order_by("-pk")
    found = Suppression.objects.filter(state=IN_FORCE, version=None, source__isnull=False).filter(Exists(uncovered))
    return found.annotate(names=Subquery(uncovered.values("citizen__ref")[:1]))


def _of_origin(facts: QuerySet[Fact]) -> Q:
    """Return the condition that one of the facts, which have the record's id, is of the record's origin."""
    of_city = Q(Exists(facts.filter(origin="city")), source__isnull=True, provider__isnull=True)
    named = Exists(facts.filter(source=OuterRef("source"))) | Exists(facts.filter(provider=OuterRef("provider")))
    return Q(named) | of_city
