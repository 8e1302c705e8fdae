"""An account for each role in each city, and the one list of their one-time passwords."""

from pathlib import Path
from random import Random

from django.utils import timezone

from portal.demo.filling import BY
from portal.demo.names import chinese_name
from regions.staff.accounts import add_staff
from regions.staff.models import Account
from regions.staff.roles import Role
from regions.tenancy import in_city

HEADING = "# city\trole and user name\tname\tone-time password\n"


def add_everybody(schema: str, passwords: Path) -> int:
    """Add the accounts that are missing and note their passwords; how many there were. The user name is the role's."""
    added = []
    with in_city(schema):
        known = set(Account.objects.values_list("username", flat=True))
        for role in Role:
            if role.value not in known:
                name = chinese_name(Random(f"{schema}/{role}"), woman=len(role) % 2 == 0)
                _, password = add_staff(username=role.value, roles=[role], full_name=name, by=BY, now=timezone.now())
                added.append(f"{schema}\t{role.value}\t{name}\t{password}\n")
    is_new = not passwords.exists()
    passwords.touch(mode=0o600)
    with passwords.open("a", encoding="utf-8") as file:
        file.writelines([HEADING, *added] if is_new else added)
    return len(added)
