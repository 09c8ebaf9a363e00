-- name: list_picture_files
-- The files of the pictures of some generations.
SELECT generation_id, file_name, size_bytes, sha256
FROM pictures
WHERE generation_id IN (SELECT value FROM json_array_elements_text(CAST(:ids AS JSON)) AS value)
ORDER BY generation_id, number;
