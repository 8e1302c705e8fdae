"""Another city's pass at a gate: this city's recognition applies, the other's name is shown, and no answer is never green."""

import json
from datetime import datetime, timedelta

from codes.gates.check import GateCheck, check_pass
from codes.models import GateScan
from codes.passes.paper import issue_paper
from codes.passes.results import CheckResult
from regions.tenancy import in_city
from regions.vocabulary import Recognition
from tests.integration.cities.test_recognition import TOLD, pass_of, recognise
from tests.integration.cities.wire import Wire
from tests.integration.gates.people import enrolled
from tests.integration.review.desk import Desk

SECOND = timedelta(seconds=1)


def said(checked: GateCheck) -> tuple[str, str, str]:
    return checked.result.value, checked.colour, checked.other_city("zh-hans")


def test_a_gate_does_what_the_city_does_with_passes_of_others(there: Desk, wire: Wire, now: datetime) -> None:
    red, green = pass_of(there, "zhang", at=now), pass_of(there, "chen", at=now, current=TOLD)
    with in_city("alpha") as city:
        looked_up = check_pass(f"  {red.lower()}\r\n", by="gate:1", now=now)
        assert said(looked_up) == ("other_city", "red", "乙市")
        assert "Beta" in looked_up.sentence("en")
        assert "乙市" in looked_up.sentence("zh-hans")
        assert len(wire.calls) == 1
        for recognition in (Recognition.REFUSE, Recognition.CONVERT):
            recognise(city, recognition)
            checked = check_pass(green, by="gate:1", now=now)
            assert said(checked) == ("other_city", "", "乙市"), recognition
            assert checked.next_step("en") != str(CheckResult.OTHER_CITY.next_step)
        assert len(wire.calls) == 1
        kept = GateScan.objects.order_by("pk").values_list("result", flat=True)
        assert list(kept) == ["other_city"] * 3
    with in_city("beta"):
        assert said(check_pass(green, by="gate:1", now=now)) == ("ok", "yellow", "")


def test_without_an_answer_nothing_is_known_and_nothing_is_green(there: Desk, wire: Wire, now: datetime) -> None:
    green = pass_of(there, "zhang", at=now, current=TOLD)
    old = pass_of(there, "zhang", at=now - timedelta(hours=1), current=TOLD)
    with in_city("alpha"):
        wire.down = {"beta.localhost"}
        assert said(check_pass(green, by="gate:1", now=now)) == ("unknown", "", "乙市")
        wire.down = set()
        assert said(check_pass(old, by="gate:1", now=now)) == ("expired", "", "乙市")


def test_another_citys_pass_is_flagged_at_a_second_gate(there: Desk, wire: Wire, now: datetime) -> None:
    token = pass_of(there, "zhang", at=now)
    with in_city("alpha"):
        results = [
            check_pass(text, by=by, now=now + late * SECOND).result
            for text, by, late in ((token, "gate:1", 0), (token, "gate:1", 5), (token.lower(), "gate:2", 10))
        ]
    assert results == ["other_city", "other_city", "replayed"]


def test_another_citys_paper_is_looked_up_at_every_gate(there: Desk, wire: Wire, now: datetime) -> None:
    with in_city("beta"):
        paper, _ = issue_paper(there.citizen("zhang"), by="li", now=now)
    with in_city("alpha"):
        results = [check_pass(paper, by=by, now=now).result for by in ("gate:1", "gate:2")]
    assert results == ["other_city", "other_city"]
    with in_city("beta"):
        assert check_pass(paper, by="gate:1", now=now).result is CheckResult.OK


def test_a_pass_at_gates_of_two_cities_is_flagged_at_the_second(there: Desk, wire: Wire, now: datetime) -> None:
    first, second = pass_of(there, "zhang", at=now), pass_of(there, "chen", at=now)
    with in_city("alpha"):
        assert said(check_pass(first, by="gate:1", now=now)) == ("other_city", "red", "乙市")
    with in_city("beta"):
        assert check_pass(first, by="gate:1", now=now + 5 * SECOND).result is CheckResult.REPLAYED
        assert check_pass(second, by="gate:1", now=now).result is CheckResult.OK
    with in_city("alpha"):
        flagged = check_pass(second, by="gate:1", now=now + 5 * SECOND)
        assert said(flagged) == ("replayed", "", "乙市")
        assert "open their code anew" in flagged.next_step("en")


def test_the_page_names_the_city_that_answers(there: Desk, wire: Wire, now: datetime) -> None:
    token = pass_of(there, "zhang", at=now)
    with in_city("alpha"):
        _device, gate = enrolled(now=now, host="alpha.localhost")
    page = gate.post("/gate/", {"text": token}).content.decode()
    assert 'data-result="other_city" data-state="red"' in page
    assert '<p class="gate-city" data-city>Beta</p>' in page
    told = json.loads(gate.post("/gate/check/", {"text": token}).content)
    assert (told["number"], told["colour"], told["city"]) == (CheckResult.OTHER_CITY.number, "red", "Beta")
