-- findCells(tenant, places): how many events lie under each event's key in the user-ordered copy and in each rollup; no order.
-- `places` is a JSON list of the events' own values; a key is answered as text in the order named in domain/holding.ts.
WITH places AS (
  SELECT arrayJoin(JSONExtract({places:String}, 'Array(Tuple(hour DateTime(\'UTC\'), day Date, time DateTime64(3, \'UTC\'), sequence UInt64, person UInt64, name String, country String, device String, source String, currency String))')) AS place
)
SELECT 'events_by_person' AS holder, [toString(person), toString(time), toString(sequence), toString(name)] AS cell, count() AS held
FROM events_by_person
WHERE tenant_id = {tenant:String} AND (person, time, sequence, name) IN (SELECT place.person, place.time, place.sequence, place.name FROM places)
GROUP BY person, time, sequence, name
UNION ALL
SELECT 'rollup_hour_name', [toString(hour), toString(name), toString(currency)], sum(events)
FROM rollup_hour_name
WHERE tenant_id = {tenant:String} AND (hour, name, currency) IN (SELECT place.hour, place.name, place.currency FROM places)
GROUP BY hour, name, currency
UNION ALL
SELECT 'rollup_day_dimensions', [toString(day), toString(name), toString(country), toString(device), toString(source), toString(currency)], sum(events)
FROM rollup_day_dimensions
WHERE tenant_id = {tenant:String}
  AND (day, name, country, device, source, currency) IN (
    SELECT place.day, place.name, place.country, place.device, place.source, place.currency FROM places
  )
GROUP BY day, name, country, device, source, currency
