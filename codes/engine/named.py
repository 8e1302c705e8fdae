"""The people a mending run names, as subjects and as a condition: the run's own relations, narrowed to them."""

from codes.engine.subjects import DAILY

KNOWN_IN_RANGE = "SELECT DISTINCT citizen_id FROM codes_fact WHERE citizen_id >= %(low)s AND citizen_id < %(high)s"
NAMED_BY_RUN = "SELECT citizen_id FROM codes_runcitizen WHERE run_id = %(run)s"

# As the daily run judges them, whether or not anything is known about them any more.
NAMED = DAILY.replace(KNOWN_IN_RANGE, NAMED_BY_RUN)


def among(run_amends: int | None, column: str) -> str:
    """The condition that a column holds one of the run's people; of a run of the whole city, everybody."""
    return "true" if run_amends is None else f"{column} IN ({NAMED_BY_RUN})"
