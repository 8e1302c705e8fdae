"""The hits that hold a citizen's codes now: what an appeal can be about."""

from dataclasses import dataclass
from datetime import date

from codes.models import Citizen, Fact, Verdict
from codes.review.appealable import INSTEAD, NO_APPEAL, AppealReason, Instead, reasons_for
from codes.review.weighing import hits_of
from regions.vocabulary import FactKind


@dataclass(frozen=True, slots=True)
class Target:
    """A hit of the verdict with a provider. ``colour`` is what the rule makes of it, ``anchor`` the day it counts from."""

    provider: str
    provider_id: int
    rule: str
    fact_id: int
    kind: str
    colour: str
    anchor: date

    @property
    def may_appeal(self) -> bool:
        """False for medical findings and contacts, and for kinds that only the city itself could have written."""
        return self.kind not in NO_APPEAL and bool(self.reasons)

    @property
    def reasons(self) -> list[AppealReason]:
        """What can be said against it."""
        return reasons_for(self.kind)

    @property
    def instead(self) -> Instead | None:
        """What to do instead of an appeal, or sooner than one."""
        return INSTEAD.get(FactKind(self.kind))


def targets_of(citizen: Citizen) -> list[Target]:
    """Every hit with every provider, by provider and rule. Four queries."""
    verdicts = list(Verdict.objects.filter(citizen=citizen).select_related("provider").order_by("provider__code"))
    if not verdicts:
        return []
    colours = {(hit.rule, hit.fact_id): hit.colour for hit in hits_of([citizen.pk])[citizen.pk]}
    kinds = dict(
        Fact.objects.filter(pk__in=[hit["fact_id"] for one in verdicts for hit in one.hits]).values_list("pk", "kind")
    )
    return [
        Target(
            provider=verdict.provider.code,
            provider_id=verdict.provider_id,
            rule=hit["rule"],
            fact_id=hit["fact_id"],
            kind=kinds[hit["fact_id"]],
            colour=colours[hit["rule"], hit["fact_id"]],
            anchor=date.fromisoformat(hit["anchor"]),
        )
        for verdict in verdicts
        for hit in verdict.hits
    ]
