-- What there is in events: for each name of events, path into their properties and type, how many events have it, and the first and last time of one. A row whose path is empty
-- is of the events of a name themselves. Questions look up here whether a name was ever sent (docs/semantic-layer.md, docs/decisions/0058).
-- An insert adds at most 1,000 rows for a tenant, those of the most events, so that senders who make names of values (an id as a key) cost no more than others.
-- What is stored already is counted by the last statement: all that came before the view was made, by a token, so that nothing is counted twice.

CREATE TABLE IF NOT EXISTS tessera.property_catalogue (
  tenant_id LowCardinality(String),
  path String,
  name LowCardinality(String),
  -- The type in the store's words; empty where the path is.
  type LowCardinality(String),
  events SimpleAggregateFunction(sum, UInt64),
  first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
  last_seen SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
) ENGINE = AggregatingMergeTree ORDER BY (tenant_id, path, name, type)
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS tessera.property_catalogue_view TO tessera.property_catalogue AS
SELECT tenant_id, one.1 AS path, name, one.2 AS type, count() AS events, min(time) AS first_seen, max(time) AS last_seen
FROM tessera.events ARRAY JOIN arrayPushFront(CAST(JSONAllPathsWithTypes(properties), 'Array(Tuple(String, String))'), ('', '')) AS one
GROUP BY tenant_id, path, name, type
ORDER BY path != '', events DESC LIMIT 1000 BY tenant_id;

-- The catalogue is of all of a tenant's events: a query under a data policy sees no row of it, and looks at the events that it may see.
CREATE OR REPLACE VIEW tessera_restricted.property_catalogue DEFINER = tessera_owner SQL SECURITY DEFINER AS
SELECT c.* FROM tessera.property_catalogue AS c WHERE 0;

CREATE OR REPLACE VIEW tessera_people.property_catalogue AS SELECT * FROM tessera.property_catalogue;

CREATE OR REPLACE VIEW tessera_people_restricted.property_catalogue AS SELECT * FROM tessera_restricted.property_catalogue;

INSERT INTO tessera.property_catalogue (tenant_id, path, name, type, events, first_seen, last_seen)
SELECT tenant_id, one.1 AS path, name, one.2 AS type, count() AS events, min(time) AS first_seen, max(time) AS last_seen
FROM tessera.events ARRAY JOIN arrayPushFront(CAST(JSONAllPathsWithTypes(properties), 'Array(Tuple(String, String))'), ('', '')) AS one
WHERE received_at < (SELECT max(metadata_modification_time) FROM system.tables WHERE database = 'tessera' AND name = 'property_catalogue_view')
GROUP BY tenant_id, path, name, type
ORDER BY tenant_id, path, name, type
SETTINGS insert_deduplication_token = 'property_catalogue', max_insert_threads = 1;
