-- name: list_page
-- The keys behind a place, oldest first: of a state, an owner, with a text in their names. Only A to Z are folded.
SELECT id, name, owner, is_admin, models, image_output, expires_at, created_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute, revoked_at
FROM api_keys
WHERE (created_at > :after_at OR (created_at = :after_at AND id > :after_id))
    AND (CAST(:owner AS TEXT) IS NULL OR owner = :owner)
    AND (CAST(:name AS TEXT) IS NULL OR name = :name)
    AND (CAST(:search AS TEXT) IS NULL OR instr(lower(name), :search) > 0)
    AND (revoked_at IS NOT NULL) = (CAST(:state AS TEXT) = 'revoked')
    AND (CAST(:state AS TEXT) <> 'active' OR expires_at IS NULL OR expires_at > :now)
    AND (CAST(:state AS TEXT) <> 'expired' OR expires_at <= :now)
ORDER BY created_at, id
LIMIT :limit;

-- name: read_previous_ends
-- Until when what opened these keys before still does.
SELECT key_id, max(ends_at)
FROM key_previous_secrets
WHERE key_id IN (SELECT value FROM json_each(:ids)) AND ends_at > :now
GROUP BY key_id;

-- name: read_accounts
-- What is reserved and what is spent by these keys from the first day to the last, or in all where both are 'total'.
SELECT key_id, CAST(sum(pending_micro_usd) AS BIGINT), CAST(sum(posted_micro_usd) AS BIGINT)
FROM accounts
WHERE key_id IN (SELECT value FROM json_each(:ids)) AND period BETWEEN :first_day AND :last_day
GROUP BY key_id;

-- name: import_keys
-- Store new keys, as many as there are in a JSON list.
INSERT INTO api_keys
    (id, name, digest, digest_secret_id, owner, is_admin, models, image_output, expires_at, created_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute)
SELECT value ->> 'id',
    value ->> 'name',
    unhex(value ->> 'digest'),
    value ->> 'digest_secret_id',
    value ->> 'owner',
    value ->> 'is_admin',
    value ->> 'models',
    value ->> 'image_output',
    value ->> 'expires_at',
    value ->> 'created_at',
    value ->> 'budget_micro_usd',
    value ->> 'budget_period',
    value ->> 'images_per_minute',
    value ->> 'requests_per_minute'
FROM json_each(:rows);

-- name: keep_writers_out
-- A transaction that writes has all of SQLite for itself.
SELECT 1;
