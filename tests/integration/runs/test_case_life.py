"""What runs do to cases, as lives of one person: each line is a day, what was told, and the cases after its run.

After each day the city is also held against the oracle: the same disagreement, and a case for it unless it was decided.
"""

import pytest

from codes.models import Case, Disagreement
from codes.models.case import CaseState
from regions.models import City
from tests.integration.runs.days import WHO, Life, cases_told
from tests.oracle import Cases, disagreements

Lived = list[tuple[str, str]]

LIVES: dict[str, Lived] = {
    "no difference, no case": [
        ("", ""),
        ("everybody: close_contact", ""),
    ],
    "opened once, and not again while it stands": [
        ("police: close_contact", "1 received"),
        ("", "1 received"),
        ("", "1 received"),
    ],
    "converges when the others tell the same": [
        ("police: close_contact", "1 received"),
        ("bigdata: close_contact", "1 received re-linked"),
        ("hospitals: close_contact", "1 converged re-linked"),
        ("", "1 converged re-linked"),
    ],
    "converges when the record is withdrawn": [
        ("police: close_contact", "1 received"),
        ("police: -close_contact", "1 converged"),
    ],
    "converges when the hold is over": [
        ("police: close_contact", "1 received"),
        *[("", "1 received")] * 13,
        ("", "1 converged"),
    ],
    "after converging, the next difference is a new case that follows": [
        ("police: close_contact", "1 received"),
        ("police: -close_contact", "1 converged"),
        ("police: close_contact", "1 converged, 2 received after 1"),
    ],
    "a changed fingerprint re-links the open case: another hit of the same colour": [
        ("police: close_contact", "1 received"),
        ("police: suspected_case", "1 received re-linked"),
        ("", "1 received re-linked"),
    ],
    "a changed fingerprint re-links the open case: another colour": [
        ("police: arrival", "1 received"),
        ("police: close_contact", "1 received re-linked"),
        ("police: -close_contact", "1 received re-linked re-linked"),
    ],
    "a record sent again that says the same is the same matter": [
        ("police: close_contact", "1 received"),
        ("police: close_contact", "1 received"),
    ],
    "decided, and the record sent again: nothing has changed for the person": [
        ("police: close_contact", "1 received"),
        ("decide", "1 decided"),
        ("police: close_contact", "1 decided"),
    ],
    "decided, changed, decided, and back to what was left at first: that has not lasted": [
        ("police: close_contact", "1 received"),
        ("decide", "1 decided"),
        ("police: suspected_case", "1 decided, 2 received after 1"),
        ("decide, police: -suspected_case", "1 decided, 2 decided after 1, 3 received after 2"),
    ],
    "decided, gone and back while a source was silent in between: it may never have gone": [
        ("police: close_contact", "1 received"),
        ("decide", "1 decided"),
        ("police silent", "1 decided"),
        ("bigdata silent", "1 decided"),
        ("", "1 decided"),
    ],
    "decided does not come back": [
        ("police: close_contact", "1 received"),
        ("decide", "1 decided"),
        ("", "1 decided"),
        ("bigdata: negative_test", "1 decided"),
    ],
    "decided and changed: a case that follows": [
        ("police: close_contact", "1 received"),
        ("decide", "1 decided"),
        ("police: suspected_case", "1 decided, 2 received after 1"),
        ("", "1 decided, 2 received after 1"),
        ("decide", "1 decided, 2 decided after 1"),
        ("", "1 decided, 2 decided after 1"),
    ],
    "decided, changed, and back to what was decided": [
        ("police: close_contact", "1 received"),
        ("decide", "1 decided"),
        ("police: suspected_case", "1 decided, 2 received after 1"),
        ("police: -suspected_case", "1 decided, 2 received after 1 re-linked"),
    ],
    "decided, agreed, and different again": [
        ("police: close_contact", "1 received"),
        ("decide, police: -close_contact", "1 decided"),
        ("", "1 decided"),
        ("police: close_contact", "1 decided, 2 received after 1"),
    ],
    "a silent source opens nothing": [
        ("police silent", ""),
        ("police: close_contact, bigdata+hospitals silent", ""),
        ("bigdata+hospitals silent", ""),
        ("", "1 received"),
    ],
    "a silent source closes nothing: the stricter one": [
        ("police: close_contact", "1 received"),
        ("police silent", "1 received"),
        ("police silent", "1 received"),
        ("", "1 received"),
    ],
    "a silent source closes nothing: the milder ones": [
        ("police: close_contact", "1 received"),
        ("bigdata+hospitals silent", "1 received"),
        ("everybody silent", "1 received"),
        ("", "1 received"),
    ],
    "a silent source closes nothing, though those that speak agree by now": [
        ("police: close_contact", "1 received"),
        ("bigdata: close_contact, hospitals silent", "1 received"),
        ("hospitals silent", "1 received"),
        ("hospitals: close_contact", "1 converged"),
    ],
    "withdrawn by a source that is silent on the day after": [
        ("police: close_contact", "1 received"),
        ("police: -close_contact, bigdata silent", "1 received"),
        ("", "1 converged"),
    ],
    "a silent third source does not re-link": [
        ("police: close_contact", "1 received"),
        ("hospitals silent", "1 received"),
        ("", "1 received"),
    ],
    "a silent third source does not bring back what was decided": [
        ("police: close_contact", "1 received"),
        ("decide", "1 decided"),
        ("hospitals silent", "1 decided"),
        ("hospitals silent", "1 decided"),
        ("", "1 decided"),
    ],
    "while a third source is silent, another colour is news all the same": [
        ("police: arrival", "1 received"),
        ("decide", "1 decided"),
        ("police: close_contact, hospitals silent", "1 decided, 2 received after 1"),
        ("", "1 decided, 2 received after 1 re-linked"),
    ],
    "while a third source is silent, another hit of the same colour waits for it": [
        ("police: close_contact", "1 received"),
        ("decide", "1 decided"),
        ("police: suspected_case, hospitals silent", "1 decided"),
        ("", "1 decided, 2 received after 1"),
    ],
}


