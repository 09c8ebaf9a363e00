-- needs: 1
-- HMAC over whose call it is and all turns up to its own; what its answer is found by when the conversation goes on.
ALTER TABLE generations ADD COLUMN conversation TEXT;
-- Whether its pictures were given out as links, and are kept as long as these are to work.
ALTER TABLE generations ADD COLUMN is_linked INTEGER NOT NULL DEFAULT 0 CHECK (is_linked IN (0, 1));

CREATE INDEX generations_conversation ON generations (conversation, ended_at_ms)
    WHERE conversation IS NOT NULL AND folder IS NOT NULL;
