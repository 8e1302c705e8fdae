-- statement: base_is_last_settled
    SELECT %(last)s::bigint AS run_id

-- statement: base_of_each
    -- What the person shows meanwhile is based on the run before the first one that held their change.
    SELECT coalesce((
        SELECT min(g.base_run_id)
        FROM codes_verdictchange kept
        JOIN codes_heldgroup g ON g.id = kept.held_in_id
        WHERE kept.citizen_id = c.citizen_id AND kept.provider_id = c.provider_id AND kept.run_id < c.run_id
          -- This does not apply if a later run judged them and held nothing, which can be so without a change of what they show.
          AND NOT EXISTS (
              SELECT FROM codes_run since
              JOIN codes_runprovider p ON p.run_id = since.id AND p.provider_id = c.provider_id
                                      AND p.horizon IS NOT NULL AND p.version_id IS NOT NULL
              WHERE since.id > kept.run_id AND since.id < c.run_id AND since.state = ANY (%(counted)s)
                AND CASE WHEN since.state = 'mended'
                         THEN EXISTS (SELECT FROM codes_runcitizen WHERE run_id = since.id AND citizen_id = c.citizen_id)
                         ELSE NOT EXISTS (SELECT FROM codes_partition parked
                                          WHERE parked.run_id = since.id AND parked.state = 'parked'
                                            AND c.citizen_id >= parked.low AND c.citizen_id < parked.high)
                    END
                AND NOT EXISTS (SELECT FROM codes_verdictchange again
                                WHERE again.run_id = since.id AND again.citizen_id = c.citizen_id
                                  AND again.provider_id = c.provider_id AND again.held_in_id IS NOT NULL))
    ), %(last)s::bigint) AS run_id

