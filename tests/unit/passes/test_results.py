"""The ten results: their words are a contract, and each says in both languages what it means and what to do."""

import pytest
from django.utils.translation import override

from codes.passes.results import BadPass, CheckResult, Detail


def test_the_words_and_numbers_of_the_contract() -> None:
    words = "ok expired not_yet_valid unknown_key bad_signature not_a_pass replayed withdrawn other_city unknown"
    assert [result.value for result in CheckResult] == words.split()
    assert [result.number for result in CheckResult] == list(range(10))


@pytest.mark.parametrize("result", CheckResult)
def test_every_result_says_what_to_do_in_both_languages(result: CheckResult) -> None:
    said = []
    for language, stop in (("en", "."), ("zh-hans", "。")):
        with override(language):
            said.append((str(result.label), str(result.next_step)))
        assert all(sentence.endswith(stop) for sentence in said[-1])
    assert not set(said[0]) & set(said[1])


@pytest.mark.parametrize("detail", Detail)
def test_every_detail_belongs_to_one_result(detail: Detail) -> None:
    found = BadPass(detail)
    assert (found.result, found.detail) == (detail.result, detail)
    for language, stop in (("en", "."), ("zh-hans", "。")):
        with override(language):
            assert str(detail.label).endswith(stop)
