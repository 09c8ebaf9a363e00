-- name: list_page
-- The keys behind a place, oldest first: of a state, an owner, with a text in their names. Only A to Z are folded.
SELECT id, name, owner, is_admin, models, image_output, expires_at, created_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute, revoked_at
FROM api_keys
WHERE (created_at > :after_at OR (created_at = :after_at AND id > :after_id))
    AND (CAST(:owner AS TEXT) IS NULL OR owner = :owner)
    AND (CAST(:name AS TEXT) IS NULL OR name = :name)
    AND (CAST(:search AS TEXT) IS NULL OR strpos(lower(name COLLATE "C"), :search) > 0)
    AND (revoked_at IS NOT NULL) = (CAST(:state AS TEXT) = 'revoked')
    AND (CAST(:state AS TEXT) <> 'active' OR expires_at IS NULL OR expires_at > :now)
    AND (CAST(:state AS TEXT) <> 'expired' OR expires_at <= :now)
ORDER BY created_at, id
LIMIT :limit;

-- name: read_previous_ends
-- Until when what opened these keys before still does.
SELECT key_id, max(ends_at)
FROM key_previous_secrets
WHERE key_id IN (SELECT json_array_elements_text(CAST(:ids AS JSON))) AND ends_at > :now
GROUP BY key_id;

-- name: read_accounts
-- What is reserved and what is spent by these keys from the first day to the last, or in all where both are 'total'.
SELECT key_id, CAST(sum(pending_micro_usd) AS BIGINT), CAST(sum(posted_micro_usd) AS BIGINT)
FROM accounts
WHERE key_id IN (SELECT json_array_elements_text(CAST(:ids AS JSON))) AND period BETWEEN :first_day AND :last_day
GROUP BY key_id;

-- name: import_keys
-- Store new keys, as many as there are in a JSON list.
INSERT INTO api_keys
    (id, name, digest, digest_secret_id, owner, is_admin, models, image_output, expires_at, created_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute)
SELECT id, name, decode(digest, 'hex'), digest_secret_id, owner, is_admin, models, image_output, expires_at, created_at, budget_micro_usd, budget_period, images_per_minute, requests_per_minute
FROM json_to_recordset(CAST(:rows AS JSON)) AS found (
    id TEXT,
    name TEXT,
    digest TEXT,
    digest_secret_id TEXT,
    owner TEXT,
    is_admin INTEGER,
    models TEXT,
    image_output TEXT,
    expires_at BIGINT,
    created_at BIGINT,
    budget_micro_usd BIGINT,
    budget_period TEXT,
    images_per_minute BIGINT,
    requests_per_minute BIGINT
);

-- name: keep_writers_out
-- Nobody else makes or changes a key until the transaction ends; reading them goes on.
LOCK TABLE api_keys IN SHARE ROW EXCLUSIVE MODE;
