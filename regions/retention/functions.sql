-- Statements by which the owner creates the function of a step in a schema (regions.retention.functions).

-- statement: function
-- `least`: a caller may pass an earlier limit, not a later one. A unit is swept whole, so that the last unit of a batch is
-- complete.
CREATE FUNCTION {{function}}(asked timestamptz) RETURNS TABLE (swept text, told text)
LANGUAGE sql SECURITY DEFINER SET search_path = {{schema}}, pg_catalog, pg_temp AS $sweep$
WITH bound AS MATERIALIZED (SELECT least(asked, now() - make_interval(days => {{days}})) AS at),
unit AS MATERIALIZED (
    SELECT DISTINCT first.unit FROM (SELECT {{unit}} AS unit FROM "{{table}}" t WHERE {{condition}} ORDER BY 1 LIMIT {{at_once}}) first
),
due AS MATERIALIZED (
    SELECT t.{{key}} AS key, ({{told}})::text AS told FROM "{{table}}" t
    WHERE {{unit}} IN (SELECT unit.unit FROM unit) AND {{condition}}
),
done AS ({{act}} RETURNING t.{{key}} AS key)
SELECT due.key::text, due.told FROM done JOIN due ON due.key = done.key ORDER BY due.key
$sweep$

-- statement: remove
DELETE FROM "{{table}}" t USING due WHERE t.{{key}} = due.key

-- statement: clear
UPDATE "{{table}}" t SET {{changes}} FROM due WHERE t.{{key}} = due.key
