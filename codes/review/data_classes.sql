-- When a case was closed, by which the age of what belongs to it is told.

-- statement: case_closed
-- By the row, which the city may change, and by its steps, which it may not: the later of both.
(SELECT greatest(k.closed_at, (SELECT max(e.at) FROM codes_caseevent e WHERE e.case_id = k.id))
 FROM codes_case k WHERE k.id = t.case_id AND k.closed_at IS NOT NULL)
