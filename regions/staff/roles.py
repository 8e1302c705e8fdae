"""User names and roles of a city's staff, and which roles exclude each other (``docs/trust.md``, graded protection level 3)."""

import re
from itertools import combinations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from regions.actors import SYSTEM

# The journal names people by it: a name must not be confusable with another, with the portal's own (`system`) or a citizen's
# (`citizen:<ref>`), nor contain invisible characters.
USERNAME = re.compile(r"[A-Za-z0-9._-]{1,80}")


class Role(TextChoices):
    """A role of a member of staff. Devices and providers have keys of their own, not roles."""

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
# Each excludes all other roles: nobody audits or administers what they decide or configure.
ALONE = ADMINISTRATORS | {Role.AUDITOR}


def excluded_pairs(roles: set[Role]) -> list[tuple[Role, Role]]:
    """Return the pairs among these roles that exclude each other; empty if one person may hold them all."""
    return [pair for pair in combinations(sorted(roles), 2) if ALONE & set(pair)]


def is_username(text: str) -> bool:
    return USERNAME.fullmatch(text) is not None and text.lower() != SYSTEM
