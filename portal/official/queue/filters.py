"""The queue's filter as it travels in addresses: from the queue to a case, to the next case, to what is done to all of them."""

from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from codes.review.cases.queue import CaseFilter

EXACT = ("kind", "state", "severity", "assignee", "group", "cause", "provider", "number")
YES_OR_NO = ("overdue", "escalated")


def chosen_of(query: QueryDict) -> CaseFilter:
    """What an address narrows the queue to."""
    exact: dict[str, Any] = {name: plain(query.get(name, "")) for name in EXACT}
    return CaseFilter(**exact | {name: query.get(name) == "1" for name in YES_OR_NO})


def query_of(chosen: CaseFilter) -> str:
    """The same as an address says it; empty when nothing is narrowed."""
    return urlencode({name: "1" if value is True else value for name, value in chosen.as_json().items()})


def plain(text: str) -> str:
    """What somebody typed into an address or a field without a form: no space around it, no NUL, which no column takes."""
    return text.replace("\0", "").strip()
