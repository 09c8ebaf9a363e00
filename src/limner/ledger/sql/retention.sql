-- name: read_stored_bytes
-- How much all files take.
SELECT CAST(coalesce(sum(stored_bytes), 0) AS BIGINT) FROM generations WHERE folder IS NOT NULL;

-- name: forget_files
-- The files are gone, and with them every text; what remains is for the books. No repeat can be answered from it.
UPDATE generations
SET folder = NULL, stored_bytes = 0, answer = NULL, metadata = NULL, is_replayable = 0
WHERE id = :id AND ended_at_ms IS NOT NULL
RETURNING id;

-- name: forget_pictures
-- The pictures of a generation are gone.
DELETE FROM pictures WHERE generation_id = :id;
