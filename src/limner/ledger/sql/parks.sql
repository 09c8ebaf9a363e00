-- name: write_park
-- Let a credential rest for a model.
INSERT INTO upstream_parks (credential_id, model, reason, failures, since_ms, until_ms)
VALUES (:credential_id, :model, :reason, :failures, :since, :until)
ON CONFLICT (credential_id, model) DO UPDATE
SET reason = excluded.reason,
    failures = excluded.failures,
    since_ms = excluded.since_ms,
    until_ms = excluded.until_ms
WHERE excluded.until_ms > upstream_parks.until_ms OR excluded.since_ms > upstream_parks.since_ms;

-- name: remove_park
-- Let it rest no more.
DELETE FROM upstream_parks
WHERE credential_id = :credential_id AND model = :model;

-- name: remove_parks_of
-- Let it rest for no model any more.
DELETE FROM upstream_parks
WHERE credential_id = :credential_id;

-- name: read_parks
-- Those that rest now.
SELECT credential_id, model, reason, failures, since_ms, until_ms
FROM upstream_parks
WHERE until_ms > :now;
