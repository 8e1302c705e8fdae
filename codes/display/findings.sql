-- docs/semantics.md §7, docs/adr/0043-displayed-colours.md. A displayed colour is right at an instant when it is the effective code or,
-- where no ruling is in force, the provider's verdict. A finding stands while the last colour displayed was right at no instant
-- from the provider's delay before it was shown until now.

-- statement: of_everybody
-- The displays whose finding can change: those with a standing finding, and those judged by another map than the current one.
SELECT d.citizen_id, d.provider_id
    FROM codes_displayed d JOIN codes_provider p ON p.id = d.provider_id
    WHERE d.colour <> coalesce(p.display->>d.value, '')
    UNION
    SELECT citizen_id, provider_id FROM codes_displayfinding WHERE closed_at IS NULL

-- statement: of_citizens
SELECT citizen_id, provider_id FROM codes_displayed WHERE citizen_id = ANY (%(citizens)s)

-- statement: stood
-- The right colours at each moment. `after`: changes at that very instant are included.
SELECT m.citizen_id, m.provider_id, m.at, m.after, due.at AS expires_at, changed.after_because = 'ruling' AS ruled,
           CASE WHEN changed.after_because = 'ruling' OR due.over AND verdict.colour <> 'red' THEN NULL ELSE verdict.colour END AS verdict,
           CASE WHEN due.over AND code.colour <> 'red' THEN 'unknown' ELSE code.colour END AS effective
    FROM {{moments}} m
    LEFT JOIN LATERAL (
        SELECT run.id, run.day, run.as_of FROM codes_run run
        WHERE run.state = ANY (%(counted)s) AND (run.ended_at < m.at OR m.after AND run.ended_at = m.at) AND {{concerns}}
        ORDER BY run.id DESC LIMIT 1
    ) run ON true
    CROSS JOIN LATERAL (
        SELECT expiry.at, coalesce(expiry.at < m.at OR m.after AND expiry.at = m.at, false) AS over
        FROM (SELECT (run.day + %(days)s)::timestamp AT TIME ZONE %(zone)s AS at) expiry
    ) due
    LEFT JOIN LATERAL (
        SELECT coalesce(
            (SELECT c.after FROM codes_verdictchange c
             JOIN codes_run brought ON brought.id = c.run_id AND brought.state = ANY (%(counted)s)
             WHERE c.citizen_id = m.citizen_id AND c.provider_id = m.provider_id AND c.run_id <= run.id AND c.held_in_id IS NULL
             ORDER BY c.run_id DESC LIMIT 1), 'green') AS colour
        FROM codes_registration r
        JOIN codes_runprovider j ON j.run_id = run.id AND j.provider_id = r.provider_id AND j.known
        WHERE r.citizen_id = m.citizen_id AND r.provider_id = m.provider_id AND r.registered_at <= run.as_of
          AND NOT {{unjudged}}
    ) verdict ON true
    LEFT JOIN LATERAL (
        SELECT e.after, e.after_because FROM codes_effectivechange e LEFT JOIN codes_run brought ON brought.id = e.run_id
        WHERE e.citizen_id = m.citizen_id
          AND (coalesce(brought.ended_at, e.since) < m.at OR m.after AND coalesce(brought.ended_at, e.since) = m.at)
        ORDER BY e.id DESC LIMIT 1
    ) changed ON true
    CROSS JOIN LATERAL (
        -- Without any change: green by agreement for people registered with a provider that has a colour.
        SELECT coalesce(changed.after, CASE WHEN EXISTS (
                   SELECT FROM codes_registration r
                   JOIN codes_runprovider j ON j.run_id = run.id AND j.provider_id = r.provider_id AND j.known
                   WHERE r.citizen_id = m.citizen_id AND r.registered_at <= run.as_of AND NOT {{unjudged}}) THEN 'green' END, 'unknown') AS colour
    ) code

-- statement: concerns
(run.amends_id IS NULL
             OR EXISTS (SELECT FROM codes_runcitizen named WHERE named.run_id = run.id AND named.citizen_id = {{citizen}}))