-- statement: caused
-- Each change to red, and each to green before its announced day, with its cause (docs/semantics.md §4,
-- docs/adr/0015-held-groups.md): one row for each new red hit, or for each hit that no longer exists. `cause` is null if the
-- change is due to time or to a decision of two people, a release included.
-- Call before the run's changes are applied: the stored verdicts are compared to find the hits that no longer exist.
--
-- Every step looks rows up one by one: a join would read the facts of the whole city for the few people who changed.
-- "New" is what was unknown to the run on which the person's colour is based (`base`), by its instant and its provider's horizon.
-- Later decisions of two people about a person were judged at once by an amending run (`amended`) and are known from then on.
change AS MATERIALIZED (
    SELECT c.id, c.citizen_id, c.provider_id, c.after AS direction, c.hits, run.day, base.day AS base_day,
           run.as_of,
           now.source_id, now.horizon, now.version_id, version.rule_set_id,
           amended.known_before, before.source_id AS source_before, before.horizon AS horizon_before,
           before.version_id IS DISTINCT FROM now.version_id AS other_version, old.withdrawn_at IS NOT NULL AS withdrawn
    FROM codes_verdictchange c
    JOIN codes_run run ON run.id = c.run_id
    JOIN codes_runprovider now ON now.run_id = run.id AND now.provider_id = c.provider_id
    JOIN codes_rulesetversion version ON version.id = now.version_id
    CROSS JOIN LATERAL ({{base}}) rests
    JOIN codes_run base ON base.id = rests.run_id
    JOIN codes_runprovider before ON before.run_id = base.id AND before.provider_id = c.provider_id
    CROSS JOIN LATERAL (
        SELECT greatest(base.as_of, max(run.as_of)) AS known_before
        FROM codes_runcitizen named
        JOIN codes_run run ON run.id = named.run_id AND run.state = 'mended'
        WHERE named.citizen_id = c.citizen_id AND named.run_id > base.id AND named.run_id < c.run_id
          AND NOT EXISTS (SELECT FROM codes_verdictchange kept
                          WHERE kept.run_id = named.run_id AND kept.citizen_id = c.citizen_id AND kept.provider_id = c.provider_id
                            AND kept.held_in_id IS NOT NULL)
    ) amended
    CROSS JOIN LATERAL (
        -- Somebody who registered since then shows no colour yet that could be kept.
        SELECT FROM codes_registration
        WHERE citizen_id = c.citizen_id AND provider_id = c.provider_id AND registered_at <= amended.known_before
        OFFSET 0
    ) registered
    LEFT JOIN codes_rulesetversion old ON old.id = before.version_id
    WHERE c.run_id = %(run)s
      AND (c.after = 'red' AND c.before <> 'red' OR c.after = 'green' AND c.before <> 'green')
),
moved AS MATERIALIZED (
    -- The hits in question. Of a change to red: all red hits, because somebody who was not red had none. Of a change to green: the
    -- hits of the stored verdict whose own announced day has not been reached.
    SELECT c.id AS change_id, hit->>'rule' AS rule, (hit->>'rule_id')::bigint AS rule_id, (hit->>'fact_id')::bigint AS fact_id
    FROM change c
    CROSS JOIN LATERAL jsonb_array_elements(c.hits) AS hit
    JOIN codes_rule rule ON rule.id = (hit->>'rule_id')::bigint AND rule.colour = 'red'
    WHERE c.direction = 'red'
    UNION ALL
    SELECT c.id, hit->>'rule', (hit->>'rule_id')::bigint, (hit->>'fact_id')::bigint
    FROM change c
    CROSS JOIN LATERAL (
        SELECT hits FROM codes_verdict WHERE citizen_id = c.citizen_id AND provider_id = c.provider_id OFFSET 0
    ) before
    CROSS JOIN LATERAL jsonb_array_elements(before.hits) AS hit
    WHERE c.direction = 'green' AND coalesce({{until}} > c.day, true)
),
brought AS MATERIALIZED (
    -- The fact, or the version of the rules, that caused the change.
    SELECT m.change_id, m.rule, c.citizen_id, c.direction, c.rule_set_id, c.version_id,
           record.decided, brought.fact_id, NOT c.withdrawn AND c.other_version AS by_version
    FROM moved m
    JOIN change c ON c.id = m.change_id
    CROSS JOIN LATERAL (SELECT * FROM codes_fact WHERE id = m.fact_id OFFSET 0) f
    CROSS JOIN LATERAL (
        -- Whether two people have suppressed the record, or ended its suppression, since then.
        SELECT f.origin = 'city' OR EXISTS (
            SELECT FROM codes_suppression s
            WHERE s.record_id = f.record_id AND s.source_id IS NOT DISTINCT FROM f.source_id
              AND s.provider_id IS NOT DISTINCT FROM f.provider_id AND s.state IN ('approved', 'ended')
              AND (s.decided_at > c.known_before AND s.decided_at <= c.as_of OR s.ended_at > c.known_before AND s.ended_at <= c.as_of)
        ) AS decided
    ) record
    LEFT JOIN LATERAL (
        -- The record's newest version, compared with the newest one known before: it is a cause only if its content differs.
        SELECT newest.id AS fact_id
        FROM (SELECT * FROM codes_fact v
              WHERE v.record_id = f.record_id AND v.source_id IS NOT DISTINCT FROM f.source_id
                AND v.provider_id IS NOT DISTINCT FROM f.provider_id
                AND v.received_at <= c.as_of AND (v.source_id IS NULL OR v.recorded_at <= c.horizon)
              ORDER BY v.recorded_at DESC, v.received_at DESC, v.version DESC LIMIT 1) newest
        LEFT JOIN LATERAL (
            SELECT * FROM codes_fact v
            WHERE v.record_id = f.record_id AND v.source_id IS NOT DISTINCT FROM f.source_id
              AND v.provider_id IS NOT DISTINCT FROM f.provider_id
              AND v.received_at <= c.known_before
              AND (v.source_id IS NULL OR v.source_id = c.source_before AND v.recorded_at <= c.horizon_before)
            ORDER BY v.recorded_at DESC, v.received_at DESC, v.version DESC LIMIT 1
        ) known ON true
        WHERE (newest.citizen_id, newest.revoked, newest.kind, newest.area, newest.started_on, newest.ended_on)
              IS DISTINCT FROM (known.citizen_id, known.revoked, known.kind, known.area, known.started_on, known.ended_on)
    ) new_version ON true
    LEFT JOIN LATERAL (
        -- For green, a new clearing fact; for red, a clearing fact that has been revoked or whose content has changed.
        SELECT x.id AS fact_id
        FROM codes_fact x
        JOIN codes_rule rule ON rule.id = m.rule_id
        WHERE new_version.fact_id IS NULL AND x.citizen_id = c.citizen_id AND x.received_at <= c.as_of
          AND (x.source_id = c.source_id AND x.recorded_at <= c.horizon OR x.provider_id = c.provider_id)
          AND NOT (x.received_at <= c.known_before
                   AND (x.source_id IS NULL OR x.source_id = c.source_before AND x.recorded_at <= c.horizon_before))
          AND CASE c.direction
                  WHEN 'green' THEN
                      NOT x.revoked AND (x.kind = ANY (rule.cleared_by) OR x.kind = 'negative_test' AND rule.tests > 0)
                      AND NOT EXISTS (
                          SELECT FROM codes_fact earlier
                          WHERE earlier.record_id = x.record_id AND earlier.source_id IS NOT DISTINCT FROM x.source_id
                            AND earlier.provider_id IS NOT DISTINCT FROM x.provider_id AND earlier.version <> x.version
                            AND earlier.received_at <= c.known_before
                            AND (earlier.citizen_id, earlier.revoked, earlier.kind, earlier.started_on)
                                = (x.citizen_id, x.revoked, x.kind, x.started_on))
                  ELSE x.version > 1 AND EXISTS (
                      SELECT FROM codes_fact earlier
                      WHERE earlier.record_id = x.record_id AND earlier.source_id IS NOT DISTINCT FROM x.source_id
                        AND earlier.provider_id IS NOT DISTINCT FROM x.provider_id AND earlier.version < x.version
                        AND (earlier.kind = ANY (rule.cleared_by) OR earlier.kind = 'negative_test' AND rule.tests > 0))
              END
        ORDER BY x.id DESC LIMIT 1
    ) cleared ON new_version.fact_id IS NULL
    CROSS JOIN LATERAL (SELECT coalesce(new_version.fact_id, cleared.fact_id) AS fact_id) brought
),
caused AS MATERIALIZED (
    SELECT b.change_id, b.citizen_id, b.direction, b.rule_set_id, b.rule, f.id AS fact_id,
           CASE WHEN b.decided OR f.origin = 'city' THEN NULL
                WHEN f.batch_id IS NOT NULL THEN 'batch'
                WHEN f.provider_id IS NOT NULL THEN 'entries'
                WHEN f.id IS NULL AND b.by_version THEN 'version'
           END AS cause_kind,
           f.batch_id, CASE WHEN f.batch_id IS NULL THEN f.provider_id END AS provider_id,
           CASE WHEN f.provider_id IS NOT NULL THEN (f.received_at AT TIME ZONE %(zone)s)::date END AS received_on,
           CASE WHEN f.id IS NULL THEN b.version_id END AS version_id
    FROM brought b
    LEFT JOIN LATERAL (SELECT * FROM codes_fact WHERE id = b.fact_id OFFSET 0) f ON true
),
named AS MATERIALIZED (
    SELECT *, CASE cause_kind
                  WHEN 'batch' THEN concat_ws(':', cause_kind, batch_id, rule_set_id, rule)
                  WHEN 'entries' THEN concat_ws(':', cause_kind, provider_id, received_on, rule_set_id, rule)
                  WHEN 'version' THEN concat_ws(':', cause_kind, version_id, rule_set_id, rule)
              END AS key
    FROM caused
),
keyed AS MATERIALIZED (
    -- What two people have released, a change of one person in one direction, has no cause any more.
    -- The few causes that were ever released are compared first, so that the history of everybody else who turns is not read.
    SELECT n.*, CASE WHEN NOT (n.key IN (SELECT key FROM codes_heldgroup WHERE state = 'released') AND EXISTS (
               SELECT FROM (SELECT id FROM codes_verdictchange
                            WHERE citizen_id = n.citizen_id AND after = n.direction AND held_in_id IS NOT NULL OFFSET 0) kept
               CROSS JOIN LATERAL (SELECT group_id FROM codes_heldchange WHERE change_id = kept.id OFFSET 0) h
               JOIN codes_heldgroup g ON g.id = h.group_id
               WHERE g.key = n.key AND g.state = 'released'
           )) THEN n.key END AS cause
    FROM named n
)

