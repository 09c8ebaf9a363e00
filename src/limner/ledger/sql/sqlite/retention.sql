-- name: list_expired
-- Those whose files are past their time, if no repeat can need them any more.
WITH due AS (
    SELECT rowid AS place
    FROM generations INDEXED BY generations_unlinked
    WHERE folder IS NOT NULL AND store IS NULL AND is_linked = 0 AND ended_at_ms <= :now - :retention_ms
    UNION ALL
    SELECT rowid
    FROM generations INDEXED BY generations_linked
    WHERE folder IS NOT NULL AND store IS NULL AND is_linked = 1 AND ended_at_ms <= :now - :linked_retention_ms
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

-- name: list_evictable
-- Those that have reached a client, and are kept neither for one nor for links, the oldest first.
SELECT id, folder
FROM (
    SELECT *
    FROM (
        SELECT id, folder, ended_at_ms
        FROM generations INDEXED BY generations_unlinked
        WHERE folder IS NOT NULL AND store IS NULL AND is_linked = 0 AND clients = 0 AND delivered_at_ms IS NOT NULL
            AND ended_at_ms <= :now - CASE
                WHEN :is_pressed = 1 THEN 0 WHEN idempotency_digest IS NULL THEN :unkeyed_ms ELSE :idempotency_ms
            END
        ORDER BY ended_at_ms
        LIMIT :limit
    ) AS unlinked
    UNION ALL
    SELECT *
    FROM (
        SELECT id, folder, ended_at_ms
        FROM generations INDEXED BY generations_passing
        WHERE folder IS NOT NULL AND store = 0 AND clients = 0 AND delivered_at_ms IS NOT NULL
            AND ended_at_ms <= :now - CASE
                WHEN :is_pressed = 1 THEN 0 WHEN idempotency_digest IS NULL THEN :unkeyed_ms ELSE :idempotency_ms
            END
        ORDER BY ended_at_ms
        LIMIT :limit
    ) AS passing
) AS loose
ORDER BY ended_at_ms
LIMIT :limit;
