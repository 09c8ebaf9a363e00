-- Client keys. The key itself is never here: digest is HMAC-SHA256 of it.
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    -- Which signing secret made the digest; under another one the key cannot be recognised.
    digest_secret_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    is_admin INTEGER NOT NULL CHECK (is_admin IN (0, 1)),
    -- A JSON list of the models the key may use; NULL: all.
    models TEXT CHECK (json_valid(models)),
    -- NULL: the gateway's setting.
    image_output TEXT,
    -- Epoch seconds, as all times here.
    expires_at INTEGER,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

-- A revoked key's name may be given again.
CREATE UNIQUE INDEX api_keys_live_name ON api_keys (name) WHERE revoked_at IS NULL;
