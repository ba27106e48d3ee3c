-- Cohorts of accounts: the type of groups whose ids are the members; null for a cohort of people. It is said when a cohort is made, and stays.
ALTER TABLE cohort ADD COLUMN group_type text CHECK (group_type ~ '^[A-Za-z][A-Za-z0-9_]{0,31}$');
