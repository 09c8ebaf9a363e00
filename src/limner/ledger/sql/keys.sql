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
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute, digest
FROM api_keys
WHERE digest = :digest AND revoked_at IS NULL;

-- name: list_keys
-- The keys not revoked, oldest first.
SELECT id, name, owner, is_admin, models, image_output, expires_at, created_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute
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
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute
FROM api_keys
WHERE id = :id AND revoked_at IS NULL;

-- name: get_named_key
-- The live key of this name.
SELECT id, name, owner, is_admin, models, image_output, expires_at, created_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute
FROM api_keys
WHERE name = :name AND revoked_at IS NULL;

-- name: list_page
-- The live keys behind a place, oldest first.
SELECT id, name, owner, is_admin, models, image_output, expires_at, created_at,
    budget_micro_usd, budget_period, images_per_minute, requests_per_minute
FROM api_keys
WHERE revoked_at IS NULL AND (created_at > :after_at OR (created_at = :after_at AND id > :after_id))
ORDER BY created_at, id
LIMIT :limit;

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
