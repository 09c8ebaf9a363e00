-- name: list_unreserved
-- Generations whose reservation is not as they say.
SELECT 'generation ' || id || ' reserved ' || reserved_micro_usd || ' and its entries say '
    || coalesce(pending_micro_usd || ' for ' || ledger_entries.key_id, 'nothing')
FROM generations
LEFT JOIN ledger_entries ON generation_id = id AND kind = 'reserve'
WHERE pending_micro_usd IS DISTINCT FROM reserved_micro_usd
    OR ledger_entries.key_id IS DISTINCT FROM generations.key_id
    OR budget_at_ms IS DISTINCT FROM claimed_at_ms
ORDER BY id;

-- name: list_unsettled
-- Generations whose money was settled though they have no known end, or was not though they have one.
SELECT 'generation ' || id || ' is ' || state || ' and its money is ' || coalesce('settled by ' || kind, 'not settled')
FROM generations
LEFT JOIN ledger_entries ON generation_id = id AND kind IN ('post', 'void')
WHERE (ended_at_ms IS NOT NULL AND state <> 'unknown') <> (kind IS NOT NULL)
    OR (kind IS NOT NULL AND pending_micro_usd <> -reserved_micro_usd)
ORDER BY id;

-- name: list_mispriced
-- Generations whose cost is not what was posted.
SELECT 'generation ' || id || ' cost ' || coalesce(cost_micro_usd, 0) || ' and its entries posted ' || posted
FROM (
    SELECT id, cost_micro_usd, coalesce(sum(posted_micro_usd), 0) AS posted
    FROM generations
    LEFT JOIN ledger_entries ON generation_id = id
    GROUP BY id
) AS summed
WHERE coalesce(cost_micro_usd, 0) <> posted
ORDER BY id;

-- name: list_negative
-- Accounts with less than nothing in them.
SELECT 'the account of ' || key_id || ' for ' || period || ' has ' || pending_micro_usd || ' pending and '
    || posted_micro_usd || ' posted'
FROM accounts
WHERE pending_micro_usd < 0 OR posted_micro_usd < 0
ORDER BY key_id, period;
