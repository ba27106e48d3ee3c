-- The event store: one wide table of facts, a user-ordered copy, an id index, and rollups kept by materialized views.
-- Every table that holds tenants' rows begins its key with tenant_id. Rows are deduplicated by event id before the insert; inserts carry
-- a deduplication token that the views share, so that a repeated insert heals base table and views alike.
-- Sessions and the days of a person are read from events_by_person: rollups of them had nearly one row per event (docs/decisions/0012).
-- Merging costs more than inserting. So in the tables with a row per event parts below 128 MB are kept in one file instead of one per column,
-- merges read large blocks, and parts of about one size are merged ten at a time instead of five, which rewrites a row less often.

CREATE TABLE IF NOT EXISTS tessera.events (
  tenant_id LowCardinality(String),
  event_id UUID,
  time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  batch_id UUID,
  batch_row UInt32,
  name LowCardinality(String),
  user_id String CODEC(ZSTD(1)),
  anonymous_id String CODEC(ZSTD(1)),
  -- Who did it: the user when known, else the anonymous visitor; 0 when neither is known.
  person UInt64 DEFAULT if(user_id = '' AND anonymous_id = '', 0, cityHash64(tenant_id, if(user_id != '', user_id, anonymous_id), user_id != '')),
  session_id String CODEC(ZSTD(1)),
  source LowCardinality(String),
  country LowCardinality(String),
  region LowCardinality(String),
  city LowCardinality(String),
  device LowCardinality(String),
  os LowCardinality(String),
  browser LowCardinality(String),
  url String CODEC(ZSTD(1)),
  referrer String CODEC(ZSTD(1)),
  utm_source LowCardinality(String),
  utm_medium LowCardinality(String),
  utm_campaign LowCardinality(String),
  utm_term LowCardinality(String),
  utm_content LowCardinality(String),
  revenue Nullable(Decimal(18, 4)),
  currency LowCardinality(String),
  correlation_id String CODEC(ZSTD(1)),
  trace_id String CODEC(ZSTD(1)),
  schema_version UInt32,
  synthetic Bool,
  -- Place among the events of the same batch, so that events of one millisecond keep the order they were sent in.
  sequence UInt64 CODEC(Delta(8), ZSTD(1)),
  -- What ingest noticed: ID_GENERATED, TIME_DEFAULTED, LATE, FUTURE.
  quality_flags Array(LowCardinality(String)),
  properties JSON(max_dynamic_paths = 128)
) ENGINE = MergeTree PARTITION BY toYYYYMM(time)
ORDER BY (tenant_id, toStartOfHour(time), name, person, time)
SETTINGS non_replicated_deduplication_window = 10000,
  min_bytes_for_wide_part = 134217728, merge_max_block_size = 65536, merge_max_block_size_bytes = 67108864, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS tessera.event_ids (
  tenant_id LowCardinality(String),
  event_id UUID,
  time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  name LowCardinality(String),
  person UInt64,
  batch_id UUID,
  received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1))
) ENGINE = MergeTree ORDER BY (tenant_id, event_id)
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 10000,
  min_bytes_for_wide_part = 134217728, merge_max_block_size = 65536, merge_max_block_size_bytes = 67108864, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS tessera.batches (
  tenant_id LowCardinality(String),
  batch_id UUID,
  received_at DateTime64(3, 'UTC'),
  rows SimpleAggregateFunction(sum, UInt64),
  min_time SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
  max_time SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
) ENGINE = AggregatingMergeTree ORDER BY (tenant_id, received_at, batch_id)
SETTINGS index_granularity = 256, non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS tessera.events_by_person (
  tenant_id LowCardinality(String),
  person UInt64,
  time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  sequence UInt64 CODEC(Delta(8), ZSTD(1)),
  name LowCardinality(String),
  session_id String CODEC(ZSTD(1)),
  source LowCardinality(String),
  utm_source LowCardinality(String),
  utm_medium LowCardinality(String),
  utm_campaign LowCardinality(String),
  revenue Nullable(Decimal(18, 4))
) ENGINE = MergeTree PARTITION BY toYYYYMM(time)
ORDER BY (tenant_id, person, time, sequence) SAMPLE BY person
SETTINGS non_replicated_deduplication_window = 10000,
  min_bytes_for_wide_part = 134217728, merge_max_block_size = 65536, merge_max_block_size_bytes = 67108864, merge_selector_base = 10;

