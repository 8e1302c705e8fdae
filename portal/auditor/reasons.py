"""Why an export failed, in Chinese: the reasons are written down in English, as commands print them.

A wording this list does not know is shown as it came.
"""

import re

from django.utils import translation

CHINESE = (
    (
        r"its worker died (\d+) times without a message",
        r"后台进程连续 \1 次中断，没有留下原因。请重新申请；若再次失败，请联系系统管理员。",
    ),
    (r"no run of this city has settled yet.*", "本市尚无已完成的计算任务。"),
    (r"no settled run for .*", "所选日期内没有已完成的计算任务。"),
    (
        r"a cell of the row of .* is too long for a spreadsheet.*",
        "有内容超出电子表格单元格的长度，请改用 csv 或 jsonl 格式。",
    ),
    (r"\S+ may not: identified data needs the role .*", "该账号已不具备导出完整身份信息的权限。"),
    (r"\S+ is not an active account of this city", "该账号已停用。"),
    (r".*No space left on device", "服务器磁盘空间不足，请联系系统管理员。"),
)
PATTERNS = [(re.compile(english, re.DOTALL), chinese) for english, chinese in CHINESE]


def reason_told(reason: str) -> str:
    """The reason in the page's language."""
    if not translation.get_language().startswith("zh"):
        return reason
    for pattern, chinese in PATTERNS:
        if found := pattern.fullmatch(reason):
            return found.expand(chinese)
    return reason
