-- needs: 1
-- What became of each call to Gemini of a generation: one for each choice, the last attempt at it.
CREATE TABLE upstream_calls (
    generation_id TEXT NOT NULL REFERENCES generations (id),
    choice INTEGER NOT NULL,
    -- The name of the credential it went through, and the model it asked.
    upstream TEXT NOT NULL,
    kind TEXT NOT NULL,
    model TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    -- Of the answer; NULL: none came.
    status INTEGER,
    -- Gemini's own id of its answer.
    response_id TEXT,
    -- What it said instead of answering, without secrets.
    said TEXT,
    PRIMARY KEY (generation_id, choice)
);

CREATE INDEX upstream_calls_response ON upstream_calls (response_id) WHERE response_id IS NOT NULL;

-- Credentials that are let rest, each for a model or ('') for all.
CREATE TABLE upstream_parks (
    -- A digest: the credential itself is never here.
    credential_id TEXT NOT NULL,
    model TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- How often in a row.
    failures INTEGER NOT NULL,
    since_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    PRIMARY KEY (credential_id, model)
);
