"""What an appeal can be about, in words: the records that hold the code, those that cannot be appealed with what to do instead."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import translation

from codes.models import Citizen, Fact, Provider, Rule
from codes.review.appeal_targets import Target, targets_of


@dataclass(frozen=True)
class Choice:
    """One record with one provider. ``key`` names it in a form; ``instead`` is said where an appeal changes nothing."""

    key: str
    target: Target
    fact: Fact
    provider: Provider
    rule: Rule | None

    @property
    def instead(self) -> str:
        """What else can be done, in the page's language."""
        return self.target.instead.said_in(translation.get_language()) if self.target.instead else ""


def choices_of(citizen: Citizen) -> list[Choice]:
    """Every record once – with the provider where it counts most – the most severe first."""
    targets = targets_of(citizen)
    facts = Fact.objects.select_related("source", "provider").in_bulk({target.fact_id for target in targets})
    providers = Provider.objects.in_bulk({target.provider_id for target in targets})
    rules = _rules(targets, providers)
    choices: dict[int, Choice] = {}
    for target in sorted(targets, key=lambda one: one.colour != "red"):
        key = f"{target.provider}.{target.rule}.{target.fact_id}"
        rule = rules.get((providers[target.provider_id].rule_set_id, target.rule))
        choices.setdefault(
            target.fact_id, Choice(key, target, facts[target.fact_id], providers[target.provider_id], rule)
        )
    return list(choices.values())


def _rules(targets: Sequence[Target], providers: dict[int, Provider]) -> dict[tuple[int, str], Rule]:
    """The newest wording of each rule, for its title."""
    wanted = Rule.objects.filter(
        code__in={target.rule for target in targets},
        version__rule_set__in={one.rule_set_id for one in providers.values()},
    )
    return {
        (rule.version.rule_set_id, rule.code): rule for rule in wanted.select_related("version").order_by("version")
    }
