"""A cached prepared statement has the same meaning in every city as the same text would have there."""

import pytest
from django.db import connection, transaction

from codes.models import Provider
from regions.prepared import Beside, Prepared, asked
from regions.tenancy import in_city

STATEMENT = "SELECT count(*), %(word)s || '%%' FROM codes_provider WHERE code <> %(word)s"


def counted(statement: Prepared, word: str) -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(statement.ready(), {"word": word})
        found: tuple[int, str] = cursor.fetchone()
    return found


@pytest.mark.django_db
def test_one_session_runs_it_in_every_city() -> None:
    statement = Prepared("counted_in_a_test", STATEMENT)
    with in_city("alpha"):
        Provider.objects.filter(code="wechat").delete()
    for _ in range(8):  # the sixth time PostgreSQL chooses a plan for good
        for schema, others in (("alpha", 1), ("beta", 2)):
            with in_city(schema):
                assert counted(statement, "nobody") == (others, "nobody%")


@pytest.mark.django_db
def test_it_is_there_after_what_was_begun_is_taken_back() -> None:
    statement = Prepared("counted_and_taken_back", STATEMENT)
    with in_city("alpha"):
        with transaction.atomic():
            assert counted(statement, "wechat")[0] == 1
            transaction.set_rollback(True)
        assert counted(statement, "wechat")[0] == 1


@pytest.mark.django_db
def test_a_query_set_finds_objects_with_their_annotations() -> None:
    by_code = Prepared(
        "provider_in_a_test", lambda: Provider.objects.annotate(told=asked("told")).filter(code=asked("code"))
    )
    with in_city("alpha"):
        (one,) = by_code.found(Provider, {"code": "wechat", "told": "it's 100 %"})
        assert one == Provider.objects.get(code="wechat")
        assert vars(one)["told"] == "it's 100 %"
        assert by_code.found(Provider, {"code": "' OR true --", "told": ""}) == []


@pytest.mark.django_db
def test_two_are_asked_for_as_one() -> None:
    counted_beside = Prepared(
        "counted_beside_in_a_test", "SELECT count(*), %(code)s FROM codes_provider WHERE code <> %(code)s"
    )
    by_code = Prepared(
        "provider_beside_in_a_test", lambda: Provider.objects.annotate(told=asked("told")).filter(code=asked("code"))
    )
    both = Beside("both_in_a_test", counted_beside, by_code)
    with in_city("alpha"):
        ((number, code, *found),) = both.rows({"code": "wechat", "told": "it's 100 %"})
        one = by_code.object_of(Provider, found)
        assert (number, code, one) == (1, "wechat", Provider.objects.get(code="wechat"))
        assert vars(one)["told"] == "it's 100 %"
        ((number, code, *found),) = both.rows({"code": "nobody's", "told": ""})
        assert (number, code, set(found)) == (2, "nobody's", {None})


@pytest.mark.django_db
def test_what_the_first_finds_is_given_to_the_second() -> None:
    others = Prepared(
        "counted_others_in_a_test", "SELECT count(*), %(word)s FROM codes_provider WHERE code <> %(word)s"
    )
    by_number = Prepared("provider_by_number_in_a_test", lambda: Provider.objects.filter(pk=asked("number")))
    both = Beside("given_in_a_test", by_number, others, word="code")
    with in_city("alpha"):
        one = Provider.objects.get(code="wechat")
        (row,) = both.rows({"number": one.pk})
        assert by_number.object_of(Provider, row) == one
        assert row[-2:] == (1, "wechat")
        assert both.rows({"number": 0}) == []
