-- name: list_upstream_calls
-- What became of the calls to Gemini of some generations, by generation and choice.
SELECT generation_id, choice, upstream, kind, model, attempts, status, response_id, said
FROM upstream_calls
WHERE generation_id IN (SELECT value FROM json_array_elements_text(CAST(:ids AS JSON)) AS value)
ORDER BY generation_id, choice;
