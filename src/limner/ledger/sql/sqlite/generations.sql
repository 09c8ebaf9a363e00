-- name: list_orphans
-- Generations that the server before this one left without an end.
SELECT id, state, door, owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
WHERE ended_at_ms IS NULL
ORDER BY claimed_at_ms, rowid;

-- name: list_known
-- Which of these generations there are, and where their files are.
SELECT id, folder, uploaded_at_ms IS NOT NULL, state = 'settled' AND folder IS NULL AND error IS NULL
FROM generations
WHERE id IN (SELECT value FROM json_each(:ids));

-- name: list_stored_oldest_first
-- The owner's stored completions with this metadata among theirs, the first claimed first.
SELECT id, state, door, owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
WHERE owner = :owner AND store = 1 AND answer IS NOT NULL
    AND (CAST(:end_user AS TEXT) IS NULL OR end_user = :end_user)
    AND (CAST(:asked_begin AS TEXT) IS NULL OR substr(asked, 1, length(:asked_begin)) = :asked_begin)
    AND NOT EXISTS (
        SELECT 1
        FROM json_each(:metadata) AS wanted
        WHERE NOT EXISTS (
            SELECT 1
            FROM json_each(generations.metadata) AS had
            WHERE had.key = wanted.key AND had.value = wanted.value
        )
    )
    AND (claimed_at_ms, id) > (:after_ms, :after_id)
ORDER BY claimed_at_ms, id
LIMIT :limit;

-- name: list_stored_newest_first
-- The owner's stored completions with this metadata among theirs, the last claimed first.
SELECT id, state, door, owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
WHERE owner = :owner AND store = 1 AND answer IS NOT NULL
    AND (CAST(:end_user AS TEXT) IS NULL OR end_user = :end_user)
    AND (CAST(:asked_begin AS TEXT) IS NULL OR substr(asked, 1, length(:asked_begin)) = :asked_begin)
    AND NOT EXISTS (
        SELECT 1
        FROM json_each(:metadata) AS wanted
        WHERE NOT EXISTS (
            SELECT 1
            FROM json_each(generations.metadata) AS had
            WHERE had.key = wanted.key AND had.value = wanted.value
        )
    )
    AND (claimed_at_ms, id) < (:after_ms, :after_id)
ORDER BY claimed_at_ms DESC, id DESC
LIMIT :limit;
