-- Reports are mailed: a report names channels of mails, and a delivery sends the files of one of its runs in place of alerts.

ALTER TABLE report ADD COLUMN channels uuid[] NOT NULL DEFAULT '{}' CHECK (cardinality(channels) <= 5);

-- {reportId, runId, owner}; null for what tells of alerts.
ALTER TABLE notify_delivery ADD COLUMN report jsonb;
-- A run is mailed by a channel once, however often the log is read.
CREATE UNIQUE INDEX notify_delivery_of_report ON notify_delivery (tenant_id, channel_id, (report->>'runId')) WHERE report IS NOT NULL;
