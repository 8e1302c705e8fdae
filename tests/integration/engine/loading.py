"""Load a world of the oracle into the current city, without the intake."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db.models import Model

from codes.models import Fact, Registration
from tests.integration.engine import evidence_rows, setting_rows
from tests.integration.engine.keys import FIRST_KEY, Keys, next_keys
from tests.integration.engine.rows import insert_rows
from tests.oracle import FactRef, World


def load_world(world: World, *, known_at: datetime) -> Keys:
    """Store everything in the world as the city has it at an instant. Horizons are not stored: the product derives them."""
    keys = keys_of(world)
    insert_rows(_rows(world, keys, known_at))
    return keys


def keys_of(world: World) -> Keys:
    return Keys(
        sources={one.code: FIRST_KEY + n for n, one in enumerate(world.sources)},
        rule_sets={code: FIRST_KEY + n for n, code in enumerate(dict.fromkeys(one.code for one in world.rule_sets))},
        providers={one.code: FIRST_KEY + n for n, one in enumerate(world.providers)},
        citizens={name: FIRST_KEY + n for n, name in enumerate(world.citizens)},
        facts=dict(zip(next_keys(Fact, len(world.facts)), (fact.ref for fact in world.facts), strict=True)),
        registrations=next_keys(Registration, len(world.registered_at)),
    )


def hits_of(hits: list[dict[str, Any]], facts: dict[int, FactRef]) -> set[tuple[str, FactRef, date]]:
    """Return the hits of a stored verdict in the form of the oracle's."""
    return {(hit["rule"], facts[hit["fact_id"]], date.fromisoformat(hit["anchor"])) for hit in hits}


def _rows(world: World, keys: Keys, known_at: datetime) -> Iterator[Model]:
    yield from setting_rows.sources(world, keys)
    yield from setting_rows.rule_sets(world, keys)
    yield from setting_rows.providers(world, keys)
    yield from evidence_rows.citizens(world, keys)
    yield from evidence_rows.facts(world, keys)
    yield from evidence_rows.check_ins(world, keys)
    yield from evidence_rows.suppressions(world, keys)
    yield from evidence_rows.rulings(world, keys, known_at)
