"""Trace the files of the product that a piece of work executes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from tests.architecture.source import CHECKOUT, FLOORS

# The code flag of functions. Bodies of modules and classes do not have it: they run at import, not for the work.
OPTIMIZED = 0x1


@contextmanager
def traced() -> Iterator[set[str]]:
    """Collect the files of `portal`, `codes` and `regions` in which a function is called during the block."""
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
