"""Words of the field that carry their own Chinese and English wording, so that every floor says them alike."""

from enum import StrEnum
from typing import Self


class Worded(StrEnum):
    """A value that is stored and sent as a word of ours, and said to people in their language.

    Members are written ``NAME = "value", "中文", "English"``.
    """

    zh: str
    en: str

    def __new__(cls, value: str, zh: str = "", en: str = "") -> Self:
        """Keep the wording beside the value; looking a member up by its value needs the value only."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh = zh
        member.en = en
        return member

    def said_in(self, language: str) -> str:
        """The wording in a language tag: Chinese for every `zh…`, English for all others."""
        return self.zh if language.lower().startswith("zh") else self.en

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Value and Chinese wording of every member, as form fields want them."""
        return [(member.value, member.zh) for member in cls]
