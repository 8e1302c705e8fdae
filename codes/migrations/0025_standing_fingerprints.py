from django.db import migrations

# A fingerprint was over the ids of rule set versions and fact rows; it is over what rules and facts say. The formula is that of
# `codes/disagreements.sql` at this migration. Recomputed are those that are compared from here on: of the disagreements that
# stand, by the verdicts that stand, and of the others that have a case, by the history up to the run that opened them, since
# which no rule or fact of theirs had changed. So the first run after the upgrade finds what it found before.
RECOMPUTE = """
WITH compared AS (
    SELECT d.id, d.citizen_id, d.colours, d.opened_run_id, d.closed_run_id IS NULL AS stands
    FROM codes_disagreement d
    WHERE d.closed_run_id IS NULL OR EXISTS (SELECT FROM codes_case c WHERE c.disagreement_id = d.id)
),
side AS (
    SELECT c.id, shown.code, shown.colour, CASE WHEN c.stands THEN standing.hits ELSE history.hits END AS hits
    FROM compared c
    CROSS JOIN LATERAL jsonb_each_text(c.colours) AS shown(code, colour)
    JOIN codes_provider p ON p.code = shown.code
    LEFT JOIN codes_verdict standing
           ON standing.citizen_id = c.citizen_id AND standing.provider_id = p.id AND shown.colour <> 'green'
    LEFT JOIN LATERAL (
        SELECT change.hits FROM codes_verdictchange change JOIN codes_run run ON run.id = change.run_id
        WHERE NOT c.stands AND shown.colour <> 'green' AND change.citizen_id = c.citizen_id AND change.provider_id = p.id
          AND change.run_id <= c.opened_run_id AND run.state IN ('done', 'partial', 'mended') AND change.held_in_id IS NULL
        ORDER BY change.run_id DESC LIMIT 1
    ) history ON true
),
content AS (
    SELECT side.id, side.code, side.colour, (
        SELECT jsonb_agg(told.content ORDER BY told.content)
        FROM jsonb_array_elements(side.hits) AS hit
        CROSS JOIN LATERAL (
            SELECT f.origin, coalesce(s.code, declared.code) AS code, f.record_id, f.kind, f.area, f.started_on, f.ended_on
            FROM codes_fact f
            LEFT JOIN sources_source s ON s.id = f.source_id
            LEFT JOIN codes_provider declared ON declared.id = f.provider_id
            WHERE f.id = (hit->>'fact_id')::bigint
            OFFSET 0
        ) f
        CROSS JOIN LATERAL (SELECT * FROM codes_rule WHERE id = (hit->>'rule_id')::bigint OFFSET 0) r
        CROSS JOIN LATERAL (SELECT jsonb_build_array(
            r.code, r.kind, r.colour, r.anchor, r.hold_days, r.checkin_days, r.tests, r.test_gap_days,
            (SELECT jsonb_agg(one ORDER BY one) FROM unnest(r.area_levels) AS one),
            (SELECT jsonb_agg(one ORDER BY one) FROM unnest(r.cleared_by) AS one),
            f.origin, f.code, f.record_id, f.kind, f.area, f.started_on, f.ended_on) AS content OFFSET 0) told
    ) AS hits
    FROM side
),
fingerprints AS (
    SELECT id, sha256(convert_to(jsonb_build_array(
               array_agg(code ORDER BY code COLLATE "C"), array_agg(colour ORDER BY code COLLATE "C"),
               jsonb_agg(hits ORDER BY code COLLATE "C"))::text, 'UTF8')) AS fingerprint
    FROM content GROUP BY id
)
UPDATE codes_disagreement d SET fingerprint = f.fingerprint FROM fingerprints f WHERE f.id = d.id
"""

# A case has always had the fingerprint of its disagreement.
OF_CASES = """
UPDATE codes_case c SET fingerprint = d.fingerprint
FROM codes_disagreement d WHERE d.id = c.disagreement_id AND c.kind = 'disagreement'
"""

# What decided a case stands in its events. Whether that ruling is still in force, the next run sees: a disagreement whose ruling
# has ended, and that has had no case since, gets one then.
DECIDED_BY = """
UPDATE codes_case c SET ruling_id = r.id
FROM (SELECT DISTINCT ON (case_id) case_id, (data->>'ruling')::bigint AS ruling_id FROM codes_caseevent
      WHERE verb IN ('approved', 'settled_by_ruling') AND data ? 'ruling' ORDER BY case_id, id DESC) told
JOIN codes_ruling r ON r.id = told.ruling_id
WHERE told.case_id = c.id AND c.closed_at IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("codes", "0024_fingerprints_by_content")]

    operations = [migrations.RunSQL([RECOMPUTE, OF_CASES, DECIDED_BY], migrations.RunSQL.noop)]
