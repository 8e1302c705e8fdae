"""Which tables may only grow.

Append-only is enforced by grants (``regions.rights``): a city's role has SELECT and INSERT on such a table and nothing else,
except UPDATE on the columns a model names in ``updatable_columns``.
"""

from typing import ClassVar

from django.db import models


class AppendOnly(models.Model):
    """Base of every model whose rows stay as they were written."""

    updatable_columns: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True
