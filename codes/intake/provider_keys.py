"""Issuing, rotating, revoking and recognising the keys of providers, and their rate limit.

A key gives access to the services of its scopes until it expires or is revoked; a key that is being replaced works
until the chosen instant. A provider that does not want to send the key signs its calls with the secret that was shown
with it; each signature is accepted once.
"""

import hmac
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from math import ceil

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from codes.models import Provider, ProviderKey, Scope, UsedNonce
from regions.journal.record import record
from regions.keys.encryption import provider_key_hash, provider_signing_secret
from regions.proposals import require_role_or_operator
from regions.refusals import MovedMeanwhile, NotFound, Refused
from regions.staff.roles import Role

KEY_BYTES = 32
# Two, so that a provider can change keys without a gap. More would be keys that nobody keeps track of.
MOST_IN_FORCE = 2
WINDOW = timedelta(minutes=1)
CALLS_PER_WINDOW = 600
# The default scopes and lifetime of a key.
ONLY_ENTRIES = (Scope.ENTRIES, Scope.DECLARATIONS)
LIFETIME = timedelta(days=366)
LONGEST = 3 * LIFETIME
# How long before its end a key is marked: a provider needs time to change over.
ENDING = timedelta(days=30)
# A signed call is accepted for this time before and after the instant it names.
SIGNATURE_WINDOW = timedelta(minutes=5)


class NoSuchProvider(LookupError):
    """The current city has no provider with this code."""


class KeyReason(TextChoices):
    TOO_MANY = "too_many", _("The provider has {most} keys in force already. Revoke one of them first.")
    BAD_LIFETIME = "bad_lifetime", _("A key is good for three years at most, and does not end in the past.")
    BAD_OVERLAP = "bad_overlap", _("Choose an instant to come, not after the last day of the old key.")
    REPLACED_ALREADY = (
        "replaced_already",
        _("This key has been replaced already. Only the key that replaced it can be."),
    )
    OPENS_NOTHING = "opens_nothing", _("This key opens nothing any more. Issue a new one.")


class CannotIssue(Refused):
    """No key can be issued. The reason says what to do instead."""


def issue_key(
    *,
    provider: str,
    by: str,
    now: datetime,
    alone: bool = False,
    scopes: Collection[str] = ONLY_ENTRIES,
    lifetime: timedelta = LIFETIME,
    seen: int | None = None,
) -> tuple[ProviderKey, str]:
    """Issue a new key for the provider. Return its row and the key itself, which cannot be shown again.

    ``alone`` revokes all others in the same transaction. ``seen``: the newest key shown on the page, so that a form
    sent twice issues one key. Raises ``NoSuchProvider``, ``CannotIssue``, ``MovedMeanwhile`` and ``NotAllowed``.
    """
    require_role_or_operator(by, Role.SYSTEM_ADMIN)
    with transaction.atomic():
        holder = _provider(provider)
        if seen is not None and newest_key() != seen:
            raise MovedMeanwhile
        if alone:
            _revoke(holder, by=by, now=now)
        key, secret = _new_key(holder, scopes=scopes, lifetime=lifetime, by=by, now=now)
        record("provider_key.issued", by=by, now=now, subject=f"provider:{provider}", data=_described(key))
    return key, secret


def rotate_key(
    key_id: int, *, old_until: datetime, scopes: Collection[str], lifetime: timedelta, by: str, now: datetime
) -> tuple[ProviderKey, str]:
    """Issue a new key that replaces one in force, which works until ``old_until``.

    Return the row and the key, as ``issue_key``.

    Raises ``NotFound``, ``CannotIssue`` and ``NotAllowed``.
    """
    require_role_or_operator(by, Role.SYSTEM_ADMIN)
    with transaction.atomic():
        old = _locked(key_id)
        if not keys_in_force(now=now).filter(pk=old.pk).exists():
            raise CannotIssue(KeyReason.OPENS_NOTHING)
        if old.revoked_at is not None:
            raise CannotIssue(KeyReason.REPLACED_ALREADY)
        if old_until <= now or (old.expires_at is not None and old_until > old.expires_at):
            raise CannotIssue(KeyReason.BAD_OVERLAP)
        key, secret = _new_key(old.provider, scopes=scopes, lifetime=lifetime, by=by, now=now)
        ProviderKey.objects.filter(pk=old.pk).update(revoked_by=by, revoked_at=old_until)
        data = {**_described(key), "replaces": old.last_four, "replaced_until": old_until.isoformat()}
        record("provider_key.rotated", by=by, now=now, subject=old.provider.subject, data=data)
    return key, secret


def revoke_keys(*, provider: str, by: str, now: datetime, last_four: str | None = None) -> list[str]:
    """Revoke the provider's keys in force, or only the one with these last four characters.

    Return the last four of the revoked keys.

    Raises ``NoSuchProvider`` and ``NotAllowed``.
    """
    require_role_or_operator(by, Role.SYSTEM_ADMIN)
    named = [] if last_four is None else [Q(last_four=last_four)]
    with transaction.atomic():
        return _revoke(_provider(provider), *named, by=by, now=now)


