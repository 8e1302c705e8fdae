"""Changes of staff. One security administrator proposes what gives power, another confirms it; it concerns neither of them.

Taking power away needs one security administrator, who stays one, and has effect at once. The rules of roles, names and addresses
are checked at the proposal and again at its confirmation. No secret is created here: see ``regions.staff.enrolment``.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.conf import settings
from django.db import transaction

from regions.actors import SYSTEM
from regions.locks import advisory_lock
from regions.proposals import require_another, require_reason, require_role, require_role_or_operator
from regions.refusals import CommonReason, Refused
from regions.staff.accounts import (
    StaffReason,
    check_email_is_free,
    check_username,
    checked_email,
    checked_roles,
    create_account,
    journal,
    other_account,
)
from regions.staff.enrolment import is_enrolling, open_link
from regions.staff.models import Account, ChangeKind, ChangeState, EnrolmentLink, RoleGrant, StaffChange
from regions.staff.roles import Role


def propose_account(
    *, username: str, full_name: str, office: str, email: str, roles: Iterable[str], reason: str, by: str, now: datetime
) -> StaffChange:
    """Propose an account for one person. Raises ``Refused``."""
    require_role(by, Role.SECURITY_ADMIN)
    values = {
        "full_name": full_name.strip(),
        "office": office.strip(),
        "email": checked_email(email),
        "roles": sorted(checked_roles(roles)),
    }
    check_username(username)
    with transaction.atomic():
        advisory_lock("staff")
        _check_new(username, values)
        return _propose(StaffChange(kind=ChangeKind.ACCOUNT, username=username, values=values), reason, by=by, now=now)


def propose_roles(account_id: int, *, roles: Iterable[str], reason: str, by: str, now: datetime) -> StaffChange:
    """Propose that the account have exactly these roles, at least one of them new; removing roles needs no proposal. Raises ``Refused``."""
    wanted = checked_roles(roles)

    def change(account: Account) -> StaffChange:
        held = account.roles
        if wanted <= held:
            raise Refused(StaffReason.CHANGES_NOTHING if wanted == held else StaffReason.ONLY_TAKES_AWAY)
        return _about(account, ChangeKind.ROLES, {"roles": sorted(wanted)}, {"roles": sorted(held)})

    return _propose_about(account_id, change, reason, by=by, now=now)


def propose_reopening(account_id: int, *, reason: str, by: str, now: datetime) -> StaffChange:
    """Propose to reopen a closed account with the roles it had; its holder enrols anew. Raises ``Refused``."""

    def change(account: Account) -> StaffChange:
        if account.is_active:
            raise Refused(StaffReason.IS_OPEN)
        if not account.email:
            raise Refused(StaffReason.NO_EMAIL)
        held = {"roles": sorted(account.roles), "email": account.email}
        return _about(account, ChangeKind.REOPENING, held, held)

    return _propose_about(account_id, change, reason, by=by, now=now)


def propose_reset(account_id: int, *, reason: str, by: str, now: datetime) -> StaffChange:
    """Propose to reset password and one-time codes and send a link for new ones to the account's address. Raises ``Refused``."""

    def change(account: Account) -> StaffChange:
        if not account.is_active:
            raise Refused(StaffReason.IS_CLOSED)
        if not account.email:
            raise Refused(StaffReason.NO_EMAIL)
        return _about(account, ChangeKind.RESET, {"email": account.email}, {"email": account.email})

    return _propose_about(account_id, change, reason, by=by, now=now)


def propose_email(account_id: int, *, email: str, reason: str, by: str, now: datetime) -> StaffChange:
    """Propose another address, to which links are then sent. Raises ``Refused``."""
    wanted = checked_email(email)

    def change(account: Account) -> StaffChange:
        if wanted == account.email:
            raise Refused(StaffReason.CHANGES_NOTHING)
        check_email_is_free(wanted, account)
        return _about(account, ChangeKind.EMAIL, {"email": wanted}, {"email": account.email})

    return _propose_about(account_id, change, reason, by=by, now=now)


