"""Stories in which all providers reach the same colour, whatever their sources and rules."""

from portal.demo.life import Life
from regions.vocabulary import FactKind


def negative_tests(life: Life) -> None:
    """One to three negative tests, about which no rule asks."""
    for _ in range(life.recently(1, 3)):
        life.tell(FactKind.NEGATIVE_TEST, life.recently(1, 14))


def contact_ruled_out(life: Life) -> None:
    """A contact that was excluded later."""
    ago = life.recently(6, 30)
    life.tell(FactKind.CLOSE_CONTACT, ago)
    life.tell(FactKind.CONTACT_EXCLUDED, life.recently(2, ago))


def contact_served(life: Life) -> None:
    """A contact of weeks ago with daily healthy check-ins since: green again under all rules."""
    life.tell(FactKind.CLOSE_CONTACT, life.recently(25, 40))
    life.check_in_everywhere()


def tested_after_overlap(life: Life) -> None:
    """At the place of a case, with enough tests for every rule."""
    life.tell(FactKind.SPACETIME_OVERLAP, life.recently(9, 14))
    for ago in (7, 5, 3):
        life.tell(FactKind.NEGATIVE_TEST, ago)


def recovered(life: Life) -> None:
    """Ill two months ago, out of hospital for more than the 28 days that follow."""
    life.tell(FactKind.CONFIRMED_CASE, life.recently(60, 80))
    life.tell(FactKind.DISCHARGED, life.recently(32, 45))
    life.check_in_everywhere()


def record_withdrawn(life: Life) -> None:
    """A record of another person of the same name, revoked by its sources."""
    life.tell(FactKind.CLOSE_CONTACT, life.recently(3, 8))
    life.withdraw(hours_ago=life.recently(12, 30))


def newly_arrived(life: Life) -> None:
    """From elsewhere this week: yellow."""
    life.tell(FactKind.ARRIVAL, life.recently(1, 5))
    life.check_in_everywhere()


def unwell(life: Life) -> None:
    """The same symptoms declared to every provider: yellow."""
    life.declare_everywhere(
        life.recently(1, 2), symptoms=[life.dice.choice(["fever", "dry_cough", "fatigue", "sore_throat"])]
    )


def said_and_corrected(life: Life) -> None:
    """Not sure at first, sure a day later: the newer declaration counts."""
    ago = life.recently(3, 6)
    life.declare_everywhere(ago, contact="unsure")
    life.declare_everywhere(ago - 1)


def contact_now(life: Life) -> None:
    """A contact of this week: red, with daily check-ins until it turns green."""
    life.tell(FactKind.CLOSE_CONTACT, life.recently(2, 9))
    life.check_in_everywhere()


def from_abroad(life: Life) -> None:
    life.tell(FactKind.OVERSEAS_ARRIVAL, life.recently(2, 10), flight=f"CA{life.recently(400, 999)}")
    life.check_in_everywhere()


def read_as_yellow(life: Life) -> None:
    """A contact like any other, whom Alipay's app shows red with a value that the city's settings map to yellow."""
    contact_now(life)
    life.displayed["alipay"] = "01"


def not_in_the_map(life: Life) -> None:
    """A newcomer, to whom WeChat displays a value that the city's settings do not map."""
    newly_arrived(life)
    life.displayed["wechat"] = "T"


def confirmed_case(life: Life) -> None:
    life.tell(FactKind.POSITIVE_TEST, ago := life.recently(3, 9))
    life.tell(FactKind.CONFIRMED_CASE, ago - 1)
