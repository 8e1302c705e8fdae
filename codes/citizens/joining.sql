-- Rows of two citizens who are one person, merged before the rows of the one are assigned to the other. `joined` and
-- `kept` are lists of equal length in which no citizen is repeated. `joining.py` itself assigns the rows that need no
-- merging.

-- statement: registrations
WITH other AS (
    DELETE FROM codes_registration j USING {{pair}}, codes_registration k
    WHERE j.citizen_id = pair.joined AND k.citizen_id = pair.kept AND k.provider_id = j.provider_id
    RETURNING k.id AS kept_row, j.registered_at
)
UPDATE codes_registration k SET registered_at = least(k.registered_at, other.registered_at)
FROM other WHERE k.id = other.kept_row

-- statement: check_in_days
WITH other AS (
    DELETE FROM codes_checkindays j USING {{pair}}, codes_checkindays k
    WHERE j.citizen_id = pair.joined AND k.citizen_id = pair.kept AND k.provider_id = j.provider_id
    RETURNING k.id AS kept_row, j.days, j.complete_at
)
UPDATE codes_checkindays k SET days = k.days + other.days, complete_at = greatest(k.complete_at, other.complete_at)
FROM other WHERE k.id = other.kept_row

-- statement: stated_names
WITH other AS (
    DELETE FROM codes_statedname j USING {{pair}}, codes_statedname k
    WHERE j.citizen_id = pair.joined AND k.citizen_id = pair.kept
      AND k.source_id IS NOT DISTINCT FROM j.source_id AND k.provider_id IS NOT DISTINCT FROM j.provider_id
    RETURNING k.id AS kept_row, j.full_name, j.stated_at, j.received_at
)
UPDATE codes_statedname k SET full_name = other.full_name, stated_at = other.stated_at, received_at = other.received_at
FROM other WHERE k.id = other.kept_row AND other.stated_at > k.stated_at

-- statement: displayed
-- The value displayed last counts.
WITH other AS (
    DELETE FROM codes_displayed j USING {{pair}}, codes_displayed k
    WHERE j.citizen_id = pair.joined AND k.citizen_id = pair.kept AND k.provider_id = j.provider_id
    RETURNING k.id AS kept_row, j.value, j.colour, j.shown_at
)
UPDATE codes_displayed k SET value = other.value, colour = other.colour, shown_at = other.shown_at
FROM other WHERE k.id = other.kept_row AND other.shown_at > k.shown_at

-- statement: display_findings
-- One finding stays open; the next check updates it to what both are shown.
UPDATE codes_displayfinding j SET closed_at = greatest(j.opened_at, %(now)s)
FROM {{pair}}, codes_displayfinding k
WHERE j.citizen_id = pair.joined AND k.citizen_id = pair.kept AND k.provider_id = j.provider_id
  AND j.closed_at IS NULL AND k.closed_at IS NULL

-- statement: verdicts
-- The stricter colour with the hits of both. The day on which it turns green is set only if both have one.
WITH other AS (
    DELETE FROM codes_verdict j USING {{pair}}, codes_verdict k
    WHERE j.citizen_id = pair.joined AND k.citizen_id = pair.kept AND k.provider_id = j.provider_id
    RETURNING k.id AS kept_row, j.*
)
UPDATE codes_verdict k
SET colour = CASE WHEN 'red' IN (k.colour, other.colour) THEN 'red' ELSE 'yellow' END,
    version_id = CASE WHEN k.colour <> 'red' AND other.colour = 'red' THEN other.version_id ELSE k.version_id END,
    run_id = greatest(k.run_id, other.run_id),
    hits = k.hits || other.hits,
    turns_green_on = CASE WHEN k.turns_green_on IS NOT NULL AND other.turns_green_on IS NOT NULL
                          THEN greatest(k.turns_green_on, other.turns_green_on) END,
    healthy_days = CASE WHEN k.turns_green_on IS NOT NULL AND other.turns_green_on IS NOT NULL
                        THEN greatest(k.healthy_days, other.healthy_days) END,
    needs = CASE WHEN k.turns_green_on IS NULL AND other.turns_green_on IS NULL
                 THEN coalesce(k.needs, '[]') || coalesce(other.needs, '[]') ELSE coalesce(k.needs, other.needs) END
FROM other WHERE k.id = other.kept_row

