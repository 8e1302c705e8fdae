"""A cache backend that stores entries in PostgreSQL, so that all web processes of the installation share them.

allauth keeps used one-time codes and its rate limits in the cache. Each city's entries are in its own schema, like its
accounts. Only a keyed hash of each key is stored, because keys contain user names, addresses and one-time codes.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from regions.staff.models import CacheEntry

# Number of expired entries removed with each write, so that they do not accumulate.
REMOVED_AT_ONCE = 50
# A single statement, because between two statements another process could remove the conflicting entry.
ADD = """
INSERT INTO staff_cacheentry AS held (key_hash, value, until) VALUES (%s, %s, %s)
ON CONFLICT (key_hash) DO UPDATE SET value = excluded.value, until = excluded.until WHERE held.until <= %s
"""


class NeverExpires(ValueError):
    """Raised for an entry without a timeout. All entries of this cache must expire."""


class SharedCache(BaseCache):
    """The cache. Values must be JSON-serializable.

    Nothing is evicted, because an attacker could evict a used code by adding entries.
    """

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Return whether the key was free. Of two simultaneous calls, only one returns ``True``."""
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
    """Remove some expired entries. Entries locked by another process are skipped, so that no process waits."""
    with transaction.atomic():
        ended = CacheEntry.objects.filter(until__lte=now).select_for_update(skip_locked=True)
        keys = list(ended.values_list("pk", flat=True)[:REMOVED_AT_ONCE])
        if keys:
            CacheEntry.objects.filter(pk__in=keys).delete()
