"""The city of a simulation: the tests' city alpha with a third provider. The demo's stand-ins serve as its sources."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from unittest.mock import patch

from django.test import override_settings
from sqlalchemy import create_engine, event

from codes.models import Provider
from codes.rule_sets.publish import publish
from codes.rule_sets.version_file import judged
from portal.demo.stand_ins.big_data_centre import BigDataCentre, running
from portal.demo.stand_ins.big_data_store import BigDataStore
from portal.demo.stand_ins.police_database import PoliceDatabase
from regions.sources.connectors import big_data_centre
from regions.sources.connectors.big_data_centre import System
from regions.sources.connectors.guard import AllowList
from regions.sources.models import Source
from regions.staff.roles import Role
from regions.tenancy import current_city
from tests.integration.review.desk import hire
from tests.oracle import Rule, RuleSetVersion
from tests.simulation.known import PROVIDERS, RULE_SETS
from tests.simulation.upstream import APP, Upstream

SCHEMA = "alpha"
SECRET = "a secret of the simulation"
STAFF = {
    "li": (Role.REVIEWER,),
    "wu": (Role.REVIEWER,),
    "wang": (Role.APPROVER,),
    "zhao": (Role.REVIEWER, Role.APPROVER),
    "qian": (Role.SOURCE_MANAGER,),
}
# Alpha's rule sets already have a version 1 from before the month.
FIRST_VERSION = 2


@dataclass
class Stage:
    """The sources, which the simulation controls directly and not through functions of the city."""

    police: Upstream
    bigdata: Upstream

    @property
    def sources(self) -> tuple[Upstream, Upstream]:
        """The sources in the order in which a run collects them."""
        return self.bigdata, self.police


@contextmanager
def set_up(folder: Path, *, now: datetime, least: int) -> Iterator[Stage]:
    """Set up sources, providers and staff for the block. Call it inside the city; the caller discards what is written."""
    with ExitStack() as stack:
        stack.enter_context(
            override_settings(
                SOURCE_ALLOW_LIST=AllowList.parse("127.0.0.1:*,localhost:*,sqlite:*"),
                JOURNAL_CHECKPOINTS=folder / "checkpoints",
                MEDIA_ROOT=folder / "media",
            )
        )
        url = f"sqlite:///{folder / 'police.sqlite'}"
        stack.enter_context(patch.dict("os.environ", ALPHA_POLICE_URL=url, ALPHA_BIGDATA_SECRET=SECRET))
        impatient = partial(big_data_centre.open_delivery, system=System(sleep=lambda seconds: None))
        stack.enter_context(patch.object(big_data_centre, "open_delivery", impatient))
        engine = create_engine(url)
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
        stack.callback(engine.dispose)
        database = PoliceDatabase(engine)
        database.create()
        store = BigDataStore(str(folder / "centre.sqlite"))
        event.listen(store.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
        stack.callback(store.close)
        base_url = stack.enter_context(running(BigDataCentre(store, {APP: SECRET})))
        Source.objects.filter(code="bigdata").update(base_url=base_url)
        _complete_the_city(now=now, least=least)
        yield Stage(Upstream("police", database), Upstream("bigdata", store))


def _complete_the_city(*, now: datetime, least: int) -> None:
    sources = {one.code: one for one in Source.objects.all()}
    alipay = Provider.objects.get(code="alipay")
    for one in PROVIDERS:
        if not Provider.objects.filter(code=one.code).exists():
            Provider.objects.create(
                code=one.code,
                title_zh="甲城码",
                title_en="Alpha code",
                source=sources[one.source],
                rule_set=alipay.rule_set,
            )
    for username, roles in STAFF.items():
        hire(username, *roles, now=now)
    current_city().mass_change_least = least


def put_in_force(version: RuleSetVersion, *, now: datetime) -> None:
    """Publish the version, as when the operator opens the city again with a new file."""
    content, faults = judged(
        {
            "code": version.code,
            "version": version.version,
            "effective_from": version.effective_from.isoformat(),
            "rules": [_rule(rule) for rule in version.rules],
            "risk_areas": [
                {
                    "area": one.area,
                    "level": one.level,
                    "from": one.from_day.isoformat(),
                    **({"to": one.to_day.isoformat()} if one.to_day else {}),
                }
                for one in version.risk_areas
            ],
        }
    )
    assert content is not None, faults
    assert version.code in RULE_SETS
    publish(content, by="operator:sun", now=now)


def _rule(rule: Rule) -> dict[str, object]:
    levels = {"area_levels": list(rule.area_levels)} if rule.area_levels else {}
    hold = {} if rule.hold_days is None else {"hold_days": rule.hold_days}
    return {
        "code": rule.code,
        "kind": rule.kind,
        "colour": rule.colour,
        "anchor": rule.anchor,
        "checkin_days": rule.checkin_days,
        "tests": rule.tests,
        "test_gap_days": rule.test_gap_days,
        "cleared_by": list(rule.cleared_by),
        **levels,
        **hold,
    }
