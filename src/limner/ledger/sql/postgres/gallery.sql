-- name: list_newest_first
-- The owner's pictures as chosen, between two places, the newest first.
SELECT pictures.id, number, is_thought, file_name, sha256, mime_type, width, height, size_bytes, prompt,
    generations.id, state, door, owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
JOIN pictures ON pictures.generation_id = generations.id
WHERE owner = :owner AND folder IS NOT NULL AND generations.pictures > 0
    AND (claimed_at_ms, generations.id) <= (:after_ms, :after_id)
    AND (claimed_at_ms, generations.id) >= (:edge_ms, :edge_id)
    AND NOT (generations.id = :after_id AND number >= :after_number)
    AND claimed_at_ms >= :since_ms AND claimed_at_ms < :until_ms
    AND is_thought = 0
    AND (CAST(:end_user AS TEXT) IS NULL OR end_user = :end_user)
    AND (
        CAST(:model AS TEXT) IS NULL OR model = :model OR substr(asked, 1, length(:asked_begin)) = :asked_begin
    )
    AND (
        :ratio_width = 0
        OR abs(CAST(width AS BIGINT) * :ratio_height - CAST(height AS BIGINT) * :ratio_width) * 100
            <= 3 * CAST(height AS BIGINT) * :ratio_width
    )
    AND NOT EXISTS (
        SELECT 1
        FROM json_array_elements_text(CAST(:words AS JSON)) AS word
        WHERE strpos(coalesce(prompt_folded, ''), word) = 0
    )
ORDER BY claimed_at_ms DESC, generations.id DESC, number DESC
LIMIT :limit;

-- name: list_oldest_first
-- The owner's pictures as chosen, between two places, the oldest first.
SELECT pictures.id, number, is_thought, file_name, sha256, mime_type, width, height, size_bytes, prompt,
    generations.id, state, door, owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
JOIN pictures ON pictures.generation_id = generations.id
WHERE owner = :owner AND folder IS NOT NULL AND generations.pictures > 0
    AND (claimed_at_ms, generations.id) >= (:after_ms, :after_id)
    AND (claimed_at_ms, generations.id) <= (:edge_ms, :edge_id)
    AND NOT (generations.id = :after_id AND number <= :after_number)
    AND claimed_at_ms >= :since_ms AND claimed_at_ms < :until_ms
    AND is_thought = 0
    AND (CAST(:end_user AS TEXT) IS NULL OR end_user = :end_user)
    AND (
        CAST(:model AS TEXT) IS NULL OR model = :model OR substr(asked, 1, length(:asked_begin)) = :asked_begin
    )
    AND (
        :ratio_width = 0
        OR abs(CAST(width AS BIGINT) * :ratio_height - CAST(height AS BIGINT) * :ratio_width) * 100
            <= 3 * CAST(height AS BIGINT) * :ratio_width
    )
    AND NOT EXISTS (
        SELECT 1
        FROM json_array_elements_text(CAST(:words AS JSON)) AS word
        WHERE strpos(coalesce(prompt_folded, ''), word) = 0
    )
ORDER BY claimed_at_ms, generations.id, number
LIMIT :limit;
