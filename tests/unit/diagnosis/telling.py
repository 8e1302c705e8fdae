"""A diagnosis that was never stored, and a context to tell it in."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from codes.diagnosis.render import RenderedDiagnosis, render_diagnosis
from codes.diagnosis.root_cause import RootCause
from codes.diagnosis.sentences.renderer import Audience, Context, Title
from codes.models import Disagreement, PairDiagnosis, Provider
from tests.unit.diagnosis.root_causes import CODES, SOURCES

COLOURS = [
    ("red", "green"),
    ("green", "red"),
    ("red", "yellow"),
    ("yellow", "red"),
    ("yellow", "green"),
    ("green", "yellow"),
]
CONTEXT = Context(
    day=date(2026, 11, 24),
    zone=ZoneInfo("Asia/Shanghai"),
    providers={CODES["a"]: Title("支付宝", "Alipay"), CODES["b"]: Title("微信", "WeChat")},
    sources={
        SOURCES["a"]: Title("省大数据中心", "Provincial big-data centre"),
        SOURCES["b"]: Title("市公安局数据库", "City police database"),
    },
    source_of={CODES["a"]: SOURCES["a"], CODES["b"]: SOURCES["b"]},
    max_age={SOURCES["a"]: timedelta(hours=26), SOURCES["b"]: timedelta(hours=26)},
)
WITH_A_CASE = replace(CONTEXT, due_at=datetime(2026, 11, 25, 2, tzinfo=UTC))
WITH_DAYS = replace(CONTEXT, turns_green_on={CODES["a"]: date(2026, 12, 4), CODES["b"]: date(2026, 12, 1)})
BARE = replace(CONTEXT, providers={}, sources={}, source_of={}, max_age={})


def told(
    root_cause: RootCause,
    *,
    colours: tuple[str, str] = ("green", "red"),
    audience: Audience = "citizen",
    language: str = "zh-hans",
    context: Context = CONTEXT,
) -> RenderedDiagnosis:
    shown = {CODES["a"]: colours[0], CODES["b"]: colours[1]}
    diagnosis = PairDiagnosis(
        disagreement=Disagreement(colours=shown),
        a=Provider(code=CODES["a"]),
        b=Provider(code=CODES["b"]),
        root_cause=root_cause,
    )
    return render_diagnosis(diagnosis, audience=audience, language=language, context=context)
