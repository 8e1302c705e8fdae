"""Answers on their way through a form of several pages, kept in the session until they are sent. Never an ID number."""

from typing import Any

from django.contrib.sessions.backends.base import SessionBase


class Draft:
    """What one person has answered so far in one form. ``about`` keeps the drafts of a guardian's dependants apart."""

    def __init__(self, session: SessionBase, form: str, about: str) -> None:
        self._session = session
        self._key = f"draft.{form}"
        self._about = about

    @property
    def answers(self) -> dict[str, Any]:
        """By page; empty when nothing was answered, or the draft is about somebody else."""
        held = self._session.get(self._key, {})
        return dict(held.get("answers", {})) if held.get("about") == self._about else {}

    def keep(self, page: str, answer: Any) -> None:
        """Take a page's answer; it must be JSON."""
        self._session[self._key] = {"about": self._about, "answers": {**self.answers, page: answer}}

    def forget(self, page: str) -> None:
        """Take one answer back."""
        held = self.answers
        held.pop(page, None)
        self._session[self._key] = {"about": self._about, "answers": held}

    def drop(self) -> None:
        """Begin anew."""
        self._session.pop(self._key, None)
