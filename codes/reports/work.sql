-- Work on cases in a period, as counts; one statement for each table. ``decided`` are the states reached by a decision; cases in other
-- closed states ended by themselves or were withdrawn.

-- statement: days
WITH opened AS (
    SELECT (c.opened_at AT TIME ZONE %(zone)s)::date AS day, count(*) AS cases
    FROM codes_case c
    WHERE {{opened}}
    GROUP BY 1
), closed AS (
    SELECT (c.closed_at AT TIME ZONE %(zone)s)::date AS day,
           count(*) AS cases,
           count(*) FILTER (WHERE c.state = ANY(%(decided)s)) AS decided,
           count(*) FILTER (WHERE c.state = ANY(%(decided)s) AND c.closed_at <= c.due_at) AS in_time
    FROM codes_case c
    WHERE {{closed}}
    GROUP BY 1
), returned AS (
    SELECT (r.decided_at AT TIME ZONE %(zone)s)::date AS day, count(*) AS proposals
    FROM codes_ruling r
    WHERE r.state = 'refused' AND {{answered}}
    GROUP BY 1
), at_the_end AS (
    SELECT (SELECT count(*) FROM codes_case c WHERE c.closed_at IS NULL AND c.opened_at < %(until)s)
         + (SELECT count(*) FROM codes_case c WHERE c.closed_at >= %(until)s AND c.opened_at < %(until)s) AS cases
)
SELECT d.day::date,
       coalesce(opened.cases, 0),
       coalesce(closed.decided, 0),
       coalesce(closed.in_time, 0),
       coalesce(closed.cases - closed.decided, 0),
       coalesce(returned.proposals, 0),
       -- Counted back from the end of the period, so that only the period is read.
       (SELECT cases FROM at_the_end) + coalesce(
           sum(coalesce(closed.cases, 0) - coalesce(opened.cases, 0)) OVER later, 0
       )::bigint