-- statement: next_changes
-- The next run judges the joined citizens.
DELETE FROM codes_nextchange j USING {{pair}}, codes_nextchange k
WHERE j.citizen_id = pair.joined AND k.citizen_id = pair.kept AND k.provider_id = j.provider_id

-- statement: due
DELETE FROM codes_duecitizen j USING {{pair}}, codes_duecitizen k WHERE j.citizen_id = pair.joined AND k.citizen_id = pair.kept

-- statement: prepared
DELETE FROM codes_prepareddiagnosis j USING {{pair}}, codes_prepareddiagnosis k
WHERE j.citizen_id = pair.joined AND k.citizen_id = pair.kept AND k.run_id = j.run_id

-- statement: verdict_history
-- At every run that counts and changed either, the stricter of the colours that both had after it. Changes held in a
-- group, and those of runs that never settled or computed a past day again, are not part of the chain.
WITH own AS MATERIALIZED (
    SELECT c.*, pair.kept, c.citizen_id = pair.joined AS of_joined
    FROM {{pair}}
    JOIN codes_verdictchange c ON c.citizen_id IN (pair.joined, pair.kept)
    JOIN codes_run run ON run.id = c.run_id AND run.state = ANY (%(counted)s) AND NOT run.history
    WHERE c.held_in_id IS NULL
),
moment AS (
    SELECT kept, provider_id, run_id, coalesce(min(id) FILTER (WHERE NOT of_joined), min(id)) AS row_id
    FROM own o
    WHERE (SELECT count(DISTINCT of_joined) FROM own b WHERE b.kept = o.kept AND b.provider_id = o.provider_id) = 2
    GROUP BY kept, provider_id, run_id
),
both_sides AS (
    SELECT m.*, coalesce(k.after, 'green') AS k_after, coalesce(j.after, 'green') AS j_after,
           coalesce(k.version_id, j.version_id) AS k_version, coalesce(j.version_id, k.version_id) AS j_version,
           coalesce(k.hits, '[]') || coalesce(j.hits, '[]') AS hits,
           k.turns_green_on AS k_green, j.turns_green_on AS j_green, k.healthy_days AS k_days, j.healthy_days AS j_days, k.needs AS k_needs, j.needs AS j_needs
    FROM moment m
    LEFT JOIN LATERAL (SELECT * FROM own o WHERE o.kept = m.kept AND o.provider_id = m.provider_id AND NOT o.of_joined
                       AND o.run_id <= m.run_id ORDER BY o.run_id DESC LIMIT 1) k ON true
    LEFT JOIN LATERAL (SELECT * FROM own o WHERE o.kept = m.kept AND o.provider_id = m.provider_id AND o.of_joined
                       AND o.run_id <= m.run_id ORDER BY o.run_id DESC LIMIT 1) j ON true
),
merged AS (
    SELECT b.row_id, b.kept, b.hits, after.colour,
           lag(after.colour, 1, 'green') OVER (PARTITION BY b.kept, b.provider_id ORDER BY b.run_id) AS before,
           CASE WHEN b.k_after = after.colour THEN b.k_version ELSE b.j_version END AS version_id,
           CASE WHEN b.k_after = 'green' THEN b.j_green WHEN b.j_after = 'green' THEN b.k_green
                WHEN b.k_green IS NOT NULL AND b.j_green IS NOT NULL THEN greatest(b.k_green, b.j_green) END AS turns_green_on,
           CASE WHEN b.k_after = 'green' THEN b.j_days WHEN b.j_after = 'green' THEN b.k_days
                WHEN b.k_green IS NOT NULL AND b.j_green IS NOT NULL THEN greatest(b.k_days, b.j_days) END AS healthy_days,
           coalesce(b.k_needs || b.j_needs, b.k_needs, b.j_needs) AS needs
    FROM both_sides b
    CROSS JOIN LATERAL (SELECT CASE WHEN 'red' IN (b.k_after, b.j_after) THEN 'red'
                                    WHEN 'yellow' IN (b.k_after, b.j_after) THEN 'yellow' ELSE 'green' END AS colour) after
)
UPDATE codes_verdictchange c
SET citizen_id = m.kept, version_id = m.version_id, before = m.before, after = m.colour, hits = m.hits,
    turns_green_on = m.turns_green_on, healthy_days = m.healthy_days, needs = m.needs
FROM merged m WHERE c.id = m.row_id