-- statement: judge
-- A provider can know the result of a run when the run has ended, and a ruling at once. Its delay counts from these instants.
WITH line AS MATERIALIZED (
    SELECT d.id, d.citizen_id, d.provider_id, d.value, d.shown_at, coalesce(p.display->>d.value, '') AS colour,
           p.retired OR s.retired AS retired, d.shown_at - make_interval(mins => p.display_delay_minutes) AS low
    FROM ({{which}}) looked_at
    JOIN codes_displayed d USING (citizen_id, provider_id)
    JOIN codes_provider p ON p.id = d.provider_id
    JOIN sources_source s ON s.id = p.source_id
),
since_shown AS (
    SELECT citizen_id, provider_id, low AS at, false AS after FROM line
    UNION SELECT citizen_id, provider_id, %(now)s::timestamptz, true FROM line
    UNION SELECT l.citizen_id, l.provider_id, run.ended_at, true
          FROM line l JOIN codes_run run ON run.state = ANY (%(counted)s) AND run.ended_at >= l.low AND {{concerns_line}}
    UNION SELECT l.citizen_id, l.provider_id, e.since, true
          FROM line l JOIN codes_effectivechange e ON e.citizen_id = l.citizen_id AND e.run_id IS NULL AND e.since >= l.low
),
stood AS MATERIALIZED (
    {{stood}}
),
wrong AS MATERIALIZED (
    SELECT l.*, shown.expires_at, CASE WHEN current.ruled THEN current.effective ELSE coalesce(current.verdict, current.effective) END AS expected
    FROM line l
    JOIN stood shown ON shown.citizen_id = l.citizen_id AND shown.provider_id = l.provider_id AND NOT shown.after
    JOIN LATERAL (SELECT * FROM stood s WHERE s.citizen_id = l.citizen_id AND s.provider_id = l.provider_id AND s.after
                  ORDER BY s.at DESC LIMIT 1) current ON true
    WHERE NOT l.retired
      AND NOT EXISTS (SELECT FROM stood s WHERE s.citizen_id = l.citizen_id AND s.provider_id = l.provider_id
                      AND l.colour IN (s.verdict, s.effective))
),
turned AS MATERIALIZED (
    -- The instants from which a provider could judge, or no longer could.
    SELECT provider_id, ended_at
    FROM (SELECT j.provider_id, run.ended_at, j.known, lag(j.known) OVER (PARTITION BY j.provider_id ORDER BY run.id) AS before
          FROM codes_runprovider j JOIN codes_run run ON run.id = j.run_id
          WHERE run.state = ANY (%(counted)s) AND run.amends_id IS NULL) each
    WHERE known IS DISTINCT FROM before
),
earlier AS (
    -- Every earlier instant at which the right colour may have changed.
    SELECT w.citizen_id, w.provider_id, run.ended_at AS at, true AS after
          FROM wrong w
          JOIN codes_verdictchange c ON c.citizen_id = w.citizen_id AND c.provider_id = w.provider_id AND c.held_in_id IS NULL
          JOIN codes_run run ON run.id = c.run_id AND run.state = ANY (%(counted)s) AND run.ended_at < w.low
    UNION SELECT w.citizen_id, w.provider_id, coalesce(run.ended_at, e.since), true
          FROM wrong w
          JOIN codes_effectivechange e ON e.citizen_id = w.citizen_id
          LEFT JOIN codes_run run ON run.id = e.run_id
          WHERE coalesce(run.ended_at, e.since) < w.low
    UNION SELECT w.citizen_id, w.provider_id, first.ended_at, true
          FROM wrong w
          JOIN codes_registration r ON r.citizen_id = w.citizen_id
          CROSS JOIN LATERAL (SELECT run.ended_at FROM codes_run run
                              WHERE run.state = ANY (%(counted)s) AND run.as_of >= r.registered_at AND {{concerns_wrong}}
                              ORDER BY run.id LIMIT 1) first
          WHERE first.ended_at < w.low
    UNION SELECT w.citizen_id, w.provider_id, t.ended_at, true
          FROM wrong w JOIN turned t ON t.provider_id = w.provider_id AND t.ended_at < w.low
    UNION SELECT citizen_id, provider_id, expires_at, true FROM wrong WHERE expires_at < low
),
stood_earlier AS MATERIALIZED (
    {{stood_earlier}}
),
old AS (
    SELECT DISTINCT ON (w.citizen_id, w.provider_id) w.citizen_id, w.provider_id, coalesce(s.until, w.low) AS since
    FROM wrong w
    JOIN (SELECT *, lead(at) OVER (PARTITION BY citizen_id, provider_id ORDER BY at) AS until FROM stood_earlier) s
      ON s.citizen_id = w.citizen_id AND s.provider_id = w.provider_id AND w.colour IN (s.verdict, s.effective)
    ORDER BY w.citizen_id, w.provider_id, s.at DESC
),
read AS (
    UPDATE codes_displayed d SET colour = l.colour FROM line l WHERE d.id = l.id AND d.colour <> l.colour
),
closed AS (
    UPDATE codes_displayfinding f SET closed_at = %(now)s
    FROM line l
    WHERE f.citizen_id = l.citizen_id AND f.provider_id = l.provider_id AND f.closed_at IS NULL
      AND l.id NOT IN (SELECT id FROM wrong)
)
INSERT INTO codes_displayfinding AS found (citizen_id, provider_id, cause, value, colour, expected, shown_at, old_since, opened_at)
SELECT w.citizen_id, w.provider_id, 'unexplained', w.value, w.colour, w.expected, w.shown_at, old.since, %(now)s
FROM wrong w LEFT JOIN old ON old.citizen_id = w.citizen_id AND old.provider_id = w.provider_id
ORDER BY w.citizen_id, w.provider_id
ON CONFLICT (citizen_id, provider_id) WHERE closed_at IS NULL
DO UPDATE SET value = excluded.value, colour = excluded.colour, expected = excluded.expected, shown_at = excluded.shown_at,
              old_since = excluded.old_since
