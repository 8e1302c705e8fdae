"""What is wrong with a city file, in Chinese: its faults are worded in English, as commands print them.

A wording this list does not know is shown as it came. ``\\1`` and on are what the pattern's groups caught.
"""

import re

from django.utils import translation

CHINESE: tuple[tuple[str, str], ...] = (
    (r"is missing: give (\w+) or (\w+)", r"缺失：请填写 \1 或 \2 之一"),
    (r"is missing", "请填写"),
    (r"is not a known key", "不是可用的设置项"),
    (r"must be text", "应为文字"),
    (r"must be a whole number", "应为整数"),
    (r"must be a number", "应为数字"),
    (r"must be a finite number", "应为有限的数字"),
    (r"must be true or false", "应为 true 或 false"),
    (r"must be a day, YYYY-MM-DD", "应为日期，格式为 YYYY-MM-DD"),
    (r"is not a day of the calendar", "日历上没有这一天"),
    (r"must be a list", "应为列表"),
    (r"must be a table", "应为一组设置"),
    (r"must be more than (\S+)", r"应大于 \1"),
    (r"must be (\S+) or more", r"应不小于 \1"),
    (r"must be less than (\S+)", r"应小于 \1"),
    (r"must be (\d+) characters or fewer", r"不能超过 \1 个字符"),
    (r"must be ([\d.]+) or less", r"应不大于 \1"),
    (r"needs at least (\d+) of them", r"至少需要 \1 项"),
    (r"must be one of (.+)", r"应为下列之一：\1"),
    (r"must be 2 to 40 small letters, digits and underscores.*", "应为2至40个小写字母、数字和下划线，并以字母开头"),
    (r"is a name that the database keeps for itself", "这是数据库的保留名称"),
    (
        r"must be 1 to 40 small letters, digits, underscores and hyphens.*",
        "应为1至40个小写字母、数字、下划线和连字符，并以字母开头",
    ),
    (r"must be a division code of 6 digits", "应为6位区划代码"),
    (r"must be a host name, without scheme, port or underscore", "应为主机名，不带协议、端口和下划线"),
    (r"must be a time zone such as Asia/Shanghai", "应为时区名称，例如 Asia/Shanghai"),
    (r"must be strictest, freshest or prefer:<provider>", "应为 strictest、freshest 或 prefer:<渠道代码>"),
    (r"must not be empty", "不能为空"),
    (r"must be the name of an environment variable", "应为环境变量的名称"),
    (r"must be the name of a view, or schema.view", "应为视图名称，或 schema.视图名称"),
    (r"must be printable ASCII without spaces.*", "应为不含空格的可打印 ASCII 字符"),
    (r"must be a database URL as SQLAlchemy reads it", "应为 SQLAlchemy 可识别的数据库地址"),
    (r"must be http\(s\)://host.*", "应为 http(s)://主机[:端口][/路径]，不带用户名、密码、查询参数和锚点"),
    (r"cannot stand beside (\w+): give one of the two", r"不能与 \1 同时填写，请只填一项"),
    (r"names none of the sources of this file", "不是上面任何一个数据来源的代码"),
    (r"names none of the rule_sets of this file", "不是下面任何一个规则集的代码"),
    (r"prefers none of the providers of this file", "所选渠道不在本表中"),
    (r"repeats (.+)", r"与 \1 重复"),
    (r"is not TOML: (.+)", r"不是有效的 TOML：\1"),
    (r"is not UTF-8", "不是 UTF-8 编码"),
    (r"is the host of the city (\w+) already", r"已是城市 \1 的主机名"),
    (r"cannot change, as the source has delivered.*", "该数据来源已有交付，不能更改类别；请为新的数据来源另设代码"),
    (r"lack (\S+), for which the city holds (.+): put it back", r"缺少 \1，而本市仍有与之相关的数据，请补回"),
    (r"must be later than that of version (\d+)", r"生效日期应晚于第 \1 版"),
    (r"must be red or yellow: green is what no rule holds", "应为 red 或 yellow；绿码是没有任何规则命中的状态"),
    (r"is (\S+), and (\S+) in the city file", r"规则集文件中为 \1，城市配置中为 \2"),
)
PATTERNS = [(re.compile(english), chinese) for english, chinese in CHINESE]


def said(message: str) -> str:
    """The fault in the page's language."""
    if not translation.get_language().startswith("zh"):
        return message
    for pattern, chinese in PATTERNS:
        if found := pattern.fullmatch(message):
            return found.expand(chinese)
    return message
