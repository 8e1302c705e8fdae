"""Why an act of review is refused, each with what to do instead, in words for whoever asked."""

from regions.wording import Worded


class Reason(Worded):
    """One sentence on what is wrong and one on what to do."""

    NOT_NOW = (
        "not_now",
        "该事项当前状态下不能进行此操作。请刷新页面查看最新进展。",
        "This cannot be done in the present state. Reload the page to see where it stands.",
    )
    HELD_BY_ANOTHER = (
        "held_by_another",
        "该事项由其他同事办理中。如需办理，请先接手。",
        "A colleague holds this case. Take it over first if you are to decide it.",
    )
    NOT_A_REVIEWER = (
        "not_a_reviewer",
        "只能分派给本市在岗的复核员。请另选一人。",
        "A case can only be given to an active reviewer of this city. Choose somebody else.",
    )
    RULED_ALREADY = (
        "ruled_already",
        "该记录已被裁定为有误，无需重复提出。",
        "The record is ruled to be wrong already; there is nothing to propose.",
    )
    PART_OF_GROUP = (
        "part_of_group",
        "该记录属于整组处置，请在该组的页面一并审批或撤回。",
        "The record is part of a group's mending; decide it there, together with the others.",
    )
    NOTHING_TO_MEND = (
        "nothing_to_mend",
        "该组已没有可裁定的记录。请刷新页面查看最新情况。",
        "Nothing is left in this group that could be ruled on. Reload the page to see where it stands.",
    )
    MENDS_STRICTER = (
        "mends_stricter",
        "现在执行会使有人的码变严。请退回，重新提出。",
        "By now this would turn somebody's colour stricter. Refuse it and have it proposed anew.",
    )
    UNKNOWN_REASON = "unknown_reason", "请从列表中选择理由。", "Choose a reason from the list."
    REASON_DOES_NOT_FIT = (
        "reason_does_not_fit",
        "该理由不支持所选结论。请更换理由或结论。",
        "This reason does not carry this decision. Choose another of the two.",
    )
    NO_EVIDENCE = (
        "no_evidence",
        "决定须有依据。请至少附上一份材料或一条记录。",
        "A decision rests on evidence. Attach at least one file or record.",
    )
    UNKNOWN_EVIDENCE = (
        "unknown_evidence",
        "所附依据不存在或不属于此人。请重新选择。",
        "The evidence does not exist or is not of this person. Choose again.",
    )
    END_DATE = (
        "end_date",
        "截止日期须在明天至30天之内。请更改日期。",
        "The end date must lie between tomorrow and 30 days from now. Change it.",
    )
    EXPIRED_PROPOSAL = (
        "expired_proposal",
        "提议的截止日期已过。请退回并重新提出。",
        "The proposed end date has passed. Refuse it and have it proposed anew.",
    )
    NEW_RECORDS = (
        "new_records",
        "提出后出现了更严重的新记录。请退回，复核后重新提出。",
        "A more severe record has arrived since it was proposed. Refuse it; it must be looked at again.",
    )
    NO_BULK_RED = (
        "no_bulk_red",
        "批量操作不能将任何人转为红码，也不能使任何人的码更严。请逐件办理。",
        "No bulk action turns anyone red or makes a colour stricter. Decide such cases one by one.",
    )
    TOO_MANY = (
        "too_many",
        "一次最多办理5000件。请缩小筛选范围。",
        "At most 5,000 cases can be handled at once. Narrow the filter.",
    )
    COMPLEX_ALREADY = (
        "complex_already",
        "该事项已按复杂事项办理，时限不再延长。",
        "The case has the longer time already; it is not extended again.",
    )
    NOT_A_SOURCE_RECORD = (
        "not_a_source_record",
        "该记录由个人申报，请本人重新申报更正。",
        "The person declared this themselves; a new declaration corrects it.",
    )
    ASKED_ALREADY = (
        "asked_already",
        "已有尚未答复的请求。请等待答复。",
        "The same has been asked and not been answered yet. Wait for the answer.",
    )
    WITHDRAWAL_OVER = (
        "withdrawal_over",
        "提交超过10分钟后不能撤回。您可以等待结果，如有异议可在结果后提出。",
        "After ten minutes an appeal can no longer be withdrawn. Wait for the answer; you can object to it then.",
    )
    DISAGREEMENT_OVER = (
        "disagreement_over",
        "结果作出30天后不再接受异议。如有新材料，请重新申诉。",
        "Objections are taken for 30 days after the answer. With new evidence, appeal again.",
    )
    APPEALED_ALREADY = (
        "appealed_already",
        "您已有一件申诉正在办理，重复提交会延误办理。请查看其进展。",
        "An appeal of yours is being handled; a second one would only delay it. Follow that one.",
    )
    NOTHING_TO_APPEAL = (
        "nothing_to_appeal",
        "该记录当前未影响您的健康码，无需申诉。",
        "This record does not hold your code at present; there is nothing to appeal against.",
    )
    CANNOT_APPEAL = (
        "cannot_appeal",
        "此类情形不能通过申诉转码。请按页面提示办理。",
        "A colour of this kind is not changed by an appeal. The page says what you can do instead.",
    )
    FILES_MISSING = (
        "files_missing",
        "该理由需要附上材料。请按提示上传。",
        "This reason needs evidence. Upload what the page asks for.",
    )
    TEST_DATE = (
        "test_date",
        "请填写检测日期。检测须在被赋码当日或之后完成，且不晚于今天。",
        "Say when you were tested. It must be on the day of the record or later, and not in the future.",
    )
    TEXT_TOO_LONG = "text_too_long", "文字过长，最多2000字。请精简。", "The text is too long: 2,000 characters at most."
    PURPOSE_MISSING = (
        "purpose_missing",
        "查看身份信息须写明目的。请填写。",
        "Seeing who somebody is needs a purpose. State it.",
    )
