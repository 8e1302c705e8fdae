"""Faults of a file in the page's language. The files' own readers word them in English, for terminals."""

import re
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

PLAIN = {
    gettext_noop("is missing"),
    gettext_noop("is not a known key"),
    gettext_noop("must be text"),
    gettext_noop("must be a whole number"),
    gettext_noop("must be a number"),
    gettext_noop("must be a list"),
    gettext_noop("must be a table"),
    gettext_noop("must be a day, YYYY-MM-DD"),
    gettext_noop("is not a day of the calendar"),
    gettext_noop("must not be empty"),
    gettext_noop("must be 1 to 40 letters, digits, dots, hyphens and underscores"),
    gettext_noop("must be 1 to 40 small letters, digits, underscores and hyphens, and begin with a letter"),
    gettext_noop("must be one word of up to 40 small letters, such as high, red-zone or 高风险"),
    gettext_noop("must be red or yellow: green is what no rule holds"),
    gettext_noop("is for rules of the kind area_stay only"),
    gettext_noop("must not be empty: leave it out to count every stay"),
    gettext_noop("must not be before from"),
    gettext_noop("must be a division code of 6 digits"),
    gettext_noop("must not lie in the past"),
    gettext_noop("is not UTF-8"),
    gettext_noop("is nested too deeply"),
    gettext_noop("must be the name of a view, or schema.view"),
    gettext_noop("must be printable ASCII without spaces, as it travels in a header"),
    gettext_noop("must be a database URL as SQLAlchemy reads it"),
    gettext_noop("must be http(s)://host[:port][/path], without user, password, query or fragment"),
}
WITH_PARTS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"must be ([\d.]+) or more", lambda m: _("must be %(n)s or more") % {"n": m[1]}),
    (r"must be ([\d.]+) or less", lambda m: _("must be %(n)s or less") % {"n": m[1]}),
    (r"must be more than ([\d.]+)", lambda m: _("must be more than %(n)s") % {"n": m[1]}),
    (r"must be (\d+) characters or fewer", lambda m: _("must be %(n)s characters or fewer") % {"n": m[1]}),
    (r"needs at least (\d+) of them", lambda m: _("needs at least %(n)s of them") % {"n": m[1]}),
    (r"must be one of (.+)", lambda m: _("must be one of %(words)s") % {"words": m[1]}),
    (r"repeats (\S+): the same code for the same kind", lambda m: _("repeats %(place)s") % {"place": m[1]}),
    (r"repeats (\S+)", lambda m: _("repeats %(place)s") % {"place": m[1]}),
    (r"is not TOML: (.+)", lambda m: _("is not TOML: %(complaint)s") % {"complaint": m[1]}),
    (
        r"must fit between the versions: (\d+) starts on (\S+)",
        lambda m: _("must fit between the versions: %(version)s starts on %(day)s") % {"version": m[1], "day": m[2]},
    ),
    (
        r"(\d+) is in force since (\S+) with other content and cannot change: .+",
        lambda m: (
            _("%(version)s is in force since %(day)s and cannot change; take the next number")
            % {"version": m[1], "day": m[2]}
        ),
    ),
    (r"must be ([a-z][a-z0-9_-]*)", lambda m: _("must be %(word)s") % {"word": m[1]}),
)
_OF_A_RULE = re.compile(r"(.*) \(rule (.+)\)")


def fault_words(message: str) -> str:
    """The sentence; one that is not known here stays as it is rather than be lost."""
    of_rule = _OF_A_RULE.fullmatch(message)
    if of_rule:
        return _("%(fault)s (rule %(code)s)") % {"fault": fault_words(of_rule[1]), "code": of_rule[2]}
    if message in PLAIN:
        return _(message)
    for pattern, said in WITH_PARTS:
        found = re.fullmatch(pattern, message)
        if found:
            return said(found)
    return message
