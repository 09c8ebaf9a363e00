-- name: sum_open
-- What is not decided, by model: calls that run, and outcomes that nobody knows.
SELECT model, 'running', count(*), CAST(sum(reserved_micro_usd) AS BIGINT)
FROM generations
WHERE ended_at_ms IS NULL AND claimed_at_ms >= 0
GROUP BY model
UNION ALL
SELECT model, 'unknown', count(*), CAST(sum(reserved_micro_usd) AS BIGINT)
FROM generations
WHERE state = 'unknown' AND ended_at_ms >= 0
GROUP BY model;

-- name: count_undelivered
-- Answers that ended since then, have their files, and have reached nobody.
SELECT count(*)
FROM generations
WHERE folder IS NOT NULL AND ended_at_ms >= :since AND delivered_at_ms IS NULL AND clients = 0 AND state = 'settled';

-- name: add_probe
-- Something that is taken back at once, to see whether the database can be written.
INSERT INTO request_marks (key_id, at_ms) VALUES (:key_id, :now);
