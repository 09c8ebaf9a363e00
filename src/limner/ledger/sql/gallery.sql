-- name: find_picture
-- A picture of the owner that is kept, and the generation that drew it.
SELECT pictures.id, number, is_thought, file_name, sha256, mime_type, width, height, size_bytes, prompt,
    generations.id, state, door, owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM pictures
JOIN generations ON generations.id = pictures.generation_id
WHERE pictures.id = :id AND is_thought = 0 AND folder IS NOT NULL AND answer IS NOT NULL
    AND owner = :owner AND (CAST(:end_user AS TEXT) IS NULL OR end_user = :end_user);

-- name: find_edge_newest_first
-- Where so many generations with pictures, from a place on, are passed.
SELECT claimed_at_ms, id
FROM generations
WHERE owner = :owner AND folder IS NOT NULL AND pictures > 0
    AND claimed_at_ms >= :since_ms AND (claimed_at_ms, id) < (:after_ms, :after_id)
ORDER BY claimed_at_ms DESC, id DESC
LIMIT 1 OFFSET :offset;

-- name: find_edge_oldest_first
-- The same towards the newest.
SELECT claimed_at_ms, id
FROM generations
WHERE owner = :owner AND folder IS NOT NULL AND pictures > 0
    AND claimed_at_ms < :until_ms AND (claimed_at_ms, id) > (:after_ms, :after_id)
ORDER BY claimed_at_ms, id
LIMIT 1 OFFSET :offset;
