"""Why a line of a provider is not taken. The codes are stable; no sentence holds a value of the line."""

from regions.refusals import Refused
from regions.wording import Worded


class Refusal(Worded):
    """Reason codes of refused lines; `{field}` is the key in the line."""

    BAD_JSON = "bad_json", "该行不是一个 JSON 对象,请检查导出程序。", "The line is not one JSON object in UTF-8."
    TOO_LONG = "too_long", "该行过长,最多 {limit} 字节。", "The line is longer than {limit} bytes."
    REPEATED_KEY = "repeated_key", "字段重复出现,无法判断以哪一个为准。", "A key stands in the line twice."
    UNKNOWN_TYPE = "unknown_type", "type 应为 declaration 或 check_in。", "type must be declaration or check_in."
    MISSING_FIELD = "missing_field", "缺少字段 {field}。", "{field} is missing."
    UNKNOWN_FIELD = "unknown_field", "不认识的字段 {field},请核对拼写。", "{field} is not a known key; is it misspelt?"
    BAD_FIELD = "bad_field", "字段 {field} 的值不符合约定。", "{field} does not have a value that was agreed on."
    BAD_TEXT = "bad_text", "字段 {field} 含有无法保存的字符。", "{field} holds characters that cannot be kept."
    BAD_DATE = "bad_date", "字段 {field} 应为合理的日期 YYYY-MM-DD。", "{field} must be a plausible day, YYYY-MM-DD."
    BAD_TIME = "bad_time", "字段 {field} 应为带时区的时间。", "{field} must be an ISO 8601 instant with an offset."
    ENDS_BEFORE_START = "ends_before_start", "字段 {field} 早于开始日期。", "{field} lies before its beginning."
    IN_FUTURE = "in_future", "字段 {field} 晚于当前时间。", "{field} has not come yet."
    BAD_AREA = "bad_area", "字段 {field} 应为6位行政区划代码。", "{field} must be a division code of 6 digits."
    BAD_ID = "bad_id", "证件类型或号码有误。{why}", "The identity document cannot be anybody's. {why}"
    UNKNOWN_PROVIDER = "unknown_provider", "本市没有该渠道。", "This city has no such provider."
    OTHER_PROVIDER = "other_provider", "该密钥不能为其他渠道提交。", "This key may not speak for another provider."
    ENTRY_ID_REUSED = "entry_id_reused", "entry_id 已用于内容不同的记录。", "The entry_id was used for other content."
    CANNOT_BE_STORED = (
        "cannot_be_stored",
        "该行无法保存,请联系运维人员。",
        "The database refused the line; tell the operator.",
    )


class BadLine(Refused):
    """A line that is not taken, with its reason and the key that is wrong."""

    def __init__(self, reason: Refusal, field: str = "", **params: object) -> None:
        super().__init__(reason, field=field, **params)
        self.field = field
