"""Finding the citizens two providers show different colours, and keeping what was found from run to run."""

from dataclasses import dataclass

from django.db import connection

from codes.models import Run

# The colours of every citizen with a verdict that is not green at a provider that is known in the run. Someone without such a
# row is green everywhere a provider is known, and cannot disagree.
COLOURED = """
coloured AS (
    SELECT r.citizen_id, p.provider_id, provider.code, p.version_id, coalesce(v.colour, 'green') AS colour, v.hits
    FROM (SELECT DISTINCT v.citizen_id FROM codes_verdict v
          JOIN codes_runprovider p ON p.provider_id = v.provider_id AND p.run_id = %(run)s AND p.known) held
    JOIN codes_registration r ON r.citizen_id = held.citizen_id
    JOIN codes_runprovider p ON p.provider_id = r.provider_id AND p.run_id = %(run)s AND p.known
    JOIN codes_run run ON run.id = p.run_id AND r.registered_at <= run.as_of
    JOIN codes_provider provider ON provider.id = p.provider_id
    LEFT JOIN codes_verdict v ON v.citizen_id = r.citizen_id AND v.provider_id = r.provider_id
)
"""

FOUND = f"""
WITH {COLOURED},
found AS (
    SELECT citizen_id, jsonb_object_agg(code, colour) AS colours,
           sha256(convert_to(string_agg(concat_ws('|', code, colour, version_id, (
               SELECT string_agg(concat_ws(':', hit->>'rule', hit->>'fact_id'), ',' ORDER BY hit->>'rule', hit->>'fact_id')
               FROM jsonb_array_elements(hits) AS hit)), E'\\n' ORDER BY code), 'UTF8')) AS fingerprint
    FROM coloured
    GROUP BY citizen_id
    HAVING min(colour) <> max(colour)
)
"""  # noqa: S608 - composed of constants

CLOSE = f"""
{FOUND}
UPDATE codes_disagreement d SET closed_run_id = %(run)s
WHERE d.closed_run_id IS NULL
  AND NOT EXISTS (SELECT FROM found WHERE found.citizen_id = d.citizen_id AND found.fingerprint = d.fingerprint)
"""  # noqa: S608 - composed of constants

OPEN = f"""
{FOUND}
INSERT INTO codes_disagreement (citizen_id, fingerprint, colours, opened_run_id)
SELECT citizen_id, fingerprint, colours, %(run)s FROM found
WHERE NOT EXISTS (SELECT FROM codes_disagreement d WHERE d.citizen_id = found.citizen_id AND d.closed_run_id IS NULL)
ORDER BY citizen_id
"""  # noqa: S608 - composed of constants


@dataclass(frozen=True)
class DisagreementChanges:
    """How many disagreements the run opened and closed, and how many stand after it."""

    opened: int
    closed: int
    standing: int


def settle_disagreements(run: Run) -> DisagreementChanges:
    """Bring the standing disagreements to what the run's verdicts say. Call in the settling transaction."""
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, {"run": run.pk})
        closed = cursor.rowcount
        cursor.execute(OPEN, {"run": run.pk})
        opened = cursor.rowcount
        cursor.execute("SELECT count(*) FROM codes_disagreement WHERE closed_run_id IS NULL")
        return DisagreementChanges(opened, closed, cursor.fetchone()[0])
