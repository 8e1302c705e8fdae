"""Which of the product's files a piece of work passes through."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from tests.architecture.source import CHECKOUT, FLOORS

# A module or class body runs at import, not because the work needs it.
OPTIMIZED = 0x1


@contextmanager
def traced() -> Iterator[set[str]]:
    """Collect the files of `portal`, `codes` and `regions` in which a function is called meanwhile."""
    seen: set[CodeType] = set()
    files: set[str] = set()

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            seen.add(frame.f_code)

    sys.setprofile(profile)
    try:
        yield files
    finally:
        sys.setprofile(None)
        prefixes = {f"{CHECKOUT}/{floor}/" for floor in FLOORS}
        files.update(
            code.co_filename.removeprefix(f"{CHECKOUT}/")
            for code in seen
            if code.co_flags & OPTIMIZED and any(code.co_filename.startswith(one) for one in prefixes)
        )