@pytest.mark.parametrize("lived", LIVES.values(), ids=LIVES.keys())
def test_case_life(bare_city: City, lived: Lived) -> None:
    life, oracle = Life(), Cases()
    for number, (acts, cases) in enumerate(lived):
        life.live(acts)
        assert cases_told() == cases, f"on day {number}"
        if "decide" in acts.split(", "):
            oracle.decide(WHO)
        oracle.settle(life.world, life.day, life.as_of)
        assert cases_of_the_city() == [(one.state, one.follows) for one in oracle.of(WHO)], f"on day {number}"
        standing = [one.colours for one in disagreements(life.world, life.day, life.as_of)]
        found = Disagreement.objects.filter(closed_run__isnull=True)
        assert [one.colours for one in found] == standing, f"on day {number}"
        assert Case.objects.filter(closed_at__isnull=True).count() <= 1


def cases_of_the_city() -> list[tuple[str, int | None]]:
    """In the oracle's words: their states and, by its place, the case that each follows."""
    cases = list(Case.objects.order_by("pk"))
    places = {one.pk: place for place, one in enumerate(cases, start=1)}
    states = {CaseState.DECIDED: "decided", CaseState.CONVERGED: "converged"}
    return [(states.get(CaseState(one.state), "open"), places.get(one.follows_id or 0)) for one in cases]


def test_a_case_leads_to_its_person_and_disagreement(bare_city: City) -> None:
    Life().live("police: close_contact")
    case = Case.objects.get()
    assert case.citizen.ref == WHO
    assert case.severity == "red"
    assert case.disagreement
    assert case.disagreement.colours == {"alipay": "green", "wechat": "red", "cityapp": "green"}
    assert bytes(case.fingerprint or b"") == bytes(case.disagreement.fingerprint)
    assert [event.verb for event in case.events.all()] == ["opened"]
    assert case.number == "D20220301-000001"
