"""A record sent again with the same content changes nothing for people about whom two officials have decided."""

from codes.models import Fact
from tests.integration.review.conftest import desk
from tests.integration.review.desk import Desk

__all__ = ["desk"]


def test_a_ruling_covers_the_record_sent_again_under_another_spelling(desk: Desk) -> None:
    ruling = desk.approve(desk.propose("zhang", "green"))
    fact = desk.fact("zhang")
    Fact.objects.filter(pk=fact.pk).update(superseded=True)
    fact.pk, fact.version, fact.superseded = None, fact.version + 1, False
    fact.recorded_at = fact.received_at = desk.now
    fact.detail = {"full_name": "respelled"}
    fact.save(force_insert=True)
    desk.run()
    ruling.refresh_from_db()
    assert (ruling.state, ruling.suspended_at) == ("approved", None)
