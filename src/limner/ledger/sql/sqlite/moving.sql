-- name: find_move
-- Where the books were moved to; no row: they are here.
SELECT name FROM schema_version WHERE version = :moved;

-- name: mark_moved
-- The books are elsewhere now: no Limner knows this schema, and so none opens the file again.
INSERT INTO schema_version (version, name) VALUES (:moved, :place);

-- name: close_to_new_keys
-- What a command that has the file open still would write must not be lost.
CREATE TRIGGER api_keys_moved_new BEFORE INSERT ON api_keys
BEGIN SELECT raise(ABORT, 'these books were moved to PostgreSQL'); END;

-- name: close_to_changed_keys
-- As above.
CREATE TRIGGER api_keys_moved_changed BEFORE UPDATE ON api_keys
BEGIN SELECT raise(ABORT, 'these books were moved to PostgreSQL'); END;

-- name: close_to_entries
-- As above.
CREATE TRIGGER ledger_entries_moved BEFORE INSERT ON ledger_entries
BEGIN SELECT raise(ABORT, 'these books were moved to PostgreSQL'); END;

-- name: read_api_keys
-- The client keys, the columns called as there.
SELECT id, name, digest, digest_secret_id, owner, is_admin, models, image_output, expires_at, created_at, revoked_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute
FROM api_keys
ORDER BY rowid;

-- name: read_key_previous_secrets
-- What opened them before and still does.
SELECT digest, key_id, digest_secret_id, ends_at FROM key_previous_secrets ORDER BY digest;

-- name: read_generations
-- The calls in their order. They belong to the server of this folder, and nobody is being answered.
SELECT rowid, id, state, door, owner, end_user, key_id, fingerprint, idempotency_digest, model, asked, is_stream, store,
    metadata, prompt, prompt_folded, conversation, is_linked, pictures_asked, reserved_micro_usd, claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms,
    CASE replica_id WHEN '' THEN :replica_id ELSE replica_id END AS replica_id, '{}' AS client_replicas,
    cost_micro_usd, answer, error, error_status, is_replayable, is_assumed_free, is_overrun, input_tokens,
    output_tokens, pictures, folder, stored_bytes, uploaded_at_ms
FROM generations
ORDER BY rowid;

-- name: read_pictures
-- Their pictures.
SELECT generation_id, number, id, is_thought, file_name, sha256, mime_type, width, height, size_bytes
FROM pictures
ORDER BY generation_id, number;

-- name: read_ledger_entries
-- Their money.
SELECT generation_id, step, kind, at_ms, key_id, pending_micro_usd, posted_micro_usd, budget_at_ms, note
FROM ledger_entries
ORDER BY generation_id, step;

-- name: read_accounts
-- The sums over it.
SELECT key_id, period, pending_micro_usd, posted_micro_usd FROM accounts ORDER BY key_id, period;

-- name: read_refusals
-- What was refused lately.
SELECT fingerprint, at_ms FROM refusals ORDER BY fingerprint;

-- name: read_transfers
-- What the shared store has to be told. The files of an upload are in this folder.
SELECT generation_id, kind, folder,
    CASE WHEN kind = 'upload' AND replica_id = '' THEN :replica_id ELSE replica_id END AS replica_id, due_at_ms, tries
FROM transfers
ORDER BY generation_id, kind;

-- name: read_upstream_calls
-- What became of the calls to Gemini.
SELECT generation_id, choice, upstream, kind, model, attempts, status, response_id, said
FROM upstream_calls
ORDER BY generation_id, choice;
