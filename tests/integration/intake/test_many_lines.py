"""Many lines are imported together: the number of queries does not depend on the number of lines."""

from datetime import datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext

from codes.models import Citizen, Entry, PhoneChange, Registration
from regions.models import City
from tests.integration.lines import check_in, declaration, outcomes, take

PEOPLE = 150


def asked(people: range, now: datetime) -> int:
    """How many statements it takes to have these people declare and check in, each for the first time."""
    document = {"id_type": "20"}
    lines = [
        line
        for number in people
        for who in [document | {"id_number": f"E{number:08d}"}]
        for line in (declaration(entry_id=f"d-{number}", **who), check_in(entry_id=f"c-{number}", **who))
    ]
    with CaptureQueriesContext(connection) as captured:
        assert set(outcomes(take(*lines, now=now))) == {"accepted"}
    return len(captured)


def test_ten_times_the_lines_are_as_many_statements(alpha: City, now: datetime) -> None:
    asked(range(1), now)  # reads the city's keys
    few = asked(range(1, PEOPLE // 10), now)
    assert asked(range(PEOPLE // 10, PEOPLE), now) == few
    assert (Citizen.objects.count(), Registration.objects.count()) == (PEOPLE, PEOPLE)
    assert Entry.objects.count() == 2 * PEOPLE
    assert Citizen.objects.filter(ref__regex=r"^C[0-9A-HJKMNP-TV-Z]{12}$").count() == PEOPLE


def asked_of_phones(people: range, now: datetime) -> int:
    """How many statements it takes to have a second provider name another phone of each of these people."""
    lines = [{"id_type": "20", "id_number": f"P{number:08d}"} for number in people]
    take(*(declaration(entry_id=f"a-{who['id_number']}", **who) for who in lines), now=now)
    other = {"provider": "wechat", "phone": "13911112222"}
    with CaptureQueriesContext(connection) as captured:
        take(*(declaration(entry_id=f"w-{who['id_number']}", **who, **other) for who in lines), now=now)
    assert PhoneChange.objects.filter(citizen__in=Citizen.objects.order_by("-pk")[: len(people)]).count() == len(people)
    return len(captured)


def test_ten_times_the_phones_are_as_many_statements(alpha: City, now: datetime) -> None:
    asked_of_phones(range(1), now)
    few = asked_of_phones(range(1, 6), now)
    assert asked_of_phones(range(6, 56), now) == few
