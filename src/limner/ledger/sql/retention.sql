-- name: read_stored_bytes
-- How much all files take.
SELECT CAST(coalesce(sum(stored_bytes), 0) AS BIGINT) FROM generations WHERE folder IS NOT NULL;

-- name: forget_files
-- The files are gone, and with them every text; what remains is for the books. No repeat can be answered from it.
UPDATE generations
SET folder = NULL, stored_bytes = 0, answer = NULL, metadata = NULL, prompt = NULL, prompt_folded = NULL,
    is_replayable = 0
WHERE id = :id AND ended_at_ms IS NOT NULL
RETURNING id;

-- name: forget_pictures
-- The pictures of a generation are gone.
DELETE FROM pictures WHERE generation_id = :id;

-- name: forget_prompts
-- Let go some prompts of calls without files: their time is over, or an older gateway has let the files go.
UPDATE generations
SET prompt = NULL, prompt_folded = NULL
WHERE id IN (
    SELECT id
    FROM generations
    WHERE prompt IS NOT NULL AND folder IS NULL AND ended_at_ms <= :now
        AND ended_at_ms <= :now - CASE
            WHEN state = 'settled' AND answer IS NULL AND error IS NULL THEN 0
            WHEN store = 0 OR :retention_ms = 0 THEN CASE
                WHEN idempotency_digest IS NULL THEN :unkeyed_ms ELSE :idempotency_ms
            END
            ELSE :retention_ms
        END
    LIMIT :limit
);
