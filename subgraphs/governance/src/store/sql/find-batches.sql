-- findBatches(tenant, places): the recorded batches at the named times of receipt; no order. `places` is a JSON list.
SELECT
  toString(batch_id) AS id,
  sum(rows) AS row_count,
  toUnixTimestamp64Milli(min(received_at)) AS received_at_ms,
  toUnixTimestamp64Milli(min(min_time)) AS min_time_ms,
  toUnixTimestamp64Milli(max(max_time)) AS max_time_ms
FROM batches
WHERE tenant_id = {tenant:String}
  AND (received_at, batch_id) IN (
    SELECT place.received_at, place.batch_id
    FROM (SELECT arrayJoin(JSONExtract({places:String}, 'Array(Tuple(received_at DateTime64(3, \'UTC\'), batch_id UUID))')) AS place)
  )
GROUP BY batch_id
