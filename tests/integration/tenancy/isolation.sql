-- statement: relations
-- With one column of each, for an UPDATE.
SELECT n.nspname, c.relname, (
    SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped LIMIT 1
)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {{elsewhere}} AND c.relkind = ANY (%s)

-- statement: functions
SELECT n.nspname, p.proname, ARRAY(SELECT format_type(kind, NULL) FROM unnest(p.proargtypes) AS kind)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE {{elsewhere}}

-- statement: granted
-- By number and not by name, so that the schema is no wall.
SELECT 'table', nspname, relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {{elsewhere}} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND (has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
       OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))
UNION ALL
SELECT 'sequence', nspname, relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {{elsewhere}} AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'USAGE, SELECT, UPDATE') END
UNION ALL
SELECT 'function', nspname, proname
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE {{elsewhere}} AND has_function_privilege(p.oid, 'EXECUTE')
UNION ALL
SELECT 'schema', nspname, ''
FROM pg_namespace
WHERE {{elsewhere}} AND has_schema_privilege(oid, 'USAGE, CREATE')

-- statement: samples
SELECT nspname FROM (
    SELECT schemaname AS nspname FROM pg_stats UNION ALL SELECT schemaname FROM pg_stats_ext
) shown
WHERE {{elsewhere}}

-- statement: statements
-- What runs now in sessions of others, whose schema is not known.
SELECT query FROM pg_stat_activity
WHERE usename <> current_user AND query <> '<insufficient privilege>' AND query <> ''
