"""JSON lines for other systems: one object a row, with the columns as keys, lists and objects as they are."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from codes.reports.content import Row


def write_jsonl(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Write the file; how many rows it has."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        for row in rows:
            file.write(encode(dict(zip(columns, row, strict=True))))
            file.write("\n")
            written += 1
    return written
