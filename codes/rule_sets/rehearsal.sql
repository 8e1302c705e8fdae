-- statement: changes
-- One row for each colour that changes, with the colours of the citizen's providers before and after. Green is not a
-- row. The colour of a provider whose source is silent is a held colour, which the provider does not show.
changed AS MATERIALIZED (
    SELECT coalesce(old.citizen_id, new.citizen_id) AS citizen_id, coalesce(old.declared_with, new.declared_with) AS provider_id,
           coalesce(old.colour, 'green') AS before, coalesce(new.colour, 'green') AS after,
           old.hits AS held_before, new.hits AS held_after
    FROM (SELECT * FROM verdict WHERE sid %% 2 = 0 AND declared_with = ANY (%(bound)s)) old
    FULL JOIN (SELECT * FROM verdict WHERE sid %% 2 = 1) new ON new.sid / 2 = old.sid / 2
    WHERE old.colour IS DISTINCT FROM new.colour
),
shown AS (
    SELECT s.citizen_id,
           count(DISTINCT coalesce(old.colour, 'green')) > 1 AS differed,
           count(DISTINCT CASE WHEN s.declared_with = ANY (%(bound)s) THEN coalesce(new.colour, 'green')
                               ELSE coalesce(old.colour, 'green') END) > 1 AS differs
    FROM subject s
    JOIN codes_runprovider p ON p.run_id = %(run)s AND p.provider_id = s.declared_with AND p.known
    LEFT JOIN verdict old ON old.sid = s.sid
    LEFT JOIN verdict new ON new.sid = s.sid + 1
    WHERE s.sid %% 2 = 0 AND s.citizen_id IN (SELECT citizen_id FROM changed)
    GROUP BY s.citizen_id
)
SELECT c.citizen_id, person.ref, person.id_encrypted, person.full_name, provider.code, c.before, c.after,
       ARRAY(SELECT DISTINCT hit->>'rule' FROM jsonb_array_elements(c.held_before) AS hit ORDER BY 1) AS rules_before,
       ARRAY(SELECT DISTINCT hit->>'rule' FROM jsonb_array_elements(c.held_after) AS hit ORDER BY 1) AS rules_after,
       -- The rules behind the more severe colour: the draft's rules that now give it, or those in force that no longer
       -- do.
       ARRAY(SELECT DISTINCT rule.code FROM jsonb_array_elements(coalesce(c.held_after, '[]') || coalesce(c.held_before, '[]')) AS hit
             JOIN codes_rule rule ON rule.id = (hit->>'rule_id')::bigint
             WHERE rule.colour = CASE WHEN 'red' IN (c.before, c.after) THEN 'red' ELSE 'yellow' END
             ORDER BY 1) AS changed_by,
       coalesce(shown.differed, false), coalesce(shown.differs, false), NOT p.known AS is_held
FROM changed c
JOIN codes_runprovider p ON p.run_id = %(run)s AND p.provider_id = c.provider_id
LEFT JOIN shown ON shown.citizen_id = c.citizen_id
JOIN codes_citizen person ON person.id = c.citizen_id
JOIN codes_provider provider ON provider.id = c.provider_id
ORDER BY c.citizen_id, provider.code COLLATE "C"
