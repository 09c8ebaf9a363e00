-- name: find_call
-- One generation of the owner and, if named, of the end user, with what was asked in words.
SELECT prompt, NULL,
    id, state, door, owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
WHERE id = :id AND owner = :owner AND (CAST(:end_user AS TEXT) IS NULL OR end_user = :end_user);

-- name: find_any_call
-- One generation, whosever it is, and the name of its key; not what was asked.
SELECT NULL, api_keys.name,
    generations.id, state, door, generations.owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
LEFT JOIN api_keys ON api_keys.id = key_id
WHERE generations.id = :id;

-- name: find_edge
-- Where so many generations of the owner, from a place on, are passed.
SELECT claimed_at_ms, id
FROM generations
WHERE owner = :owner AND (claimed_at_ms, id) < (:after_ms, :after_id)
ORDER BY claimed_at_ms DESC, id DESC
LIMIT 1 OFFSET :offset;

-- name: list_calls
-- The owner's generations in a state, or in any, between two places, the newest first.
SELECT prompt, NULL,
    id, state, door, owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
WHERE owner = :owner
    AND (claimed_at_ms, id) < (:after_ms, :after_id) AND (claimed_at_ms, id) >= (:edge_ms, :edge_id)
    AND (CAST(:end_user AS TEXT) IS NULL OR end_user = :end_user)
    AND (CAST(:state AS TEXT) IS NULL OR state = :state)
ORDER BY claimed_at_ms DESC, id DESC
LIMIT :limit;

-- name: find_edge_of_all
-- Where so many generations, whosever they are, are passed.
SELECT claimed_at_ms, id
FROM generations
WHERE (claimed_at_ms, id) < (:after_ms, :after_id)
ORDER BY claimed_at_ms DESC, id DESC
LIMIT 1 OFFSET :offset;

-- name: list_calls_of_all
-- Everybody's generations in a state, or in any, with the names of their keys; not what was asked.
SELECT NULL, api_keys.name,
    generations.id, state, door, generations.owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
LEFT JOIN api_keys ON api_keys.id = key_id
WHERE (claimed_at_ms, generations.id) < (:after_ms, :after_id)
    AND (claimed_at_ms, generations.id) >= (:edge_ms, :edge_id)
    AND (CAST(:state AS TEXT) IS NULL OR state = :state)
ORDER BY claimed_at_ms DESC, generations.id DESC
LIMIT :limit;
