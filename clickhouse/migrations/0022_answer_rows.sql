-- Answers that are read in pages: all their rows, in order, as they were when the first page was asked for. Place 0 holds the totals, rows have places
-- from 1, and -1 tells what was asked, of what, and how many rows there are; it is written last, so that an answer without it is none.
-- Kept for an hour; whole parts are dropped, so that nothing is rewritten. Workers write it, as others that are named for them.

CREATE TABLE IF NOT EXISTS tessera.worker_answer_rows (
  tenant_id LowCardinality(String),
  answer_id UUID,
  place Int64 CODEC(Delta(8), ZSTD(1)),
  -- A JSON list: 1 for totals, the bucket, the dimensions, the measures; at place -1 a JSON object.
  row String CODEC(ZSTD(1)),
  stored_at DateTime('UTC') DEFAULT now()
) ENGINE = MergeTree PARTITION BY toStartOfInterval(stored_at, INTERVAL 20 MINUTE) ORDER BY (tenant_id, answer_id, place)
TTL stored_at + INTERVAL 1 HOUR
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, merge_with_ttl_timeout = 600, non_replicated_deduplication_window = 100;
