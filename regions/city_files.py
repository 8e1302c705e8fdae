"""A city's folders of files, and the removal of files that killed workers left there.

Such files may contain names and numbers, and no row refers to them.
"""

import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from math import inf
from pathlib import Path

from django.conf import settings

from regions.tenancy import current_city

# Longer than any worker takes from the first byte of a file to the row that refers to it.
LEFT_BEHIND = timedelta(days=1)


def city_folder(name: str) -> Path:
    """Return the city's folder of this name, which only the portal's own account may enter. It is created if it is missing."""
    folder = Path(settings.MEDIA_ROOT) / current_city().schema_name / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def remove_left_files(folder: Path, *, referred: Callable[[], Iterable[str]], now: datetime) -> None:
    """Remove what was written to the folder more than a day ago and is not among the names that rows refer to.

    The rows are queried only if something is that old. Other workers may remove files of the folder meanwhile.
    """
    before = (now - LEFT_BEHIND).timestamp()
    old = [path for path in folder.iterdir() if _written_at(path) < before]
    names = set(referred()) if old else set()
    for path in old:
        if path.name in names:
            continue
        with suppress(FileNotFoundError):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _written_at(path: Path) -> float:
    """Return when the file was written, or a link itself. What another worker has just removed is not old."""
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return inf
