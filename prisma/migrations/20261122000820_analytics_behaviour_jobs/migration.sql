-- Questions about what people do that look at more events than one call can are jobs, as long queries are.
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN ('OLAP', 'BACKTEST', 'BEHAVIOUR'));
