"""A city's folders of files, and the removal of files that killed workers left there.

Such files may contain names and numbers, and no row refers to them.
"""

import shutil
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
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

    The rows are queried only if something is that old.
    """
    before = (now - LEFT_BEHIND).timestamp()
    old = [path for path in folder.iterdir() if path.stat().st_mtime < before]
    names = set(referred()) if old else set()
    for path in old:
        if path.name in names:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
