"""The stories, how many people of a thousand have each, and the cities in which each can happen."""

from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate

from codes.models.displayed import DisplayCause
from codes.vocabulary import Cause
from portal.demo import causes, ordinary
from portal.demo.earlier import told_earlier
from portal.demo.life import Life
from portal.demo.people import Person
from portal.demo.stage import Stage

Condition = Callable[[Stage], bool]
# Its multiples are distributed evenly between 0 and 1, however many there are, so that every share is met almost exactly.
_GOLDEN = 0.618_033_988_749_895


@dataclass(frozen=True)
class Story:
    """A story. `cause` makes the providers differ, None if they agree; `per_mille` counts all people of a city it fits.

    `display` is why a provider displays a wrong colour; `is_over` marks a story of weeks ago.
    """

    tell: Callable[[Life], None]
    per_mille: float
    cause: Cause | None
    fits: Condition
    display: DisplayCause | None = None
    is_over: bool = False

    @property
    def name(self) -> str:
        return self.tell.__name__


def _anywhere(_: Stage) -> bool:
    return True


def _by_rules(*rule_sets: str) -> Condition:
    return lambda stage: set(rule_sets) <= stage.rule_sets


def _two_providers(stage: Stage) -> bool:
    return len(stage.providers) > 1


def _two_sources(stage: Stage) -> bool:
    return len(stage.sources) > 1


def _displays(code: str) -> Condition:
    return lambda stage: any(provider.code == code and provider.display for provider in stage.providers)


def _wechat_knows_newcomers(stage: Stage) -> bool:
    return _displays("wechat")(stage) and _newcomers_alike(stage)


def _one_source_late(stage: Stage) -> bool:
    return stage.late_source is not None


def _same_rules_for_two(stage: Stage) -> bool:
    return len(stage.rule_sets) < len(stage.providers)


def _contacts_differ(stage: Stage) -> bool:
    """Return whether close contacts and their contacts have different colours under all rules, which is not so in Sichuan."""
    return _two_sources(stage) and "sichuan" not in stage.rule_sets


def _newcomers_alike(stage: Stage) -> bool:
    return "guangdong" not in stage.rule_sets


def _sichuan_and_two_sources(stage: Stage) -> bool:
    return _two_sources(stage) and _by_rules("national", "sichuan")(stage)


STORIES: tuple[Story, ...] = (
    Story(ordinary.negative_tests, 40, None, _anywhere),
    Story(ordinary.contact_ruled_out, 6, None, _anywhere),
    Story(ordinary.contact_served, 5, None, _anywhere),
    Story(ordinary.tested_after_overlap, 5, None, _anywhere),
    Story(ordinary.recovered, 1, None, _anywhere),
    Story(ordinary.record_withdrawn, 1, None, _anywhere),
    Story(ordinary.said_and_corrected, 1, None, _anywhere),
    Story(ordinary.newly_arrived, 5, None, _newcomers_alike),
    Story(ordinary.unwell, 3, None, _anywhere),
    Story(ordinary.contact_now, 1.5, None, _anywhere),
    Story(ordinary.from_abroad, 1, None, _anywhere),
    Story(ordinary.confirmed_case, 0.5, None, _anywhere),
    Story(causes.late_record, 4, Cause.FRESHNESS, _one_source_late),
    Story(causes.missing_record, 2, Cause.SOURCE, _two_sources),
    Story(causes.other_date, 1, Cause.SOURCE, _two_sources),
    Story(causes.other_kind, 1, Cause.SOURCE, _contacts_differ),
    Story(causes.fourteen_or_twenty_one_days, 1.5, Cause.RULES, _by_rules("national", "sichuan")),
    Story(causes.yellow_or_red, 1.5, Cause.RULES, _by_rules("national", "sichuan")),
    Story(causes.red_or_yellow_traveller, 1.5, Cause.RULES, _by_rules("national", "guangdong")),
    Story(causes.arrival_or_nothing, 2, Cause.RULES, _by_rules("national", "guangdong")),
    Story(causes.medium_or_high_risk, 1, Cause.RULES, _by_rules("national", "sichuan")),
    Story(causes.medium_or_high_risk, 1, Cause.RULES, _by_rules("national", "guangdong")),
    Story(causes.other_answer, 1, Cause.DECLARATION, _two_providers),
    Story(causes.ill_with_one, 1, Cause.DECLARATION, _two_providers),
    Story(causes.forgotten_check_ins, 1, Cause.DECLARATION, _same_rules_for_two),
    Story(causes.three_things_at_once, 0.5, Cause.INTERACTION, _sichuan_and_two_sources),
    Story(ordinary.read_as_yellow, 2, None, _displays("alipay"), DisplayCause.MAPPED_ELSEWHERE),
    Story(ordinary.not_in_the_map, 1, None, _wechat_knows_newcomers, DisplayCause.UNKNOWN_VALUE),
)

# A person cannot take back an unhealthy check-in, so this story would not end.
NOT_EARLIER = (causes.ill_with_one,)
EARLIER_TIMES = 1.5
# Stories of other people in a past of several days, which made providers differ then.
EARLIER: tuple[Story, ...] = tuple(
    replace(story, tell=told_earlier(story.tell), per_mille=story.per_mille * EARLIER_TIMES, cause=None, is_over=True)
    for story in STORIES
    if story.cause is not None and story.tell not in NOT_EARLIER
)


@dataclass(frozen=True)
class Fate:
    """Assigns a city's stories to its people."""

    stage: Stage

    @cached_property
    def told_here(self) -> Sequence[Story]:
        stories = (*STORIES, *EARLIER) if self.stage.days else STORIES
        return [story for story in stories if story.fits(self.stage)]

    @cached_property
    def _ends(self) -> list[float]:
        """The end of each story's interval of [0, 1)."""
        return list(accumulate(story.per_mille / 1000 for story in self.told_here))

    def story_of(self, number: int) -> Story | None:
        """Return the story of the person of this number; most people have none."""
        place = bisect(self._ends, (number + 1) * _GOLDEN % 1)
        return self.told_here[place] if place < len(self.told_here) else None

    def live(self, person: Person) -> Life:
        """Return the person's life. It is always the same, as it uses the person's own random numbers."""
        life = Life(self.stage, person.dice)
        story = self.story_of(person.number)
        if story is not None:
            story.tell(life)
        _register(life, everywhere=story is not None)
        return life


def _register(life: Life, *, everywhere: bool) -> None:
    """Declare this autumn to providers not declared to yet; most people do so with every provider, some with one only."""
    missing = [provider.code for provider in life.stage.providers if provider.code not in life.answers]
    favourite = life.dice.randrange(len(life.stage.providers))
    for place, code in enumerate(missing):
        if everywhere or place == favourite or life.dice.random() < 0.85:
            life.declare(code, life.recently(21, 90))
    if not everywhere and life.dice.random() < 0.05:
        days = set(range(life.recently(3, 14)))
        for code in life.answers:
            life.checked_in[code] = {ago for ago in days if life.dice.random() < 0.9}
