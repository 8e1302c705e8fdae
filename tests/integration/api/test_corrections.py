"""The service `corrections`: a provider files corrections for its own people only."""

from datetime import datetime

import pytest

from codes.models import Appeal, Provider, RuleSet, RuleSetVersion
from regions.models import City
from regions.sources.models import Source
from tests.integration.api.conftest import Service
from tests.integration.cities.test_recognition import NUMBER, OTHER_NUMBER, person
from tests.integration.review.desk import Desk, open_desk

ASKED = {"id_type": "10", "id_number": NUMBER, "rule": "R2", "reason": "providers_differ"}


@pytest.fixture
def desk(alpha: City, clock: datetime) -> Desk:
    """zhang is red with wechat by a record that another city passed on; chen is a stranger to wechat."""
    for model in (Provider, RuleSetVersion, RuleSet, Source):
        model.objects.all().delete()
    desk = open_desk({"zhang": "spacetime_overlap", "chen": "arrival"}, now=clock)
    person("zhang", NUMBER)
    person("chen", OTHER_NUMBER).registrations.all().delete()
    desk.tell("zhang", "spacetime_overlap", record_id="police-zhang", detail={"issued_by": "330100"})
    desk.run(clock)
    return desk


def test_a_provider_files_for_its_people_and_follows_it(desk: Desk, clock: datetime) -> None:
    wechat, alipay = Service("wechat", clock), Service("alipay", clock)
    refusals = [
        ({"rule": "R1"}, 422, "no_such_hit"),
        ({"reason": "not_there"}, 422, "files_missing"),
        ({"reason": "why"}, 422, "bad_body"),
        ({"text": "a\x00"}, 422, "bad_body"),
        ({"id_number": OTHER_NUMBER}, 404, "not_registered"),
        ({"id_number": "1"}, 422, "bad_id"),
    ]
    for change, status, code in refusals:
        found = wechat.post("corrections", {**ASKED, **change})
        assert (found[0], found[1]["code"]) == (status, code)
    assert alipay.post("corrections", ASKED)[1]["code"] == "no_such_hit"
    status, filed = wechat.post("corrections", ASKED, **{"Idempotency-Key": "1"})
    assert (status, filed["owner"]) == (201, "330100")
    assert wechat.post("corrections", ASKED, **{"Idempotency-Key": "1"}) == (201, filed)
    assert wechat.post("corrections", ASKED)[1]["code"] == "appealed_already"
    assert Appeal.objects.get().filed_by == "provider:wechat"
    (listed,) = wechat.get("corrections")[1]["items"]
    assert (listed["number"], listed["owner"], listed["owner_answer"]) == (filed["number"], "330100", None)
    assert alipay.get("corrections")[1]["items"] == []
