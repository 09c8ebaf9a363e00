-- name: insert_generation
-- A new generation, of the replica that writes.
INSERT INTO generations
    (id, state, door, owner, end_user, key_id, fingerprint, idempotency_digest, model, asked, is_stream, store,
    metadata, prompt, prompt_folded, conversation, is_linked, pictures_asked, reserved_micro_usd, claimed_at_ms, replica_id, client_replicas)
VALUES
    (:id, 'claimed', :door, :owner, :end_user, :key_id, :fingerprint, :idempotency_digest, :model, :asked,
    :is_stream, :store, :metadata, :prompt, :prompt_folded, :conversation, :is_linked, :pictures_asked,
    :reserved_micro_usd, :claimed_at_ms,
    current_setting('limner.replica'), array_fill(current_setting('limner.replica'), ARRAY[CAST(:clients AS INTEGER)]));

-- name: attach
-- One client more is being answered from it, by the replica that writes.
UPDATE generations SET client_replicas = client_replicas || current_setting('limner.replica') WHERE id = :id;

-- name: leave
-- One client less of the replica that writes; that it got the answer is noted once.
UPDATE generations
SET client_replicas = CASE
        WHEN current_setting('limner.replica') = ANY (client_replicas) THEN
            client_replicas[1:array_position(client_replicas, current_setting('limner.replica')) - 1]
            || client_replicas[array_position(client_replicas, current_setting('limner.replica')) + 1:]
        ELSE client_replicas
    END,
    delivered_at_ms = CASE WHEN :is_delivered = 1 THEN coalesce(delivered_at_ms, :now) ELSE delivered_at_ms END
WHERE id = :id;

-- name: is_wanted_elsewhere
-- Whether a client of another replica waits for it. Locks the row: who comes after sees what is made of the answer.
SELECT count(*)
FROM (SELECT client_replicas FROM generations WHERE id = :id FOR UPDATE) AS locked,
    unnest(client_replicas) AS client_replica
WHERE client_replica <> current_setting('limner.replica');
