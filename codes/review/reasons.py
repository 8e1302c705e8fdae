"""The reasons officials may give, from a list, and which decision each can carry."""

from codes.vocabulary import Colour
from regions.wording import Worded


class RulingReason(Worded):
    """Why a colour is set by hand."""

    WRONG_PERSON = "wrong_person", "记录并非本人", "The record is about somebody else"
    RECORD_WRONG = "record_wrong", "记录内容有误", "The record is wrong"
    NOT_THERE = "not_there", "本人当时不在该地", "The person was not there"
    WRONG_DATES = "wrong_dates", "记录日期有误", "The record's dates are wrong"
    ISOLATION_DONE = (
        "isolation_done",
        "已按规定完成隔离，记录未到",
        "Isolation was completed; its record has not arrived",
    )
    TESTED_SINCE = "tested_since", "赋码后检测阴性，记录未到", "Tested negative since; the record has not arrived"
    EXCLUDED = "excluded", "已排除病例或密接", "Found not to be a case or a contact"
    DECLARED_BY_MISTAKE = "declared_by_mistake", "本人误报并已更正", "Declared by mistake and put right"
    RULE_MISAPPLIED = "rule_misapplied", "规则适用不当", "The rule does not fit the facts"
    OLDER_DATA = "older_data", "一方数据滞后，以较新数据为准", "One side's data is older; the newer counts"
    LESS_SEVERE = "less_severe", "情形较轻，按黄码管理", "Less severe than recorded: yellow is enough"
    OWNER_CONFIRMED = "owner_confirmed", "数据来源单位核实记录属实", "The record's owner confirmed it"
    FALSE_DECLARATION = "false_declaration", "查实申报不实", "A false declaration is proven"


_RELIEF = frozenset({Colour.GREEN, Colour.YELLOW})
_STRICT = frozenset({Colour.RED, Colour.YELLOW})

# No colour without a ground for it: what lets somebody off cannot hold them, and the other way round.
CARRIES: dict[RulingReason, frozenset[Colour]] = {
    RulingReason.WRONG_PERSON: _RELIEF,
    RulingReason.RECORD_WRONG: _RELIEF,
    RulingReason.NOT_THERE: _RELIEF,
    RulingReason.WRONG_DATES: _RELIEF,
    RulingReason.ISOLATION_DONE: _RELIEF,
    RulingReason.TESTED_SINCE: _RELIEF,
    RulingReason.EXCLUDED: _RELIEF,
    RulingReason.DECLARED_BY_MISTAKE: _RELIEF,
    RulingReason.RULE_MISAPPLIED: _RELIEF,
    RulingReason.OLDER_DATA: frozenset(Colour),
    RulingReason.LESS_SEVERE: frozenset({Colour.YELLOW}),
    RulingReason.OWNER_CONFIRMED: _STRICT,
    RulingReason.FALSE_DECLARATION: _STRICT,
}


class SuppressionReason(Worded):
    """Why a record is ruled to be wrong."""

    WRONG_PERSON = "wrong_person", "记录并非本人", "It is about somebody else"
    NEVER_HAPPENED = "never_happened", "记录事实不存在", "What it says did not happen"
    DUPLICATE = "duplicate", "重复记录", "It is a duplicate"
    WRONG_KIND = "wrong_kind", "记录类别有误", "It is of the wrong kind"
    WRONG_DATES = "wrong_dates", "记录日期有误", "Its dates are wrong"
    WRONG_AREA = "wrong_area", "记录地区有误", "Its area is wrong"
    BAD_BATCH = "bad_batch", "所属批次数据错误", "Its batch was faulty"


class UpholdReason(Worded):
    """Why a case ends, or an appeal is denied, with the colour as it is."""

    RECORD_CONFIRMED = "record_confirmed", "经核实，记录属实", "The record was checked and is right"
    EVIDENCE_UNFIT = "evidence_unfit", "材料不足以证明", "The evidence does not show it"
    MEASURE_RUNS = "measure_runs", "须完成规定的健康管理期", "The set period has to be completed"
    TEST_TOO_EARLY = "test_too_early", "检测早于赋码时间", "The test was before the record"
    MENDS_ITSELF = "mends_itself", "数据更新后将自动一致", "The codes will agree once the data has arrived"
    OTHER_PLACE = "other_place", "由外地赋码，须由赋码地办理", "Another place gave the colour and must clear it"
    DECLARE_AGAIN = "declare_again", "重新申报即可更正", "A new declaration puts it right"


class RefusalReason(Worded):
    """Why an approver sends a proposal back."""

    EVIDENCE_THIN = "evidence_thin", "依据不足", "The evidence is too thin"
    REASON_UNFIT = "reason_unfit", "理由与事实不符", "The reason does not fit the facts"
    COLOUR_UNFIT = "colour_unfit", "结论过宽或过严", "The colour is too lenient or too strict"
    TOO_LONG = "too_long", "期限过长", "It would hold too long"
    NEW_RECORDS = "new_records", "出现新的记录", "New records have arrived"
