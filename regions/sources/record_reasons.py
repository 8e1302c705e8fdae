"""Why a single record is quarantined: the contract's reason codes, in the words people read."""

from regions.wording import Worded


class RecordReason(Worded):
    """A reason code; `conflicting_version` is found among records, all others in one record."""

    BAD_ID = "bad_id", "证件类型或号码无效", "identity document not valid"
    BAD_KIND = "bad_kind", "事件类别未映射", "kind not mapped"
    BAD_DATE = "bad_date", "日期或时间无效", "date or time not valid"
    BAD_AREA = "bad_area", "地区代码无效", "division code not valid"
    BAD_ENCODING = "bad_encoding", "文字编码错误", "text not decodable"
    MISSING_FIELD = "missing_field", "必填字段缺失或不可用", "required field missing or not usable"
    FUTURE_RECORD = "future_record", "记录时间晚于数据截止时间", "recorded after the delivery's own horizon"
    CONFLICTING_VERSION = (
        "conflicting_version",
        "同一记录有互相矛盾的版本",
        "versions of one record contradict each other",
    )
