"""The effective code from day to day, its history, and what people are whose provider's source is silent.

Each line is a day, what was told, and the effective code after its run; after each day the oracle says the same.
"""

from datetime import timedelta

import pytest

from codes.effective import count_effective_codes, effective_code, effective_codes
from codes.models import (
    Citizen,
    EffectiveChange,
    EffectiveCode,
    Message,
    MessageKind,
    Provider,
    Registration,
    Verdict,
    VerdictChange,
)
from regions.models import City
from tests.integration.runs.days import WHO, Life
from tests.oracle import effective

Lived = list[tuple[str, str]]

LIVES: dict[str, Lived] = {
    "green by agreement is no change": [
        ("", "green agreement"),
        ("", "green agreement"),
    ],
    "strictest while they differ, agreement when they agree": [
        ("police: close_contact", "red policy"),
        ("bigdata+hospitals: close_contact", "red agreement"),
        ("everybody: -close_contact", "green agreement"),
    ],
    "the same colour for another reason is a change": [
        ("everybody: close_contact", "red agreement"),
        ("police: -close_contact", "red policy"),
    ],
    "red after a green that was never stored": [
        ("", "green agreement"),
        ("everybody: close_contact", "red agreement"),
    ],
    "unknown until the first delivery, then green": [
        ("everybody silent", "unknown unknown"),
        ("", "green agreement"),
        ("everybody silent", "unknown unknown"),
    ],
    "yellow against red": [
        ("police: arrival", "yellow policy"),
        ("bigdata: close_contact", "red policy"),
        ("bigdata: -close_contact", "yellow policy"),
    ],
    "nobody can tell: unknown, and back again": [
        ("", "green agreement"),
        ("everybody silent", "unknown unknown"),
        ("everybody silent", "unknown unknown"),
        ("", "green agreement"),
    ],
    "never green for want of data: red, held, red": [
        ("everybody: close_contact", "red agreement"),
        ("everybody silent", "red held"),
        ("", "red agreement"),
    ],
    "a silent source lifts nobody": [
        ("police: close_contact", "red policy"),
        ("police silent", "red held"),
        ("police silent", "red held"),
        ("", "red policy"),
    ],
    "a held colour no more severe than what the others say is nothing": [
        ("police: arrival, bigdata+hospitals: arrival", "yellow agreement"),
        ("police silent", "yellow agreement"),
        ("police silent, bigdata: close_contact", "red policy"),
        ("police: -arrival, bigdata: -close_contact, hospitals: -arrival", "yellow policy"),
    ],
    "the most severe of those held": [
        ("police: arrival, bigdata: close_contact", "red policy"),
        ("police+bigdata silent", "red held"),
        ("everybody silent", "red held"),
        ("police silent", "red policy"),
        ("police silent, bigdata: -close_contact", "yellow held"),
    ],
    "a held green is nothing": [
        ("", "green agreement"),
        ("police silent", "green agreement"),
        ("everybody silent", "unknown unknown"),
    ],
    "it is judged for the day, not kept: its hold ends in the silence": [
        ("police: close_contact", "red policy"),
        *[("police silent", "red held")] * 13,
        ("police silent", "green agreement"),
    ],
    "a source that has never delivered holds nobody": [
        ("bigdata+hospitals: close_contact, police silent", "red agreement"),
        ("bigdata+hospitals: -close_contact, police silent", "green agreement"),
    ],
    "only those that can tell are asked": [
        ("police: close_contact", "red policy"),
        ("bigdata+hospitals silent", "red agreement"),
        ("", "red policy"),
    ],
    "unknown from the first day on": [
        ("everybody silent", "unknown unknown"),
        ("police: close_contact, bigdata+hospitals silent", "red agreement"),
        ("", "red policy"),
    ],
    "it ends by itself when the hold is over": [
        ("police: close_contact", "red policy"),
        *[("", "red policy")] * 13,
        ("", "green agreement"),
    ],
}


@pytest.mark.parametrize("lived", LIVES.values(), ids=LIVES.keys())
def test_effective_code_and_its_history(bare_city: City, lived: Lived) -> None:
    """Before the first run the code is unknown; a first green is stored neither as a code nor as a change."""
    life = Life()
    expected: list[tuple[str, str]] = []
    before = "unknown unknown"
    for number, (acts, standing) in enumerate(lived):
        run = life.live(acts)
        found = effective_code(life.keys.citizens[WHO], now=life.as_of)
        assert f"{found.colour} {found.because}" == standing, f"on day {number}"
        assert (found.colour, found.because) == effective(life.world, WHO, life.day, life.as_of)
        is_stored = standing != before and (standing != "green agreement" or bool(expected))
        assert run.counts["effective_changes"] == is_stored
        expected += [(before, standing)] * is_stored
        before = standing
    assert history() == expected


def history() -> list[tuple[str, str]]:
    """Every change as (from, to), having seen that each says since when and because of what."""
    changes = list(EffectiveChange.objects.order_by("pk"))
    for change in changes:
        assert change.run
        assert (change.since, change.day) == (change.run.as_of, change.run.day)
    return [(f"{one.before} {one.before_because}", f"{one.after} {one.after_because}") for one in changes]


