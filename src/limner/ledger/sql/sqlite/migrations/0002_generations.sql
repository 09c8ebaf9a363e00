-- What a key may spend; NULL: no limit.
ALTER TABLE api_keys ADD COLUMN budget_micro_usd INTEGER CHECK (budget_micro_usd >= 0);
ALTER TABLE api_keys ADD COLUMN budget_period TEXT NOT NULL DEFAULT 'total'
    CHECK (budget_period IN ('day', 'month', 'total'));
ALTER TABLE api_keys ADD COLUMN images_per_minute INTEGER CHECK (images_per_minute > 0);
ALTER TABLE api_keys ADD COLUMN requests_per_minute INTEGER CHECK (requests_per_minute > 0);

-- One logical call each. The row stays for the books when its files have gone.
CREATE TABLE generations (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (
        state IN ('claimed', 'sent', 'receiving', 'stored', 'settled', 'refused', 'failed', 'unknown')
    ),
    door TEXT NOT NULL,
    owner TEXT NOT NULL,
    -- '': none was named.
    end_user TEXT NOT NULL,
    key_id TEXT NOT NULL,
    -- HMAC of owner, end user, door and body.
    fingerprint BLOB NOT NULL,
    -- HMAC of owner, door and Idempotency-Key; such a call is found by it, and its end user, only.
    idempotency_digest BLOB,
    model TEXT NOT NULL,
    -- JSON: how the call was asked, what is needed to answer it again.
    asked TEXT NOT NULL CHECK (json_valid(asked)),
    is_stream INTEGER NOT NULL CHECK (is_stream IN (0, 1)),
    -- The client's `store`; NULL: it did not say.
    store INTEGER CHECK (store IN (0, 1)),
    reserved_micro_usd INTEGER NOT NULL CHECK (reserved_micro_usd >= 0),
    -- Epoch milliseconds, as all times of this table.
    claimed_at_ms INTEGER NOT NULL,
    sent_at_ms INTEGER,
    ended_at_ms INTEGER,
    delivered_at_ms INTEGER,
    -- How many clients are being answered from it now.
    clients INTEGER NOT NULL DEFAULT 1 CHECK (clients >= 0),
    -- Set at the end. NULL while the outcome is unknown and nobody has resolved it.
    cost_micro_usd INTEGER CHECK (cost_micro_usd >= 0),
    -- JSON: outcome, tokens and notices of a call with an answer.
    answer TEXT CHECK (json_valid(answer)),
    -- JSON: the error a call ended with, and its HTTP status.
    error TEXT CHECK (json_valid(error)),
    error_status INTEGER,
    -- Whether a repeat may be answered with how it ended.
    is_replayable INTEGER NOT NULL DEFAULT 0 CHECK (is_replayable IN (0, 1)),
    -- Whether an answer of 500 was taken to cost nothing.
    is_assumed_free INTEGER NOT NULL DEFAULT 0 CHECK (is_assumed_free IN (0, 1)),
    -- Whether it cost more than was reserved.
    is_overrun INTEGER NOT NULL DEFAULT 0 CHECK (is_overrun IN (0, 1)),
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    pictures INTEGER NOT NULL DEFAULT 0,
    -- Below the store; NULL: there are no files, or they have gone.
    folder TEXT,
    stored_bytes INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Repeats without a key: those that run or ended lately, those nobody has got, those that went wrong.
CREATE INDEX generations_fingerprint ON generations (fingerprint, ended_at_ms) WHERE idempotency_digest IS NULL;
CREATE INDEX generations_waiting ON generations (fingerprint, claimed_at_ms)
    WHERE idempotency_digest IS NULL AND delivered_at_ms IS NULL AND clients = 0;
CREATE INDEX generations_wrong ON generations (fingerprint, ended_at_ms)
    WHERE idempotency_digest IS NULL AND (state = 'unknown' OR error_status IS NOT NULL);
CREATE INDEX generations_idempotency ON generations (idempotency_digest, claimed_at_ms)
    WHERE idempotency_digest IS NOT NULL;
-- A few hundred rows at most: what a start has to look after.
CREATE INDEX generations_open ON generations (claimed_at_ms) WHERE ended_at_ms IS NULL OR clients > 0;
CREATE INDEX generations_unknown ON generations (ended_at_ms) WHERE state = 'unknown';
-- What there is to forget, and when; what asked not to be stored apart, for it goes long before the rest.
CREATE INDEX generations_stored ON generations (ended_at_ms, store, stored_bytes, folder)
    WHERE folder IS NOT NULL;
CREATE INDEX generations_passing ON generations (ended_at_ms)
    WHERE store = 0 AND folder IS NOT NULL;
CREATE INDEX generations_owner ON generations (owner, claimed_at_ms);

-- The pictures of stored generations, thoughts included.
CREATE TABLE pictures (
    generation_id TEXT NOT NULL REFERENCES generations (id),
    -- Place among all pictures of the answer.
    number INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    is_thought INTEGER NOT NULL CHECK (is_thought IN (0, 1)),
    -- Within the generation's folder.
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    mime_type TEXT NOT NULL,
    width INTEGER,
    height INTEGER,
    size_bytes INTEGER NOT NULL,
    PRIMARY KEY (generation_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX pictures_sha256 ON pictures (sha256);

-- Every change of money, once and for ever: what a generation has reserved, what was held, how it was settled.
CREATE TABLE ledger_entries (
    generation_id TEXT NOT NULL REFERENCES generations (id),
    -- With the primary key: one of each kind, and either post or void.
    step INTEGER NOT NULL CHECK (step = CASE kind WHEN 'reserve' THEN 0 WHEN 'hold' THEN 1 ELSE 2 END),
    -- reserve: pending rises. post: pending falls by the reservation, posted rises by the cost. void: pending
    -- falls. hold: nothing moves, the outcome is unknown.
    kind TEXT NOT NULL CHECK (kind IN ('reserve', 'post', 'void', 'hold')),
    at_ms INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    pending_micro_usd INTEGER NOT NULL,
    posted_micro_usd INTEGER NOT NULL,
    -- When the generation was claimed: the budget period that all its entries count in.
    budget_at_ms INTEGER NOT NULL,
    -- Who or what decided, where it was not the answer itself: operator, policy, assumed_free, overrun.
    note TEXT,
    PRIMARY KEY (generation_id, step)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER ledger_entries_stay_as_they_are BEFORE UPDATE ON ledger_entries
BEGIN SELECT raise(ABORT, 'ledger entries are never changed'); END;
CREATE TRIGGER ledger_entries_stay BEFORE DELETE ON ledger_entries
BEGIN SELECT raise(ABORT, 'ledger entries are never deleted'); END;
-- REPLACE deletes without asking the trigger above.
CREATE TRIGGER ledger_entries_stay_alone BEFORE INSERT ON ledger_entries
WHEN EXISTS (SELECT 1 FROM ledger_entries WHERE generation_id = new.generation_id AND step = new.step)
BEGIN SELECT raise(ABORT, 'ledger entries are never replaced'); END;

-- Sums over the entries of each key: of all time, and of each day.
CREATE TABLE accounts (
    key_id TEXT NOT NULL,
    -- '2026-11-23', in UTC, or 'total'.
    period TEXT NOT NULL,
    pending_micro_usd INTEGER NOT NULL,
    posted_micro_usd INTEGER NOT NULL,
    PRIMARY KEY (key_id, period)
) STRICT, WITHOUT ROWID;

-- Here and not in the code, so that no way to write an entry can leave its accounts behind.
CREATE TRIGGER ledger_entries_count AFTER INSERT ON ledger_entries
BEGIN
    INSERT INTO accounts (key_id, period, pending_micro_usd, posted_micro_usd)
    VALUES
        (new.key_id, 'total', new.pending_micro_usd, new.posted_micro_usd),
        (new.key_id, date(new.budget_at_ms / 1000, 'unixepoch'), new.pending_micro_usd, new.posted_micro_usd)
    ON CONFLICT (key_id, period) DO UPDATE
    SET pending_micro_usd = pending_micro_usd + excluded.pending_micro_usd,
        posted_micro_usd = posted_micro_usd + excluded.posted_micro_usd;
END;

-- Requests of the last minute by keys that have a limit for them.
CREATE TABLE request_marks (
    key_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX request_marks_key ON request_marks (key_id, at_ms);

-- When a call was last refused with 429 or 503 before it became a generation.
CREATE TABLE refusals (
    fingerprint BLOB PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX refusals_at ON refusals (at_ms);