WHERE (found.value, found.colour, found.expected, found.shown_at, found.old_since)
      IS DISTINCT FROM (excluded.value, excluded.colour, excluded.expected, excluded.shown_at, excluded.old_since)

-- statement: explain
-- A value is mapped to another colour if most of the people to whom it is displayed should see one and the same other colour. People
-- who had the mapped colour lately are not counted, because a cache has the same effect.
WITH standing AS MATERIALIZED (SELECT * FROM codes_displayfinding WHERE closed_at IS NULL),
vote AS (
    SELECT provider_id, value, expected, count(*) AS people
    FROM standing
    WHERE colour <> '' AND expected <> 'unknown' AND (old_since IS NULL OR old_since < shown_at - %(lately)s)
    GROUP BY provider_id, value, expected
),
misread AS (
    SELECT v.provider_id, v.value, v.expected
    FROM vote v
    WHERE v.people >= %(least)s
      AND 2 * v.people > (SELECT count(*) FROM codes_displayed d WHERE d.provider_id = v.provider_id AND d.value = v.value)
                         - (SELECT count(*) FROM standing s WHERE s.provider_id = v.provider_id AND s.value = v.value)
                         + (SELECT sum(o.people) FROM vote o WHERE o.provider_id = v.provider_id AND o.value = v.value)
),
explained AS (
    SELECT s.id, CASE WHEN s.colour = '' THEN 'unknown_value'
                      WHEN m.value IS NOT NULL THEN 'mapped_elsewhere'
                      WHEN s.old_since IS NOT NULL THEN 'old'
                      ELSE 'unexplained' END AS cause
    FROM standing s
    LEFT JOIN misread m ON m.provider_id = s.provider_id AND m.value = s.value AND m.expected = s.expected
)
UPDATE codes_displayfinding f SET cause = e.cause FROM explained e WHERE f.id = e.id AND f.cause <> e.cause

-- statement: note
-- Record the changes not recorded yet, of all standing findings and of those closed now.
INSERT INTO codes_displaychange (finding_id, what, cause, at)
SELECT f.id, CASE WHEN f.closed_at IS NOT NULL THEN 'closed' WHEN told.what IS NULL THEN 'opened' ELSE 'changed' END, f.cause, %(now)s
FROM codes_displayfinding f
LEFT JOIN LATERAL (SELECT c.what, c.cause FROM codes_displaychange c WHERE c.finding_id = f.id ORDER BY c.id DESC LIMIT 1) told ON true
WHERE (f.closed_at IS NULL AND (told.what IS NULL OR told.cause <> f.cause))
   OR (f.closed_at = %(now)s AND told.what <> 'closed')
ORDER BY f.id
