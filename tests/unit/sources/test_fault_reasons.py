"""Every fault has its sentence in both languages, and tells nothing that must stay secret."""

import json
import string

import pytest

from regions.sources.connectors.delivery import FaultReason, RawRecord, SourceFault, SourceRefused
from regions.vocabulary import label_in


@pytest.mark.parametrize("reason", FaultReason)
def test_both_sentences_have_the_same_places_and_an_end(reason: FaultReason) -> None:
    places = [
        {name for _, name, _, _ in string.Formatter().parse(words) if name}
        for words in (label_in("zh-hans", reason), label_in("en", reason))
    ]
    assert places[0] == places[1] or reason is FaultReason.LOGIN_REFUSED
    fault = SourceFault(reason, **dict.fromkeys(places[0] | places[1], "…"))
    assert fault.message_in("zh-hans").endswith("。")
    assert fault.message_in("en") == str(fault)
    assert str(fault).endswith(".")


def test_a_refusal_quotes_the_source() -> None:
    fault = SourceRefused("40100", "app disabled {code}")
    assert (
        str(fault) == "The source refused (40100: app disabled {code}). Check the credentials and what they may read."
    )
    assert (fault.code, fault.message, fault.reason) == ("40100", "app disabled {code}", "refused")


def test_raw_content_can_be_kept_whatever_is_in_it() -> None:
    content = {"full_name": "张\0\udcd5", "kind": "MJ"}
    text = RawRecord(1, content).as_text()
    assert text.isascii()
    assert "\0" not in text
    assert json.loads(text) == content
