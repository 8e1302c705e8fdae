"""Column types PostgreSQL has and Django does not."""

from typing import Any

from django.db import models


class DateMultiRangeField(models.Field):  # type: ignore[type-arg]  # generic only in the stubs
    """A set of days as PostgreSQL's ``datemultirange``, which merges neighbours itself. Written and read in SQL only."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002 - Django asks with it
        return "datemultirange"
