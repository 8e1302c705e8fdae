"""Translations: people edit ``.po`` files, programs read ``.mo`` files compiled from them.

``.mo`` files are not in the repository: ``./run`` compiles missing and outdated ones, elsewhere ``python -m portal.catalogues``
does. The module does not import Django, which would cache the first catalogue it reads.
"""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

import polib

FOLDER = Path(__file__).resolve().parents[1] / "locale"


def compile_catalogues(folder: Path) -> list[Path]:
    """Compile every catalogue under the folder that is not up to date. Return the new files. Raises PermissionError."""
    return [_compiled(source) for source in sorted(folder.glob("*/LC_MESSAGES/*.po")) if _is_due(source)]


def _is_due(source: Path) -> bool:
    made = source.with_suffix(".mo")
    return not made.exists() or made.stat().st_mtime_ns != source.stat().st_mtime_ns


def _compiled(source: Path) -> Path:
    """Compile one catalogue and put it into place atomically, as several processes may start at once.

    The file gets the time of the source as it was read, so that a change made meanwhile is noticed the next time.
    """
    made = source.with_suffix(".mo")
    read = source.stat()
    with NamedTemporaryFile(dir=source.parent, prefix=made.name, delete=False) as draft:
        draft.write(polib.pofile(str(source)).to_binary())
    draft_path = Path(draft.name)
    draft_path.chmod(0o644)
    os.utime(draft_path, ns=(read.st_atime_ns, read.st_mtime_ns))
    return draft_path.replace(made)


if __name__ == "__main__":
    compile_catalogues(FOLDER)
