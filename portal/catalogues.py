"""Translations: people edit ``.po`` files, programs read ``.mo`` files made from them.

They are not kept in the repository: ``./run`` makes those that are missing or older, elsewhere ``python -m portal.catalogues`` does.
This needs no Django, which keeps the first catalogue it reads for good.
"""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

import polib

FOLDER = Path(__file__).resolve().parents[1] / "locale"


def compile_catalogues(folder: Path) -> list[Path]:
    """Bring every catalogue under the folder up to date; those that were made. PermissionError where nobody may write."""
    return [_compiled(source) for source in sorted(folder.glob("*/LC_MESSAGES/*.po")) if _is_due(source)]


def _is_due(source: Path) -> bool:
    made = source.with_suffix(".mo")
    return not made.exists() or made.stat().st_mtime_ns != source.stat().st_mtime_ns


def _compiled(source: Path) -> Path:
    """Put into place in one step: several processes may start at once.

    It carries the time of what was read, so that a change made meanwhile is seen the next time.
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
