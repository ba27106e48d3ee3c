-- findIndexEntries(tenant, ids): what the id index says of each named event of the tenant; no order.
SELECT
  event_id,
  count() AS copies,
  toUnixTimestamp64Milli(min(received_at)) AS first_stored_at,
  toUnixTimestamp64Milli(argMin(received_at, received_at)) AS received_at_ms,
  toUnixTimestamp64Milli(argMin(time, received_at)) AS time_ms,
  toString(argMin(batch_id, received_at)) AS batch,
  toString(argMin(time, received_at)) AS time_key,
  toString(min(received_at)) AS received_at_key,
  argMin(name, received_at) AS name_key,
  toString(argMin(person, received_at)) AS person_key
FROM event_ids
-- What was erased with its person has no name left; only its id stays known.
WHERE tenant_id = {tenant:String} AND event_id IN {ids:Array(UUID)} AND name != ''
GROUP BY event_id
