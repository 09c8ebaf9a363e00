-- name: lift_idle_limit
-- The books take longer to come than a call may; for this transaction.
SET LOCAL idle_in_transaction_session_timeout = 0;

-- name: lift_statement_limit
-- As above.
SET LOCAL statement_timeout = 0;

-- name: keep_others_out
-- Nobody else writes until the transaction ends.
LOCK TABLE api_keys, key_previous_secrets, generations, pictures, ledger_entries, accounts, refusals, transfers, upstream_calls IN SHARE ROW EXCLUSIVE MODE;

-- name: forget_refusals
-- An empty database may remember what a gateway has refused on it.
DELETE FROM refusals;

-- name: stop_counting
-- The accounts come with the entries; counted one by one in one transaction they would take hours.
ALTER TABLE ledger_entries DISABLE TRIGGER ledger_entries_count;

-- name: count_again
-- From the next entry on.
ALTER TABLE ledger_entries ENABLE TRIGGER ledger_entries_count;

-- name: continue_numbers
-- The next generation gets the next number.
SELECT setval('generations_rowid_seq', coalesce(max(rowid), 0) + 1, false) FROM generations;

-- name: analyze
-- What is asked next is planned by what is there now.
ANALYZE api_keys, key_previous_secrets, generations, pictures, ledger_entries, accounts, refusals, transfers, upstream_calls;