@pytest.mark.parametrize(
    ("policy", "colour"),
    [
        ("strictest", "red"),
        ("prefer:alipay", "green"),
        ("prefer:wechat", "red"),
        ("prefer:nobody", "red"),
        ("freshest", "red"),
    ],
)
def test_interim_policy(bare_city: City, policy: str, colour: str) -> None:
    """All deliveries are equally fresh, so freshest is strictest."""
    life = Life(interim_policy=policy)
    life.live("police: close_contact")
    found = effective_code(life.keys.citizens[WHO], now=life.as_of)
    assert (found.colour, found.because) == (colour, "policy")
    assert found == (*effective(life.world, WHO, life.day, life.as_of), life.as_of)


def test_the_freshest_source_decides(bare_city: City) -> None:
    life = Life(interim_policy="freshest")
    life.live("police: close_contact")
    life.allow_age_of(48)
    life.live("police silent")
    assert effective_code(life.keys.citizens[WHO], now=life.as_of)[:2] == ("green", "policy")
    assert effective(life.world, WHO, life.day, life.as_of) == ("green", "policy")


def test_somebody_no_provider_knows_is_unknown(bare_city: City) -> None:
    life = Life(registered=())
    life.live("everybody: close_contact")
    assert effective_code(life.keys.citizens[WHO], now=life.as_of)[:2] == ("unknown", "unknown")
    assert not EffectiveCode.objects.exists()
    assert not Verdict.objects.exists()


def test_whoever_registered_after_the_last_run_is_unknown_not_green(bare_city: City) -> None:
    """Asked for one person, for many, and in the city's counts: no row is green only for those whom a run has judged."""
    life = Life()
    life.live("")
    late = Citizen.objects.create(ref="late", id_type="10", id_hash=b"late", id_encrypted=b"", known_since=life.as_of)
    Registration.objects.create(
        citizen=late, provider=Provider.objects.get(code="wechat"), registered_at=life.as_of + timedelta(hours=1)
    )
    here, there = life.keys.citizens[WHO], late.pk
    assert effective_code(there, now=life.as_of) == ("unknown", "unknown", None)
    told = effective_codes([here, there], now=life.as_of)
    assert {citizen: one.colour for citizen, one in told.items()} == {here: "green", there: "unknown"}
    counted = count_effective_codes(now=life.as_of)
    assert counted == {("green", "agreement"): 1, ("unknown", "unknown"): Citizen.objects.count() - 1}


def test_the_code_of_a_newcomer_was_unknown_before_not_green(bare_city: City) -> None:
    life = Life(registered=())
    life.live("")
    provider, since = Provider.objects.get(code="wechat"), life.as_of + timedelta(hours=1)
    Registration.objects.create(citizen_id=life.keys.citizens[WHO], provider=provider, registered_at=since)
    life.live("police: close_contact")
    assert history() == [("unknown unknown", "red agreement")]
    (message,) = Message.objects.filter(kind=MessageKind.COLOUR_CHANGED)
    assert message.data == {"before": "unknown", "after": "red"}


def test_nobody_is_green_before_the_first_run(bare_city: City) -> None:
    life = Life()
    assert effective_code(life.keys.citizens[WHO], now=life.as_of) == ("unknown", "unknown", None)


def test_a_provider_without_any_delivery_is_unknown_to_those_registered_with_it(bare_city: City) -> None:
    life = Life(registered=("wechat", "cityapp"))
    run = life.live("bigdata: close_contact, police silent")
    told = {one.provider.code: one for one in run.providers.select_related("provider")}
    assert [(code, one.known, one.why_unknown) for code, one in sorted(told.items())] == [
        ("alipay", True, ""),
        ("cityapp", True, ""),
        ("wechat", False, "no_batch"),
    ]
    assert (told["wechat"].registered, told["wechat"].red, told["wechat"].green) == (1, None, None)
    assert (told["cityapp"].registered, told["cityapp"].red, told["cityapp"].green) == (1, 0, 1)
    assert told["alipay"].registered == 0


def test_a_stale_provider_keeps_its_verdicts_and_they_count_again_when_it_is_back(bare_city: City) -> None:
    life = Life(registered=("wechat",))
    life.live("police: close_contact")
    stood = Verdict.objects.values().get()
    run = life.live("police silent")
    frozen = run.providers.get(provider__code="wechat")
    assert (frozen.known, frozen.why_unknown) == (False, "stale")
    assert (frozen.red, frozen.yellow, frozen.green) == (None, None, None), "a held colour is no verdict"
    assert (frozen.held_red, frozen.held_yellow) == (1, 0)
    assert Verdict.objects.values().get() == stood
    assert effective_code(life.keys.citizens[WHO], now=life.as_of)[:2] == ("red", "held")
    life.live("")
    assert Verdict.objects.values().get() == stood
    assert effective_code(life.keys.citizens[WHO], now=life.as_of)[:2] == ("red", "agreement")
    assert VerdictChange.objects.count() == 1


def test_a_delivery_as_old_as_it_may_be_still_counts(bare_city: City) -> None:
    """An hour before the run of the day before: 25 hours ago."""
    life = Life(registered=("wechat",))
    life.live("")
    life.allow_age_of(25)
    assert life.live("police silent").providers.get(provider__code="wechat").known


def test_an_version_that_is_not_in_force_yet_judges_nobody(bare_city: City) -> None:
    life = Life(registered=("wechat",))
    life.rules_from(5)
    run = life.live("police: close_contact")
    assert {(one.known, one.why_unknown) for one in run.providers.all()} == {(False, "no_edition")}
    assert effective_code(life.keys.citizens[WHO], now=life.as_of)[:2] == ("unknown", "unknown")
