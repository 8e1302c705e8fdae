"""The outsider's rule sets, as values of the oracle and as the files that the contracts describe."""

from datetime import date, timedelta

from tests.oracle import RiskArea, Rule, RuleSetVersion

TODAY = date(2026, 11, 24)
AREAS = (
    RiskArea("420100", "red-zone", date(2026, 1, 1)),
    RiskArea("440000", "watch", date(2026, 10, 1), TODAY - timedelta(days=6)),
)
NORTH = (
    Rule("K1", "confirmed_case", "red", hold_days=None, cleared_by=("discharged", "case_excluded")),
    Rule("K2", "close_contact", "red", hold_days=14, checkin_days=14, cleared_by=("contact_excluded",)),
    Rule(
        "K3",
        "spacetime_overlap",
        "yellow",
        "recorded",
        hold_days=10,
        tests=2,
        test_gap_days=1,
        cleared_by=("contact_excluded",),
    ),
    Rule("K4", "area_stay", "red", "ended", hold_days=14, checkin_days=7, area_levels=("red-zone",)),
    Rule("K5", "symptom", "yellow", hold_days=7, checkin_days=7, cleared_by=("negative_test",)),
    Rule("K6", "arrival", "yellow", hold_days=7, checkin_days=5),
)
SOUTH = (
    Rule("S1", "confirmed_case", "red", hold_days=28, cleared_by=("discharged",)),
    Rule("S2", "close_contact", "red", hold_days=21, checkin_days=10),
    Rule("S3", "secondary_contact", "yellow", hold_days=7, checkin_days=3),
    Rule("S4", "area_stay", "yellow", hold_days=14, area_levels=("red-zone", "watch")),
    Rule("S5", "unsure_contact", "yellow", hold_days=3, tests=1),
    Rule("S6", "contact_with_case", "red", hold_days=5, checkin_days=5, cleared_by=("contact_excluded",)),
)
# The first version of the north held longer. The third takes effect before today's verdicts turn green.
OLDER = tuple(Rule(rule.code, rule.kind, "red", hold_days=30) for rule in NORTH if not rule.area_levels)
COMING = tuple(Rule(rule.code, rule.kind, rule.colour, rule.anchor, hold_days=3) for rule in NORTH if rule.hold_days)
VERSIONS = (
    RuleSetVersion("north", 1, date(2026, 1, 1), OLDER),
    RuleSetVersion("north", 2, TODAY, NORTH, AREAS),
    RuleSetVersion("north", 3, TODAY + timedelta(days=4), COMING, AREAS),
    RuleSetVersion("south", 1, date(2026, 1, 1), SOUTH, AREAS),
)


def as_toml(version: RuleSetVersion) -> str:
    """Return the version as the text of a file."""
    head = f'code = "{version.code}"\nversion = {version.version}\neffective_from = {version.effective_from}\n'
    rules = "".join(map(_rule, version.rules))
    return head + rules + "".join(map(_area, version.risk_areas))


def _rule(rule: Rule) -> str:
    lines = [
        "[[rules]]",
        f'code = "{rule.code}"',
        f'kind = "{rule.kind}"',
        f'colour = "{rule.colour}"',
        f'anchor = "{rule.anchor}"',
        f"checkin_days = {rule.checkin_days}",
        f"tests = {rule.tests}",
        f"test_gap_days = {rule.test_gap_days}",
        f"cleared_by = {list(rule.cleared_by)}",
        'title = { zh = "规则", en = "A rule" }',
        'reason = { zh = "原因", en = "A reason" }',
    ]
    lines += [f"hold_days = {rule.hold_days}"] if rule.hold_days is not None else []
    lines += [f"area_levels = {list(rule.area_levels)}"] if rule.area_levels else []
    return "\n".join(lines) + "\n"


def _area(area: RiskArea) -> str:
    until = f"to = {area.to_day}\n" if area.to_day else ""
    return f'[[risk_areas]]\narea = "{area.area}"\nlevel = "{area.level}"\nfrom = {area.from_day}\n{until}'
