"""Django's cache as rows of PostgreSQL: what sign-in counts there counts for every web process of the installation.

allauth keeps one-time codes that were used and its rate limits in the cache. Each city's are in its own schema, as its accounts
are. Of a key only a keyed hash is stored, since user names, addresses and one-time codes stand in keys.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from regions.staff.models import CacheEntry

# Removed with each write, so that what expired does not pile up.
REMOVED_AT_ONCE = 50
# One statement: between two of them another process may remove the entry that stood in the way.
ADD = """
INSERT INTO staff_cacheentry AS held (key_hash, value, until) VALUES (%s, %s, %s)
ON CONFLICT (key_hash) DO UPDATE SET value = excluded.value, until = excluded.until WHERE held.until <= %s
"""


class NeverExpires(ValueError):
    """An entry was to be kept for ever; every one here ends."""


class SharedCache(BaseCache):
    """Values are what JSON can hold. Nothing is dropped to make room: an attacker could make room for a used code."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Whether the key was free. Of two processes at once one is told so."""
        now = timezone.now()
        _remove_expired(now)
        with connection.cursor() as cursor:
            cursor.execute(ADD, [self._hash(key, version), json.dumps(value), self._until(timeout, now), now])
            return bool(cursor.rowcount)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        found = CacheEntry.objects.filter(key_hash=self._hash(key, version), until__gt=timezone.now()).first()
        return default if found is None else found.value

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        now = timezone.now()
        _remove_expired(now)
        entry = CacheEntry(key_hash=self._hash(key, version), value=value, until=self._until(timeout, now))
        CacheEntry.objects.bulk_create(
            [entry], update_conflicts=True, unique_fields=["key_hash"], update_fields=["value", "until"]
        )

    def delete(self, key: str, version: int | None = None) -> bool:
        return CacheEntry.objects.filter(key_hash=self._hash(key, version)).delete()[0] > 0

    def clear(self) -> None:
        CacheEntry.objects.all().delete()

    def _hash(self, key: str, version: int | None) -> bytes:
        return salted_hmac("keys of the shared cache", self.make_key(key, version), algorithm="sha256").digest()

    def _until(self, timeout: Any, now: datetime) -> datetime:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        if seconds is None:
            raise NeverExpires
        return now + timedelta(seconds=seconds)


def _remove_expired(now: datetime) -> None:
    """Some entries that ended; those that another process is removing are left to it, so that nobody waits."""
    with transaction.atomic():
        ended = CacheEntry.objects.filter(until__lte=now).select_for_update(skip_locked=True)
        keys = list(ended.values_list("pk", flat=True)[:REMOVED_AT_ONCE])
        if keys:
            CacheEntry.objects.filter(pk__in=keys).delete()
