-- Has everything that is open advanced again, from its last committed step: after the database was restored from a backup, or when
-- Restate has lost what it knew. What waits goes on waiting, until its own time. Run it while no worker runs; running it twice, or where
-- nothing was lost, does no harm.
INSERT INTO outbox (execution, execution_id, tenant, priority, is_start, created_at, handed_at)
SELECT no, id, tenant, priority, (status = 'queued')::integer, now_ms, CASE WHEN status = 'running' THEN now_ms END
FROM executions, (SELECT (extract(epoch FROM now()) * 1000)::bigint AS now_ms) AS clock
WHERE status IN ('queued', 'running', 'waiting')
  AND NOT EXISTS (SELECT FROM outbox WHERE outbox.execution = executions.no)
ORDER BY no;

-- What was handed over and never claimed is handed over at once.
UPDATE outbox SET due_at = 0 WHERE handed_at IS NOT NULL;
