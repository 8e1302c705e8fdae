"""Why a delivery was not accepted, beside the faults of its source."""

from regions.sources.connectors.fault_reasons import FaultReason
from regions.wording import Worded


class BatchReason(Worded):
    """Reason codes of batches that were delivered whole; `{…}` is filled from the batch's `parts`."""

    TOO_MANY_BAD = (
        "too_many_bad",
        "{delivered} 条中有 {bad} 条不合格,超过允许比例,整批不予采用。请查看隔离记录并联系对方。",
        "{bad} of {delivered} records are bad, more than the source may have. See the quarantine and tell its owner.",
    )
    CLOCK_WENT_BACK = (
        "clock_went_back",
        "数据截止时间早于上一批,本批次作废。请对方检查数据库是否回退。",
        "The delivery is complete up to an earlier moment than the last one. Ask its owner whether data was restored.",
    )
    CLOCK_AHEAD = (
        "clock_ahead",
        "数据截止时间晚于当前时间,本批次作废。请对方校准时钟。",
        "The delivery says it is complete up to a moment that has not come. Ask its owner to set the clock right.",
    )
    SHRUNKEN_DELIVERY = (
        "shrunken_delivery",
        "全量数据仅 {delivered} 条,上一次为 {before} 条。须经两人确认后方可采用。",
        "A full delivery of {delivered} records where there were {before} before. Two people must confirm it.",
    )
    ABANDONED = (
        "abandoned",
        "采集程序中途停止,本批次作废。",
        "The collection stopped half way, so nothing of it is used.",
    )
    OVERTAKEN = (
        "overtaken",
        "等待确认期间已有更新的批次。",
        "A later delivery came while this one was waiting to be confirmed.",
    )
    DISCARDED = ("discarded", "经确认不予采用。", "It was looked at and is not to be used.")


def sentence(reason: str, parts: dict[str, object], language: str) -> str:
    """The sentence for a batch's reason, whoever gave it; the bare code if it is of an earlier release."""
    for known in (BatchReason, FaultReason):
        if reason in set(known):
            return known(reason).said_in(language).format(**parts)
    return reason
