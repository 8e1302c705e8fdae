"""What can be done to a case, and by whom; the wording is the line on its timeline."""

from regions.wording import Worded


class Actor(Worded):
    """Who acts: an official by role, the citizen (or their guardian), or a run or sweep by itself."""

    REVIEWER = "reviewer", "复核员", "reviewer"
    APPROVER = "approver", "审批员", "approver"
    CITIZEN = "citizen", "本人或监护人", "the citizen or their guardian"
    SYSTEM = "system", "系统", "the system"


class Verb(Worded):
    """An act. The value is what stands in ``CaseEvent.verb``."""

    OPEN = "opened", "立案", "opened"
    FILE = "filed", "提交申诉", "appeal filed"
    LOOK = "looked", "复核员首次查看", "first looked at"
    ASSIGN = "assigned", "分派", "assigned"
    TAKE_OVER = "taken_over", "接手", "taken over"
    PUT_BACK = "put_back", "退回待办", "put back"
    MARK_COMPLEX = "marked_complex", "转为复杂事项，延长时限", "marked as complex: given more time"
    ASK_INFORMATION = "information_asked", "请本人补充材料，暂停计时", "citizen asked for information: the clock stands"
    ANSWER_INFORMATION = "information_answered", "本人已补充，恢复计时", "citizen answered: the clock goes on"
    DROP_INFORMATION = "information_dropped", "不再等待补充，恢复计时", "question dropped: the clock goes on"
    LAPSE_INFORMATION = "information_lapsed", "逾期未补充，恢复计时", "no answer in time: the clock goes on"
    SEND_CORRECTION = "correction_sent", "请数据来源单位核实更正", "correction asked of the record's owner"
    ANSWER_CORRECTION = "correction_answered", "数据来源单位已答复", "the record's owner answered"
    PROPOSE_SUPPRESSION = "suppression_proposed", "提出记录有误", "record proposed to be wrong"
    APPROVE_SUPPRESSION = (
        "suppression_approved",
        "裁定记录有误，不再计入",
        "record ruled to be wrong: no longer counted",
    )
    REFUSE_SUPPRESSION = "suppression_refused", "未认定记录有误", "record not found to be wrong"
    WITHDRAW_SUPPRESSION = "suppression_withdrawn", "撤回记录有误的提议", "proposal that the record is wrong withdrawn"
    PROPOSE = "proposed", "提出转码决定", "ruling proposed"
    APPROVE = "approved", "审批通过，决定生效", "ruling approved: in force"
    REFUSE = "refused", "审批退回", "ruling refused"
    WITHDRAW_PROPOSAL = "proposal_withdrawn", "撤回转码提议", "proposal withdrawn"
    UPHOLD = "upheld", "复核后维持原码", "reviewed: the code stays"
    DENY = "denied", "申诉未获支持", "appeal denied"
    SETTLE_BY_RULING = "settled_by_ruling", "随同一人的转码决定办结", "settled by a ruling for the same person"
    ESCALATE = "escalated", "超时升级督办", "overdue: escalated"
    RELINK = "relinked", "不一致内容变化，更新关联", "the disagreement changed: linked to the new one"
    CONVERGE = "converged", "情况已消除，自动办结", "closed by itself"
    WITHDRAW = "withdrawn", "本人撤回申诉", "appeal withdrawn"
    LOG_DISAGREEMENT = "disagreement_logged", "本人对结果提出异议", "citizen disagrees with the answer"