-- statement: count
SELECT cause, min(rule_set_id), min(rule), min(cause_kind), min(batch_id), min(provider_id), min(received_on), min(version_id),
       count(DISTINCT citizen_id) FILTER (WHERE direction = 'red'), count(DISTINCT citizen_id) FILTER (WHERE direction = 'green')
FROM keyed
WHERE cause IS NOT NULL
GROUP BY cause
ORDER BY cause

-- statement: hold
-- A change to red is held only if all its causes are held; a change to green is held if any of its causes is held.
, kept AS MATERIALIZED (
    SELECT DISTINCT change_id, held.group_id
    FROM (SELECT change_id, cause,
                 direction = 'green' OR bool_and(coalesce(cause = ANY (%(causes)s), false)) OVER (PARTITION BY change_id) AS is_kept
          FROM keyed) one
    JOIN unnest(%(causes)s::text[], %(groups)s::bigint[]) AS held(cause, group_id) ON held.cause = one.cause
    WHERE is_kept
),
noted AS (
    INSERT INTO codes_heldchange (change_id, group_id) SELECT change_id, group_id FROM kept
)
UPDATE codes_verdictchange c SET held_in_id = first.group_id
FROM (SELECT change_id, min(group_id) AS group_id FROM kept GROUP BY change_id) first
WHERE c.id = first.change_id

-- statement: brought
-- The versions of records that caused the changes held in a group, and those of its batch and rule that already count for people
-- who were red anyway.
SELECT f.record_id, f.source_id, f.provider_id, f.version, f.citizen_id
FROM (SELECT fact_id FROM keyed JOIN codes_verdictchange c ON c.id = keyed.change_id
      WHERE keyed.cause = %(cause)s AND c.held_in_id IS NOT NULL AND fact_id IS NOT NULL
      UNION
      SELECT counted.id
      FROM codes_fact counted
      JOIN codes_verdict v ON v.citizen_id = counted.citizen_id
      CROSS JOIN LATERAL jsonb_array_elements(v.hits) AS hit
      JOIN codes_rulesetversion version ON version.id = v.version_id
      WHERE counted.batch_id = %(batch)s AND (hit->>'fact_id')::bigint = counted.id AND hit->>'rule' = %(rule)s
        AND version.rule_set_id = %(rule_set)s) found
JOIN codes_fact f ON f.id = found.fact_id
ORDER BY f.id
