"""The words of the middle floor: colours, states, anchors, factors, and why a city stands by a code."""

from collections.abc import Iterable

from regions.wording import Worded


class Colour(Worded):
    """What a provider can show of a citizen; the most severe first."""

    RED = "red", "红码", "red"
    YELLOW = "yellow", "黄码", "yellow"
    GREEN = "green", "绿码", "green"

    @property
    def severity(self) -> int:
        """Higher is more severe: green 0, yellow 1, red 2."""
        return _SEVERITY[self.value]


class State(Worded):
    """A verdict's outcome: a colour, or the reason why there is none. The last two are never shown as green."""

    RED = "red", "红码", "red"
    YELLOW = "yellow", "黄码", "yellow"
    GREEN = "green", "绿码", "green"
    UNKNOWN = "unknown", "暂时无法判定", "cannot be determined"
    NOT_APPLIED = "not_applied", "未申领", "not applied for"

    @property
    def colour(self) -> Colour | None:
        """The colour this state is, none for the two that are not colours and never part of a disagreement."""
        return Colour(self.value) if self.value in _SEVERITY else None

    @property
    def severity(self) -> int:
        """For sorting lists: colours by their severity, then unknown (-1), then not applied (-2)."""
        return _SEVERITY.get(self.value, -1 if self is State.UNKNOWN else -2)


_SEVERITY = {"green": 0, "yellow": 1, "red": 2}


def strictest(colours: Iterable[Colour]) -> Colour:
    """Red on either side counts as red; ValueError when there is no colour to choose from."""
    return max(colours, key=lambda colour: colour.severity)


class Anchor(Worded):
    """The date of a fact from which a rule counts; without an end `ended` falls back to `started`."""

    STARTED = "started", "起始日", "the day it started"
    ENDED = "ended", "结束日", "the day it ended"
    RECORDED = "recorded", "记录日", "the day it was recorded"


class Factor(Worded):
    """What makes a verdict, and what diagnosis swaps between two providers."""

    DECLARATION = "declaration", "个人申报", "declaration"
    SOURCE = "source", "数据来源", "data source"
    RULES = "rules", "判定规则", "rules"
    FRESHNESS = "freshness", "更新时间", "freshness"


class Cause(Worded):
    """The primary cause of a disagreement, in the order in which ties are decided."""

    FRESHNESS = "freshness", "一方数据更新较晚", "one side's data is older"
    RULES = "rules", "判定规则不同", "the rules differ"
    DECLARATION = "declaration", "两处申报或打卡不同", "declarations or check-ins differ"
    SOURCE = "source", "数据来源记录不同", "the sources hold different records"
    INTERACTION = "interaction", "多种原因共同造成", "several causes together"


class Because(Worded):
    """Which of the four steps gave the effective code; the citizen is told."""

    RULING = "ruling", "人工复核决定", "a ruling after manual review"
    AGREEMENT = "agreement", "可判定的渠道结果一致", "the providers that have a colour agree"
    POLICY = "policy", "各渠道结果不一致，按本市规则确定", "providers disagree: the city's interim policy"
    UNKNOWN = "unknown", "暂无渠道能够判定", "no provider has a colour"
