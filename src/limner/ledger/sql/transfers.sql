-- name: add_upload
-- The files of a generation are to be put into the shared store.
INSERT INTO transfers (generation_id, kind, folder, replica_id, due_at_ms)
SELECT id, 'upload', folder, replica_id, :due_at_ms FROM generations WHERE id = :id AND folder IS NOT NULL
ON CONFLICT (generation_id, kind) DO NOTHING;

-- name: add_missing_uploads
-- So are those of all generations of a replica that were never put there and are not about to be.
INSERT INTO transfers (generation_id, kind, folder, replica_id, due_at_ms)
SELECT id, 'upload', folder, replica_id, :due_at_ms
FROM generations
WHERE folder IS NOT NULL AND uploaded_at_ms IS NULL AND replica_id = :replica_id
ON CONFLICT (generation_id, kind) DO NOTHING;

-- name: add_removal
-- The files of a generation are to go from the shared store.
INSERT INTO transfers (generation_id, kind, folder, replica_id, due_at_ms)
VALUES (:id, 'removal', :folder, '', :due_at_ms)
ON CONFLICT (generation_id, kind) DO NOTHING;

-- name: take_due
-- Take some that are due: they are due again later, and later still at each try, unless they are done by then.
UPDATE transfers
SET tries = tries + 1,
    due_at_ms = :now + CASE
        WHEN tries = 0 THEN :first_pause_ms
        WHEN tries = 1 THEN :first_pause_ms * 2
        WHEN tries = 2 THEN :first_pause_ms * 4
        ELSE :first_pause_ms * 8
    END
WHERE kind = :kind AND due_at_ms <= :now AND generation_id IN (
    SELECT generation_id
    FROM transfers
    WHERE kind = :kind AND due_at_ms <= :now AND replica_id = :replica_id
    ORDER BY due_at_ms
    LIMIT :limit
)
RETURNING generation_id, folder;

-- name: note_upload
-- The files are in the shared store; no row: they were deleted meanwhile.
UPDATE generations SET uploaded_at_ms = :now WHERE id = :id AND folder IS NOT NULL RETURNING id;

-- name: remove_transfer
-- It is done, or needed no more.
DELETE FROM transfers WHERE generation_id = :id AND kind = :kind;
