"""Faults of files and settings: key, code and parameters. Parameters never repeat a credential, as faults are logged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regions.vocabulary import label_in


class FaultCode(TextChoices):
    """The faults of city files, rule sets and source settings. Where pydantic finds the fault, the value is its type."""

    MISSING = "missing", _("is missing")
    EXTRA_FORBIDDEN = "extra_forbidden", pgettext_lazy("fault code", "is not a known key")
    STRING_TYPE = "string_type", _("must be text")
    INT_TYPE = "int_type", _("must be a whole number")
    FLOAT_TYPE = "float_type", _("must be a number")
    FINITE_NUMBER = "finite_number", _("must be a finite number")
    BOOL_TYPE = "bool_type", _("must be true or false")
    DATE_TYPE = "date_type", _("must be a day, YYYY-MM-DD")
    LIST_TYPE = "list_type", _("must be a list")
    DICT_TYPE = "dict_type", pgettext_lazy("fault code", "must be a table")
    GREATER_THAN = "greater_than", _("must be more than {gt}")
    GREATER_THAN_EQUAL = "greater_than_equal", _("must be {ge} or more")
    LESS_THAN = "less_than", _("must be less than {lt}")
    LESS_THAN_EQUAL = "less_than_equal", _("must be {le} or less")
    STRING_TOO_SHORT = "string_too_short", _("must not be empty")
    STRING_TOO_LONG = "string_too_long", _("must be {max_length} characters or fewer")
    TOO_SHORT = "too_short", _("needs at least {min_length} of them")
    ENUM = "enum", _("must be one of {expected}")
    UNION_TAG_INVALID = "union_tag_invalid", _("must be one of {expected_tags}")
    AS_WRITTEN = "as_written", _("{sentence}")
    NOT_VALID = "not_valid", _("is not valid ({type})")

    NOT_A_SCHEMA = "not_a_schema", _("must be 2 to 40 small letters, digits and underscores, and begin with a letter")
    RESERVED_SCHEMA = "reserved_schema", _("is a name that the database keeps for itself")
    NOT_A_CODE = (
        "not_a_code",
        _("must be 1 to 40 small letters, digits, underscores and hyphens, and begin with a letter"),
    )
    NOT_A_DIVISION = "not_a_division", _("must be the code of a division of GB/T 2260")
    NOT_A_HOST = "not_a_host", _("must be a host name, without scheme, port or underscore")
    NOT_A_USERNAME = (
        "not_a_username",
        _("must be a user name: the letters a to z, digits, '.', '-' and '_', and not 'system'"),
    )
    NOT_AN_EMAIL = "not_an_email", _("must be an e-mail address")
    ACCOUNT_TAKEN = "account_taken", _("is the user name or the e-mail address of another account of the city")
    NOT_A_TIME_ZONE = "not_a_time_zone", _("must be a time zone such as Asia/Shanghai")
    NOT_A_POLICY = "not_a_policy", _("must be strictest, freshest or prefer:<provider>")
    NOT_A_PHONE = "not_a_phone", _("must be a phone number of digits, spaces and hyphens")
    EMPTY = "empty", _("must not be empty")
    NOT_A_VARIABLE = "not_a_variable", _("must be the name of an environment variable")
    NOT_A_VIEW = "not_a_view", _("must be the name of a view, or schema.view")
    NOT_PRINTABLE_ASCII = "not_printable_ascii", _("must be printable ASCII without spaces, as it travels in a header")
    NOT_A_DATABASE_URL = "not_a_database_url", _("must be a database URL as SQLAlchemy reads it")
    NOT_A_BASE_URL = (
        "not_a_base_url",
        pgettext_lazy("fault code", "must be http(s)://host[:port][/path], without user, password, query or fragment"),
    )

    UNREADABLE = "unreadable", _("cannot be read: {why}")
    NOT_UTF8 = "not_utf8", _("is not UTF-8")
    NESTED_TOO_DEEPLY = "nested_too_deeply", _("is nested too deeply")
    NOT_TOML = "not_toml", _("is not TOML: {complaint}")

    REPEATS = "repeats", _("repeats {place}")
    TWO_CREDENTIALS = "two_credentials", _("cannot stand beside {other}: give one of the two")
    NO_CREDENTIAL = "no_credential", _("is missing: give {variable} or {credential}")
    NAMES_NO_SOURCE = "names_no_source", _("names none of the sources of this file")
    NAMES_NO_RULE_SET = "names_no_rule_set", _("names none of the rule sets of this file")
    NAMES_RETIRED_SOURCE = "names_retired_source", _("names a source that is retired: retire the provider too")
    PREFERS_NO_PROVIDER = "prefers_no_provider", _("prefers none of the providers of this file")
    FILE_NOT_THERE = "file_not_there", _("is not there: names are relative to the city file")
    VARIABLE_NOT_SET = "variable_not_set", _("names {name}, which is not set")

    HOST_TAKEN = "host_taken", _("is the host of the city {schema} already")
    DIVISION_TAKEN = "division_taken", _("is the division of the city {schema} already")
    DAYS_ARE_COUNTED = "days_are_counted", _("cannot change, as the city has counted its days in the zone it had")
    SOURCE_HAS_DELIVERED = (
        "source_has_delivered",
        _("cannot change, as the source has delivered: give the new source a code of its own"),
    )
    STILL_NEEDED = "still_needed", _("lack {code}, of which the city has a history: put it back, retired = true")

    NOT_A_DAY = "not_a_day", _("is not a day of the calendar")
    NOT_A_RULE_CODE = "not_a_rule_code", _("must be 1 to 40 letters, digits, dots, hyphens and underscores")
    NOT_A_LEVEL = "not_a_level", _("must be one word of up to 40 small letters, such as high, red-zone or 高风险")
    GREEN_IS_NO_RULE = "green_is_no_rule", _("must be red or yellow: green is what no rule holds")
    LEVELS_WITHOUT_AREA = "levels_without_area", _("is for stays in an area only")
    NO_LEVELS = "no_levels", _("must not be empty: leave it out to count every stay")
    ENDS_BEFORE_IT_BEGINS = "ends_before_it_begins", _("must not be before from")
    LEVEL_NOT_LISTED = "level_not_listed", _("names levels that no risk area has: {levels}")
    NOTHING_ENDS = "nothing_ends", _("must name a record, or the days it holds be given: nothing else ends it")
    NOT_CLEARING = "not_clearing", _("must be records that clear; these do not: {kinds}")
    TESTS_WITHOUT_HOLD = "tests_without_hold", _("count only with the days it holds, which are missing")
    CHECKINS_BEYOND_HOLD = "checkins_beyond_hold", _("must not be more than the days it holds, {hold_days}")
    REPEATS_RULE = "repeats_rule", _("repeats {place}: the same code for the same kind")
    IN_RULE = "in_rule", _("{fault} (rule {rule})")
    OTHER_CODE = "other_code", _("must be {code}")
    CODES_DIFFER = "codes_differ", _("is {in_file}, and {in_city_file} in the city file")
    REPEATS_VERSION = "repeats_version", _("repeats that of {place}")
    NOT_LATER = "not_later", _("must not be earlier than that of version {version}")
    IN_THE_PAST = "in_the_past", _("must not lie in the past")
    IN_FORCE = (
        "in_force",
        _(
            "{version} is in force since {day} with other content and cannot change: "
            "give the new content a new version and a later first day"
        ),
    )
    ANNOUNCED = (
        "announced",
        _("{version} takes effect on {day} and is not replaced by a draft: give the draft the next number"),
    )
    OUT_OF_ORDER = "out_of_order", _("must fit between the versions: {version} starts on {day}")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault at a key such as ``providers[1].source``; a parameter ``rule`` names the rule it is in."""

    key: str
    code: TextChoices
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.key}: {self.message}"

    @property
    def message(self) -> str:
        """Return the fault's sentence in English, as commands print it."""
        return self.message_in("en")

    def message_in(self, language: str) -> str:
        params = {name: _enumerated(value, language) for name, value in self.params.items()}
        message = label_in(language, self.code, **params)
        if "rule" in self.params:
            return label_in(language, FaultCode.IN_RULE, fault=message, rule=self.params["rule"])
        return message


def _enumerated(value: Any, language: str) -> Any:
    """Join a list as the language does; return any other value unchanged."""
    if not isinstance(value, list):
        return value
    if language.startswith("zh"):
        return "、".join(value)
    *first, last = [f"'{item}'" for item in value]
    return f"{', '.join(first)} or {last}" if first else last


class FileFaults(ValueError):
    """Raised when a file cannot be used. ``faults`` holds every reason, in the order found."""

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        self.path = path
        self.faults = list(faults)
        super().__init__("\n".join([f"{path}:", *(f"  {fault}" for fault in self.faults)]))