def revoke_key(key_id: int, *, by: str, now: datetime) -> list[str]:
    """Revoke one key at once, even if it has been replaced and still works.

    Raises ``NotFound``, ``Refused`` and ``NotAllowed``.
    """
    require_role_or_operator(by, Role.SYSTEM_ADMIN)
    with transaction.atomic():
        key = _locked(key_id)
        ended = _revoke(key.provider, Q(pk=key.pk), by=by, now=now)
        if not ended:
            raise Refused(KeyReason.OPENS_NOTHING)
    return ended


def newest_key() -> int:
    """Return the primary key of the city's newest key, 0 if there is none."""
    return ProviderKey.objects.aggregate(newest=Max("pk"))["newest"] or 0


def keys_in_force(*, now: datetime) -> QuerySet[ProviderKey]:
    """Return the keys that are neither revoked nor expired, including those that have been replaced and still work."""
    standing = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    return ProviderKey.objects.filter(standing, _not_revoked(now)).select_related("provider").order_by("pk")


def keys_ending(*, now: datetime) -> QuerySet[ProviderKey]:
    """Return the keys in force that expire within 30 days, of current providers that have no key in force for longer."""
    standing, soon = keys_in_force(now=now).filter(revoked_at=None), now + ENDING
    longer = standing.exclude(expires_at__lte=soon).filter(provider=OuterRef("provider"))
    return standing.filter(~Exists(longer), expires_at__lte=soon, provider__in=Provider.objects.current())


def key_shown(secret: str, *, now: datetime) -> ProviderKey | None:
    """Return the key in force with this secret; ``None`` if it is unknown, revoked or expired.

    Every key in force is compared in constant time, so that the duration does not reveal which key was nearly right.
    """
    shown = provider_key_hash(secret)
    found = None
    for key in keys_in_force(now=now):
        if hmac.compare_digest(bytes(key.key_hash), shown):
            found = key
    return found


def signing_secret(key: ProviderKey) -> str:
    """Return the secret with which calls are signed under this key's number. It is shown together with the key."""
    return provider_signing_secret(bytes(key.key_hash))


def use_nonce(key: ProviderKey, nonce: str, *, now: datetime) -> bool:
    """Record the nonce of a signed call. Return whether it is new. Exact over all processes."""
    # Older nonces are not needed, because a call with such an old instant is refused.
    UsedNonce.objects.filter(used_at__lt=now - 3 * SIGNATURE_WINDOW).delete()
    try:
        with transaction.atomic():
            UsedNonce.objects.create(key=key, nonce=nonce, used_at=now)
    except IntegrityError:
        return False
    return True


def count_call(key: ProviderKey, *, now: datetime) -> int:
    """Count a call with the key.

    Return 0 if it is allowed, else the seconds to wait. Exact over all processes: the count is in the row.
    """
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
    """Return the provider, locked, so that two simultaneous calls count each other's keys."""
    provider = Provider.objects.select_for_update().filter(code=code).first()
    if provider is None:
        known = ", ".join(Provider.objects.order_by("code").values_list("code", flat=True))
        raise NoSuchProvider(f"this city has no provider {code!r}; it has {known or 'none'}.")
    return provider


def _locked(key_id: int) -> ProviderKey:
    """Return the key, with its provider locked. Raises ``NotFound``."""
    code = ProviderKey.objects.filter(pk=key_id).values_list("provider__code", flat=True).first()
    if code is None:
        raise NotFound
    _provider(code)
    return ProviderKey.objects.select_related("provider").get(pk=key_id)


def _new_key(
    holder: Provider, *, scopes: Collection[str], lifetime: timedelta, by: str, now: datetime
) -> tuple[ProviderKey, str]:
    """Create a key. Raises ``CannotIssue``."""
    if keys_in_force(now=now).filter(provider=holder).count() >= MOST_IN_FORCE:
        raise CannotIssue(KeyReason.TOO_MANY, most=MOST_IN_FORCE)
    if not timedelta(0) < lifetime <= LONGEST:
        raise CannotIssue(KeyReason.BAD_LIFETIME)
    secret = secrets.token_urlsafe(KEY_BYTES)
    key = ProviderKey.objects.create(
        provider=holder,
        scopes=sorted(Scope(scope).value for scope in scopes),
        expires_at=now + lifetime,
        key_hash=provider_key_hash(secret),
        last_four=secret[-4:],
        issued_by=by,
        issued_at=now,
    )
    return key, secret


def _described(key: ProviderKey) -> dict[str, object]:
    expires_at = key.expires_at.isoformat() if key.expires_at else ""
    return {"last_four": key.last_four, "scopes": key.scopes, "expires_at": expires_at}


def _not_revoked(now: datetime) -> Q:
    return Q(revoked_at__isnull=True) | Q(revoked_at__gt=now)


def _revoke(holder: Provider, *which: Q, by: str, now: datetime) -> list[str]:
    wanted = ProviderKey.objects.filter(_not_revoked(now), *which, provider=holder)
    ended = list(wanted.order_by("pk").values_list("last_four", flat=True))
    if ended:
        wanted.update(revoked_by=by, revoked_at=now)
        record("provider_key.revoked", by=by, now=now, subject=holder.subject, data={"last_four": ended})
    return ended
