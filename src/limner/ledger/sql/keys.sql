-- name: create_key
-- Store a new key.
INSERT INTO api_keys
    (id, name, digest, digest_secret_id, owner, is_admin, models, image_output, expires_at, created_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute)
VALUES
    (:id, :name, :digest, :digest_secret_id, :owner, :is_admin, :models, :image_output, :expires_at, :created_at,
    :budget_micro_usd, :budget_period, :images_per_minute, :requests_per_minute);

-- name: find_key
-- The live key with this digest, expired or not.
SELECT id, name, owner, is_admin, models, image_output, expires_at, created_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute, revoked_at, digest
FROM api_keys
WHERE digest = :digest AND revoked_at IS NULL;

-- name: find_otherwise
-- The live key that has this secret and only its SHA-256 was known, or that had it before and the overlap is not over.
SELECT id, name, owner, is_admin, models, image_output, expires_at, created_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute, revoked_at, digest
FROM api_keys
WHERE digest = :hash_digest AND revoked_at IS NULL
UNION ALL
SELECT id, name, owner, is_admin, models, image_output, expires_at, created_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute, revoked_at, key_previous_secrets.digest
FROM key_previous_secrets
JOIN api_keys ON api_keys.id = key_id
WHERE key_previous_secrets.digest IN (:digest, :hash_digest) AND ends_at > :now AND revoked_at IS NULL;

-- name: count_secret
-- How often a secret is or was a key's.
SELECT (SELECT count(*) FROM api_keys WHERE digest IN (:digest, :hash_digest))
    + (SELECT count(*) FROM key_previous_secrets WHERE digest IN (:digest, :hash_digest));

-- name: keep_secret
-- What opens a key now does so until then.
INSERT INTO key_previous_secrets (digest, key_id, digest_secret_id, ends_at)
SELECT digest, id, digest_secret_id, :ends_at FROM api_keys WHERE id = :id;

-- name: shorten_previous
-- What opened a key before does so no longer than until then.
UPDATE key_previous_secrets SET ends_at = :ends_at WHERE key_id = :id AND ends_at > :ends_at;

-- name: end_previous
-- It does so no more.
DELETE FROM key_previous_secrets WHERE key_id = :id;

-- name: sweep_previous
-- Nothing else is kept of a secret whose time is over.
DELETE FROM key_previous_secrets WHERE ends_at <= :now;

-- name: change_secret
-- A key is opened by another secret.
UPDATE api_keys SET digest = :digest, digest_secret_id = :digest_secret_id WHERE id = :id AND revoked_at IS NULL;

-- name: list_keys
-- The keys not revoked, oldest first.
SELECT id, name, owner, is_admin, models, image_output, expires_at, created_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute, revoked_at
FROM api_keys
WHERE revoked_at IS NULL
ORDER BY created_at, name;

-- name: revoke_key
-- Mark a live key as revoked and return its id.
UPDATE api_keys
SET revoked_at = :now
WHERE name = :name AND revoked_at IS NULL
RETURNING id;

-- name: count_usable_keys
-- How many keys can be used now.
SELECT count(*)
FROM api_keys
WHERE revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > :now)
    AND digest_secret_id = :digest_secret_id;

-- name: count_unrecognisable_keys
-- How many live keys were made with another signing secret.
SELECT count(*)
FROM api_keys
WHERE revoked_at IS NULL AND digest_secret_id <> :digest_secret_id;

-- name: get_key
-- The live key of this id.
SELECT id, name, owner, is_admin, models, image_output, expires_at, created_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute, revoked_at
FROM api_keys
WHERE id = :id AND revoked_at IS NULL;

-- name: get_named_key
-- The live key of this name.
SELECT id, name, owner, is_admin, models, image_output, expires_at, created_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute, revoked_at
FROM api_keys
WHERE name = :name AND revoked_at IS NULL;

-- name: find_place
-- Where in the order of keys one stands, revoked or not.
SELECT created_at, id FROM api_keys WHERE id = :id;

-- name: change_key
-- Write what can be changed of a live key.
UPDATE api_keys
SET name = :name, owner = :owner, is_admin = :is_admin, models = :models, image_output = :image_output,
    expires_at = :expires_at, budget_micro_usd = :budget_micro_usd, budget_period = :budget_period,
    images_per_minute = :images_per_minute, requests_per_minute = :requests_per_minute
WHERE id = :id AND revoked_at IS NULL;

-- name: count_other_admins
-- How many admin keys but this one can be used.
SELECT count(*)
FROM api_keys
WHERE is_admin = 1 AND revoked_at IS NULL AND id <> :id
    AND (expires_at IS NULL OR expires_at > :now)
    AND digest_secret_id = :digest_secret_id;

-- name: list_secrets
-- Every digest there is, whose it is, and whether it opens nothing any more but may not be given again.
SELECT digest, id, CASE WHEN revoked_at IS NULL THEN 0 ELSE 1 END FROM api_keys
UNION ALL
SELECT digest, key_id, 1 FROM key_previous_secrets;
