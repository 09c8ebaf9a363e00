-- name: reset_clients
-- Nobody is being answered: the server has just started.
UPDATE generations SET clients = 0 WHERE clients > 0 AND (ended_at_ms IS NULL OR clients > 0);
