-- When a case was closed, from which the age of its rows is computed.

-- statement: case_closed
-- The later of the time in the row, which the city may change, and that in the case's events, which it may not.
(SELECT greatest(k.closed_at, (SELECT max(e.at) FROM codes_caseevent e WHERE e.case_id = k.id))
 FROM codes_case k WHERE k.id = t.case_id AND k.closed_at IS NOT NULL)
