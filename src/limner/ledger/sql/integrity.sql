-- name: count_rows
-- How much there is to be right or wrong.
SELECT 'api_keys', count(*) FROM api_keys
UNION ALL SELECT 'generations', count(*) FROM generations
UNION ALL SELECT 'pictures', count(*) FROM pictures
UNION ALL SELECT 'ledger_entries', count(*) FROM ledger_entries
UNION ALL SELECT 'accounts', count(*) FROM accounts
UNION ALL SELECT 'refusals', count(*) FROM refusals
UNION ALL SELECT 'transfers', count(*) FROM transfers
UNION ALL SELECT 'upstream_calls', count(*) FROM upstream_calls
UNION ALL SELECT 'key_previous_secrets', count(*) FROM key_previous_secrets;
