"""The queue's filter as a query string.

It is passed on to cases, to the next case, and to actions on all cases of the filter.
"""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, QueryDict
from django.urls import reverse

from codes.models.case import Case, CaseState
from codes.review.cases.queue import CaseFilter, CaseOrder
from codes.vocabulary import Cause, State

EXACT = ("kind", "state", "severity", "assignee", "group", "cause", "provider")
FLAGS = ("overdue", "escalated")
WORDS = {"kind": Case.Kind, "state": CaseState, "severity": State, "cause": Cause}


def parse_filter(query: QueryDict) -> CaseFilter:
    exact: dict[str, Any] = {name: plain(query.get(name, "")) for name in EXACT}
    order = query.get("order", "")
    exact["order"] = CaseOrder(order) if order in CaseOrder.values else CaseOrder.DUE
    return CaseFilter(**exact | {name: query.get(name) == "1" for name in FLAGS})


def parse_filter_of_act(query: QueryDict) -> CaseFilter:
    """Return the filter of an action on all its cases, which the page describes in words.

    Raises ``Http404`` for an unknown value.
    """
    filters = parse_filter(query)
    if not all(getattr(filters, name) in {"", *words.values} for name, words in WORDS.items()):
        raise Http404
    return filters


def filter_query(filters: CaseFilter) -> str:
    """Return the filter and its order as a query string with its question mark, or an empty string if both are the defaults."""
    named = {name: "1" if value is True else value for name, value in filters.as_json().items()}
    if filters.order is not CaseOrder.DUE:
        named["order"] = filters.order.value
    query = urlencode(named)
    return f"?{query}" if query else ""


def queue_address(filters: CaseFilter) -> str:
    return reverse("official_queue") + filter_query(filters)


def plain(text: str) -> str:
    """Return untrusted text stripped and without NUL characters, which PostgreSQL does not store."""
    return text.replace("\0", "").strip()
