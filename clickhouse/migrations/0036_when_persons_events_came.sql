-- When an event was received, beside the person who did it: the erasure of a person takes what came until a moment and leaves what comes after it.
-- Rows of before have 1970, which is before every such moment.

ALTER TABLE tessera.events_by_person ADD COLUMN IF NOT EXISTS received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1));

ALTER TABLE tessera.events_by_person_view MODIFY QUERY
SELECT tenant_id, person, time, sequence, name, session_id, source, utm_source, utm_medium, utm_campaign, revenue, received_at FROM tessera.events;

CREATE OR REPLACE VIEW tessera_people.events_by_person AS
SELECT e.* EXCEPT (person), if(p.canonical = 0, e.person, p.canonical) AS person
FROM tessera.events_by_person AS e LEFT ANY JOIN (
  SELECT person, canonical FROM tessera.worker_people FINAL WHERE tenant_id = splitByChar(':', initialQueryID())[1] AND canonical != person
) AS p ON e.person = p.person;
