-- name: forget_jobs
-- Jobs that wait or have ended, and were put there an hour ago or longer.
DELETE FROM procrastinate_jobs
WHERE status <> 'doing' AND NOT EXISTS (
    SELECT 1
    FROM procrastinate_events
    WHERE job_id = procrastinate_jobs.id AND at > clock_timestamp() - INTERVAL '1 hour'
);

-- name: forget_schedules
-- When jobs were last put there that nobody has put there for an hour.
DELETE FROM procrastinate_periodic_defers
WHERE defer_timestamp < extract(epoch FROM clock_timestamp()) - 3600;