def confirm(change_id: int, *, by: str, now: datetime) -> StaffChange:
    """Put a change into force. ``by`` is the second security administrator, or the operator at the console. Raises ``Refused``."""
    with transaction.atomic():
        change = _to_decide(change_id, by=by)
        if change.expires_at <= now:
            raise Refused(StaffReason.CHANGE_EXPIRED)
        account = _new_account(change, by=by, now=now) if change.account is None else change.account
        change.approve(ChangeState.CONFIRMED, by=by, now=now, act="staff.change_confirmed", account=account)
        if change.kind in EFFECTS:
            _check_unmoved(change, account)
            EFFECTS[change.kind](account, change, by=by, now=now)
    return change


@transaction.atomic
def refuse(change_id: int, *, reason: str, by: str, now: datetime) -> StaffChange:
    """Refuse a change; nothing else changes. Raises ``Refused``."""
    return _to_decide(change_id, by=by).refuse(reason=reason, by=by, now=now)


@transaction.atomic
def withdraw(change_id: int, *, by: str, now: datetime) -> StaffChange:
    """Withdraw one's own proposal. Raises ``Refused``."""
    own: StaffChange = StaffChange.objects.locked().to_withdraw(change_id, by=by)
    return own.withdraw(by=by, now=now)


def withdraw_roles(account_id: int, *, keep: Iterable[str], by: str, now: datetime) -> Account:
    """Reduce the account to the roles in ``keep``, at once. Raises ``Refused``, also if it does not hold one of them."""
    kept = checked_roles(keep)
    with transaction.atomic():
        account = _to_change(account_id, by)
        held = account.roles
        if kept - held:
            raise Refused(StaffReason.GIVES_ROLES)
        if held - kept:
            _settle_roles(account, kept, by=by, now=now)
    return account


def close_account(account_id: int, *, by: str, now: datetime) -> Account:
    """Close the account, which ends its sessions and its links to enrol at once. Raises ``Refused``."""
    with transaction.atomic():
        account = _to_change(account_id, by)
        if account.is_active:
            account.is_active = False
            account.save(update_fields=["is_active"])
            account.enrolment_links.open().update(voided_at=now)
            journal("staff.closed", account, by=by, now=now)
    return account


def send_again(account_id: int, *, by: str, now: datetime) -> EnrolmentLink:
    """Send a new link to the same confirmed address, for an account not enrolled yet; needs one administrator. Raises ``Refused``."""
    with transaction.atomic():
        account = _to_change(account_id, by)
        if not account.is_active:
            raise Refused(StaffReason.IS_CLOSED)
        if not is_enrolling(account):
            raise Refused(StaffReason.ENROLLED)
        link = open_link(account, now=now)
        journal("staff.link_asked_again", account, by=by, now=now)
    return link


def _to_change(account_id: int, by: str) -> Account:
    """Return another person's account, locked, after checking under the lock that ``by`` is a security administrator.

    So of two administrators who close each other, or of one who confirms while being closed, only the first succeeds.
    """
    advisory_lock("staff")
    require_role(by, Role.SECURITY_ADMIN)
    return other_account(account_id, by)


def _about(account: Account, kind: ChangeKind, values: dict[str, Any], before: dict[str, Any]) -> StaffChange:
    return StaffChange(kind=kind, username=account.username, account=account, values=values, before=before)


def _propose_about(
    account_id: int, change: Callable[[Account], StaffChange], reason: str, *, by: str, now: datetime
) -> StaffChange:
    with transaction.atomic():
        return _propose(change(_to_change(account_id, by)), reason, by=by, now=now)


def _propose(change: StaffChange, reason: str, *, by: str, now: datetime) -> StaffChange:
    change.reason, change.proposed_by, change.proposed_at = require_reason(reason), by, now
    change.expires_at = now + timedelta(days=settings.STAFF_CHANGE_DAYS)
    waiting = StaffChange.objects.waiting().filter(username__iexact=change.username, kind=change.kind)
    for old in waiting.filter(expires_at__lte=now):
        old.act("staff.change_expired", ChangeState.EXPIRED, by=SYSTEM, now=now)
    if waiting.exists():
        raise Refused(CommonReason.PROPOSED_ALREADY)
    change.save()
    change.journal("staff.change_proposed", by=by, now=now)
    return change


