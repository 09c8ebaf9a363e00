-- name: read_days_of_owner
-- What an owner made between two moments, by day, model and key.
SELECT date(claimed_at_ms / 1000, 'unixepoch') AS day,
    model,
    coalesce(api_keys.name, CASE substr(key_id, 1, 6) WHEN 'fixed_' THEN substr(key_id, 1, 14) ELSE key_id END) AS key_name,
    count(*),
    CAST(sum(pictures) AS BIGINT),
    CAST(sum(input_tokens) AS BIGINT),
    CAST(sum(output_tokens) AS BIGINT),
    CAST(coalesce(sum(cost_micro_usd), 0) AS BIGINT),
    CAST(coalesce(sum(reserved_micro_usd) FILTER (WHERE state = 'unknown'), 0) AS BIGINT)
FROM generations
LEFT JOIN api_keys ON api_keys.id = key_id
WHERE generations.owner = :owner
    AND (CAST(:end_user AS TEXT) IS NULL OR end_user = :end_user)
    AND claimed_at_ms >= :since_ms AND claimed_at_ms < :until_ms
    AND (CAST(:key_name AS TEXT) IS NULL OR coalesce(api_keys.name, CASE substr(key_id, 1, 6) WHEN 'fixed_' THEN substr(key_id, 1, 14) ELSE key_id END) = :key_name)
GROUP BY date(claimed_at_ms / 1000, 'unixepoch'), model,
    coalesce(api_keys.name, CASE substr(key_id, 1, 6) WHEN 'fixed_' THEN substr(key_id, 1, 14) ELSE key_id END)
ORDER BY day, model, key_name;

-- name: read_days_of_all
-- What everybody made.
SELECT date(claimed_at_ms / 1000, 'unixepoch') AS day,
    model,
    coalesce(api_keys.name, CASE substr(key_id, 1, 6) WHEN 'fixed_' THEN substr(key_id, 1, 14) ELSE key_id END) AS key_name,
    count(*),
    CAST(sum(pictures) AS BIGINT),
    CAST(sum(input_tokens) AS BIGINT),
    CAST(sum(output_tokens) AS BIGINT),
    CAST(coalesce(sum(cost_micro_usd), 0) AS BIGINT),
    CAST(coalesce(sum(reserved_micro_usd) FILTER (WHERE state = 'unknown'), 0) AS BIGINT)
FROM generations
LEFT JOIN api_keys ON api_keys.id = key_id
WHERE claimed_at_ms >= :since_ms AND claimed_at_ms < :until_ms
    AND (CAST(:key_name AS TEXT) IS NULL OR coalesce(api_keys.name, CASE substr(key_id, 1, 6) WHEN 'fixed_' THEN substr(key_id, 1, 14) ELSE key_id END) = :key_name)
GROUP BY date(claimed_at_ms / 1000, 'unixepoch'), model,
    coalesce(api_keys.name, CASE substr(key_id, 1, 6) WHEN 'fixed_' THEN substr(key_id, 1, 14) ELSE key_id END)
ORDER BY day, model, key_name;
