-- name: list_faults
-- What the server's catalog says is not as it has to be, and what the server is set to that loses commits.
SELECT 'the index ' || relname || ' is not valid; REINDEX INDEX ' || relname || ' makes it anew'
FROM pg_catalog.pg_index
JOIN pg_catalog.pg_class ON pg_class.oid = indexrelid
JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
WHERE NOT indisvalid AND nspname = current_schema()
UNION ALL
SELECT 'the constraint ' || conname || ' was never validated'
FROM pg_catalog.pg_constraint
JOIN pg_catalog.pg_namespace ON pg_namespace.oid = connamespace
WHERE NOT convalidated AND nspname = current_schema()
UNION ALL
SELECT 'the trigger ' || trigger_name || ' is missing or disabled'
FROM (
    VALUES
        ('ledger_entries', 'ledger_entries_count'),
        ('ledger_entries', 'ledger_entries_stay'),
        ('ledger_entries', 'ledger_entries_stay_all'),
        ('generations', 'generations_tell')
) AS needed (table_name, trigger_name)
WHERE NOT EXISTS (
    SELECT 1
    FROM pg_catalog.pg_trigger
    WHERE tgrelid = to_regclass(table_name) AND tgname = trigger_name AND tgenabled IN ('O', 'A')
)
UNION ALL
SELECT 'the next generation would get a number that is taken: generations_rowid_seq is behind'
FROM generations_rowid_seq
WHERE last_value < (SELECT max(rowid) FROM generations)
UNION ALL
SELECT 'the server has found ' || checksum_failures || ' damaged pages in this database'
FROM pg_catalog.pg_stat_database
WHERE datname = current_database() AND checksum_failures > 0
UNION ALL
SELECT 'fsync is off on the server: what is committed can be lost with the machine'
WHERE current_setting('fsync') = 'off';
