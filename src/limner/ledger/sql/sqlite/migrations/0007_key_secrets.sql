-- What opened a key before it got another secret, until the overlap ends. Digests, as in api_keys.
CREATE TABLE key_previous_secrets (
    digest BLOB PRIMARY KEY,
    key_id TEXT NOT NULL REFERENCES api_keys (id),
    digest_secret_id TEXT NOT NULL,
    -- Epoch seconds.
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX key_previous_secrets_key ON key_previous_secrets (key_id);
CREATE INDEX key_previous_secrets_end ON key_previous_secrets (ends_at);

-- Thousands of keys are listed in pages, of all or of one owner.
CREATE INDEX api_keys_order ON api_keys (created_at, id);
CREATE INDEX api_keys_owner ON api_keys (owner, created_at, id);
