-- name: register
-- A process starts: it is the newest on its folder. Its epoch is the time, in microseconds: also one that was struck
-- out, and whose row has gone, is told from those who come after it.
INSERT INTO replicas (id, kind, epoch, seen_at, store, secret_id)
VALUES (
    :id, :kind, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT), clock_timestamp(), :store, :secret_id
)
ON CONFLICT (id, kind) DO UPDATE
SET epoch = greatest(replicas.epoch + 1, excluded.epoch), seen_at = excluded.seen_at, store = excluded.store,
    secret_id = excluded.secret_id
RETURNING epoch;

-- name: renew
-- It lives; no row: it was given up for dead, or another process has taken its place.
UPDATE replicas SET seen_at = clock_timestamp() WHERE id = :id AND kind = :kind AND epoch = :epoch;

-- name: find_epoch
-- Who is in its place.
SELECT epoch FROM replicas WHERE id = :id AND kind = :kind;

-- name: leave
-- It ends.
DELETE FROM replicas WHERE id = :id AND kind = :kind AND epoch = :epoch;

-- name: list_others
-- What the other live gateways are set to.
SELECT store, secret_id
FROM replicas
WHERE (id <> :id OR kind <> :kind) AND seen_at > clock_timestamp() - make_interval(secs => :lease_seconds);

-- name: count_live
-- How many of a kind live, of one folder or of all.
SELECT count(*)
FROM replicas
WHERE kind = :kind AND seen_at > clock_timestamp() - make_interval(secs => :lease_seconds)
    AND (CAST(:id AS TEXT) IS NULL OR id = :id);

-- name: take_dead
-- Remove those that have not been seen for too long. They wait here if they come back in this moment.
DELETE FROM replicas
WHERE seen_at <= clock_timestamp() - make_interval(secs => :lease_seconds)
RETURNING id, kind;

-- name: list_abandoned
-- Generations without an end whose replica is not there, the oldest first.
SELECT id, state, door, owner, end_user, key_id, model, asked, is_stream, store, reserved_micro_usd,
    claimed_at_ms, sent_at_ms, ended_at_ms, delivered_at_ms, cost_micro_usd, answer, error, error_status,
    idempotency_digest IS NOT NULL, metadata, folder, stored_bytes, uploaded_at_ms, replica_id
FROM generations
WHERE ended_at_ms IS NULL
    AND NOT EXISTS (SELECT 1 FROM replicas WHERE replicas.id = replica_id AND kind = 'gateway')
ORDER BY claimed_at_ms, rowid;

-- name: reset_clients_of_dead
-- Nobody is being answered by a replica that is not there.
UPDATE generations
SET client_replicas = ARRAY(
    SELECT client_replica
    FROM unnest(client_replicas) AS client_replica
    WHERE EXISTS (SELECT 1 FROM replicas WHERE replicas.id = client_replica AND kind = 'gateway')
)
WHERE clients > 0 AND (ended_at_ms IS NULL OR clients > 0) AND EXISTS (
    SELECT 1
    FROM unnest(client_replicas) AS client_replica
    WHERE NOT EXISTS (SELECT 1 FROM replicas WHERE replicas.id = client_replica AND kind = 'gateway')
);

-- name: ask_for_sign
-- Ask a gateway to say that it lives.
SELECT pg_notify('limner_signs', :id);

-- name: read_seen
-- When these gateways were last seen.
SELECT id, CAST(extract(epoch FROM seen_at) AS DOUBLE PRECISION)
FROM replicas
WHERE kind = 'gateway' AND id IN (SELECT value FROM json_array_elements_text(CAST(:ids AS JSON)) AS value);
