-- name: reset_clients
-- Nobody is being answered by the replica that writes: it has just started.
UPDATE generations
SET client_replicas = array_remove(client_replicas, current_setting('limner.replica'))
WHERE clients > 0 AND (ended_at_ms IS NULL OR clients > 0)
    AND current_setting('limner.replica') = ANY (client_replicas);
