-- name: find_by_picture
-- Which kept generations of a caller drew pictures with these digests, the newest first.
SELECT pictures.sha256, generations.id
FROM pictures
JOIN generations ON generations.id = pictures.generation_id
WHERE pictures.sha256 IN (SELECT value FROM json_each(:digests))
    AND generations.owner = :owner AND generations.end_user = :end_user AND generations.folder IS NOT NULL
ORDER BY generations.ended_at_ms DESC, generations.rowid DESC
LIMIT :limit;

-- name: find_by_conversation
-- Which kept generations, their answers delivered, were asked after these turns, the newest first.
SELECT conversation, id
FROM generations
WHERE conversation IN (SELECT value FROM json_each(:digests))
    AND folder IS NOT NULL AND delivered_at_ms IS NOT NULL
ORDER BY ended_at_ms DESC, rowid DESC
LIMIT :limit;
