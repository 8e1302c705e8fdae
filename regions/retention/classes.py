"""Classes of data: what is personal in them, how long they are kept, how they are swept, and what stays.

An app declares the classes of its tables in its module ``data_classes``: ``DATA_CLASSES``, and in ``NOTHING_PERSONAL`` the tables
that say nothing of a person, each with the reason. A test holds that every table is in one of them.
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
    """Rows of one table that are swept alike. Its expressions are SQL over the row ``t``; ``{{bound}}`` is the instant of the limit.

    ``age``: since when the row is old; none = not yet. ``present``: it was not swept before. ``free``: nothing needs it any more.
    ``clear``: column → what is left in it; without it the row is removed. ``unit``: rows with the same go together. ``told``: what
    ``DataClass.after`` learns of each.
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
    """``days`` after which it is swept; none = as long as the city is. ``by``: the task that sweeps it, where it is not this one.

    ``before`` and ``after`` are called in the transaction of each batch; what ``after`` returns is added to the entry.
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
        """The name of the owner's function that sweeps by the step with this number."""
        return f"retention_{self.name}_{number}"


@cache
def data_classes() -> tuple[DataClass, ...]:
    """All that are declared, in the order in which they are swept."""
    return tuple(one for module in _declarations() for one in module.DATA_CLASSES)


@cache
def nothing_personal() -> dict[str, str]:
    """Table → why it says nothing of a person."""
    return {table: why for module in _declarations() for table, why in module.NOTHING_PERSONAL.items()}


def _declarations() -> list[Any]:
    return [
        import_module(f"{config.name}.{MODULE}")
        for config in apps.get_app_configs()
        if module_has_submodule(config.module, MODULE)
    ]
