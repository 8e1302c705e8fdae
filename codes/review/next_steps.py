"""What a state means for the citizen, and what comes next: one sentence for the page that follows a case."""

from codes.models import CaseState
from regions.wording import Worded


class NextStep(Worded):
    """By the value of the case's state: ``NextStep(case.state)``. Times stand beside it on the page, not in it."""

    RECEIVED = (
        CaseState.RECEIVED.value,
        "我们已收到，复核员将尽快查看。您无需做其他事。",
        "We have it; a reviewer will look at it soon. There is nothing else you need to do.",
    )
    IN_REVIEW = (
        CaseState.IN_REVIEW.value,
        "复核员正在核对双方记录和您的材料。",
        "A reviewer is comparing the records and what you sent.",
    )
    WAITING_FOR_INFORMATION = (
        CaseState.WAITING_FOR_INFORMATION.value,
        "请回答复核员的问题。等待期间不计入办理时限；三天内未答复将按现有材料继续办理。",
        "Please answer the reviewer's question. The clock stands until you do; after three days the review goes on without.",
    )
    PROPOSED = (
        CaseState.PROPOSED.value,
        "复核员已提出决定，正由另一位工作人员审批。",
        "A reviewer has proposed a decision; a second official is checking it.",
    )
    DECIDED = (
        CaseState.DECIDED.value,
        "已作出决定，您的健康码按决定显示。",
        "It is decided; your code shows the decision.",
    )
    CONVERGED = (
        CaseState.CONVERGED.value,
        "数据更新后情况已消除，本件自动办结。",
        "With the newest data there is nothing left to decide; this is closed.",
    )
    ACCEPTED = (
        CaseState.ACCEPTED.value,
        "申诉成立，您的健康码已转为绿码。",
        "Your appeal is accepted; your code is green.",
    )
    PARTLY_ACCEPTED = (
        CaseState.PARTLY_ACCEPTED.value,
        "申诉部分成立，您的健康码已降级。剩余管理期请按页面提示完成。",
        "Your appeal is partly accepted; your code is less severe. Please complete what is left of the period.",
    )
    DENIED = (
        CaseState.DENIED.value,
        "申诉未获支持，理由见答复。如不同意，30天内可提出异议；有新材料可重新申诉。",
        "Your appeal is denied; the answer says why. You can object within 30 days, or appeal again with new evidence.",
    )
    WITHDRAWN = (
        CaseState.WITHDRAWN.value,
        "您已撤回申诉。需要时可重新提交。",
        "You withdrew this appeal. You can file another.",
    )
    DISAGREEMENT_LOGGED = (
        CaseState.DISAGREEMENT_LOGGED.value,
        "您的异议已记录并随案保存，审计人员可以查看。",
        "Your objection is on record with the case, where auditors see it.",
    )
