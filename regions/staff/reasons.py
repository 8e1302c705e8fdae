"""Why an account is not made or changed."""

from regions.wording import Worded


class StaffReason(Worded):
    """One sentence on what is wrong, and what would work; `{…}` is filled by the refusal."""

    EXCLUDED = (
        "excluded",
        "同一人不能兼任：{pairs_zh}。请分设账号。",
        "one person may not hold both: {pairs}. Make separate accounts.",
    )
    BAD_NAME = (
        "bad_name",
        "“{name}”不能作为用户名：不能为空、不能是系统保留名，也不能含冒号。",
        "'{name}' cannot be a user name: it is empty, the portal's own, or holds a colon",
    )
    NAME_TAKEN = "name_taken", "用户名“{name}”已存在。", "there is an account named '{name}' already"
    UNKNOWN_ROLE = "unknown_role", "没有该岗位：{roles}。", "no such role: {roles}; there are {all}"
    NO_ROLE = "no_role", "账号至少须有一个岗位。", "an account needs at least one role"
    YOURSELF = (
        "yourself",
        "不能更改自己的账号。请由另一位安全管理员办理。",
        "Nobody changes their own account here. Ask another security administrator.",
    )
    NO_SUCH_ACCOUNT = "no_such_account", "没有该账号。", "There is no such account."
