-- The change in the number of overdue cases from one evening to the next. Cases overdue earlier are counted on the first day.
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
