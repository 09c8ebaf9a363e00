-- name: list_faults
-- What SQLite finds wrong with the file, and which of the triggers that keep the books are not there.
SELECT 'SQLite says: ' || integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'
UNION ALL
SELECT 'a row of ' || "table" || ' belongs to none of ' || parent FROM pragma_foreign_key_check
UNION ALL
SELECT 'the trigger ' || column1 || ' is missing'
FROM (
    VALUES ('ledger_entries_count'), ('ledger_entries_stay'), ('ledger_entries_stay_as_they_are'), ('ledger_entries_stay_alone')
)
WHERE NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name = column1);
