-- statement: is_told
-- Everybody who was registered by the run's instant. A retired provider is included for days on which it was judged.
r.registered_at <= (SELECT as_of FROM codes_run WHERE id = %(run)s)
  AND (NOT provider.retired OR EXISTS (SELECT FROM codes_runprovider p WHERE p.run_id = %(run)s AND p.provider_id = r.provider_id))

-- statement: registered
-- The red and yellow verdicts at the end of the run: the current verdicts if no later run has settled; else the last change up to the
-- run by a run that settled or amended one, without held changes and failed runs; for a run of history, its own changes. This is one
-- statement, so that all parts are consistent. The effective code is the one after the run, even if a ruling's last day has passed since.
WITH {{decide}},
held AS (
    SELECT citizen_id, provider_id, after AS colour, hits, turns_green_on, healthy_days
    FROM codes_verdictchange
    WHERE %(kept)s AND run_id = %(run)s AND after <> 'green'
    UNION ALL
    SELECT citizen_id, provider_id, colour, hits, turns_green_on, healthy_days
    FROM codes_verdict
    WHERE NOT %(kept)s AND NOT EXISTS (SELECT FROM codes_run later WHERE later.id > %(run)s AND later.state = ANY(%(settled)s))
    UNION ALL
    SELECT citizen_id, provider_id, after, hits, turns_green_on, healthy_days
    FROM (SELECT DISTINCT ON (citizen_id, provider_id) citizen_id, provider_id, after, hits, turns_green_on, healthy_days
          FROM codes_verdictchange
          WHERE run_id IN (SELECT id FROM codes_run
                           WHERE coalesce(amends_id, id) <= %(run)s AND state = ANY(%(counted)s))
            AND held_in_id IS NULL AND NOT %(kept)s
            AND EXISTS (SELECT FROM codes_run later WHERE later.id > %(run)s AND later.state = ANY(%(settled)s))
          ORDER BY citizen_id, provider_id, run_id DESC) last_change
    WHERE after <> 'green'
)
SELECT r.citizen_id, c.ref, c.id_encrypted, c.full_name, r.provider_id, coalesce(h.colour, CASE WHEN {{unjudged}} THEN 'unknown' END),
       CASE WHEN h.colour IS NOT NULL THEN ARRAY(
           SELECT DISTINCT (hit->>'rule') COLLATE "C" FROM jsonb_array_elements(h.hits) AS hit ORDER BY 1) END,
       {{green_on}}, coalesce(decided.colour, stood.after), coalesce(decided.because, stood.after_because)
FROM codes_registration r
JOIN codes_citizen c ON c.id = r.citizen_id
JOIN codes_provider provider ON provider.id = r.provider_id
LEFT JOIN held h ON h.citizen_id = r.citizen_id AND h.provider_id = r.provider_id
LEFT JOIN decided ON decided.citizen_id = r.citizen_id
LEFT JOIN LATERAL ({{code_after}}) stood ON true
WHERE {{is_told}}
  AND (%(provider)s::text IS NULL OR provider.code = %(provider)s)
  AND (%(held)s::text IS NULL OR h.colour = %(held)s)
ORDER BY r.citizen_id, provider.code COLLATE "C"
