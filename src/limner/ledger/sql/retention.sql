-- name: read_stored_bytes
-- How much all files take.
SELECT CAST(coalesce(sum(stored_bytes), 0) AS BIGINT) FROM generations WHERE folder IS NOT NULL;

-- name: list_evictable
-- Those that have reached a client and are not kept for one, the oldest first.
SELECT id, folder
FROM generations
WHERE folder IS NOT NULL AND store IS DISTINCT FROM 1 AND clients = 0 AND delivered_at_ms IS NOT NULL
    AND ended_at_ms <= :now - CASE
        WHEN :is_pressed = 1 THEN 0 WHEN idempotency_digest IS NULL THEN :unkeyed_ms ELSE :idempotency_ms
    END
ORDER BY ended_at_ms
LIMIT :limit;

-- name: forget_files
-- The files are gone, and with them every text; what remains is for the books. No repeat can be answered from it.
UPDATE generations
SET folder = NULL, stored_bytes = 0, answer = NULL, metadata = NULL, is_replayable = 0
WHERE id = :id AND ended_at_ms IS NOT NULL
RETURNING id;

-- name: forget_pictures
-- The pictures of a generation are gone.
DELETE FROM pictures WHERE generation_id = :id;