-- statement: verdicts_of_past_days
-- A past day computed again is independent of the other days: its changes of both begin at green.
UPDATE codes_verdictchange k
SET after = CASE WHEN 'red' IN (k.after, j.after) THEN 'red' ELSE greatest(k.after, j.after) END,
    version_id = CASE WHEN k.after <> 'red' AND j.after = 'red' THEN j.version_id ELSE k.version_id END,
    hits = k.hits || j.hits,
    turns_green_on = CASE WHEN k.turns_green_on IS NOT NULL AND j.turns_green_on IS NOT NULL
                          THEN greatest(k.turns_green_on, j.turns_green_on) END,
    healthy_days = CASE WHEN k.turns_green_on IS NOT NULL AND j.turns_green_on IS NOT NULL
                        THEN greatest(k.healthy_days, j.healthy_days) END,
    needs = coalesce(k.needs || j.needs, k.needs, j.needs)
FROM {{pair}}, codes_verdictchange j, codes_run run
WHERE k.citizen_id = pair.kept AND j.citizen_id = pair.joined AND j.run_id = k.run_id AND j.provider_id = k.provider_id
  AND run.id = k.run_id AND run.history

-- statement: verdict_history_left
-- Of two rows of one run the first contains both by now.
DELETE FROM codes_verdictchange j USING {{pair}}, codes_verdictchange k
WHERE j.citizen_id = pair.joined AND k.citizen_id = pair.kept AND k.provider_id = j.provider_id AND k.run_id = j.run_id

-- statement: effective_history
-- In the same way, the stricter of both after each change. Unknown is stricter than green, so that joining makes nobody
-- green.
WITH own AS MATERIALIZED (
    SELECT c.*, pair.kept, c.citizen_id = pair.joined AS of_joined
    FROM {{pair}} JOIN codes_effectivechange c ON c.citizen_id IN (pair.joined, pair.kept)
),
placed AS (
    SELECT o.id, o.kept, o.since, o.before AS first_before, o.before_because AS first_because, stricter.*
    FROM own o
    LEFT JOIN LATERAL (SELECT * FROM own x WHERE x.kept = o.kept AND NOT x.of_joined AND (x.since, x.id) <= (o.since, o.id)
                       ORDER BY x.since DESC, x.id DESC LIMIT 1) k ON true
    LEFT JOIN LATERAL (SELECT * FROM own x WHERE x.kept = o.kept AND x.of_joined AND (x.since, x.id) <= (o.since, o.id)
                       ORDER BY x.since DESC, x.id DESC LIMIT 1) j ON true
    CROSS JOIN LATERAL (
        SELECT after, after_because FROM (VALUES (k.after, k.after_because, 1), (j.after, j.after_because, 2)) AS s(after, after_because, side)
        WHERE after IS NOT NULL
        ORDER BY array_position(ARRAY['red', 'yellow', 'unknown', 'green'], after), side LIMIT 1
    ) stricter
    WHERE (SELECT count(DISTINCT of_joined) FROM own b WHERE b.kept = o.kept) = 2
),
chained AS (
    SELECT p.*, coalesce(lag(after) OVER changes, first_before) AS before,
           coalesce(lag(after_because) OVER changes, first_because) AS before_because
    FROM placed p
    WINDOW changes AS (PARTITION BY kept ORDER BY since, id)
),
same AS (
    DELETE FROM codes_effectivechange c USING chained h
    WHERE c.id = h.id AND (h.before, h.before_because) = (h.after, h.after_because)
)
UPDATE codes_effectivechange c
SET citizen_id = h.kept, before = h.before, before_because = h.before_because, after = h.after, after_because = h.after_because
FROM chained h WHERE c.id = h.id AND (h.before, h.before_because) <> (h.after, h.after_because)

-- statement: effective
WITH other AS (
    DELETE FROM codes_effectivecode j USING {{pair}}, codes_effectivecode k
    WHERE j.citizen_id = pair.joined AND k.citizen_id = pair.kept
    RETURNING k.id AS kept_row, j.colour, j.because, j.since
)
UPDATE codes_effectivecode k SET colour = other.colour, because = other.because, since = other.since
FROM other
WHERE k.id = other.kept_row AND array_position(ARRAY['red', 'yellow', 'unknown', 'green'], other.colour)
                              < array_position(ARRAY['red', 'yellow', 'unknown', 'green'], k.colour)

