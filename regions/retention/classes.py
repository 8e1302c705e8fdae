"""Classes of data: what is personal in them, how long they are kept, how they are swept, and what remains.

An app declares the classes of its tables in its module ``data_classes``: ``DATA_CLASSES``, and in ``NOTHING_PERSONAL`` the tables
that contain no personal data, each with the reason. A test checks that every table is in one of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any

from django.apps import apps
from django.utils.functional import Promise
from django.utils.module_loading import module_has_submodule

MODULE = "data_classes"
ROWS_AT_ONCE = 5000


@dataclass(frozen=True)
class Step:
    """Rows of one table that are swept in the same way. Expressions are SQL over the row ``t``; ``{{bound}}`` is the limit of age.

    ``age`` is the instant from which the row's age counts, null if it does not count yet. ``present`` is false for rows already
    swept, ``free`` for rows still needed. ``clear`` maps columns to the values they are cleared to; without it the row is deleted.
    Rows with the same ``unit`` are swept together. ``told`` is what ``DataClass.after`` receives for each row.
    """

    table: str
    age: str
    present: str = "true"
    free: str = "true"
    clear: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    key: str = "id"
    told: str = "NULL"
    at_once: int = ROWS_AT_ONCE


@dataclass(frozen=True)
class DataClass:
    """A class of data, swept after ``days``; ``None`` means that it is kept as long as the city. ``by`` names another task that sweeps it.

    ``before`` and ``after`` are called in the transaction of each batch; what ``after`` returns is added to the journal entry.
    """

    name: str
    title: str | Promise
    personal: str | Promise
    stays: str | Promise
    tables: Sequence[str]
    days: int | None = None
    steps: Sequence[Step] = ()
    by: str = ""
    before: Callable[[datetime], None] | None = None
    after: Callable[[list[str]], Mapping[str, Any]] | None = None

    def function(self, number: int) -> str:
        """Return the name of the owner's function that carries out the step with this number."""
        return f"retention_{self.name}_{number}"


@cache
def data_classes() -> tuple[DataClass, ...]:
    """Return all declared classes, in the order in which they are swept."""
    return tuple(one for module in _declarations() for one in module.DATA_CLASSES)


@cache
def nothing_personal() -> dict[str, str]:
    """Return the tables without personal data, each with the reason."""
    return {table: why for module in _declarations() for table, why in module.NOTHING_PERSONAL.items()}


def _declarations() -> list[Any]:
    return [
        import_module(f"{config.name}.{MODULE}")
        for config in apps.get_app_configs()
        if module_has_submodule(config.module, MODULE)
    ]
