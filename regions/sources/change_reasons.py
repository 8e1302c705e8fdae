"""Why a change of a source is not taken."""

from regions.wording import Worded


class ChangeReason(Worded):
    """Beside the reasons that hold for everything two people decide."""

    CHANGES_NOTHING = (
        "changes_nothing",
        "所填内容与现行设置相同，没有变更。",
        "What you entered is what is in force already: there is nothing to change.",
    )
    SETTINGS_MOVED = (
        "settings_moved",
        "提出后该数据来源的设置已被更改。请退回并重新提出。",
        "The source's settings have changed since this was proposed. Refuse it and have it proposed anew.",
    )
    BAD_SETTINGS = (
        "bad_settings",
        "设置无效：{told}",
        "These settings cannot be used: {told}",
    )
