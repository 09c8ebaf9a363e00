-- name: insert_generation
-- A new generation.
INSERT INTO generations
    (id, state, door, owner, end_user, key_id, fingerprint, idempotency_digest, model, asked, is_stream, store,
    reserved_micro_usd, claimed_at_ms, clients)
VALUES
    (:id, 'claimed', :door, :owner, :end_user, :key_id, :fingerprint, :idempotency_digest, :model, :asked,
    :is_stream, :store, :reserved_micro_usd, :claimed_at_ms, :clients);

-- name: mark_sent
-- Its first byte may leave from now on.
UPDATE generations
SET state = 'sent', sent_at_ms = coalesce(sent_at_ms, :now)
WHERE id = :id AND ended_at_ms IS NULL;

-- name: note_receiving
-- Its answer has begun.
UPDATE generations SET state = 'receiving' WHERE id = :id AND state = 'sent';

-- name: attach
-- One client more is being answered from it.
UPDATE generations SET clients = clients + 1 WHERE id = :id;

-- name: leave
-- One client less; that it got the answer is noted once.
UPDATE generations
SET clients = max(clients - 1, 0),
    delivered_at_ms = CASE WHEN :is_delivered THEN coalesce(delivered_at_ms, :now) ELSE delivered_at_ms END
WHERE id = :id;

-- name: stop_replaying
-- Answer no repeat from it any more.
UPDATE generations SET is_replayable = 0 WHERE id = :id;
