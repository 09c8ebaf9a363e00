-- name: find_first_generation
-- The oldest call.
SELECT id FROM generations ORDER BY rowid LIMIT 1;

-- name: find_first_key
-- The first client key.
SELECT id FROM api_keys ORDER BY created_at, id LIMIT 1;

-- name: has_row
-- Whether a call or a client key of this id is there.
SELECT (SELECT count(*) FROM generations WHERE id = :id) + (SELECT count(*) FROM api_keys WHERE id = :id);

-- name: compare_rows
-- How many rows there are.
SELECT 'api_keys', count(*) FROM api_keys
UNION ALL SELECT 'pictures', count(*) FROM pictures
UNION ALL SELECT 'refusals', count(*) FROM refusals;

-- name: compare_keys
-- The client keys, each.
SELECT id, name, digest, digest_secret_id, owner, is_admin, models, image_output, expires_at, created_at, revoked_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute
FROM api_keys;

-- name: compare_previous_secrets
-- What opened them before, each.
SELECT digest, key_id, digest_secret_id, ends_at FROM key_previous_secrets;

-- name: compare_generations
-- The calls by state. Times and numbers are taken modulo a prime: a sum of them stays within an integer.
SELECT state, count(*), CAST(sum(reserved_micro_usd) AS BIGINT), CAST(sum(cost_micro_usd) AS BIGINT),
    CAST(sum(input_tokens) AS BIGINT), CAST(sum(output_tokens) AS BIGINT), CAST(sum(pictures) AS BIGINT),
    count(folder), CAST(sum(stored_bytes) AS BIGINT), count(idempotency_digest), count(uploaded_at_ms),
    CAST(sum(rowid % 1000003) AS BIGINT), max(rowid), CAST(sum(claimed_at_ms % 1000003) AS BIGINT),
    CAST(sum(sent_at_ms % 1000003) AS BIGINT), CAST(sum(ended_at_ms % 1000003) AS BIGINT),
    CAST(sum(delivered_at_ms % 1000003) AS BIGINT)
FROM generations
GROUP BY state;

-- name: compare_texts
-- How long what is kept of the calls is in all, by key.
SELECT key_id, owner, count(*), CAST(sum(length(id)) AS BIGINT), CAST(sum(length(door)) AS BIGINT),
    CAST(sum(length(model)) AS BIGINT), CAST(sum(length(folder)) AS BIGINT), CAST(sum(length(fingerprint)) AS BIGINT), CAST(sum(length(idempotency_digest)) AS BIGINT),
    CAST(sum(length(asked)) AS BIGINT), CAST(sum(length(metadata)) AS BIGINT), CAST(sum(length(answer)) AS BIGINT),
    CAST(sum(length(prompt)) AS BIGINT), CAST(sum(length(prompt_folded)) AS BIGINT),
    CAST(sum(length(error)) AS BIGINT), CAST(sum(error_status) AS BIGINT), CAST(sum(is_replayable) AS BIGINT),
    CAST(sum(is_assumed_free) AS BIGINT), CAST(sum(is_overrun) AS BIGINT), CAST(sum(is_stream) AS BIGINT),
    CAST(sum(store) AS BIGINT), CAST(sum(is_linked) AS BIGINT), CAST(sum(pictures_asked) AS BIGINT), count(conversation)
FROM generations
GROUP BY key_id, owner;

-- name: compare_pictures
-- The pictures by type.
SELECT mime_type, count(*), CAST(sum(size_bytes) AS BIGINT), CAST(sum(width) AS BIGINT), CAST(sum(height) AS BIGINT),
    CAST(sum(number) AS BIGINT), CAST(sum(is_thought) AS BIGINT), CAST(sum(length(file_name)) AS BIGINT),
    CAST(sum(length(sha256)) AS BIGINT)
FROM pictures
GROUP BY mime_type;

-- name: compare_entries
-- What was reserved, posted and given back, by key.
SELECT key_id, kind, count(*), CAST(sum(pending_micro_usd) AS BIGINT), CAST(sum(posted_micro_usd) AS BIGINT), count(note),
    CAST(sum(at_ms % 1000003) AS BIGINT), CAST(sum(budget_at_ms % 1000003) AS BIGINT)
FROM ledger_entries
GROUP BY key_id, kind;

-- name: compare_accounts
-- The accounts, each.
SELECT key_id, period, pending_micro_usd, posted_micro_usd FROM accounts;

-- name: compare_transfers
-- What the shared store has to be told.
SELECT kind, count(*), CAST(sum(tries) AS BIGINT), CAST(sum(due_at_ms % 1000003) AS BIGINT) FROM transfers GROUP BY kind;

-- name: compare_upstream_calls
-- What became of the calls to Gemini, by credential and model.
SELECT upstream, kind, model, count(*), CAST(sum(choice) AS BIGINT), CAST(sum(attempts) AS BIGINT),
    CAST(sum(status) AS BIGINT), CAST(sum(length(response_id)) AS BIGINT), CAST(sum(length(said)) AS BIGINT)
FROM upstream_calls
GROUP BY upstream, kind, model;

-- name: sum_money
-- What is reserved and what is spent, in all.
SELECT CAST(coalesce(sum(pending_micro_usd), 0) AS BIGINT), CAST(coalesce(sum(posted_micro_usd), 0) AS BIGINT)
FROM accounts
WHERE period = 'total';
