-- name: create_schema_version
-- The list of applied migrations.
CREATE TABLE IF NOT EXISTS schema_version (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;

-- name: has_schema_version
-- Whether any migration was ever applied.
SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version';

-- name: read_schema_version
-- The newest applied migration, 0 for none.
SELECT coalesce(max(version), 0) FROM schema_version;

-- name: add_schema_version
-- Note a migration as applied, in its own transaction.
INSERT INTO schema_version (version, name) VALUES (:version, :name);

-- name: read_schema_name
-- What an applied migration is called.
SELECT name FROM schema_version WHERE version = :version;
