-- HMAC over whose call it is and all turns up to its own; what its answer is found by when the conversation goes on.
ALTER TABLE generations ADD COLUMN conversation TEXT;
-- How many pictures were asked for; none of a text model.
ALTER TABLE generations ADD COLUMN pictures_asked INTEGER NOT NULL DEFAULT 1 CHECK (pictures_asked >= 0);
-- Whether its pictures were given out as links, and are kept as long as these are to work.
ALTER TABLE generations ADD COLUMN is_linked INTEGER NOT NULL DEFAULT 0 CHECK (is_linked IN (0, 1));

CREATE INDEX generations_conversation ON generations (conversation, ended_at_ms)
    WHERE conversation IS NOT NULL AND folder IS NOT NULL;

-- What there is to forget, and when: what links were given out to apart, for it stays long after the rest.
CREATE INDEX generations_linked ON generations (ended_at_ms)
    WHERE is_linked = 1 AND store IS NULL AND folder IS NOT NULL;
CREATE INDEX generations_unlinked ON generations (ended_at_ms)
    WHERE is_linked = 0 AND store IS NULL AND folder IS NOT NULL;
