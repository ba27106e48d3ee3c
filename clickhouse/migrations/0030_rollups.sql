-- Rollups that tenants define: one table for all of them. A row holds what the events of one bucket of time and one combination of keys come to, in columns
-- that every rollup uses in its own way: its keys, sums of revenue (r) and of numeric properties (x), sketches of distinct values (u) and digests (q).
-- A column that a rollup has no use for holds nothing and costs nearly nothing, and a question reads those it asks for alone.
-- There are no partitions, so that an insert is one part: all of a batch is in, or nothing, and a repeated insert is known by its token.
-- Workers write it, as others that are named for them. A build is one filling of one version of a rollup; builds never mix.

CREATE TABLE IF NOT EXISTS tessera.worker_rollup_rows (
  tenant_id LowCardinality(String),
  build_id UUID,
  bucket DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
  -- Values of the dimensions as text. Of properties, which may be missing: empty when it is, else '=' and the value.
  k0 String CODEC(ZSTD(1)),
  k1 String CODEC(ZSTD(1)),
  k2 String CODEC(ZSTD(1)),
  k3 String CODEC(ZSTD(1)),
  k4 String CODEC(ZSTD(1)),
  k5 String CODEC(ZSTD(1)),
  events SimpleAggregateFunction(sum, UInt64),
  r0_sum SimpleAggregateFunction(sum, Decimal(38, 4)),
  r0_count SimpleAggregateFunction(sum, UInt64),
  r0_min SimpleAggregateFunction(min, Nullable(Decimal(18, 4))),
  r0_max SimpleAggregateFunction(max, Nullable(Decimal(18, 4))),
  r1_sum SimpleAggregateFunction(sum, Decimal(38, 4)),
  r1_count SimpleAggregateFunction(sum, UInt64),
  r1_min SimpleAggregateFunction(min, Nullable(Decimal(18, 4))),
  r1_max SimpleAggregateFunction(max, Nullable(Decimal(18, 4))),
  r2_sum SimpleAggregateFunction(sum, Decimal(38, 4)),
  r2_count SimpleAggregateFunction(sum, UInt64),
  r2_min SimpleAggregateFunction(min, Nullable(Decimal(18, 4))),
  r2_max SimpleAggregateFunction(max, Nullable(Decimal(18, 4))),
  x0_sum SimpleAggregateFunction(sum, Float64),
  x0_count SimpleAggregateFunction(sum, UInt64),
  x0_min SimpleAggregateFunction(min, Nullable(Float64)),
  x0_max SimpleAggregateFunction(max, Nullable(Float64)),
  x1_sum SimpleAggregateFunction(sum, Float64),
  x1_count SimpleAggregateFunction(sum, UInt64),
  x1_min SimpleAggregateFunction(min, Nullable(Float64)),
  x1_max SimpleAggregateFunction(max, Nullable(Float64)),
  x2_sum SimpleAggregateFunction(sum, Float64),
  x2_count SimpleAggregateFunction(sum, UInt64),
  x2_min SimpleAggregateFunction(min, Nullable(Float64)),
  x2_max SimpleAggregateFunction(max, Nullable(Float64)),
  x3_sum SimpleAggregateFunction(sum, Float64),
  x3_count SimpleAggregateFunction(sum, UInt64),
  x3_min SimpleAggregateFunction(min, Nullable(Float64)),
  x3_max SimpleAggregateFunction(max, Nullable(Float64)),
  u0 AggregateFunction(uniqCombined64(14), UInt64),
  u1 AggregateFunction(uniqCombined64(14), UInt64),
  u2 AggregateFunction(uniqCombined64(14), UInt64),
  u3 AggregateFunction(uniqCombined64(14), UInt64),
  q0 AggregateFunction(quantilesTDigest(0.5), Float64),
  q1 AggregateFunction(quantilesTDigest(0.5), Float64),
  q2 AggregateFunction(quantilesTDigest(0.5), Float64)
) ENGINE = AggregatingMergeTree ORDER BY (tenant_id, build_id, bucket, k0, k1, k2, k3, k4, k5)
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 10000;

-- A tenant's own rollups are of all its events: a query under a data policy sees no row of them, and the planner never sends one here.
CREATE OR REPLACE VIEW tessera_restricted.worker_rollup_rows DEFINER = tessera_owner SQL SECURITY DEFINER AS
SELECT r.* FROM tessera.worker_rollup_rows AS r WHERE 0;

CREATE OR REPLACE VIEW tessera_people.worker_rollup_rows AS SELECT * FROM tessera.worker_rollup_rows;

CREATE OR REPLACE VIEW tessera_people_restricted.worker_rollup_rows AS SELECT * FROM tessera_restricted.worker_rollup_rows;
