-- name: list_spending
-- What everybody's calls of a time cost, by when they were sent; those that cost nothing are left out, unless nobody knows.
SELECT id, model, state, coalesce(sent_at_ms, claimed_at_ms) AS at_ms, coalesce(cost_micro_usd, 0), reserved_micro_usd,
    input_tokens + output_tokens, is_assumed_free, asked
FROM generations
WHERE claimed_at_ms >= :since_ms - 3600000
    AND claimed_at_ms < :before_ms
    AND coalesce(sent_at_ms, claimed_at_ms) >= :since_ms
    AND coalesce(sent_at_ms, claimed_at_ms) < :before_ms
    AND (cost_micro_usd > 0 OR state = 'unknown' OR is_assumed_free = 1)
ORDER BY at_ms, id;
