"""The format of log lines in production: one JSON object with the request or task and its city, and without personal data.

Only the fields listed here are written: libraries attach whole requests and the arguments of tasks to records. Of an exception the
type and the frames are kept but not its text, which quotes rows and input; of an address the name of its view.
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

# An ID number or a phone number, in case one is in a line nevertheless.
NUMBERS = re.compile(r"(?<![0-9A-Za-z])(?:[1-9]\d{16}[\dXx]|(?:\+?86)?1[3-9]\d{9})(?![0-9A-Za-z])")
MASK = "[number]"
# What the portal's own code adds to a line, by ``extra``.
OWN_FIELDS = ("method", "status", "milliseconds")
MOST_FRAMES = 30


@dataclass
class Work:
    """What a thread is doing: a request, or a task with the request that enqueued it. Fields that do not apply are empty.

    ``city`` is the task's city; for a request it is the city of the connection.
    """

    request: str = ""
    city: str = ""
    view: str = ""
    task: str = ""
    task_id: str = ""

    def fields(self) -> dict[str, str]:
        entered = str(getattr(connection, "schema_name", ""))
        city = self.city or ("" if entered == "public" else entered)
        fields = {"request": self.request, "task": self.task, "task_id": self.task_id, "city": city, "view": self.view}
        return {name: value for name, value in fields.items() if value}


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
    """Return the message with exceptions replaced by their types and the request's address by the name of its view."""
    request: Any = getattr(record, "request", None)
    path = str(getattr(request, "path", ""))
    # Django escapes addresses that it logs.
    addresses = {path, path.encode("unicode_escape").decode("ascii")} - {""}
    args: Any = record.args
    if isinstance(args, dict):
        # Celery's log lines of tasks; ``exc`` is the exception's repr.
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
    """Return the name of the view that answers the request. An address without a view may contain anything."""
    match = getattr(request, "resolver_match", None)
    return str(match.view_name) if match else "(no view)"


def name_of(error: BaseException) -> str:
    """Return the exception's type, and PostgreSQL's code of the error."""
    code = getattr(error, "pgcode", None) or getattr(error.__cause__, "pgcode", None)
    return f"{type(error).__name__}[{code}]" if code else type(error).__name__


def _argument(value: object) -> object:
    return name_of(value) if isinstance(value, BaseException) else value


def _chain(error: BaseException | None) -> list[dict[str, Any]]:
    """Return the exception and its causes, the exception last, as types with their frames."""
    chain: list[dict[str, Any]] = []
    while error and len(chain) < MOST_FRAMES:
        frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
        places = [f"{frame.filename.removeprefix(sys.prefix)}:{frame.lineno} {frame.name}" for frame in frames]
        chain.append({"type": name_of(error), "frames": places})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return chain[::-1]
