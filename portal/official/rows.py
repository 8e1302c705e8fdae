"""Rows of a table that is edited without a script: a form for each, and a button that asks for more of them."""

from collections.abc import Sequence

from django.http import QueryDict

MOST_ROWS_READ = 1000


def rows_sent(data: QueryDict, prefix: str, names: Sequence[str]) -> list[dict[str, str]]:
    """What was typed so far, unjudged: the form comes back with it and with more empty rows. Wholly empty rows are left out."""
    sent = data.get(f"{prefix}-TOTAL_FORMS", "")
    total = min(int(sent), MOST_ROWS_READ) if sent.isdecimal() and len(sent) < 6 else 0
    rows = [{name: data.get(f"{prefix}-{place}-{name}", "") for name in names} for place in range(total)]
    return [row for row in rows if any(row.values())]
