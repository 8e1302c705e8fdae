"""Several worlds as one city: nobody's name, source, provider or record is another world's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from tests.oracle import FactRef, Origin, World
from tests.oracle.rulings import HitKey


def renamed(world: World, mark: str) -> World:
    """The same world with the mark behind all its names."""

    def name(text: str) -> str:
        return f"{text}~{mark}"

    def origin(one: Origin) -> Origin:
        return Origin(one.kind, one.code and name(one.code))

    def record(one: Any) -> dict[str, Any]:
        return {"origin": origin(one.origin), "record_id": name(one.record_id)}

    def holder(one: Any) -> dict[str, Any]:
        return {"citizen": name(one.citizen), "provider": name(one.provider)}

    return replace(
        world,
        providers=tuple(
            replace(one, code=name(one.code), source=name(one.source), rule_set=name(one.rule_set))
            for one in world.providers
        ),
        sources=tuple(replace(one, code=name(one.code)) for one in world.sources),
        rule_sets=tuple(replace(one, code=name(one.code)) for one in world.rule_sets),
        citizens=tuple(map(name, world.citizens)),
        facts=tuple(replace(one, citizen=name(one.citizen), **record(one)) for one in world.facts),
        check_ins=tuple(replace(one, **holder(one)) for one in world.check_ins),
        registrations=tuple(replace(one, **holder(one)) for one in world.registrations),
        suppressions=tuple(replace(one, **record(one)) for one in world.suppressions),
        rulings=tuple(
            replace(
                one,
                citizen=name(one.citizen),
                weighed=frozenset(
                    HitKey(
                        hit.content._replace(**record(hit.content)),
                        FactRef(**record(hit.fact), version=hit.fact.version),
                    )
                    for hit in one.weighed
                ),
            )
            for one in world.rulings
        ),
    )


def together(worlds: Sequence[World]) -> World:
    """One city of them all. Its policy is the first one's: ask it for verdicts only."""
    return replace(
        worlds[0],
        providers=_joined(one.providers for one in worlds),
        sources=_joined(one.sources for one in worlds),
        rule_sets=_joined(one.rule_sets for one in worlds),
        citizens=_joined(one.citizens for one in worlds),
        facts=_joined(one.facts for one in worlds),
        check_ins=_joined(one.check_ins for one in worlds),
        registrations=_joined(one.registrations for one in worlds),
        suppressions=_joined(one.suppressions for one in worlds),
        rulings=_joined(one.rulings for one in worlds),
    )


def _joined(parts: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(parts))
