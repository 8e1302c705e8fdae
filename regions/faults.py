"""What can be wrong with what people write: the place, a code and its parameters. The sentence is made where it is read.

No parameter repeats a value of a credential: faults end up in terminals, in logs and on pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from regions.wording import Worded


class FaultCode(Worded):
    """The faults of city files, rule sets and source settings. Where pydantic finds the fault, the value is its type."""

    MISSING = "missing", "缺失", "is missing"
    EXTRA_FORBIDDEN = "extra_forbidden", "不是可用的设置项", "is not a known key"
    STRING_TYPE = "string_type", "应为文字", "must be text"
    INT_TYPE = "int_type", "应为整数", "must be a whole number"
    FLOAT_TYPE = "float_type", "应为数字", "must be a number"
    FINITE_NUMBER = "finite_number", "应为有限的数字", "must be a finite number"
    BOOL_TYPE = "bool_type", "应为 true 或 false", "must be true or false"
    DATE_TYPE = "date_type", "应为日期，格式为YYYY-MM-DD", "must be a day, YYYY-MM-DD"
    LIST_TYPE = "list_type", "应为列表", "must be a list"
    DICT_TYPE = "dict_type", "应为一组设置", "must be a table"
    GREATER_THAN = "greater_than", "应大于{gt}", "must be more than {gt}"
    GREATER_THAN_EQUAL = "greater_than_equal", "应不小于{ge}", "must be {ge} or more"
    LESS_THAN = "less_than", "应小于{lt}", "must be less than {lt}"
    LESS_THAN_EQUAL = "less_than_equal", "应不大于{le}", "must be {le} or less"
    STRING_TOO_SHORT = "string_too_short", "不能为空", "must not be empty"
    STRING_TOO_LONG = "string_too_long", "不能超过{max_length}个字", "must be {max_length} characters or fewer"
    TOO_SHORT = "too_short", "至少需要{min_length}项", "needs at least {min_length} of them"
    ENUM = "enum", "应为下列之一：{expected}", "must be one of {expected}"
    UNION_TAG_INVALID = "union_tag_invalid", "应为下列之一：{expected_tags}", "must be one of {expected_tags}"
    AS_WRITTEN = "as_written", "{sentence}", "{sentence}"
    NOT_VALID = "not_valid", "不合要求（{type}）", "is not valid ({type})"

    NOT_A_SCHEMA = (
        "not_a_schema",
        "应为2至40个小写字母、数字和下划线，并以字母开头",
        "must be 2 to 40 small letters, digits and underscores, and begin with a letter",
    )
    RESERVED_SCHEMA = "reserved_schema", "这是数据库的保留名称", "is a name that the database keeps for itself"
    NOT_A_CODE = (
        "not_a_code",
        "应为1至40个小写字母、数字、下划线或连字符，以字母开头",
        "must be 1 to 40 small letters, digits, underscores and hyphens, and begin with a letter",
    )
    NOT_A_DIVISION = "not_a_division", "应为6位行政区划代码", "must be a division code of 6 digits"
    NOT_A_HOST = (
        "not_a_host",
        "应为主机名，不带协议、端口和下划线",
        "must be a host name, without scheme, port or underscore",
    )
    NOT_A_TIME_ZONE = (
        "not_a_time_zone",
        "应为时区名称，例如 Asia/Shanghai",
        "must be a time zone such as Asia/Shanghai",
    )
    NOT_A_POLICY = (
        "not_a_policy",
        "应为 strictest、freshest 或 prefer:<渠道代码>",
        "must be strictest, freshest or prefer:<provider>",
    )
    EMPTY = "empty", "不能为空", "must not be empty"
    NOT_A_VARIABLE = "not_a_variable", "应为环境变量的名称", "must be the name of an environment variable"
    NOT_A_VIEW = "not_a_view", "应为视图名称，或“模式.视图”", "must be the name of a view, or schema.view"
    NOT_PRINTABLE_ASCII = (
        "not_printable_ascii",
        "应为不含空格的可打印ASCII字符",
        "must be printable ASCII without spaces, as it travels in a header",
    )
    NOT_A_DATABASE_URL = (
        "not_a_database_url",
        "应为有效的数据库连接地址",
        "must be a database URL as SQLAlchemy reads it",
    )
    NOT_A_BASE_URL = (
        "not_a_base_url",
        "应为 http(s)://主机[:端口][/路径]，不带用户名、密码、查询参数和锚点",
        "must be http(s)://host[:port][/path], without user, password, query or fragment",
    )

    UNREADABLE = "unreadable", "无法读取：{why}", "cannot be read: {why}"
    NOT_UTF8 = "not_utf8", "不是UTF-8编码", "is not UTF-8"
    NESTED_TOO_DEEPLY = "nested_too_deeply", "嵌套层次过深", "is nested too deeply"
    NOT_TOML = "not_toml", "不是有效的TOML：{complaint}", "is not TOML: {complaint}"

    REPEATS = "repeats", "与{place}重复", "repeats {place}"
    TWO_CREDENTIALS = (
        "two_credentials",
        "不能与 {other} 同时填写，请只填一项",
        "cannot stand beside {other}: give one of the two",
    )
    NO_CREDENTIAL = (
        "no_credential",
        "缺失：请填写 {variable} 或 {credential} 之一",
        "is missing: give {variable} or {credential}",
    )
    NAMES_NO_SOURCE = (
        "names_no_source",
        "不是上面任何一个数据来源的代码",
        "names none of the sources of this file",
    )
    NAMES_NO_RULE_SET = (
        "names_no_rule_set",
        "不是下面任何一个规则集的代码",
        "names none of the rule_sets of this file",
    )
    PREFERS_NO_PROVIDER = (
        "prefers_no_provider",
        "所选渠道不在本表中",
        "prefers none of the providers of this file",
    )
    FILE_NOT_THERE = (
        "file_not_there",
        "没有这个文件：文件名相对于城市配置文件",
        "is not there: names are relative to the city file",
    )
    VARIABLE_NOT_SET = "variable_not_set", "所填变量 {name} 未设置", "names {name}, which is not set"

    HOST_TAKEN = "host_taken", "已是城市 {schema} 的主机名", "is the host of the city {schema} already"
    SOURCE_HAS_DELIVERED = (
        "source_has_delivered",
        "该数据来源已有交付，不能更改类别；请为新的数据来源另设代码",
        "cannot change, as the source has delivered: give the new source a code of its own",
    )
    STILL_NEEDED = (
        "still_needed",
        "缺少 {code}，而本市仍有与之相关的数据，请补回",
        "lack {code}, for which the city holds {held}: put it back",
    )

    NOT_A_DAY = "not_a_day", "日期不存在", "is not a day of the calendar"
    NOT_A_RULE_CODE = (
        "not_a_rule_code",
        "应为1至40个字母、数字、点、连字符或下划线",
        "must be 1 to 40 letters, digits, dots, hyphens and underscores",
    )
    NOT_A_LEVEL = (
        "not_a_level",
        "应为一个词，不超过40个字，字母须小写，如high、red-zone或高风险",
        "must be one word of up to 40 small letters, such as high, red-zone or 高风险",
    )
    GREEN_IS_NO_RULE = (
        "green_is_no_rule",
        "应为红码或黄码，无规则约束即为绿码",
        "must be red or yellow: green is what no rule holds",
    )
    LEVELS_WITHOUT_AREA = (
        "levels_without_area",
        "仅适用于“风险地区旅居”类规则",
        "is for rules of the kind area_stay only",
    )
    NO_LEVELS = (
        "no_levels",
        "不能为空，不填则所有旅居均计入",
        "must not be empty: leave it out to count every stay",
    )
    ENDS_BEFORE_IT_BEGINS = "ends_before_it_begins", "不能早于起始日", "must not be before from"
    REPEATS_RULE = (
        "repeats_rule",
        "与{place}重复",
        "repeats {place}: the same code for the same kind",
    )
    IN_RULE = "in_rule", "{fault}（规则{rule}）", "{fault} (rule {rule})"
    OTHER_CODE = "other_code", "应为{code}", "must be {code}"
    CODES_DIFFER = (
        "codes_differ",
        "规则集文件中为 {in_file}，城市配置中为 {in_city_file}",
        "is {in_file}, and {in_city_file} in the city file",
    )
    REPEATS_VERSION = "repeats_version", "与{place}重复", "repeats that of {place}"
    NOT_LATER = "not_later", "生效日期应晚于第{version}版", "must be later than that of version {version}"
    IN_THE_PAST = "in_the_past", "不能早于今天", "must not lie in the past"
    IN_FORCE = (
        "in_force",
        "第{version}版自{day}起已生效，不能更改，请使用下一个版本号",
        (
            "{version} is in force since {day} with other content and cannot change: "
            "give the new content a new version and a later effective_from"
        ),
    )
    OUT_OF_ORDER = (
        "out_of_order",
        "须与其他版本的先后一致：第{version}版自{day}起",
        "must fit between the versions: {version} starts on {day}",
    )


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, at a key such as `providers[1].source`; a parameter `rule` names the rule it is in."""

    key: str
    code: Worded
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.key}: {self.message}"

    @property
    def message(self) -> str:
        """The sentence as commands print it."""
        return self.said_in("en")

    def said_in(self, language: str) -> str:
        """The sentence by language tag."""
        params = {name: _enumerated(value, language) for name, value in self.params.items()}
        said = self.code.said_in(language).format(**params)
        if "rule" in self.params:
            said = FaultCode.IN_RULE.said_in(language).format(fault=said, rule=self.params["rule"])
        return said


def _enumerated(value: Any, language: str) -> Any:
    """A list as a sentence has it; anything else as it is."""
    if not isinstance(value, list):
        return value
    if language.startswith("zh"):
        return "、".join(value)
    *first, last = [f"'{word}'" for word in value]
    return f"{', '.join(first)} or {last}" if first else last


class FileFaults(ValueError):
    """A file that cannot be taken; `faults` names every reason."""

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        """Keep the faults in the order found; the message lists them all."""
        self.path = path
        self.faults = list(faults)
        super().__init__("\n".join([f"{path}:", *(f"  {fault}" for fault in self.faults)]))
