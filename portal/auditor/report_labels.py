"""Reports and their columns as people call them. The files keep the names of ``docs/exports.md``."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import TextChoices
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from codes.models import Provider
from codes.models.case import CaseState
from codes.reports.request import ReportName
from codes.vocabulary import Because, Cause, State
from portal.templatetags.official import KINDS, REASONS
from portal.templatetags.page import titled, untranslated
from portal.templatetags.staff import BATCH_STATES
from regions.sources.models import Source


class ReportTitle(TextChoices):
    """What each report is called."""

    CODES = "codes", _("Codes")
    DISAGREEMENTS = "disagreements", pgettext_lazy("report title", "Disagreements")
    CASES = "cases", pgettext_lazy("report title", "Cases")
    APPEALS = "appeals", _("Appeals")
    JOURNAL = "journal", _("Journal")
    SOURCES = "sources", _("Deliveries of sources")


class ReportLead(TextChoices):
    """What a row of each report is."""

    CODES = "codes", _("What every citizen was shown by every provider on a day.")
    DISAGREEMENTS = "disagreements", _("Who was shown different colours on a day, and why.")
    CASES = "cases", _("Cases by the day they were opened, and what was decided.")
    APPEALS = "appeals", _("Cases that a citizen asked for, and how they ended.")
    JOURNAL = "journal", _("Who did what and when, entry by entry, with the digests.")
    SOURCES = "sources", _("Every delivery of every source, and what became of it.")


COLUMNS: dict[str, tuple[str, str]] = {
    "day": ("日期", "Day"),
    "citizen_ref": ("市民编号", "Citizen"),
    "id_number": ("证件号码", "ID number"),
    "full_name": ("姓名", "Name"),
    "provider": ("渠道", "Provider"),
    "state": ("状态", "State"),
    "rule_codes": ("规则", "Rules"),
    "turns_green_on": ("转绿日", "Turns green on"),
    "rule_set": ("规则集", "Rule set"),
    "rule_set_version": ("版本", "Rule-set version"),
    "horizon": ("数据更新至", "Complete up to"),
    "colours": ("各渠道赋码", "Colours"),
    "effective": ("有效码", "Effective code"),
    "effective_because": ("依据", "Because of"),
    "pairs": ("原因分析", "Diagnosis"),
    "case_number": ("案件编号", "Case"),
    "case_state": ("案件状态", "State of the case"),
    "number": ("案件编号", "Case"),
    "kind": ("类别", "Kind"),
    "severity": ("最重颜色", "Most severe colour"),
    "opened_at": ("立案时间", "Opened"),
    "due_at": ("办理期限", "Due"),
    "paused_at": ("暂停于", "Clock stands since"),
    "escalated_at": ("升级于", "Escalated"),
    "assigned_to": ("经办人", "Assigned to"),
    "closed_at": ("结案时间", "Closed"),
    "outcome": ("结果", "Outcome"),
    "follows": ("前案", "Follows"),
    "appeal": ("申诉", "Appeal"),
    "rulings": ("复核决定", "Rulings"),
    "seq": ("序号", "Number"),
    "at": ("时间", "At"),
    "by": ("操作人", "By"),
    "verb": ("操作", "Act"),
    "subject": ("对象", "Subject"),
    "data": ("内容", "Content"),
    "digest": ("摘要", "Digest"),
    "source": ("数据来源", "Source"),
    "cause": ("主要原因", "Primary cause"),
    "batch": ("批次", "Batch"),
    "since": ("起于", "Since"),
    "as_of": ("数据更新至", "Complete up to"),
    "started_at": ("开始", "Began"),
    "received_at": ("收到", "Received"),
    "delivered": ("交付条数", "Delivered"),
    "accepted": ("接收条数", "Accepted"),
    "unchanged": ("无变化", "Unchanged"),
    "quarantined": ("隔离条数", "In quarantine"),
    "reason": ("原因代码", "Reason"),
    "message": ("说明", "Message"),
}
# Columns whose cells are words of ours; a word none of these knows is shown as it is.
VOCABULARIES: dict[str, tuple[type[TextChoices], ...]] = {
    "state": (State, CaseState),
    "severity": (State,),
    "effective": (State,),
    "effective_because": (Because,),
    "case_state": (CaseState,),
    "cause": (Cause,),
    "outcome": (State, *REASONS),
}

LONGEST_CELL = 80
Titles = dict[str, dict[str, str]]


def in_chinese() -> bool:
    """Whether the page is."""
    return translation.get_language().startswith("zh")


def column_title(column: str) -> str:
    """What a column is called."""
    zh, en = COLUMNS[column]
    return zh if in_chinese() else en


def report_title(report: str) -> str:
    """What a report is called."""
    return str(ReportTitle(ReportName(report).value).label)


def city_titles() -> Titles:
    """What the city's providers and sources are called, in the page's language."""
    return {
        "provider": {one.code: titled(one) for one in Provider.objects.all()},
        "source": {one.code: titled(one) for one in Source.objects.all()},
    }


def cell_label(column: str, cell: Any, titles: Titles) -> str:
    """A cell for people: words and titles in the page's language, instants in the city's time, lists and objects in short."""
    if cell is None or cell in ("", []):
        return "–"
    for vocabulary in VOCABULARIES.get(column, ()):
        if cell in {word.value for word in vocabulary}:
            return str(vocabulary(cell).label)
    if column == "kind":
        return str(KINDS[cell])
    if column == "state" and cell in BATCH_STATES:
        return str(BATCH_STATES[cell])
    if column == "message":
        return format_html('<span lang="en">{}</span>', cell)  # as it stands in the file
    if column in titles:
        return titles[column].get(cell) or untranslated(cell)
    if column == "colours":
        providers = titles["provider"]
        return _comma().join(
            f"{providers.get(code, code)} {cell_label('state', colour, titles)}" for code, colour in cell.items()
        )
    if column == "pairs":
        return _comma().join(_pair(pair, titles["provider"]) for pair in cell)
    if column.endswith(("_at", "horizon", "as_of")) or column in ("at", "since"):
        return date_format(timezone.localtime(datetime.fromisoformat(str(cell))), "DATETIME_FORMAT")
    if isinstance(cell, dict):
        cell = ", ".join(f"{key} {value}" for key, value in cell.items() if value not in (None, "", [], {}))
    elif isinstance(cell, list):
        cell = ", ".join(map(str, cell))
    return untranslated(Truncator(cell).chars(LONGEST_CELL))


def _comma() -> str:
    return "，" if in_chinese() else ", "


def _pair(pair: dict[str, Any], providers: Mapping[str, str]) -> str:
    cause = Cause(pair["primary_cause"]).label
    a, b = (providers.get(pair[side], pair[side]) for side in ("a", "b"))
    return f"{a} – {b}：{cause}" if in_chinese() else f"{a} – {b}: {cause}"


CHINESE = (
    (
        r"its worker died (\d+) times without a message",
        r"后台进程连续 \1 次中断，没有留下原因。请重新申请；若再次失败，请联系系统管理员。",
    ),
    (r"no run of this city has settled yet.*", "本市尚无已完成的计算任务。"),
    (r"no settled run for .*", "所选日期内没有已完成的计算任务。"),
    (
        r"a cell of the row of .* is too long for a spreadsheet.*",
        "有内容超出电子表格单元格的长度，请改用 csv 或 jsonl 格式。",
    ),
    (r"\S+ may not: identified data needs the role .*", "该账号已不具备导出完整身份信息的权限。"),
    (r"\S+ is not an active account of this city", "该账号已停用。"),
    (r".*No space left on device", "服务器磁盘空间不足，请联系系统管理员。"),
)
PATTERNS = [(re.compile(english, re.DOTALL), chinese) for english, chinese in CHINESE]


def reason_told(reason: str) -> str:
    """The reason in the page's language."""
    if not translation.get_language().startswith("zh"):
        return reason
    for pattern, chinese in PATTERNS:
        if found := pattern.fullmatch(reason):
            return found.expand(chinese)
    return reason
