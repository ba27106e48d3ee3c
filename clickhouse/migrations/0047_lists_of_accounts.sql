-- Lists of cohorts whose members are accounts. An account has a number as a person has one (of its type and id, as in worker_traits), so that facts of
-- who came in and who left stand in worker_cohort_changes for both. Lists stand apart: under a data policy those of people are held to people of whom an
-- event may be seen, and no table tells that of accounts before a statement reads them of its events.

CREATE TABLE IF NOT EXISTS tessera.worker_cohort_accounts (
  tenant_id LowCardinality(String),
  cohort_id UUID,
  -- The account's type and id, with a colon between: read once, as its number.
  account String EPHEMERAL '',
  person UInt64 DEFAULT cityHash64(tenant_id, account, toUInt8(2)),
  at DateTime64(3, 'UTC'),
  -- Orders changes of one moment.
  change UInt64,
  listed Bool
) ENGINE = ReplacingMergeTree ORDER BY (tenant_id, cohort_id, person, at, change)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 1000;

-- Numbers alone: a statement counts those of them whose account an event names that the query may see.
CREATE OR REPLACE VIEW tessera_restricted.worker_cohort_accounts DEFINER = tessera_owner SQL SECURITY DEFINER AS
SELECT l.tenant_id AS tenant_id, l.cohort_id AS cohort_id, l.person AS person, l.at AS at, l.change AS change, l.listed AS listed
FROM tessera.worker_cohort_accounts AS l
WHERE l.tenant_id = splitByChar(':', initialQueryID())[1];

-- Nobody is linked with an account: it is whom it was stored as.
CREATE OR REPLACE VIEW tessera_people.worker_cohort_accounts AS SELECT * FROM tessera.worker_cohort_accounts;

CREATE OR REPLACE VIEW tessera_people_restricted.worker_cohort_accounts AS SELECT * FROM tessera_restricted.worker_cohort_accounts;
