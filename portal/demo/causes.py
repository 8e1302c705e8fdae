"""Stories in which providers reach different colours, each for one known cause.

The kinds of events are chosen so that only the cause makes the providers differ: events of this week that every shipped rule set
holds, or that one of two holds and the other has released.
"""

from datetime import timedelta

from portal.demo.life import Life
from portal.demo.stage import LATE
from regions.vocabulary import FactKind

HELD_BY_ALL = (FactKind.CLOSE_CONTACT, FactKind.OVERSEAS_ARRIVAL, FactKind.SPACETIME_OVERLAP)
# Areas in Dehong, Quanzhou, and Baoji near Xi'an: at two levels in two rule sets' risk lists, or in one list only.
DEHONG, QUANZHOU, BAOJI = "533103", "350505", "610304"


def late_record(life: Life) -> None:
    """Recorded in both sources since the later one's last delivery, which therefore lacks it: freshness."""
    ago = timedelta(minutes=life.recently(30, int(LATE.total_seconds() / 60) - 30))
    life.tell(life.dice.choice(HELD_BY_ALL[:2]), life.recently(2, 5), recorded_at=life.stage.opened - ago)
    life.check_in_everywhere()


def missing_record(life: Life) -> None:
    """Only one source has the record: source."""
    life.tell(life.dice.choice(HELD_BY_ALL), life.recently(3, 6), only=life.dice.choice(life.stage.sources))


def other_date(life: Life) -> None:
    """One source has the month before: served there, held here: source."""
    ago = life.recently(4, 9)
    wrong = life.dice.choice(life.stage.sources)
    for source in life.stage.sources:
        life.tell(FactKind.OVERSEAS_ARRIVAL, ago + 30 if source == wrong else ago, only=source)
    life.check_in_everywhere()


def other_kind(life: Life) -> None:
    """A contact for one source, a contact's contact for the other: source."""
    ago = life.recently(2, 6)
    close = life.dice.choice(life.stage.sources)
    for source in life.stage.sources:
        kind = FactKind.CLOSE_CONTACT if source == close else FactKind.SECONDARY_CONTACT
        life.tell(kind, ago, only=source)


def fourteen_or_twenty_one_days(life: Life) -> None:
    """14 days with check-ins nationally, 21 in Sichuan: rules."""
    life.tell(FactKind.CLOSE_CONTACT, life.recently(15, 19))
    life.check_in_everywhere()


def yellow_or_red(life: Life) -> None:
    """A contact's contact is yellow nationally and red in Sichuan: rules."""
    life.tell(FactKind.SECONDARY_CONTACT, life.recently(2, 5))
    life.check_in_everywhere()


def medium_or_high_risk(life: Life) -> None:
    """The risk lists have one area at two levels, or only one of them has it: rules."""
    ago = life.recently(4, 6)
    area = life.dice.choice([DEHONG, BAOJI if "sichuan" in life.stage.rule_sets else QUANZHOU])
    life.tell(FactKind.AREA_STAY, ago, until=ago - 2, area=area)
    life.check_in_everywhere()


def red_or_yellow_traveller(life: Life) -> None:
    """On a case's train: red nationally, yellow in Guangdong: rules."""
    life.tell(FactKind.CO_TRAVELLER, life.recently(2, 8), train=f"G{life.recently(100, 999)}")
    life.check_in_everywhere()


def arrival_or_nothing(life: Life) -> None:
    """Newcomers are yellow nationally; Guangdong has no rule about them: rules."""
    life.tell(FactKind.ARRIVAL, life.recently(1, 5))


def other_answer(life: Life) -> None:
    """Yes to one provider, no to the others: declaration."""
    ago = life.recently(1, 3)
    odd = life.dice.choice(life.stage.providers).code
    for provider in life.stage.providers:
        life.declare(provider.code, ago, contact="yes" if provider.code == odd else "no")


def ill_with_one(life: Life) -> None:
    """Unwell in one app's check-in and in no other: declaration."""
    life.check_in_everywhere()
    odd = life.dice.choice(life.stage.providers).code
    life.unhealthy[odd] = {life.recently(0, 2)}


def forgotten_check_ins(life: Life) -> None:
    """All conditions but one provider's check-ins are met: declaration."""
    if "guangdong" in life.stage.rule_sets:
        life.tell(FactKind.CLOSE_CONTACT, life.recently(15, 17))
    else:
        life.tell(FactKind.ARRIVAL, life.recently(8, 10))
    life.check_in_everywhere()
    rule_sets = [provider.rule_set for provider in life.stage.providers]
    twins = [one.code for one in life.stage.providers if rule_sets.count(one.rule_set) > 1]
    life.forget_check_ins(life.dice.choice(twins))


def three_things_at_once(life: Life) -> None:
    """No single swap explains it: a contact only one source has, check-ins missed there, a stay only its rules hold."""
    odd = next(one for one in life.stage.providers if one.rule_set == "sichuan")
    life.tell(FactKind.CLOSE_CONTACT, life.recently(16, 18), only=odd.source)
    life.check_in_everywhere()
    life.forget_check_ins(odd.code)
    stay = {"area": BAOJI, "from": str(life.stage.day(9)), "left_on": str(life.stage.day(7))}
    for provider in life.stage.providers:
        life.declare(provider.code, 6, **({"area_stays": [stay]} if provider is odd else {}))
