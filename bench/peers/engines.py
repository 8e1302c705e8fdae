"""Other rule engines, each judging the same sample and compared with the product's colours."""

from collections.abc import Callable, Sequence
from typing import Protocol

from bench.clock import watch
from bench.peers.documents import Document, can_be_said, document
from bench.peers.inputs import Inputs, Pair, RuleRow, colours
from bench.peers.json_logic_rules import JsonLogicRules
from bench.peers.zen_rules import ZenRules
from bench.rounds import BenchFailed


class Rules(Protocol):
    """A version in an engine's language."""

    def colour(self, document: Document) -> str:
        """Return the verdict of a document."""
        ...


ENGINES: dict[str, Callable[[list[RuleRow]], Rules]] = {"JsonLogic": JsonLogicRules, "zen-engine": ZenRules}


def judge_with(engine: str, inputs: Inputs, citizens: Sequence[int]) -> float:
    """Return the seconds for creating the documents and judging them. Raises ``BenchFailed`` if any colour is not the product's."""
    if not all(can_be_said(rule) for rules in inputs.rules.values() for rule in rules):
        raise BenchFailed("these rule sets hold rules that no document of facts can answer")
    versions = {version: ENGINES[engine](rules) for version, rules in inputs.rules.items()}
    found: dict[Pair, str] = {}
    with watch() as counted:
        for citizen, provider in inputs.asked:
            said = versions[inputs.providers[provider].version_id].colour(document(inputs, citizen, provider))
            if said != "green":
                found[citizen, provider] = said
    if found != colours(citizens):
        raise BenchFailed(f"{engine} and the engine differ on {len(found.items() ^ colours(citizens).items())} colours")
    return counted.seconds
