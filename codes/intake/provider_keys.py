"""Issuing, rotating and revoking the keys of providers, knowing a key again, and how often it may call."""

import hmac
import secrets
from datetime import datetime, timedelta
from math import ceil

from django.db import transaction

from codes.models import Provider, ProviderKey
from regions.journal.record import record
from regions.keys.encryption import provider_key_hash
from regions.proposals import require_role_or_operator
from regions.staff.roles import Role

KEY_BYTES = 32
# Two, so that a provider can change over without a gap; more would be keys nobody remembers.
MOST_IN_FORCE = 2
WINDOW = timedelta(minutes=1)
CALLS_PER_WINDOW = 60


class NoSuchProvider(LookupError):
    """The current city has no provider of this code."""


class CannotIssue(ValueError):
    """The provider has as many keys in force as it may have; the message says what would work."""


def issue_key(*, provider: str, by: str, now: datetime, alone: bool = False) -> tuple[ProviderKey, str]:
    """A new key of the provider: (its row, the key itself, which cannot be shown again).

    ``alone`` revokes all others in the same transaction. Raises ``NoSuchProvider``, ``CannotIssue`` and ``NotAllowed``.
    """
    require_role_or_operator(by, Role.SYSTEM_ADMIN)
    with transaction.atomic():
        holder = _provider(provider)
        if alone:
            _revoke(holder, by=by, now=now)
        elif in_force(holder) >= MOST_IN_FORCE:
            raise CannotIssue(f"{provider} has {MOST_IN_FORCE} keys in force already; revoke them, or rotate")
        secret = secrets.token_urlsafe(KEY_BYTES)
        key = ProviderKey.objects.create(
            provider=holder, key_hash=provider_key_hash(secret), last_four=secret[-4:], issued_by=by, issued_at=now
        )
        data = {"last_four": key.last_four}
        record("provider_key.issued", by=by, now=now, subject=f"provider:{provider}", data=data)
    return key, secret


def revoke_keys(*, provider: str, by: str, now: datetime, last_four: str | None = None) -> list[str]:
    """Revoke the provider's keys in force, or the one that ends so; how they end. Raises ``NoSuchProvider`` and ``NotAllowed``."""
    require_role_or_operator(by, Role.SYSTEM_ADMIN)
    with transaction.atomic():
        return _revoke(_provider(provider), by=by, now=now, last_four=last_four)


def in_force(provider: Provider) -> int:
    return ProviderKey.objects.filter(provider=provider, revoked_at__isnull=True).count()


def key_shown(secret: str) -> ProviderKey | None:
    """The key in force that this is; none for an unknown one as for a revoked one.

    Every key of the city is compared, each in constant time: how long it takes says nothing about which was nearly right.
    """
    shown = provider_key_hash(secret)
    found = None
    for key in ProviderKey.objects.select_related("provider").order_by("pk"):
        is_it = hmac.compare_digest(bytes(key.key_hash), shown)
        if is_it and key.revoked_at is None:
            found = key
    return found


def count_call(key: ProviderKey, *, now: datetime) -> int:
    """Count a call of the key; 0 when it may go on, else the seconds to wait. Exact over all processes: the row counts."""
    with transaction.atomic():
        held = ProviderKey.objects.select_for_update().get(pk=key.pk)
        is_over = held.window_began is None or now - held.window_began >= WINDOW
        began = now if is_over or held.window_began is None else held.window_began
        calls = 1 if is_over else held.window_calls + 1
        if calls > CALLS_PER_WINDOW:
            return max(1, ceil((began + WINDOW - now).total_seconds()))
        ProviderKey.objects.filter(pk=key.pk).update(window_began=began, window_calls=calls)
    return 0


def _provider(code: str) -> Provider:
    """Locked, so that two who issue at once count each other's keys."""
    provider = Provider.objects.select_for_update().filter(code=code).first()
    if provider is None:
        known = ", ".join(Provider.objects.order_by("code").values_list("code", flat=True))
        raise NoSuchProvider(f"this city has no provider {code!r}; it has {known or 'none'}")
    return provider


def _revoke(provider: Provider, *, by: str, now: datetime, last_four: str | None = None) -> list[str]:
    wanted = ProviderKey.objects.filter(provider=provider, revoked_at__isnull=True)
    if last_four is not None:
        wanted = wanted.filter(last_four=last_four)
    ended = list(wanted.order_by("pk").values_list("last_four", flat=True))
    if ended:
        wanted.update(revoked_by=by, revoked_at=now)
        record("provider_key.revoked", by=by, now=now, subject=f"provider:{provider.code}", data={"last_four": ended})
    return ended
