"""The words between the facts of an explanation, and instants as the city's clock shows them."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from regions.divisions import division_title
from regions.wording import Worded

NOTHING = "–"


class Label(Worded):
    """What stands before a colon."""

    TIMES = "times", "时间按此时区", "times are of the zone"
    KNOWN_SINCE = "known_since", "首次入库", "known since"
    REGISTERED = "registered", "申领", "registered"
    EFFECTIVE = "effective", "本市健康码", "effective code"
    SINCE = "since", "自", "since"
    SOURCE = "source", "数据来源", "source"
    HORIZON = "horizon", "数据更新至", "complete up to"
    AGE = "age", "判定时已过（小时）", "hours old when judged"
    LIMIT = "limit", "上限（小时）", "limit in hours"
    EDITION = "edition", "规则版本", "rule set version"
    JUDGED = "judged", "判定", "judged"
    RECORDS = "records", "所见记录", "records it sees"
    RECORDED = "recorded", "来源记录时间", "recorded"
    RECEIVED = "received", "本市收到时间", "received"
    NO_RULE = "no_rule", "无规则适用", "no rule is about it"
    COUNTS_FROM = "counts_from", "起算日", "counts from"
    HOLDS_UNTIL = "holds_until", "按要求办理则保持至", "holds, if done as told, until"
    HOLDS = "holds", "仍在保持，无自动解除日", "holds, and no day ends it"
    RELEASED = "released", "已解除", "released"
    TURNS_GREEN = "turns_green", "预计转绿日", "turns green on"
    TO_DO = "to_do", "待办", "to do"
    CHECK_INS = "check_ins", "健康打卡", "healthy check-ins"
    DISAGREEMENT = "disagreement", "不一致", "disagreement"
    CAUSE = "cause", "主要原因", "primary cause"
    SWAPS = "swaps", "替换即一致", "would show the other's colour with the other's"
    CASES = "cases", "事项", "cases"
    OPENED = "opened", "立案", "opened"
    DUE = "due", "期限", "due"
    CLOSED = "closed", "办结", "closed"
    APPEAL = "appeal", "申诉", "appeal"
    RULINGS = "rulings", "复核决定", "rulings"
    SUPPRESSIONS = "suppressions", "记录有误的裁定", "records ruled to be wrong"
    PROPOSED = "proposed", "提出", "proposed"
    DECIDED = "decided", "审批", "decided"
    UNTIL = "until", "有效期至", "until"
    SUSPENDED = "suspended", "暂停于", "suspended at"
    ENDED = "ended", "终止于", "ended at"
    CODE_HISTORY = "code_history", "健康码变更", "changes of the effective code"
    COLOUR_HISTORY = "colour_history", "各渠道颜色变更", "changes of providers' colours"
    NO_RUN = "no_run", "本市尚无已完成的判定", "no run has settled yet"
    NONE = "none", "无", "none"


class ProposalState(Worded):
    """Where a proposal of two people stands."""

    PROPOSED = "proposed", "待第二人审批", "waiting for a second official"
    APPROVED = "approved", "生效中", "in force"
    REFUSED = "refused", "已退回", "refused"
    WITHDRAWN = "withdrawn", "已撤回", "withdrawn"
    ENDED = "ended", "已终止", "ended"


@dataclass(frozen=True)
class Teller:
    """Says things in one language and one time zone."""

    language: str
    zone: ZoneInfo

    def say(self, word: Worded) -> str:
        """A word of ours."""
        return word.said_in(self.language)

    def titled(self, thing: object, name: str = "title") -> str:
        """The field ``title_zh`` or ``title_en`` of a row."""
        return str(getattr(thing, f"{name}_{'zh' if self.is_chinese else 'en'}"))

    def named(self, label: Label, value: object) -> str:
        """“label: value”."""
        shown = value if value not in (None, "") else NOTHING
        return f"{self.say(label)}：{shown}" if self.is_chinese else f"{self.say(label)}: {shown}"

    def at(self, instant: datetime | None) -> str:
        """On the city's clock, with its offset."""
        return instant.astimezone(self.zone).isoformat(sep=" ", timespec="minutes") if instant else NOTHING

    def days(self, first: date, last: date | None) -> str:
        """A span of days; one day stands alone."""
        if last is None:
            return f"{first} – …"
        return f"{first} – {last}" if last != first else str(first)

    def area(self, code: str | None) -> str:
        """A division's name with its code."""
        return f" {division_title(code, self.language)} ({code})" if code else ""

    @property
    def is_chinese(self) -> bool:
        return self.language.startswith("zh")
