-- name: find_keyed
-- The newest generation with this Idempotency-Key that runs, or ended lately and answers repeats.
SELECT id, fingerprint
FROM generations
WHERE idempotency_digest = :digest AND end_user = :end_user
    AND (ended_at_ms IS NULL OR (is_replayable = 1 AND ended_at_ms > :ended_after))
ORDER BY claimed_at_ms DESC, rowid DESC
LIMIT 1;

-- name: find_equals
-- Of the calls without a key that are equal: the oldest that nobody has got, the newest that went wrong after it
-- was sent, and whether one has been running for a while with its client there.
SELECT
    (
        SELECT id
        FROM generations
        WHERE fingerprint = :fingerprint
            AND idempotency_digest IS NULL AND delivered_at_ms IS NULL AND clients = 0
            AND claimed_at_ms > :claimed_after
            AND (ended_at_ms IS NULL OR (is_replayable = 1 AND state = 'settled' AND error IS NULL))
        ORDER BY claimed_at_ms, rowid
        LIMIT 1
    ),
    (
        SELECT id
        FROM generations
        WHERE fingerprint = :fingerprint
            AND idempotency_digest IS NULL AND (state = 'unknown' OR error_status IS NOT NULL)
            AND ended_at_ms > :wrong_after
            AND (
                state = 'unknown'
                OR (error_status IN (500, 502, 504) AND sent_at_ms IS NOT NULL AND is_replayable = 1)
            )
        ORDER BY ended_at_ms DESC, rowid DESC
        LIMIT 1
    ),
    EXISTS (
        SELECT 1
        FROM generations
        WHERE fingerprint = :fingerprint
            AND idempotency_digest IS NULL AND ended_at_ms IS NULL
            AND clients > 0 AND claimed_at_ms < :running_since
    );

-- name: find_newest_equal
-- The newest equal call that runs, or ended lately and answers repeats, and when it was claimed.
SELECT id, claimed_at_ms
FROM (
    SELECT id, claimed_at_ms, rowid AS place
    FROM generations
    WHERE fingerprint = :fingerprint AND idempotency_digest IS NULL AND ended_at_ms IS NULL
    UNION ALL
    SELECT id, claimed_at_ms, rowid AS place
    FROM generations
    WHERE fingerprint = :fingerprint AND idempotency_digest IS NULL AND ended_at_ms > :ended_after
        AND is_replayable = 1
) AS equal
ORDER BY claimed_at_ms DESC, place DESC
LIMIT 1;

-- name: was_refused
-- Whether an equal call was refused for want of capacity since then, by this gateway or by the upstream.
SELECT
    EXISTS (SELECT 1 FROM refusals WHERE fingerprint = :fingerprint AND at_ms >= :since)
    OR EXISTS (
        SELECT 1
        FROM generations
        WHERE fingerprint = :fingerprint
            AND idempotency_digest IS NULL AND (state = 'unknown' OR error_status IS NOT NULL)
            AND ended_at_ms >= :since
            AND state = 'failed' AND error_status IN (429, 503)
    );

-- name: note_refusal
-- An equal call was refused just now.
INSERT INTO refusals (fingerprint, at_ms) VALUES (:fingerprint, :now)
ON CONFLICT (fingerprint) DO UPDATE SET at_ms = excluded.at_ms;

-- name: sweep_refusals
-- Forget the refusals that no repeat can ask for any more.
DELETE FROM refusals WHERE at_ms < :before;
