"""Many lines are imported together: the number of queries does not depend on the number of lines."""

from datetime import datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext

from codes.models import Citizen, Entry, Registration
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
