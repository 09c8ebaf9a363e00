-- name: read_total_account
-- What is reserved and what is spent of all the key's money.
SELECT pending_micro_usd, posted_micro_usd FROM accounts WHERE key_id = :key_id AND period = 'total';

-- name: read_account
-- What is reserved and what is spent from the first day to the last, both included.
SELECT CAST(coalesce(sum(pending_micro_usd), 0) AS BIGINT), CAST(coalesce(sum(posted_micro_usd), 0) AS BIGINT)
FROM accounts
WHERE key_id = :key_id AND period BETWEEN :first_day AND :last_day;

-- name: add_entry
-- One change of money; a trigger adds it to the key's accounts.
INSERT INTO ledger_entries
    (generation_id, step, kind, at_ms, key_id, pending_micro_usd, posted_micro_usd, budget_at_ms, note)
VALUES
    (:generation_id, :step, :kind, :at_ms, :key_id,
    :pending_micro_usd, :posted_micro_usd, :budget_at_ms, :note);
