-- Backtests of correlation rules over more events than one call looks at are jobs, as long queries are.
ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN ('OLAP', 'BACKTEST'));