def _to_decide(change_id: int, *, by: str) -> StaffChange:
    advisory_lock("staff")
    require_role_or_operator(by, Role.SECURITY_ADMIN)
    change: StaffChange = StaffChange.objects.locked().select_related("account").find(change_id)
    require_another(by, proposed_by=change.proposed_by)
    if by == change.username:
        raise Refused(StaffReason.YOURSELF)
    return change


def _check_new(username: str, values: dict[str, Any]) -> None:
    if Account.objects.filter(username__iexact=username).exists():
        raise Refused(StaffReason.NAME_TAKEN, name=username)
    check_email_is_free(values["email"], Account())


def _check_unmoved(change: StaffChange, account: Account) -> None:
    """Raise ``Refused`` if the account has changed since the proposal: the confirming person must have seen its present values."""
    now_held = {"roles": sorted(account.roles), "email": account.email}
    if any(now_held[name] != value for name, value in change.before.items()):
        raise Refused(StaffReason.ACCOUNT_MOVED)


def _new_account(change: StaffChange, *, by: str, now: datetime) -> Account:
    values = change.values
    account = Account(
        username=change.username, full_name=values["full_name"], office=values["office"], email=values["email"]
    )
    create_account(account, checked_roles(values["roles"]), by=by, now=now)
    open_link(account, now=now)
    return account


def _give_roles(account: Account, change: StaffChange, *, by: str, now: datetime) -> None:
    _settle_roles(account, checked_roles(change.values["roles"]), by=by, now=now)


def _settle_roles(account: Account, wanted: set[Role], *, by: str, now: datetime) -> None:
    """Grant and revoke roles until the account has exactly these. Roles it keeps are not granted anew."""
    held = account.roles
    withdrawn, given = sorted(held - wanted), sorted(wanted - held)
    account.grants.filter(role__in=withdrawn, revoked_at__isnull=True).update(revoked_by=by, revoked_at=now)
    RoleGrant.objects.bulk_create(
        RoleGrant(account=account, role=role.value, granted_by=by, granted_at=now) for role in given
    )
    journal("staff.roles_changed", account, by=by, now=now, given=given, withdrawn=withdrawn)


def _reopen(account: Account, change: StaffChange, *, by: str, now: datetime) -> None:
    """Reopen the account as if it were new: the reason for closing is unknown here, and an earlier session would become valid again."""
    checked_roles(change.values["roles"])
    account.is_active = True
    account.save(update_fields=["is_active"])
    journal("staff.opened", account, by=by, now=now)
    _begin_anew(account, by=by, now=now)


def _reset(account: Account, change: StaffChange, *, by: str, now: datetime) -> None:  # noqa: ARG001 - as the others
    if not account.is_active:
        raise Refused(StaffReason.IS_CLOSED)
    _begin_anew(account, by=by, now=now)


def _begin_anew(account: Account, *, by: str, now: datetime) -> None:
    """End password, codes, sessions and lock-outs. Resetting codes alone would let anybody with the password enrol another phone."""
    account.set_unusable_password()
    account.save(update_fields=["password"])
    Authenticator.objects.filter(user=account).delete()
    AccessAttempt.objects.filter(username=account.username.casefold()).delete()
    journal("staff.sign_in_reset", account, by=by, now=now)
    open_link(account, now=now)


def _change_email(account: Account, change: StaffChange, *, by: str, now: datetime) -> None:
    """Change the address and void the links that were sent to the old one."""
    check_email_is_free(change.values["email"], account)
    account.email = change.values["email"]
    account.save(update_fields=["email"])
    account.enrolment_links.open().update(voided_at=now)
    journal("staff.email_changed", account, by=by, now=now, before=change.before["email"], email=account.email)


EFFECTS: dict[str, Callable[..., None]] = {
    ChangeKind.ROLES: _give_roles,
    ChangeKind.REOPENING: _reopen,
    ChangeKind.RESET: _reset,
    ChangeKind.EMAIL: _change_email,
}
