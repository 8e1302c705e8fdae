"""Roles of a city's staff, and which of them no one person may hold together (``docs/trust.md``, graded protection level 3)."""

from itertools import combinations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """What a member of staff may be. Devices and providers have keys of their own, not roles."""

    REVIEWER = "reviewer", _("Reviewer")
    APPROVER = "approver", _("Approver")
    SOURCE_MANAGER = "source_manager", _("Source manager")
    RULE_MANAGER = "rule_manager", _("Rule manager")
    AUDITOR = "auditor", _("Auditor")
    SYSTEM_ADMIN = "system_admin", _("System administrator")
    SECURITY_ADMIN = "security_admin", _("Security administrator")
    AUDIT_ADMIN = "audit_admin", _("Audit administrator")


ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
CASE_WORK = frozenset({Role.REVIEWER, Role.APPROVER})
# Each stands alone: nobody audits, or administers, what they decide or configure.
ALONE = ADMINISTRATORS | {Role.AUDITOR}


def excluded_pairs(roles: set[Role]) -> list[tuple[Role, Role]]:
    """The pairs among these that exclude each other; empty when one person may hold them all."""
    return [pair for pair in combinations(sorted(roles), 2) if ALONE & set(pair)]
