-- name: count_requests
-- How many requests of the key count in the last minute.
SELECT count(*) FROM request_marks WHERE key_id = :key_id AND at_ms > :after;

-- name: find_request
-- When the request was made after whose minute the key may ask again.
SELECT at_ms FROM request_marks WHERE key_id = :key_id AND at_ms > :after ORDER BY at_ms LIMIT 1 OFFSET :offset;

-- name: add_request
-- The key has asked.
INSERT INTO request_marks (key_id, at_ms) VALUES (:key_id, :now);

-- name: sweep_requests
-- Forget the requests of a key that count no more.
DELETE FROM request_marks WHERE key_id = :key_id AND at_ms <= :before;

-- name: sweep_all_requests
-- Forget the requests of all keys that count no more.
DELETE FROM request_marks WHERE at_ms <= :before;

-- name: count_generations
-- How many pictures the key has begun in the last minute, but for those that failed.
SELECT CAST(coalesce(sum(pictures_asked), 0) AS BIGINT)
FROM generations
WHERE owner = :owner AND key_id = :key_id AND claimed_at_ms > :after AND state <> 'failed';

-- name: find_generation
-- When the picture was begun after whose minute so many more may be begun.
SELECT claimed_at_ms
FROM (
    SELECT claimed_at_ms, sum(pictures_asked) OVER (ORDER BY claimed_at_ms, rowid) AS begun
    FROM generations
    WHERE owner = :owner AND key_id = :key_id AND claimed_at_ms > :after AND state <> 'failed'
) AS equals
WHERE begun >= :excess
ORDER BY claimed_at_ms
LIMIT 1;
