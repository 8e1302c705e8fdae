"""Why an act on a draft edition is refused."""

from regions.wording import Worded


class DraftReason(Worded):
    """Beside the reasons that hold for everything two people decide."""

    EDITED_MEANWHILE = (
        "edited_meanwhile",
        "草案刚刚被他人修改，您的内容未保存。请刷新页面后重新填写。",
        "Somebody has just changed this draft, and nothing of yours was saved. Reload the page and enter it again.",
    )
    NOT_EDITABLE = (
        "not_editable",
        "该草案已提交或已结束，不能再修改。请先撤回，或另建草案。",
        "This draft is proposed or over and cannot be changed. Take it back first, or begin another.",
    )
    HAS_FAULTS = (
        "has_faults",
        "草案中有{faults}处问题，改正后方可继续。",
        "The draft has {faults} faults. Mend them first.",
    )
    NOT_REHEARSED = (
        "not_rehearsed",
        "提交前须先完成试算，并查看哪些人会转码。",
        "Rehearse it first, and see who would change colour.",
    )
    EDITED_BY_YOU = (
        "edited_by_you",
        "草案由您修改过，不能由您批准。请由另一位审批员办理。",
        "You have edited this draft, so you do not approve it. Ask another approver.",
    )
    NO_VERSION = (
        "no_version",
        "该规则集尚无可作为起点的版本。请上传规则集文件。",
        "This rule set has no edition to begin with. Upload a rule-set file.",
    )
