-- name: list_kept
-- Some generations whose files a server keeps, behind an id, and whether they are in the shared store as well.
SELECT id, folder, uploaded_at_ms IS NOT NULL
FROM generations
WHERE folder IS NOT NULL AND replica_id IN ('', :replica_id) AND id > :after_id
ORDER BY id
LIMIT :limit;
