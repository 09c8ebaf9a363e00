-- name: find_by_picture
-- Which kept generations of a caller drew pictures with these digests, a few of each, the newest first.
SELECT sha256, id
FROM (
    SELECT pictures.sha256, generations.id,
        row_number() OVER (
            PARTITION BY pictures.sha256 ORDER BY generations.ended_at_ms DESC, generations.rowid DESC
        ) AS place
    -- In this order: without statistics SQLite would go through all calls of the owner.
    FROM pictures
    CROSS JOIN generations ON generations.id = pictures.generation_id
    WHERE pictures.sha256 IN (SELECT value FROM json_each(:digests))
        AND generations.owner = :owner AND generations.end_user = :end_user AND generations.folder IS NOT NULL
) AS equals
WHERE place <= :limit
ORDER BY sha256, place;

-- name: find_by_conversation
-- Which kept generations, their answers delivered or just being so, were asked after these turns, a few of each.
SELECT conversation, id
FROM (
    SELECT conversation, id,
        row_number() OVER (PARTITION BY conversation ORDER BY ended_at_ms DESC, rowid DESC) AS place
    FROM generations
    WHERE conversation IN (SELECT value FROM json_each(:digests))
        AND folder IS NOT NULL AND (delivered_at_ms IS NOT NULL OR clients > 0)
) AS equals
WHERE place <= :limit
ORDER BY conversation, place;