-- statement: disagreements
-- The next run finds the disagreement of the joined citizen.
UPDATE codes_disagreement j SET closed_run_id = (SELECT max(id) FROM codes_run WHERE state = ANY (%(counted)s))
FROM {{pair}}
WHERE j.citizen_id = pair.joined AND j.closed_run_id IS NULL
  AND EXISTS (SELECT FROM codes_disagreement k WHERE k.citizen_id = pair.kept AND k.closed_run_id IS NULL)

-- statement: named_by_runs
DELETE FROM codes_runcitizen j USING {{pair}}, codes_runcitizen k
WHERE j.citizen_id = pair.joined AND k.citizen_id = pair.kept AND k.run_id = j.run_id

-- statement: own_guardians
-- A citizen who was their own guardian by two documents needs no guardianship. Its evidence becomes drafts again, which
-- are removed as any drafts.
WITH own AS MATERIALIZED (
    SELECT g.id FROM codes_guardianship g JOIN {{pair}}
      ON g.guardian_id IN (pair.joined, pair.kept) AND g.dependant_id IN (pair.joined, pair.kept)
),
proofs AS (
    UPDATE codes_evidence SET guardianship_id = NULL WHERE guardianship_id IN (SELECT id FROM own)
)
DELETE FROM codes_guardianship WHERE id IN (SELECT id FROM own)

-- statement: double_guardians
UPDATE codes_guardianship j SET ended_by = 'system', ended_at = %(now)s
FROM {{pair}}, codes_guardianship k
WHERE j.ended_at IS NULL AND k.ended_at IS NULL
  AND (j.guardian_id = pair.joined AND k.guardian_id = pair.kept AND k.dependant_id = j.dependant_id
       OR j.dependant_id = pair.joined AND k.dependant_id = pair.kept AND k.guardian_id = j.guardian_id)

-- statement: double_phones
WITH double AS MATERIALIZED (
    SELECT j.id FROM {{pair}}
    JOIN codes_phonechange j ON j.citizen_id = pair.joined AND j.state = 'proposed'
    JOIN codes_phonechange k ON k.citizen_id = pair.kept AND k.state = 'proposed' AND k.phone_hash = j.phone_hash
),
notices AS (
    DELETE FROM codes_phonenotice WHERE change_id IN (SELECT id FROM double)
)
DELETE FROM codes_phonechange WHERE id IN (SELECT id FROM double)

-- statement: messages
-- Of a message that both got, as a guardian and as the person it is about, one is kept.
DELETE FROM codes_message j USING {{pair}}, codes_message k
WHERE j.recipient_id = pair.joined AND k.recipient_id = pair.kept AND j.kind = 'ruling_ends' AND k.kind = j.kind
  AND k.data->>'ruling' = j.data->>'ruling'

-- statement: message_choices
DELETE FROM codes_messagechoice j USING {{pair}}, codes_messagechoice k
WHERE j.citizen_id = pair.joined AND k.citizen_id = pair.kept

-- statement: details
-- The details of the citizen who is kept stay; those that only the other had are added.
UPDATE codes_citizen k
SET full_name = CASE WHEN k.full_name = '' THEN j.full_name ELSE k.full_name END,
    phone_encrypted = CASE WHEN k.phone_hash IS NULL THEN j.phone_encrypted ELSE k.phone_encrypted END,
    phone_hash = coalesce(k.phone_hash, j.phone_hash),
    known_since = least(k.known_since, j.known_since)
FROM {{pair}} JOIN codes_citizen j ON j.id = pair.joined
WHERE k.id = pair.kept

-- statement: former_refs
INSERT INTO codes_formerref (ref, citizen_id, joined_at)
SELECT j.ref, pair.kept, %(now)s FROM {{pair}} JOIN codes_citizen j ON j.id = pair.joined

-- statement: filed_by
UPDATE codes_appeal SET filed_by = 'citizen:' || k.ref
FROM {{pair}} JOIN codes_citizen j ON j.id = pair.joined JOIN codes_citizen k ON k.id = pair.kept
WHERE filed_by = 'citizen:' || j.ref

-- statement: uploaded_by
UPDATE codes_evidence SET uploaded_by = 'citizen:' || k.ref
FROM {{pair}} JOIN codes_citizen j ON j.id = pair.joined JOIN codes_citizen k ON k.id = pair.kept
WHERE uploaded_by = 'citizen:' || j.ref