CREATE TABLE IF NOT EXISTS tessera.rollup_hour_name (
  tenant_id LowCardinality(String),
  hour DateTime('UTC'),
  name LowCardinality(String),
  currency LowCardinality(String),
  events SimpleAggregateFunction(sum, UInt64),
  persons AggregateFunction(uniqCombined64(14), UInt64),
  sessions AggregateFunction(uniqCombined64(14), String),
  revenue SimpleAggregateFunction(sum, Decimal(38, 4)),
  revenue_events SimpleAggregateFunction(sum, UInt64)
) ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(hour) ORDER BY (tenant_id, hour, name, currency)
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS tessera.rollup_day_dimensions (
  tenant_id LowCardinality(String),
  day Date,
  country LowCardinality(String),
  device LowCardinality(String),
  source LowCardinality(String),
  name LowCardinality(String),
  currency LowCardinality(String),
  events SimpleAggregateFunction(sum, UInt64),
  persons AggregateFunction(uniqCombined64(12), UInt64),
  revenue SimpleAggregateFunction(sum, Decimal(38, 4)),
  revenue_events SimpleAggregateFunction(sum, UInt64)
) ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (tenant_id, day, name, country, device, source, currency)
SETTINGS index_granularity = 256, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS tessera.event_ids_view TO tessera.event_ids AS
SELECT tenant_id, event_id, time, name, person, batch_id, received_at FROM tessera.events;

CREATE MATERIALIZED VIEW IF NOT EXISTS tessera.batches_view TO tessera.batches AS
SELECT tenant_id, batch_id, received_at, count() AS rows, min(time) AS min_time, max(time) AS max_time
FROM tessera.events GROUP BY tenant_id, batch_id, received_at;

CREATE MATERIALIZED VIEW IF NOT EXISTS tessera.events_by_person_view TO tessera.events_by_person AS
SELECT tenant_id, person, time, sequence, name, session_id, source, utm_source, utm_medium, utm_campaign, revenue FROM tessera.events;

CREATE MATERIALIZED VIEW IF NOT EXISTS tessera.rollup_hour_name_view TO tessera.rollup_hour_name AS
SELECT tenant_id, toStartOfHour(time) AS hour, name, currency, count() AS events, uniqCombined64StateIf(14)(person, person != 0) AS persons,
  uniqCombined64StateIf(14)(session_id, session_id != '') AS sessions, sum(ifNull(events.revenue, 0)) AS revenue, count(events.revenue) AS revenue_events
FROM tessera.events GROUP BY tenant_id, hour, name, currency;

CREATE MATERIALIZED VIEW IF NOT EXISTS tessera.rollup_day_dimensions_view TO tessera.rollup_day_dimensions AS
SELECT tenant_id, toDate(time) AS day, country, device, source, name, currency, count() AS events, uniqCombined64StateIf(12)(person, person != 0) AS persons,
  sum(ifNull(events.revenue, 0)) AS revenue, count(events.revenue) AS revenue_events
FROM tessera.events GROUP BY tenant_id, day, country, device, source, name, currency;

CREATE TABLE IF NOT EXISTS tessera.job_results (
  tenant_id LowCardinality(String),
  job_id UUID,
  -- Which try of the job wrote the row: a reader takes the rows of the try that finished, so a crashed try leaves no duplicates.
  attempt UInt32,
  row_number UInt64,
  row String CODEC(ZSTD(1)),
  stored_at DateTime('UTC') DEFAULT now()
) ENGINE = MergeTree ORDER BY (tenant_id, job_id, attempt, row_number)
TTL stored_at + INTERVAL 7 DAY
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000;
