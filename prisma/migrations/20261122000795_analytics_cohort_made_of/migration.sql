-- The cohorts that a computation followed references to, with their names and versions then; none are known of what was computed before.
ALTER TABLE cohort_size ADD COLUMN made_of jsonb NOT NULL DEFAULT '[]';
