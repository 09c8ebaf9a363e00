-- name: find_generation
-- One generation of the owner and, if named, of the end user.
SELECT id, state, door, owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
WHERE id = :id AND owner = :owner AND (CAST(:end_user AS TEXT) IS NULL OR end_user = :end_user);

-- name: find_any
-- One generation, whosever it is.
SELECT id, state, door, owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
WHERE id = :id;

-- name: list_oldest_first
-- The owner's generations as chosen, but for those whose answer is no longer kept, the first claimed first.
SELECT id, state, door, owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
WHERE owner = :owner
    AND (CAST(:end_user AS TEXT) IS NULL OR end_user = :end_user)
    AND (
        :is_undelivered = 0
        OR (delivered_at_ms IS NULL AND (ended_at_ms IS NULL OR answer IS NOT NULL))
    )
    AND (:has_digest = 0 OR idempotency_digest = :digest)
    AND (ended_at_ms IS NULL OR answer IS NOT NULL OR error IS NOT NULL)
    AND (claimed_at_ms, id) > (:after_ms, :after_id)
ORDER BY claimed_at_ms, id
LIMIT :limit;

-- name: list_newest_first
-- The owner's generations as chosen, but for those whose answer is no longer kept, the last claimed first.
SELECT id, state, door, owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
WHERE owner = :owner
    AND (CAST(:end_user AS TEXT) IS NULL OR end_user = :end_user)
    AND (
        :is_undelivered = 0
        OR (delivered_at_ms IS NULL AND (ended_at_ms IS NULL OR answer IS NOT NULL))
    )
    AND (:has_digest = 0 OR idempotency_digest = :digest)
    AND (ended_at_ms IS NULL OR answer IS NOT NULL OR error IS NOT NULL)
    AND (claimed_at_ms, id) < (:after_ms, :after_id)
ORDER BY claimed_at_ms DESC, id DESC
LIMIT :limit;

-- name: find_place
-- Where a generation of the owner stands in lists.
SELECT claimed_at_ms FROM generations WHERE id = :id AND owner = :owner;

-- name: read_pictures
-- The pictures of a generation, in their order.
SELECT id, number, is_thought, file_name, sha256, mime_type, width, height, size_bytes
FROM pictures
WHERE generation_id = :id
ORDER BY number;

-- name: find_picture
-- A picture that is kept, and the generation that drew it, whosever it is.
SELECT pictures.id, number, is_thought, file_name, sha256, mime_type, width, height, size_bytes,
    generations.id, state, door, owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM pictures
JOIN generations ON generations.id = pictures.generation_id
WHERE pictures.id = :id AND folder IS NOT NULL AND answer IS NOT NULL;

-- name: write_metadata
-- Put other metadata on a stored completion; no row: it is none, or no longer kept.
UPDATE generations
SET metadata = :metadata
WHERE id = :id AND store = 1 AND (ended_at_ms IS NULL OR answer IS NOT NULL)
RETURNING id;
