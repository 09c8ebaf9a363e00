-- name: create_schema_version
-- The list of applied migrations, and which Limner may work on after each.
CREATE TABLE IF NOT EXISTS schema_version (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    needs INTEGER NOT NULL
);

-- name: has_schema_version
-- Whether any migration was ever applied.
SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('schema_version');

-- name: read_schema_version
-- The newest applied migration, 0 for none, and the newest that a Limner must know.
SELECT coalesce(max(version), 0), coalesce(max(needs), 0) FROM schema_version;

-- name: add_schema_version
-- Note a migration as applied, in its own transaction.
INSERT INTO schema_version (version, name, needs) VALUES (:version, :name, :needs);