FROM generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') AS d(day)
LEFT JOIN opened ON opened.day = d.day
LEFT JOIN closed ON closed.day = d.day
LEFT JOIN returned ON returned.day = d.day
WINDOW later AS (ORDER BY d.day ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
ORDER BY d.day

-- statement: people
WITH done AS (
    SELECT coalesce(nullif(c.assigned_to, ''), r.proposed_by) AS who, 1 AS decided, (c.closed_at <= c.due_at)::int AS in_time,
           0 AS returned, 0 AS approved, 0 AS sent_back, 0 AS open, 0 AS overdue
    FROM codes_case c
    LEFT JOIN codes_ruling r ON r.id = c.ruling_id
    WHERE c.state = ANY(%(decided)s) AND {{closed}}
    UNION ALL
    SELECT r.proposed_by, 0, 0, 1, 0, 0, 0, 0 FROM codes_ruling r WHERE r.state = 'refused' AND {{answered}}
    UNION ALL
    SELECT r.decided_by, 0, 0, 0, (r.state <> 'refused')::int, (r.state = 'refused')::int, 0, 0
    FROM codes_ruling r
    WHERE {{answered}}
    UNION ALL
    SELECT c.assigned_to, 0, 0, 0, 0, 0, 1, (c.due_at < %(now)s AND c.paused_at IS NULL)::int
    FROM codes_case c
    WHERE c.closed_at IS NULL AND c.assigned_to <> ''
), of_each AS (
    SELECT who, sum(decided) AS decided, sum(in_time) AS in_time, sum(returned) AS returned, sum(approved) AS approved,
           sum(sent_back) AS sent_back, sum(open) AS open, sum(overdue) AS overdue
    FROM done
    WHERE who <> ''
    GROUP BY who
)
SELECT {{whom}}, sum(decided)::bigint, sum(in_time)::bigint, sum(returned)::bigint, sum(approved)::bigint,
       sum(sent_back)::bigint, sum(open)::bigint, sum(overdue)::bigint
FROM of_each
JOIN staff_account a ON a.username = of_each.who
GROUP BY {{grouped}}
ORDER BY sum(decided) DESC, {{grouped}}

-- statement: causes
SELECT day, coalesce(cause, kind), count(*)
FROM (
    SELECT (c.opened_at AT TIME ZONE %(zone)s)::date AS day, c.kind,
           (%(causes)s::text[])[min(array_position(%(causes)s::text[], p.primary_cause))] AS cause
    FROM codes_case c
    LEFT JOIN codes_pairdiagnosis p ON p.disagreement_id = c.disagreement_id
    WHERE {{opened}}
    GROUP BY c.id
) AS each
GROUP BY 1, 2
ORDER BY 1, 3 DESC, 2

-- statement: places
WITH found AS (
    SELECT c.opened_at, c.closed_at, c.due_at, c.paused_at, c.state = ANY(%(decided)s) AS decided,
           coalesce(min(fact.area), {{place}}) AS area
    FROM codes_case c
    LEFT JOIN codes_pairdiagnosis p ON p.disagreement_id = c.disagreement_id
    LEFT JOIN codes_appeal appeal ON appeal.case_id = c.id
    LEFT JOIN codes_fact fact ON fact.id = appeal.fact_id
    WHERE {{opened}}
    GROUP BY c.id
)
SELECT area, count(*), count(*) FILTER (WHERE decided), count(*) FILTER (WHERE decided AND closed_at <= due_at),
       count(*) FILTER (WHERE closed_at IS NULL),
       count(*) FILTER (WHERE closed_at IS NULL AND due_at < %(now)s AND paused_at IS NULL)
FROM found
GROUP BY area
ORDER BY count(*) DESC, area

-- statement: ages
SELECT age, count(*), count(*) FILTER (WHERE due_at < %(now)s AND paused_at IS NULL)
FROM (
    SELECT c.due_at, c.paused_at,
           width_bucket(extract(epoch FROM %(now)s - c.opened_at), ARRAY[86400, 259200, 604800]) AS age
    FROM codes_case c
    WHERE c.closed_at IS NULL
) AS open
GROUP BY age
ORDER BY age

-- statement: summary
WITH period AS (
    SELECT 0 AS number, %(from)s::timestamptz AS begins, %(until)s::timestamptz AS ends
    UNION ALL
    SELECT 1, %(from)s::timestamptz - (%(until)s::timestamptz - %(from)s::timestamptz), %(from)s::timestamptz
)
SELECT opened.cases, closed.decided, closed.in_time, closed.itself, closed.median, returned.proposals, still.cases, looks.taken, looks.differing
FROM period
CROSS JOIN LATERAL (
    SELECT count(*) AS cases FROM codes_case c WHERE c.opened_at >= begins AND c.opened_at < ends
) AS opened
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE c.state = ANY(%(decided)s)) AS decided,
           count(*) FILTER (WHERE c.state = ANY(%(decided)s) AND c.closed_at <= c.due_at) AS in_time,
           count(*) FILTER (WHERE c.state <> ALL(%(decided)s)) AS itself,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY c.closed_at - c.opened_at)
               FILTER (WHERE c.state = ANY(%(decided)s)) AS median
    FROM codes_case c
    WHERE c.closed_at >= begins AND c.closed_at < ends
) AS closed
CROSS JOIN LATERAL (
    SELECT count(*) AS proposals FROM codes_ruling r
    WHERE r.state = 'refused' AND r.decided_at >= begins AND r.decided_at < ends
) AS returned
CROSS JOIN LATERAL (
    SELECT (SELECT count(*) FROM codes_case c WHERE c.closed_at IS NULL AND c.opened_at < ends)
         + (SELECT count(*) FROM codes_case c WHERE c.closed_at >= ends AND c.opened_at < ends) AS cases
) AS still
CROSS JOIN LATERAL (
    SELECT count(*) AS taken, count(*) FILTER (WHERE s.outcome = 'differs') AS differing
    FROM codes_secondlook s
    WHERE s.looked_at >= begins AND s.looked_at < ends
) AS looks
ORDER BY period.number
