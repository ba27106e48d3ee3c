-- A tenant's own rollup over a month or a year is read by merging the sketches of each of its buckets; so its events and distinct values are kept merged by week (from Monday,
-- UTC) too, made of each part's own rows and made anew by each merge. The engine takes them, part by part, for statements that ask for whole weeks of these alone, and adds
-- up the buckets wherever it can't. Numbers are added up as fast without, and digests lose with each merge, so that neither is in it.
-- Parts that are there already are given theirs in the background.

ALTER TABLE tessera.worker_rollup_rows MODIFY SETTING deduplicate_merge_projection_mode = 'rebuild';

ALTER TABLE tessera.worker_rollup_rows ADD PROJECTION IF NOT EXISTS by_week (
  SELECT tenant_id, build_id, toMonday(bucket), k0, k1, k2, k3, k4, k5, sum(events), uniqCombined64MergeState(14)(u0), uniqCombined64MergeState(14)(u1),
    uniqCombined64MergeState(14)(u2), uniqCombined64MergeState(14)(u3)
  GROUP BY tenant_id, build_id, toMonday(bucket), k0, k1, k2, k3, k4, k5
);

ALTER TABLE tessera.worker_rollup_rows MATERIALIZE PROJECTION by_week SETTINGS mutations_sync = 0;
