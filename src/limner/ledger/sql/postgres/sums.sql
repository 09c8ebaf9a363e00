-- name: list_wrong_accounts
-- Keys and periods whose account is not the sum of its entries.
WITH summed AS (
    SELECT key_id, 'total' AS period, sum(pending_micro_usd) AS pending, sum(posted_micro_usd) AS posted
    FROM ledger_entries
    GROUP BY key_id
    UNION ALL
    SELECT key_id, to_char(to_timestamp(budget_at_ms / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, sum(pending_micro_usd), sum(posted_micro_usd)
    FROM ledger_entries
    GROUP BY key_id, day
)
SELECT
    'the account of ' || key_id || ' for ' || period || ' has '
    || coalesce(accounts.pending_micro_usd || ' pending and ' || accounts.posted_micro_usd || ' posted', 'no row')
    || ', its entries say ' || coalesce(summed.pending || ' and ' || summed.posted, 'nothing')
FROM summed
FULL JOIN accounts USING (key_id, period)
WHERE accounts.pending_micro_usd IS DISTINCT FROM summed.pending OR accounts.posted_micro_usd IS DISTINCT FROM summed.posted
ORDER BY key_id, period;
