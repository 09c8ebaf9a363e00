-- name: list_occupiers
-- Which other servers answer clients from equal calls; there is no other server.
SELECT '' WHERE 0;
