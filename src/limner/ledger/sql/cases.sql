-- name: list_cases
-- Everybody's generations as chosen, the last claimed first, with the names of their keys. The signs before the times
-- keep both databases from sorting all there are: in the order of rowid the newest are found at once.
SELECT coalesce(api_keys.name, CASE substr(key_id, 1, 6) WHEN 'fixed_' THEN substr(key_id, 1, 14) ELSE key_id END),
    generations.id, state, door, generations.owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
LEFT JOIN api_keys ON api_keys.id = key_id
WHERE (CAST(:state AS TEXT) IS NULL OR state = :state)
    AND (
        CAST(:key_name AS TEXT) IS NULL
        OR coalesce(api_keys.name, CASE substr(key_id, 1, 6) WHEN 'fixed_' THEN substr(key_id, 1, 14) ELSE key_id END) = :key_name
    )
    AND (CAST(:model AS TEXT) IS NULL OR model = :model)
    AND +claimed_at_ms >= :since_ms
    AND +claimed_at_ms < :before_ms
ORDER BY generations.rowid DESC
LIMIT :limit;

-- name: find_case
-- One generation, whosever it is, with the name of its key.
SELECT coalesce(api_keys.name, CASE substr(key_id, 1, 6) WHEN 'fixed_' THEN substr(key_id, 1, 14) ELSE key_id END),
    generations.id, state, door, generations.owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
LEFT JOIN api_keys ON api_keys.id = key_id
WHERE generations.id = :id;

-- name: read_entries
-- What became of a generation's money, in its order.
SELECT kind, at_ms, pending_micro_usd, posted_micro_usd, note
FROM ledger_entries
WHERE generation_id = :id
ORDER BY step;
