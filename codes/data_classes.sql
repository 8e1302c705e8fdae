-- Conditions for sweeping a row; `t` is the row, {{bound}} the instant of the limit (regions.retention.classes).

-- statement: nothing_holds
-- The person is green by agreement, had no other code in the history that is kept, and has no open case, ruling or disagreement.
{{citizen}} <> ALL (ARRAY(SELECT id FROM codes_citizen WHERE id_type = 'swept'))
AND NOT EXISTS (SELECT FROM codes_verdict v WHERE v.citizen_id = {{citizen}})
AND NOT EXISTS (SELECT FROM codes_effectivecode e WHERE e.citizen_id = {{citizen}})
AND NOT EXISTS (SELECT FROM codes_verdictchange c WHERE c.citizen_id = {{citizen}})
AND NOT EXISTS (SELECT FROM codes_case k WHERE k.citizen_id = {{citizen}} AND k.closed_at IS NULL)
AND NOT EXISTS (SELECT FROM codes_ruling r WHERE r.citizen_id = {{citizen}} AND r.state IN ('proposed', 'approved'))
AND NOT EXISTS (SELECT FROM codes_disagreement d WHERE d.citizen_id = {{citizen}} AND d.closed_run_id IS NULL)

-- statement: fact_age
-- The latest of the instants at which the fact was received and recorded, and of the end of its last day.
greatest({{fact}}.received_at, {{fact}}.recorded_at, (coalesce({{fact}}.ended_on, {{fact}}.started_on) + 1)::timestamp AT TIME ZONE 'UTC')

-- statement: fact_is_free
-- While a record is kept, all records that may release it are kept: those that began on its day or later. So for each person there is
-- one day, on which the first kept record begins; a record with versions before and after that day keeps all records. A stay without an
-- end is kept, because it is judged again when its area is listed again. A version that moved a record to another citizen is kept until
-- the first citizen's versions have been swept.
{{nothing_holds}}
AND NOT EXISTS (
    SELECT FROM codes_fact k
    WHERE k.citizen_id = t.citizen_id
      AND (k.kind = 'area_stay' AND k.ended_on IS NULL AND NOT k.revoked
           OR EXISTS (SELECT FROM codes_fact o
                      WHERE o.record_id = k.record_id AND o.source_id IS NOT DISTINCT FROM k.source_id
                        AND o.provider_id IS NOT DISTINCT FROM k.provider_id
                        AND o.citizen_id <> k.citizen_id AND o.version < k.version
                        AND o.citizen_id <> ALL (ARRAY(SELECT id FROM codes_citizen WHERE id_type = 'swept')))))
AND (
    SELECT t.started_on < cut.day
           AND NOT EXISTS (
               SELECT FROM codes_fact o
               JOIN codes_fact p ON p.record_id = o.record_id AND p.source_id IS NOT DISTINCT FROM o.source_id
                                AND p.provider_id IS NOT DISTINCT FROM o.provider_id
               WHERE o.citizen_id = t.citizen_id AND o.started_on < cut.day AND p.started_on >= cut.day)
    FROM (SELECT coalesce(min(v.started_on), 'infinity') AS day
          FROM codes_fact k
          JOIN codes_fact v ON v.record_id = k.record_id AND v.source_id IS NOT DISTINCT FROM k.source_id
                           AND v.provider_id IS NOT DISTINCT FROM k.provider_id
          WHERE k.citizen_id = t.citizen_id AND {{age_of_kept}} >= {{bound}}) cut)

-- statement: check_in_is_free
{{nothing_holds}}
AND NOT EXISTS (SELECT FROM codes_fact f WHERE f.citizen_id = t.citizen_id AND f.started_on <= t.day)

-- statement: days_are_free
{{nothing_holds}}
AND NOT EXISTS (SELECT FROM codes_fact f WHERE f.citizen_id = t.citizen_id AND f.started_on <= ({{bound}} AT TIME ZONE 'UTC')::date)

-- statement: declaration_is_free
-- A later declaration has answered the same questions.
{{nothing_holds}}
AND EXISTS (
    SELECT FROM codes_entry later
    WHERE later.citizen_id = t.citizen_id AND later.provider_id = t.provider_id AND later.type = 'declaration'
      AND (later.instant, later.id) > (t.instant, t.id)
      AND later.content ?& ARRAY(SELECT jsonb_object_keys(t.content)))

-- statement: change_is_free
-- The change in effect at the limit and all later ones are kept, so that a replay of later days and `reconcile` find what they need.
NOT EXISTS (SELECT FROM codes_heldgroup g WHERE g.state = 'held')
AND NOT EXISTS (SELECT FROM codes_heldchange h WHERE h.change_id = t.id)
AND (t.held_in_id IS NOT NULL
     OR EXISTS (SELECT FROM codes_run r WHERE r.id = t.run_id AND r.state IN ('failed', 'kept'))
     OR EXISTS (SELECT FROM codes_verdictchange later JOIN codes_run r ON r.id = later.run_id
                WHERE later.citizen_id = t.citizen_id AND later.provider_id = t.provider_id AND later.run_id > t.run_id
                  AND later.held_in_id IS NULL AND r.state IN ('done', 'partial', 'mended') AND r.started_at < {{bound}})
     OR t.after = 'green'
        AND NOT EXISTS (SELECT FROM codes_verdictchange first
                        WHERE first.citizen_id = t.citizen_id AND first.provider_id = t.provider_id AND first.run_id < t.run_id))

-- statement: effective_is_free
EXISTS (SELECT FROM codes_effectivechange later
        WHERE later.citizen_id = t.citizen_id AND (later.since, later.id) > (t.since, t.id) AND later.since < {{bound}})
OR t.after = 'green' AND t.after_because = 'agreement'
   AND NOT EXISTS (SELECT FROM codes_effectivechange first
                   WHERE first.citizen_id = t.citizen_id AND (first.since, first.id) < (t.since, t.id))

-- statement: run_started
-- The later of the instant in the row, which the city's role may change, and those of its journal entries, which it may not.
(SELECT greatest(r.started_at, (SELECT max(j.at) FROM journal_journalentry j
                                WHERE j.subject = 'run:' || r.id AND j.verb IN ('run.started', 'run.settled', 'run.mended', 'run.kept')))
 FROM codes_run r WHERE r.id = t.{{run}})
