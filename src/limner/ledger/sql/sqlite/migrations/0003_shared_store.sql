-- Which server's folder the files came to, and when they were in the shared store as well.
ALTER TABLE generations ADD COLUMN replica_id TEXT NOT NULL DEFAULT '';
ALTER TABLE generations ADD COLUMN uploaded_at_ms INTEGER;
-- JSON: the client's own words on a call, to find it by.
ALTER TABLE generations ADD COLUMN metadata TEXT CHECK (json_valid(metadata));
-- Stored completions, as their owner lists them.
CREATE INDEX generations_listed ON generations (owner, claimed_at_ms, id) WHERE store = 1 AND answer IS NOT NULL;

-- What the shared store has to be told: written with what makes it necessary, gone when it is done.
CREATE TABLE transfers (
    generation_id TEXT NOT NULL REFERENCES generations (id),
    kind TEXT NOT NULL CHECK (kind IN ('upload', 'removal')),
    folder TEXT NOT NULL,
    -- Where the files are: an upload is made by who has them, a removal by anybody.
    replica_id TEXT NOT NULL,
    -- Not before then.
    due_at_ms INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (generation_id, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX transfers_due ON transfers (kind, due_at_ms);
