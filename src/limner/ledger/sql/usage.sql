-- name: read_usage
-- What was made since then by key, end user and model. A name stands for all keys that have had it; a fixed key is
-- called by the beginning of its id, as in the log.
SELECT coalesce(api_keys.name, CASE substr(key_id, 1, 6) WHEN 'fixed_' THEN substr(key_id, 1, 14) ELSE key_id END) AS key_name,
    end_user,
    model,
    count(*),
    CAST(sum(pictures) AS BIGINT),
    CAST(sum(input_tokens) AS BIGINT),
    CAST(sum(output_tokens) AS BIGINT),
    CAST(coalesce(sum(cost_micro_usd), 0) AS BIGINT),
    CAST(coalesce(sum(reserved_micro_usd) FILTER (WHERE state = 'unknown'), 0) AS BIGINT)
FROM generations
LEFT JOIN api_keys ON api_keys.id = key_id
WHERE claimed_at_ms >= :since_ms
    AND (CAST(:key_name AS TEXT) IS NULL OR coalesce(api_keys.name, CASE substr(key_id, 1, 6) WHEN 'fixed_' THEN substr(key_id, 1, 14) ELSE key_id END) = :key_name)
    AND (CAST(:end_user AS TEXT) IS NULL OR end_user = :end_user)
GROUP BY coalesce(api_keys.name, CASE substr(key_id, 1, 6) WHEN 'fixed_' THEN substr(key_id, 1, 14) ELSE key_id END), end_user, model
ORDER BY key_name, end_user, model;
