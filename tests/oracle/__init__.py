"""The meaning of a colour in plain, slow Python, written from the semantics alone.

The oracle imports nothing from the product. Wherever the two differ, one of them has a bug.
"""

from tests.oracle.cases import Case, Cases, Fingerprint, fingerprint
from tests.oracle.diagnosis import FACTORS, SUBSETS, Diagnosis, Swap, diagnose, hybrid, hybrid_colours
from tests.oracle.effective import (
    Disagreement,
    Effective,
    Settled,
    coloured_verdicts,
    disagreements,
    effective,
    effective_when_asked,
    held_verdicts,
)
from tests.oracle.entries import (
    QUESTIONS,
    Declaration,
    Question,
    Stay,
    facts_of_check_ins,
    facts_of_declaration,
    facts_of_declarations,
)
from tests.oracle.facts import CITY, CheckIn, FactRef, FactVersion, Origin, RecordKey, Registration
from tests.oracle.hits import Hit, hits
from tests.oracle.mass_changes import Cause, Change, MassChanges
from tests.oracle.rules import RiskArea, Rule, RuleSetVersion
from tests.oracle.rulings import Colour, HitKey, Ruling, Suppression
from tests.oracle.seen import Inputs, counting_version, horizon_of, seen_facts
from tests.oracle.verdicts import (
    Forecast,
    MissingAct,
    Verdict,
    forecast,
    inputs_of,
    turns_green_on,
    verdict,
    version_in_force,
)
from tests.oracle.world import Batch, Provider, Source, World

__all__ = [
    "CITY",
    "FACTORS",
    "QUESTIONS",
    "SUBSETS",
    "Batch",
    "Case",
    "Cases",
    "Cause",
    "Change",
    "CheckIn",
    "Colour",
    "Declaration",
    "Diagnosis",
    "Disagreement",
    "Effective",
    "FactRef",
    "FactVersion",
    "Fingerprint",
    "Forecast",
    "Hit",
    "HitKey",
    "Inputs",
    "MassChanges",
    "MissingAct",
    "Origin",
    "Provider",
    "Question",
    "RecordKey",
    "Registration",
    "RiskArea",
    "Rule",
    "RuleSetVersion",
    "Ruling",
    "Settled",
    "Source",
    "Stay",
    "Suppression",
    "Swap",
    "Verdict",
    "World",
    "coloured_verdicts",
    "counting_version",
    "diagnose",
    "disagreements",
    "effective",
    "effective_when_asked",
    "facts_of_check_ins",
    "facts_of_declaration",
    "facts_of_declarations",
    "fingerprint",
    "forecast",
    "held_verdicts",
    "hits",
    "horizon_of",
    "hybrid",
    "hybrid_colours",
    "inputs_of",
    "seen_facts",
    "turns_green_on",
    "verdict",
    "version_in_force",
]
