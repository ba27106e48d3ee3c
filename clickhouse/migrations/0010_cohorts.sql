-- Who is in a cohort, as facts: somebody came in, or left, at the moment a computation was of; and the lists people are put on by hand. Who was in at
-- a moment is told by the last fact up to the last computation that had finished by then; what a failed one wrote is put right by the next.
-- Workers write these tables, which are named for them. Lists keep hashes of ids alone: an id is read once, as the person of an event is.

CREATE TABLE IF NOT EXISTS tessera.worker_cohort_changes (
  tenant_id LowCardinality(String),
  cohort_id UUID,
  person UInt64,
  -- The moment the computation was of.
  at DateTime64(3, 'UTC'),
  run UInt32,
  version UInt32,
  entered Bool
) ENGINE = MergeTree ORDER BY (tenant_id, cohort_id, person, at, run)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS tessera.worker_cohort_list (
  tenant_id LowCardinality(String),
  cohort_id UUID,
  user_id String EPHEMERAL '',
  anonymous_id String EPHEMERAL '',
  -- As in events.
  person UInt64 DEFAULT if(user_id = '' AND anonymous_id = '', 0, cityHash64(tenant_id, if(user_id != '', user_id, anonymous_id), user_id != '')),
  at DateTime64(3, 'UTC'),
  -- Orders changes of one moment.
  change UInt64,
  listed Bool
) ENGINE = ReplacingMergeTree ORDER BY (tenant_id, cohort_id, person, at, change)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 1000;

-- Recorded facts are computed from all events of the tenant, so that a query under a data policy sees none of them. A list is not computed: of it such
-- a query sees those people of whom it sees an event.
CREATE OR REPLACE VIEW tessera_restricted.worker_cohort_list DEFINER = tessera_owner SQL SECURITY DEFINER AS
SELECT l.tenant_id AS tenant_id, l.cohort_id AS cohort_id, l.person AS person, l.at AS at, l.change AS change, l.listed AS listed
FROM tessera.worker_cohort_list AS l
WHERE l.tenant_id = splitByChar(':', initialQueryID())[1]
  AND l.person IN (SELECT person FROM tessera_restricted.events_by_person);
