-- name: insert_generation
-- A new generation.
INSERT INTO generations
    (id, state, door, owner, end_user, key_id, fingerprint, idempotency_digest, model, asked, is_stream, store,
    metadata, prompt, prompt_folded, conversation, is_linked, pictures_asked, reserved_micro_usd, claimed_at_ms, clients)
VALUES
    (:id, 'claimed', :door, :owner, :end_user, :key_id, :fingerprint, :idempotency_digest, :model, :asked,
    :is_stream, :store, :metadata, :prompt, :prompt_folded, :conversation, :is_linked, :pictures_asked,
    :reserved_micro_usd, :claimed_at_ms, :clients);

-- name: attach
-- One client more is being answered from it.
UPDATE generations SET clients = clients + 1 WHERE id = :id;

-- name: leave
-- One client less; that it got the answer is noted once.
UPDATE generations
SET clients = max(clients - 1, 0),
    delivered_at_ms = CASE WHEN :is_delivered = 1 THEN coalesce(delivered_at_ms, :now) ELSE delivered_at_ms END
WHERE id = :id;

-- name: is_wanted_elsewhere
-- Whether a client of another server waits for it; there is no other server.
SELECT 0;
