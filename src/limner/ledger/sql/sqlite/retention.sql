-- name: list_expired
-- Those whose files are past their time, if no repeat can need them any more.
WITH due AS (
    SELECT rowid AS place
    FROM generations
    WHERE folder IS NOT NULL AND store IS NULL AND ended_at_ms <= :now - :retention_ms
    UNION ALL
    SELECT rowid
    FROM generations INDEXED BY generations_passing
    WHERE folder IS NOT NULL AND store = 0 AND ended_at_ms <= :now
    UNION ALL
    SELECT rowid
    FROM generations
    WHERE folder IS NOT NULL AND store = 1 AND ended_at_ms <= :now - :linked_retention_ms
)
SELECT id, folder
FROM due
JOIN generations ON generations.rowid = place
WHERE clients = 0
    AND :now >= CASE
        WHEN delivered_at_ms IS NULL THEN ended_at_ms + CASE
            WHEN idempotency_digest IS NULL THEN :undelivered_ms
            ELSE max(:undelivered_ms, :idempotency_ms)
        END
        ELSE max(delivered_at_ms, ended_at_ms) + CASE
            WHEN idempotency_digest IS NULL THEN :unkeyed_ms ELSE :idempotency_ms
        END
    END
LIMIT :limit;

-- name: read_stored_bytes
-- How much all files take.
SELECT coalesce(sum(stored_bytes), 0) FROM generations WHERE folder IS NOT NULL;

-- name: list_evictable
-- Those that have reached a client and are not kept for one, the oldest first.
SELECT id, folder
FROM generations
WHERE folder IS NOT NULL AND store IS NOT 1 AND clients = 0 AND delivered_at_ms IS NOT NULL
    AND ended_at_ms <= :now - CASE
        WHEN :is_pressed THEN 0 WHEN idempotency_digest IS NULL THEN :unkeyed_ms ELSE :idempotency_ms
    END
ORDER BY ended_at_ms
LIMIT :limit;

-- name: forget_files
-- The files are gone, and with them every text; what remains is for the books. No repeat can be answered from it.
UPDATE generations
SET folder = NULL, stored_bytes = 0, answer = NULL, is_replayable = 0
WHERE id = :id AND ended_at_ms IS NOT NULL
RETURNING id;

-- name: forget_pictures
-- The pictures of a generation are gone.
DELETE FROM pictures WHERE generation_id = :id;
