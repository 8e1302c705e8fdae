"""Paper passes: usable by the issuing city alone, withdrawn one by one, each recorded as an act."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from codes.models import Guardianship, PaperPass
from codes.passes.checking import verify_scanned
from codes.passes.issuing import issue_pass, published_keys
from codes.passes.key_list import KeyList
from codes.passes.paper import PAPER_LIFETIME, PAPER_PREFIX, Paper, holder, issue_paper, withdraw_paper
from codes.passes.results import BadPass, CheckResult, Detail
from codes.passes.token import PREFIX
from regions.journal.models import JournalEntry
from regions.refusals import NotAllowed, NotFound
from tests.integration.conftest import OpenDesk
from tests.integration.review.desk import Desk

DAY = timedelta(days=1)


@pytest.fixture
def desk(opened_at_beta: OpenDesk, now: datetime) -> Desk:
    return opened_at_beta({"zhang": "spacetime_overlap", "chen": "arrival"}, now=now)


def keys() -> KeyList:
    return {key.key_id: key for key in published_keys()}


def found(call: Any) -> CheckResult | Detail:
    with pytest.raises(BadPass) as refused:
        call()
    return refused.value.detail or refused.value.result


def test_a_paper_pass_is_looked_up_by_its_city_until_it_is_withdrawn(desk: Desk) -> None:
    zhang = desk.citizen("zhang")
    by = zhang.actor
    token, said = issue_paper(zhang, by=by, now=desk.now)
    late = desk.now + PAPER_LIFETIME - DAY
    assert verify_scanned(token.lower(), keys(), at=late) == said
    assert holder(said) == zhang
    assert found(lambda: verify_scanned(token, keys(), at=late + 2 * DAY)) is CheckResult.EXPIRED
    _, second = issue_paper(zhang, by=by, now=desk.now)
    assert {holder(said), holder(second)} == {zhang}, "a new one withdraws none"
    withdraw_paper(PaperPass.objects.earliest("pk").pk, by=by, now=desk.now)
    assert found(lambda: holder(said)) is CheckResult.WITHDRAWN
    assert holder(second) == zhang
    _, third = issue_paper(zhang, by=by, now=desk.now, withdraw_earlier=True)
    assert found(lambda: holder(second)) is CheckResult.WITHDRAWN
    assert holder(third) == zhang
    entries = JournalEntry.objects.filter(verb__startswith="paper.").order_by("seq")
    assert [(entry.verb, entry.by, entry.subject) for entry in entries] == [
        (verb, by, f"citizen:{zhang.ref}")
        for verb in ("paper.issued", "paper.issued", "paper.withdrawn", "paper.issued")
    ]


def test_it_names_nobody_and_is_nothing_without_the_city(desk: Desk) -> None:
    zhang = desk.citizen("zhang")
    by = zhang.actor
    (token, said), (_, other) = (issue_paper(zhang, by=by, now=desk.now) for _ in range(2))
    assert said.pseudonym != other.pseudonym
    kept = str(list(PaperPass.objects.values())) + str(list(JournalEntry.objects.values("data", "rows")))
    assert said.pseudonym not in kept
    assert zhang.ref not in token
    assert (
        found(lambda: holder(Paper("420100", said.pseudonym, said.issued_at, said.expires_at)))
        is CheckResult.OTHER_CITY
    )
    forged = Paper(said.division, "A" * 16, said.issued_at, said.expires_at)
    assert found(lambda: holder(forged)) is CheckResult.WITHDRAWN


def test_neither_kind_is_read_as_the_other(desk: Desk) -> None:
    zhang = desk.citizen("zhang")
    paper, _ = issue_paper(zhang, by=zhang.actor, now=desk.now)
    shown, _ = issue_pass(zhang, now=desk.now)
    for text in (paper.replace(PAPER_PREFIX, PREFIX), shown.replace(PREFIX, PAPER_PREFIX)):
        assert found(lambda text=text: verify_scanned(text, keys(), at=desk.now)) is Detail.INCOMPLETE


def test_it_is_asked_for_by_the_person_a_guardian_or_a_reviewer(desk: Desk) -> None:
    zhang, chen = desk.citizen("zhang"), desk.citizen("chen")
    for by, refusal in ((chen.actor, NotFound), ("system", NotAllowed), ("operator:mo", NotAllowed)):
        with pytest.raises(refusal):
            issue_paper(zhang, by=by, now=desk.now)
    Guardianship.objects.create(
        guardian=chen, dependant=zhang, asked_at=desk.now, reviewed_at=desk.now, reviewed_by="lin", accepted=True
    )
    _, said = issue_paper(zhang, by=chen.actor, now=desk.now)
    issue_paper(zhang, by="li", now=desk.now)
    assert holder(said) == zhang
    with pytest.raises(NotFound):
        withdraw_paper(PaperPass.objects.earliest("pk").pk, by=zhang.actor + "x", now=desk.now)
    for days in (0, 366):
        with pytest.raises(ValueError, match="365"):
            issue_paper(zhang, by=zhang.actor, now=desk.now, lifetime=days * DAY)
