-- statement: conflicting
-- The same record recorded at the same moment with two contents: neither can be believed. By windows and not by a join
-- of the table with itself, which without fresh statistics becomes quadratic.
    SELECT * FROM (
        SELECT s.*, min(encode(digest, 'hex')) OVER twins < max(encode(digest, 'hex')) OVER twins AS is_torn
        FROM sources_stagedrecord s
        WHERE batch_id = %(batch)s
        WINDOW twins AS (PARTITION BY record_id, recorded_at)
    ) placed
    WHERE is_torn
    ORDER BY line
