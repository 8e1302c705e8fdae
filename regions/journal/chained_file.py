"""An append-only file outside the database. Each line is chained to the previous one under a key of the installation.

Somebody who can write to the database and to the file but does not hold ``KEY_ENCRYPTION_KEY`` can only truncate the file.
"""

import errno
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from regions.installation import installation_key

Content = dict[str, Any]
# Longer than any line: only the last line is read to append to the file.
LONGEST_LINE = 4096


class FileAltered(ValueError):
    """Raised if a line was changed, removed or inserted. ``seq`` is the entry of the last valid line."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"the file was altered after the line about entry {seq}")
        self.seq = seq


class ChainedFile:
    """A city's file for one use. Neither its name nor its content depends on what only the database holds."""

    def __init__(self, schema: str, *, ending: str, use: str) -> None:
        self.path = Path(settings.JOURNAL_CHECKPOINTS) / f"{schema}{ending}.jsonl"
        self._schema, self._use = schema, use

    def read(self) -> Iterator[Content]:
        """Yield the content of its lines, in order. Raises ``FileAltered`` and ``FileNotFoundError``."""
        mac, seq = b"", 0
        with self.path.open("rb") as file:
            for row in file:
                line = _parsed(row)
                if line is None or not hmac.compare_digest(self._mac(mac, line[0]), line[1]):
                    raise FileAltered(seq)
                content, mac = line
                seq = content["seq"]
                yield content

    def last(self) -> Content | None:
        """Return the content of the last line, or ``None`` if there is none that can be read."""
        line = self._last_line()
        return line[0] if line else None

    def append(self, content: Content) -> None:
        """Append a line and wait until it is on disk. The caller holds a lock, so that there is one writer at a time.

        What a writer that was stopped left of a line is removed first: the chain would not go on after it. Raises ``OSError``.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab", buffering=0) as file:
            end = self._end_of_lines()
            file.truncate(end)
            line = self._last_line()
            mac = self._mac(line[1] if line else b"", content)
            row = json.dumps({"point": content, "mac": mac.hex()}).encode() + b"\n"
            try:
                if file.write(row) != len(row):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file.fileno())
            except OSError:
                file.truncate(end)
                raise

    def _end_of_lines(self) -> int:
        """Return the size of the file without an unfinished last line."""
        with self.path.open("rb") as file:
            start = file.seek(max(0, self.path.stat().st_size - LONGEST_LINE))
            return start + file.read().rfind(b"\n") + 1

    def _last_line(self) -> tuple[Content, bytes] | None:
        if not self.path.exists():
            return None
        with self.path.open("rb") as file:
            file.seek(max(0, self.path.stat().st_size - LONGEST_LINE))
            rows = file.read().splitlines()
        return _parsed(rows[-1]) if rows else None

    def _mac(self, previous: bytes, content: Content) -> bytes:
        text = json.dumps([self._schema, content], sort_keys=True, separators=(",", ":"))
        return hmac.digest(installation_key(self._use), previous + text.encode(), hashlib.sha256)


def _parsed(row: bytes) -> tuple[Content, bytes] | None:
    try:
        line = json.loads(row)
        return line["point"], bytes.fromhex(line["mac"])
    except (ValueError, KeyError, TypeError):
        return None
