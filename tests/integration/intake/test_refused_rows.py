"""The error that COPY reports for a refused row, also from a node of a cluster."""

from typing import Any, NoReturn

import psycopg2
import pytest
from django.db import IntegrityError, InternalError
from django.db.backends.utils import CursorWrapper
from psycopg2.errors import InternalError_, ReadOnlySqlTransaction

from regions.copying import copy_rows
from regions.models import City

ROW = [(1, "declaration")]


@pytest.mark.parametrize(("said", "meant"), [(InternalError_, IntegrityError), (ReadOnlySqlTransaction, InternalError)])
def test_a_node_that_refuses_a_row_is_understood(
    alpha: City, monkeypatch: pytest.MonkeyPatch, said: type[psycopg2.Error], meant: type[Exception]
) -> None:
    """Other errors of the same class of Django's are no row's fault."""

    def refuse(*_: Any) -> NoReturn:
        raise said("new row for relation")

    monkeypatch.setattr(CursorWrapper, "copy_expert", refuse, raising=False)
    with pytest.raises(meant) as failure:
        copy_rows("codes_entry", ("citizen_id", "type"), ROW)
    assert type(failure.value) is meant
    assert isinstance(failure.value.__cause__, said)
