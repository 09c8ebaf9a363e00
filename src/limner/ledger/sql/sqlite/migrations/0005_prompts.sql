-- What was asked for in words, and the same with its case folded, to search in. They go when the answer's files do.
ALTER TABLE generations ADD COLUMN prompt TEXT;
ALTER TABLE generations ADD COLUMN prompt_folded TEXT;

-- Those with pictures to show, as their owner pages through them.
CREATE INDEX generations_shown ON generations (owner, claimed_at_ms, id) WHERE folder IS NOT NULL AND pictures > 0;
-- Prompts of calls that have no files to go with: an error came of them, or they run.
CREATE INDEX generations_prompts ON generations (ended_at_ms) WHERE prompt IS NOT NULL AND folder IS NULL;
-- Everybody's calls, as those who look after the gateway page through them and add them up.
CREATE INDEX generations_claimed ON generations (claimed_at_ms, id);
