-- name: end_generation
-- Write how a running generation ended; no row: it had ended.
UPDATE generations
SET state = :state,
    ended_at_ms = :now,
    cost_micro_usd = :cost_micro_usd,
    answer = :answer,
    error = :error,
    error_status = :error_status,
    metadata = CASE WHEN CAST(:answer AS TEXT) IS NULL AND :state <> 'unknown' THEN NULL ELSE metadata END,
    is_replayable = :is_replayable,
    is_assumed_free = :is_assumed_free,
    is_overrun = CASE WHEN :cost_micro_usd > reserved_micro_usd THEN 1 ELSE 0 END,
    input_tokens = :input_tokens,
    output_tokens = :output_tokens,
    pictures = :pictures,
    folder = :folder,
    stored_bytes = :stored_bytes,
    model = COALESCE(CAST(:model AS TEXT), model)
WHERE id = :id AND ended_at_ms IS NULL
RETURNING key_id, reserved_micro_usd, claimed_at_ms, is_overrun;

-- name: take_unsent
-- Hold a generation that was not sent; no row: it was, or has ended.
UPDATE generations
SET state = state
WHERE id = :id AND state = 'claimed' AND sent_at_ms IS NULL AND ended_at_ms IS NULL
RETURNING id;

-- name: reopen_unknown
-- Let a generation with an unknown outcome end once more: its answer was found, and nobody has got it.
UPDATE generations
SET ended_at_ms = NULL, delivered_at_ms = NULL
WHERE id = :id AND state = 'unknown'
RETURNING id;

-- name: add_picture
-- One picture of a stored generation.
INSERT INTO pictures
    (id, generation_id, number, is_thought, file_name, sha256, mime_type, width, height, size_bytes)
VALUES
    (:id, :generation_id, :number, :is_thought, :file_name, :sha256, :mime_type, :width, :height, :size_bytes);

-- name: write_upstream_call
-- What became of a call to Gemini; the last word counts where an outcome was unknown for a while.
INSERT INTO upstream_calls
    (generation_id, choice, upstream, kind, model, attempts, status, response_id, said)
VALUES
    (:generation_id, :choice, :upstream, :kind, :model, :attempts, :status, :response_id, :said)
ON CONFLICT (generation_id, choice) DO UPDATE
SET upstream = excluded.upstream,
    kind = excluded.kind,
    model = excluded.model,
    attempts = excluded.attempts,
    status = excluded.status,
    response_id = excluded.response_id,
    said = excluded.said;

-- name: read_upstream_calls
-- What became of the calls to Gemini of a generation.
SELECT choice, upstream, kind, model, attempts, status, response_id, said
FROM upstream_calls
WHERE generation_id = :id
ORDER BY choice;

-- name: resolve_unknown
-- Decide on a generation whose outcome is unknown; no row: there is none with this id.
UPDATE generations
SET state = CASE WHEN :is_posted = 1 THEN 'settled' ELSE 'failed' END,
    cost_micro_usd = CASE WHEN :is_posted = 1 THEN reserved_micro_usd ELSE 0 END
WHERE id = :id AND state = 'unknown'
RETURNING key_id, reserved_micro_usd, claimed_at_ms;

-- name: list_old_unknowns
-- Generations whose outcome is unknown and that ended before then.
SELECT id FROM generations WHERE state = 'unknown' AND ended_at_ms < :before ORDER BY ended_at_ms;
