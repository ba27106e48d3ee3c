-- findFacts(tenant, ids, places): the first stored row of each named event, found by the table's key; no order. `places` is a JSON list.
SELECT
  toString(event_id) AS id,
  count() OVER (PARTITION BY event_id) AS copies,
  batch_row,
  schema_version,
  quality_flags,
  source,
  synthetic,
  toString(toStartOfHour(time)) AS hour_key,
  toString(toDate(time)) AS day_key,
  toString(time) AS time_key,
  toString(sequence) AS sequence_key,
  toString(person) AS person_key,
  name,
  country,
  device,
  currency
FROM events
WHERE tenant_id = {tenant:String}
  AND (toStartOfHour(time), name, person, time) IN (
    SELECT toStartOfHour(place.time), place.name, place.person, place.time
    FROM (SELECT arrayJoin(JSONExtract({places:String}, 'Array(Tuple(name String, person UInt64, time DateTime64(3, \'UTC\')))')) AS place)
  )
  AND event_id IN {ids:Array(UUID)}
ORDER BY received_at
LIMIT 1 BY event_id
