-- name: list_picture_ids
-- The pictures of some generations, thoughts left out, in their order.
SELECT generation_id, id
FROM pictures
WHERE generation_id IN (SELECT value FROM json_each(:ids)) AND is_thought = 0
ORDER BY generation_id, number;
