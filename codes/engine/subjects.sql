-- Relations of subjects: the citizens to judge, the inputs of the provider, and the instant. A subject's id is the citizen's id
-- multiplied by the number of subjects a citizen can have, plus the position of the subject among them, and is therefore unique.

-- statement: daily
    -- Every given citizen × the run's providers with which the citizen is registered. For each later version that is already known
    -- there is a further subject on its first day, assumed to be checked in until then: segments 1, 2, …, with greater ids than segment
    -- 0. All inputs are those frozen by the run, so a replay of a past run uses the same subjects.
    WITH asked AS MATERIALIZED (
        SELECT p.provider_id, p.source_id, e.version_id, p.horizon, run.as_of, e.day,
               CASE WHEN e.segment > 0 THEN run.day END AS assumed_from,
               row_number() OVER (ORDER BY p.provider_id, e.segment) - 1 AS place, count(*) OVER () AS places
        FROM codes_run run
        -- Includes providers that are unknown because their source is silent: their results are held colours (§4).
        JOIN codes_runprovider p ON p.run_id = run.id AND p.horizon IS NOT NULL AND p.version_id IS NOT NULL
        CROSS JOIN LATERAL (
            SELECT 0 AS segment, p.version_id, run.day
            UNION ALL
            SELECT row_number() OVER (ORDER BY v.effective_from), v.id, v.effective_from
            FROM codes_rulesetversion v
            JOIN codes_rulesetversion present ON present.id = p.version_id AND present.rule_set_id = v.rule_set_id
            WHERE v.effective_from > run.day AND v.effective_from <= run.day + 366 AND v.created_at <= run.as_of
              AND (v.withdrawn_at IS NULL OR v.withdrawn_at > run.as_of)
              AND NOT EXISTS (SELECT FROM codes_rulesetversion higher
                              WHERE higher.rule_set_id = v.rule_set_id AND higher.effective_from = v.effective_from
                                AND higher.version > v.version AND higher.created_at <= run.as_of
                                AND (higher.withdrawn_at IS NULL OR higher.withdrawn_at > run.as_of))
        ) e
        WHERE run.id = %(run)s
    )
    SELECT r.citizen_id * asked.places + asked.place,
           r.citizen_id, r.provider_id, asked.source_id, asked.version_id, asked.horizon, asked.as_of, asked.day,
           asked.assumed_from
    FROM ({{citizens}}) known
    CROSS JOIN LATERAL (
        -- Looked up per citizen, because a join would read the registrations of the whole city.
        SELECT citizen_id, provider_id, registered_at FROM codes_registration WHERE citizen_id = known.citizen_id
        OFFSET 0
    ) r
    JOIN asked ON asked.provider_id = r.provider_id AND r.registered_at <= asked.as_of

-- statement: known_in_range
SELECT DISTINCT citizen_id FROM codes_fact WHERE citizen_id >= %(low)s AND citizen_id < %(high)s

-- statement: due_in_range
SELECT citizen_id FROM codes_duecitizen WHERE citizen_id >= %(low)s AND citizen_id < %(high)s

-- statement: due_facts
-- Under another version than that of the day, any fact may matter again.
(SELECT CASE WHEN asked.assumed_from IS NULL THEN coalesce(due.reads_from, '-infinity') ELSE '-infinity' END
 FROM codes_duecitizen due WHERE due.citizen_id = asked.citizen_id)

-- statement: each_side
    -- One citizen × the run's providers with which the citizen was registered, including those that could not judge.
    SELECT p.provider_id, r.citizen_id, p.provider_id, p.source_id, p.version_id, p.horizon, run.as_of, run.day, NULL::date
    FROM codes_run run
    JOIN codes_runprovider p ON p.run_id = run.id
    JOIN codes_registration r ON r.provider_id = p.provider_id AND r.registered_at <= run.as_of
    WHERE run.id = %(run)s AND r.citizen_id = %(citizen)s

-- statement: rehearsal
    -- Every citizen with facts × the run's providers × the versions to judge by, on a given day, with the facts known to the run.
    -- Subjects judged by the draft have odd ids, one greater than the id of the same subject without the draft.
    SELECT (r.citizen_id * p.places + p.place) * 2 + e.is_draft::int,
           r.citizen_id, p.provider_id, p.source_id, e.version_id, p.horizon, run.as_of, %(day)s::date, NULL::date
    FROM codes_run run
    JOIN (
        SELECT *, row_number() OVER (ORDER BY provider_id) - 1 AS place, count(*) OVER () AS places
        FROM codes_runprovider WHERE run_id = %(run)s AND horizon IS NOT NULL AND version_id IS NOT NULL
    ) p ON p.run_id = run.id
    JOIN unnest(%(providers)s::bigint[], %(versions)s::bigint[], %(drafts)s::bool[]) AS e(provider_id, version_id, is_draft)
      ON e.provider_id = p.provider_id
    CROSS JOIN (SELECT DISTINCT citizen_id FROM codes_fact) known
    CROSS JOIN LATERAL (
        SELECT citizen_id FROM codes_registration
        WHERE citizen_id = known.citizen_id AND provider_id = p.provider_id AND registered_at <= run.as_of
        OFFSET 0
    ) r
    WHERE run.id = %(run)s

-- statement: unjudged
-- Whether the registration `r` has not been judged, although it was known to the run: the run parked its citizen's partition, and so did
-- every earlier run that knew of it, and no amending run has judged its citizen. Nobody without a fact needs to be judged. Settled runs
-- with parked partitions are partial.
(CASE WHEN (SELECT state FROM codes_run WHERE id = {{run}}) IN ('settling', 'partial') THEN
     EXISTS (SELECT FROM codes_partition parked
             WHERE parked.run_id = {{run}} AND parked.state = 'parked' AND r.citizen_id >= parked.low AND r.citizen_id < parked.high)
     AND EXISTS (SELECT FROM codes_fact f WHERE f.citizen_id = r.citizen_id)
     AND NOT EXISTS (SELECT FROM codes_run earlier
                     WHERE earlier.id < {{run}} AND earlier.state IN ('done', 'partial') AND r.registered_at <= earlier.as_of
                       AND NOT EXISTS (SELECT FROM codes_partition again
                                       WHERE again.run_id = earlier.id AND again.state = 'parked'
                                         AND r.citizen_id >= again.low AND r.citizen_id < again.high))
     AND NOT EXISTS (SELECT FROM codes_runcitizen named JOIN codes_run later ON later.id = named.run_id
                     WHERE named.citizen_id = r.citizen_id AND later.amends_id = {{run}} AND {{amending}})
 ELSE false END)
