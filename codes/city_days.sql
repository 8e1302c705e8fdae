-- How many cases more (or fewer) are overdue in the evening of a day than the evening before; those of earlier begin with the first.
WITH late AS (
    SELECT greatest((c.due_at AT TIME ZONE %(zone)s)::date, %(first)s::date) AS begins,
           (c.closed_at AT TIME ZONE %(zone)s)::date AS ends
    FROM codes_case c
    WHERE c.due_at < %(now)s AND c.paused_at IS NULL
      AND (c.closed_at IS NULL OR c.closed_at >= %(from)s AND c.closed_at > c.due_at)
)
SELECT day, sum(n)::bigint
FROM (SELECT begins AS day, 1 AS n FROM late UNION ALL SELECT ends, -1 FROM late WHERE ends IS NOT NULL) AS moves
GROUP BY day
