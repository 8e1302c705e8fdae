-- The data on which a citizen's code page depends, condensed so that it can be compared. `sides` covers everything shown about the
-- providers of a person without hits: the providers, their sources, and the inputs of the run that judged the person.
{{with_last}},
code AS ({{code}}),
judging AS (
    -- The last settled run, or the newest that amended it for this person.
    SELECT id, as_of, day FROM codes_run
    WHERE id = coalesce((SELECT max(run.id) FROM codes_runcitizen named JOIN codes_run run ON run.id = named.run_id
                         WHERE named.citizen_id = %(citizen)s AND run.amends_id = (SELECT id FROM last)),
                        (SELECT id FROM last))
),
matters AS (
    SELECT array_agg(id ORDER BY closed_at DESC NULLS FIRST, kind, id) AS cases,
           string_agg(row(id, state, due_at, paused_at)::text, ' ' ORDER BY closed_at DESC NULLS FIRST, kind, id) AS listed
    FROM codes_case
    WHERE citizen_id = %(citizen)s
      AND (closed_at IS NULL OR closed_at > %(told_since)s AND state <> ALL (%(not_told)s))
),
entered AS (
    -- Facts declared or revoked since the run's instant; an unhealthy check-in is one of these.
    SELECT max(id) AS newest FROM codes_fact
    WHERE citizen_id = %(citizen)s AND origin = 'provider' AND NOT superseded
      AND received_at > (SELECT as_of FROM judging)
),
checked AS (
    -- Of what they entered before, the newest group that is held for two people.
    SELECT max(g.id) AS newest
    FROM codes_verdictchange c
    JOIN codes_heldchange kept ON kept.change_id = c.id
    JOIN codes_heldgroup g ON g.id = kept.group_id AND g.state = 'held' AND g.cause_kind = 'entries'
    WHERE c.citizen_id = %(citizen)s AND c.held_in_id IS NOT NULL AND c.run_id = (SELECT id FROM judging)
)
SELECT code.*,
       (SELECT day FROM judging),
       (SELECT md5(coalesce(string_agg(concat_ws(E'\x1f', run.id, r.registered_at > run.as_of, p::text, s.code, s.title_zh, s.title_en,
                                                 s.retired, input::text), E'\x1e' ORDER BY p.code), ''))
        FROM codes_registration r
        JOIN codes_provider p ON p.id = r.provider_id
        JOIN sources_source s ON s.id = p.source_id
        LEFT JOIN judging run ON true
        LEFT JOIN codes_runprovider input ON input.run_id = run.id AND input.provider_id = p.id
        WHERE r.citizen_id = %(citizen)s) AS sides,
       EXISTS (SELECT FROM codes_verdict WHERE citizen_id = %(citizen)s)
       OR EXISTS (SELECT FROM codes_disagreement WHERE citizen_id = %(citizen)s AND closed_run_id IS NULL) AS is_held,
       (SELECT coalesce(cases, '{}') FROM matters) AS cases,
       (SELECT newest IS NOT NULL FROM entered) OR (SELECT newest IS NOT NULL FROM checked) AS entered,
       md5(concat_ws(E'\x1e', (SELECT listed FROM matters), (SELECT newest FROM entered), (SELECT newest FROM checked),
                     (SELECT string_agg(concat_ws(' ', id, state, suspended_at), ' ') FROM codes_ruling
                      WHERE citizen_id = %(citizen)s),
                     (SELECT string_agg(concat_ws(' ', provider_id, days), ' ') FROM codes_checkindays
                      WHERE citizen_id = %(citizen)s),
                     (SELECT max(late.id) FROM codes_registration r
                      JOIN codes_entry late ON late.citizen_id = r.citizen_id AND late.provider_id = r.provider_id
                       AND late.type = 'check_in' AND late.late AND late.day >= %(late_since)s
                      WHERE r.citizen_id = %(citizen)s))) AS acts,
       (SELECT id FROM keys_citykey WHERE purpose = %(purpose)s AND retired_at IS NULL) AS key_number
FROM code
