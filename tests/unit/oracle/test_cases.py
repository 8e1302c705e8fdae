"""Lives of one person, day by day: what is told, what is decided, and the cases after each day's run.

``a: close_contact``    a's source tells a record of this kind, the same one each time
``a: close_contact*``   the same record with another spelling
``a: close_contact+3``  the same record, begun three days later
``a: -close_contact``   it is withdrawn
``a silent``            nothing is delivered that day
``leave``, ``rule green 5``  the open case is decided: colours stay, or a ruling until that day
``end``                 two people end the ruling after the run, at noon
``other rules``         a version that changes nothing for the person; ``stricter``: one that changes a rule of theirs
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from tests.oracle import (
    Batch,
    Cases,
    Colour,
    FactVersion,
    Origin,
    Provider,
    Registration,
    RiskArea,
    Rule,
    RuleSetVersion,
    Ruling,
    Source,
    World,
    coloured_verdicts,
)
from tests.unit.oracle.march import LI, at, city, fact, march, rule

PROVIDERS = ("a", "b", "c")
RULES = (rule(code="R1"), rule(code="R2", kind="suspected_case"), rule(code="Y1", kind="arrival", colour="yellow"))
COLOURS: dict[str, Colour] = {"green": "green", "yellow": "yellow", "red": "red"}
FIRST = RuleSetVersion("national", 1, march(0), RULES)


@dataclass
class Life:
    day: int = 0
    world: World = field(init=False)
    cases: Cases = field(default_factory=Cases)

    def __post_init__(self) -> None:
        self.world = city(
            [],
            [],
            providers=tuple(Provider(code, code, "national") for code in PROVIDERS),
            sources=tuple(Source(code, timedelta(hours=20)) for code in PROVIDERS),
            rule_sets=(FIRST,),
            registrations=tuple(Registration(LI, code, at(0)) for code in PROVIDERS),
        )

    def live(self, acts: str) -> str:
        self.day += 1
        told = [act.strip() for act in acts.split(",") if act.strip()]
        silent = {name for act in told if act.endswith(" silent") for name in act.split()[0].split("+")}
        for act in told:
            self._do(act)
        for code in PROVIDERS if "everybody" not in silent else ():
            if code not in silent:
                self._deliver(code)
        self.cases.settle(self.world, march(self.day), at(f"{self.day} 11"))
        if "end" in told:
            ended = replace(self.world.rulings[-1], ended_at=at(self.day))
            self.world = replace(self.world, rulings=(*self.world.rulings[:-1], ended))
            self.cases.look_at(self.world, LI, march(self.day), at(f"{self.day} 11"), at(self.day))
        return ", ".join(
            f"{one.number} {one.state}" + (f" after {one.follows}" if one.follows else "") for one in self.cases.opened
        )

    def _do(self, act: str) -> None:
        if ":" in act:
            names, _, kind = act.partition(": ")
            for name in PROVIDERS if names == "all" else names.split("+"):
                self._tell(name, kind)
        elif act == "leave":
            self.cases.decide(LI)
        elif act.startswith("rule "):
            yesterday = march(self.day - 1), at(f"{self.day - 1} 11")
            hits = {hit.key for one in coloured_verdicts(self.world, LI, *yesterday).values() for hit in one.hits}
            _, colour, last = act.split()
            ruling = Ruling(LI, COLOURS[colour], at(f"{self.day} 9"), march(int(last)), frozenset(hits))
            self.world = replace(self.world, rulings=(*self.world.rulings, ruling))
            self.cases.decide(LI, ruling)
        elif act in ("other rules", "stricter"):
            rules = (*RULES, rule(code="X1", kind="symptom")) if act == "other rules" else _stricter()
            listed = (RiskArea("420100", "high", march(1)),)
            version = RuleSetVersion("national", len(self.world.rule_sets) + 1, march(self.day), rules, listed)
            self.world = replace(self.world, rule_sets=(*self.world.rule_sets, version))

    def _tell(self, source: str, said: str) -> None:
        kind, _, later = said.removeprefix("-").partition("+")
        origin, record_id = Origin("source", source), kind.removesuffix("*")
        before = [one for one in self.world.facts if (one.origin, one.record_id) == (origin, record_id)]
        told: FactVersion = fact(record_id, 1 + int(later or 0), recorded=f"{self.day} 8", received=f"{self.day} 9")
        told = replace(told, origin=origin, record_id=record_id, version=len(before) + 1, revoked=said.startswith("-"))
        told = replace(told, detail=(("name", said),))
        self.world = replace(self.world, facts=(*self.world.facts, told))

    def _deliver(self, source: str) -> None:
        batch = Batch(at(f"{self.day} 10"), at(f"{self.day} 10"))
        told = [
            replace(one, batches=(*one.batches, batch)) if one.code == source else one for one in self.world.sources
        ]
        self.world = replace(self.world, sources=tuple(told))


def _stricter() -> tuple[Rule, ...]:
    return tuple(replace(one, hold_days=21) for one in RULES)


LIVES: dict[str, list[tuple[str, str]]] = {
    "no difference, no case": [("", ""), ("all: close_contact", "")],
    "one open case while it stands, whatever it changes to": [
        ("a: close_contact", "1 open"),
        ("a: suspected_case", "1 open"),
        ("b: arrival", "1 open"),
    ],
    "converges when the colours agree": [
        ("a: close_contact", "1 open"),
        ("b+c: close_contact", "1 converged"),
        ("b: -close_contact", "1 converged, 2 open after 1"),
    ],
    "left as it is: as long as the fingerprint lasts": [
        ("a: close_contact", "1 open"),
        ("leave", "1 decided"),
        ("", "1 decided"),
        ("a: suspected_case", "1 decided, 2 open after 1"),
        ("leave", "1 decided, 2 decided after 1"),
        ("a: -suspected_case", "1 decided, 2 decided after 1, 3 open after 2"),
    ],
    "left as it is, agreed, and different again: it has not lasted": [
        ("a: close_contact", "1 open"),
        ("leave", "1 decided"),
        ("a: -close_contact", "1 decided"),
        ("a: close_contact", "1 decided, 2 open after 1"),
    ],
    "respelled is the same": [
        ("a: close_contact", "1 open"),
        ("leave", "1 decided"),
        ("a: close_contact*", "1 decided"),
    ],
    "respelled under a ruling is the same": [
        ("a: close_contact", "1 open"),
        ("rule green 9", "1 decided"),
        ("a: close_contact*", "1 decided"),
    ],
    "another day is another": [
        ("a: close_contact", "1 open"),
        ("leave", "1 decided"),
        ("a: close_contact+1", "1 decided, 2 open after 1"),
    ],
    "rules that change nothing for the person": [
        ("a: close_contact", "1 open"),
        ("leave", "1 decided"),
        ("other rules", "1 decided"),
    ],
    "another parameter of a rule that holds them": [
        ("a: close_contact", "1 open"),
        ("leave", "1 decided"),
        ("stricter", "1 decided, 2 open after 1"),
    ],
    "a ruling that expires": [
        ("a: close_contact", "1 open"),
        ("rule green 3", "1 decided"),
        ("", "1 decided"),
        ("", "1 decided, 2 open after 1"),
    ],
    "a ruling that is ended: at once": [
        ("a: close_contact", "1 open"),
        ("rule green 9", "1 decided"),
        ("end", "1 decided, 2 open after 1"),
        ("", "1 decided, 2 open after 1"),
    ],
    "a ruling that is ended when they agree": [
        ("a: close_contact", "1 open"),
        ("rule green 9", "1 decided"),
        ("a: -close_contact, end", "1 decided"),
    ],
    "a ruling stands through a day of agreement": [
        ("a: close_contact", "1 open"),
        ("rule green 9", "1 decided"),
        ("a: -close_contact", "1 decided"),
        ("a: close_contact", "1 decided"),
    ],
    "a changed fingerprint under a ruling": [
        ("a: arrival", "1 open"),
        ("rule green 9", "1 decided"),
        ("a: close_contact", "1 decided, 2 open after 1"),
    ],
    "what was left under a ruling comes back when the ruling ends": [
        ("a: close_contact", "1 open"),
        ("rule yellow 9", "1 decided"),
        ("a: -close_contact, b: arrival", "1 decided, 2 open after 1"),
        ("leave", "1 decided, 2 decided after 1"),
        ("end", "1 decided, 2 decided after 1, 3 open after 2"),
    ],
    "a silent source opens nothing": [
        ("a: close_contact, b+c silent", ""),
        ("b+c silent", ""),
        ("", "1 open"),
    ],
    "a silent source closes nothing": [
        ("a: close_contact", "1 open"),
        ("a silent", "1 open"),
        ("everybody silent", "1 open"),
        ("b: close_contact, c silent", "1 open"),
        ("c: close_contact", "1 converged"),
    ],
    "a silent source does not bring back what was decided": [
        ("a: close_contact", "1 open"),
        ("leave", "1 decided"),
        ("c silent", "1 decided"),
        ("a silent", "1 decided"),
        ("", "1 decided"),
    ],
    "another colour is news while a third is silent": [
        ("a: arrival", "1 open"),
        ("leave", "1 decided"),
        ("a: close_contact, c silent", "1 decided, 2 open after 1"),
        ("", "1 decided, 2 open after 1"),
    ],
}


@pytest.mark.parametrize("lived", LIVES.values(), ids=LIVES.keys())
def test_life(lived: list[tuple[str, str]]) -> None:
    life = Life()
    for number, (acts, cases) in enumerate(lived, start=1):
        assert life.live(acts) == cases, f"on day {number}"
