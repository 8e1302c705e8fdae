"""Roles of a city's staff, and which of them no one person may hold together (``docs/trust.md``, graded protection level 3)."""

from enum import StrEnum


class Role(StrEnum):
    """What a member of staff may be. Devices and providers have keys of their own, not roles."""

    REVIEWER = "reviewer"
    APPROVER = "approver"
    SOURCE_MANAGER = "source_manager"
    RULE_MANAGER = "rule_manager"
    AUDITOR = "auditor"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"


ROLE_TITLES: dict[Role, tuple[str, str]] = {
    Role.REVIEWER: ("复核员", "Reviewer"),
    Role.APPROVER: ("审批员", "Approver"),
    Role.SOURCE_MANAGER: ("数据源管理员", "Source manager"),
    Role.RULE_MANAGER: ("规则管理员", "Rule manager"),
    Role.AUDITOR: ("审计员", "Auditor"),
    Role.SYSTEM_ADMIN: ("系统管理员", "System administrator"),
    Role.SECURITY_ADMIN: ("安全管理员", "Security administrator"),
    Role.AUDIT_ADMIN: ("审计管理员", "Audit administrator"),
}

ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
CASE_WORK = frozenset({Role.REVIEWER, Role.APPROVER})
# An administrator's role stands alone beside at most an auditor's reading; nobody who reviews cases administers.
EXCLUDED_WITH_ADMINISTRATION = CASE_WORK | {Role.SOURCE_MANAGER, Role.RULE_MANAGER, Role.AUDITOR}


def excluded_pairs(roles: set[Role]) -> list[tuple[Role, Role]]:
    """The pairs among these that exclude each other; empty when one person may hold them all."""
    ordered = sorted(roles)
    return [(a, b) for i, a in enumerate(ordered) for b in ordered[i + 1 :] if _exclude(a, b)]


def _exclude(a: Role, b: Role) -> bool:
    if a in ADMINISTRATORS and b in ADMINISTRATORS:
        return True
    return (a in ADMINISTRATORS and b in EXCLUDED_WITH_ADMINISTRATION) or (
        b in ADMINISTRATORS and a in EXCLUDED_WITH_ADMINISTRATION
    )
