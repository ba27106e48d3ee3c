-- What the rule of an anomaly watched when it was raised, in the form rules keep it: an anomaly tells of that, whatever its rule watches later.
-- Null of those that were raised before this was kept.
ALTER TABLE anomaly ADD COLUMN watch jsonb;
