-- name: list_occupiers
-- Which other replicas answer clients from equal calls that run, or whose answer nobody has got.
SELECT DISTINCT client_replica
FROM generations, unnest(client_replicas) AS client_replica
WHERE fingerprint = :fingerprint
    AND idempotency_digest IS NULL AND delivered_at_ms IS NULL AND clients > 0
    AND claimed_at_ms > :claimed_after
    AND (ended_at_ms IS NULL OR (is_replayable = 1 AND state = 'settled' AND error IS NULL))
    AND client_replica <> current_setting('limner.replica');
