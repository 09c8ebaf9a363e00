-- name: mark_sent
-- Its first byte may leave from now on.
UPDATE generations
SET state = 'sent', sent_at_ms = coalesce(sent_at_ms, :now)
WHERE id = :id AND ended_at_ms IS NULL;

-- name: note_receiving
-- Its answer has begun.
UPDATE generations SET state = 'receiving' WHERE id = :id AND state = 'sent';

-- name: stop_replaying
-- Answer no repeat from it any more.
UPDATE generations SET is_replayable = 0 WHERE id = :id;
