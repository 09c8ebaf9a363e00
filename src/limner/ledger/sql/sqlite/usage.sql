-- name: read_usage
-- What was made since then by key, end user and model. A name stands for all keys that have had it; a fixed key is
-- called by the beginning of its id, as in the log.
SELECT coalesce(api_keys.name, iif(key_id GLOB 'fixed_*', substr(key_id, 1, 14), key_id)) AS key_name,
    end_user,
    model,
    count(*),
    sum(pictures),
    sum(input_tokens),
    sum(output_tokens),
    coalesce(sum(cost_micro_usd), 0),
    coalesce(sum(reserved_micro_usd) FILTER (WHERE state = 'unknown'), 0)
FROM generations
LEFT JOIN api_keys ON api_keys.id = key_id
WHERE claimed_at_ms >= :since_ms
    AND (:key_name IS NULL OR coalesce(api_keys.name, iif(key_id GLOB 'fixed_*', substr(key_id, 1, 14), key_id)) = :key_name)
    AND (:end_user IS NULL OR end_user = :end_user)
GROUP BY coalesce(api_keys.name, iif(key_id GLOB 'fixed_*', substr(key_id, 1, 14), key_id)), end_user, model
ORDER BY key_name, end_user, model;
