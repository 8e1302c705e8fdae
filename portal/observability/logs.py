"""What a line of the log holds in production: one JSON object, with the request or task and the city that it belongs to, and nobody.

Fields are listed here and nothing else is written: what libraries hang on a record are whole requests and the arguments of tasks. Of an
exception the type and the frames are kept and not its words, which quote rows and input; of an address the name of its view.
"""

import json
import logging
import re
import sys
import traceback
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

# An ID number and a phone number, should one come into a line all the same.
NUMBERS = re.compile(r"(?<![0-9A-Za-z])(?:[1-9]\d{16}[\dXx]|(?:\+?86)?1[3-9]\d{9})(?![0-9A-Za-z])")
MASK = "[number]"
# What the portal itself says with a line, by ``extra``.
OWN_FIELDS = ("method", "status", "milliseconds")
MOST_FRAMES = 30


@dataclass
class Work:
    """What a thread is doing: answering a request, or a task with the request that enqueued it. Empty is what it is not.

    ``city``: whose the task is; else the city is that of the connection.
    """

    request: str = ""
    city: str = ""
    view: str = ""
    task: str = ""
    task_id: str = ""

    def fields(self) -> dict[str, str]:
        entered = str(getattr(connection, "schema_name", ""))
        city = self.city or ("" if entered == "public" else entered)
        told = {"request": self.request, "task": self.task, "task_id": self.task_id, "city": city, "view": self.view}
        return {name: value for name, value in told.items() if value}


WORK: ContextVar[Work | None] = ContextVar("portal.work", default=None)


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": NUMBERS.sub(MASK, message_of(record)),
        }
        if work := WORK.get():
            line |= work.fields()
        line |= {name: getattr(record, name) for name in OWN_FIELDS if hasattr(record, name)}
        if isinstance(record.exc_info, tuple) and record.exc_info[1]:
            line["exception"] = _chain(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=lambda value: type(value).__name__)


def message_of(record: logging.LogRecord) -> str:
    """The message, in which an exception is its type and the address of a request the name of its view."""
    request: Any = getattr(record, "request", None)
    path = str(getattr(request, "path", ""))
    # Django escapes what it writes of an address.
    addresses = {path, path.encode("unicode_escape").decode("ascii")} - {""}
    args: Any = record.args
    if isinstance(args, dict):
        # Celery's lines of tasks; ``exc`` is the exception as it represents itself.
        safe: Any = {name: _argument(value) for name, value in args.items()}
        if "exc" in safe:
            safe["exc"] = str(args["exc"]).partition("(")[0]
    elif isinstance(args, tuple):
        safe = tuple(view_of(request) if value in addresses else _argument(value) for value in args)
    else:
        safe = args
    text = str(_argument(record.msg)) % safe if safe else str(_argument(record.msg))
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    return text.replace(str(error), name_of(error)) if error and str(error) else text


def view_of(request: Any) -> str:
    """The name of the view that answers the request; one that no view answers may have anything in its address."""
    match = getattr(request, "resolver_match", None)
    return str(match.view_name) if match else "(no view)"


def name_of(error: BaseException) -> str:
    """Its type, and what PostgreSQL calls the error."""
    code = getattr(error, "pgcode", None) or getattr(error.__cause__, "pgcode", None)
    return f"{type(error).__name__}[{code}]" if code else type(error).__name__


def _argument(value: object) -> object:
    return name_of(value) if isinstance(value, BaseException) else value


def _chain(error: BaseException | None) -> list[dict[str, Any]]:
    """The exception and those that it came from, itself last, as types with the places that they passed."""
    chain: list[dict[str, Any]] = []
    while error and len(chain) < MOST_FRAMES:
        frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
        places = [f"{frame.filename.removeprefix(sys.prefix)}:{frame.lineno} {frame.name}" for frame in frames]
        chain.append({"type": name_of(error), "frames": places})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return chain[::-1]
