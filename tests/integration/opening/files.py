"""Change the text of a city file."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ended:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Edited:
    """A folder of city files."""

    folder: Path

    @property
    def alpha(self) -> Path:
        return self.folder / "alpha.toml"

    def change(self, before: str, after: str, name: str = "alpha.toml") -> Path:
        """Replace all occurrences of a text, of which there must be at least one. Return the file's path."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")
        return path

    def append(self, text: str, name: str = "alpha.toml") -> Path:
        """Append to a file. Return its path."""
        path = self.folder / name
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{text}", encoding="utf-8")
        return path
