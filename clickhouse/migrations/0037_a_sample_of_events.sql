-- A sixteenth of all events with all their columns: those of the persons whose hash lies below a sixteenth of all hashes; of the events of nobody known those whose
-- session's hash does, or without a session their own. A question that may be answered from a part of the persons reads it in place of every event (docs/sampling.md): within a day the
-- rows are in order of what is drawn, so that a smaller sample is a range of the key in each day, and a shorter range of time is fewer days.
-- Granules are small, since a small sample is a few rows of each day. What is stored already is copied by the last statement, which takes nothing twice.

CREATE TABLE IF NOT EXISTS tessera.events_sample (
  tenant_id LowCardinality(String),
  event_id UUID,
  time DateTime64(3, 'UTC') CODEC(T64, LZ4),
  received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  batch_id UUID,
  batch_row UInt32,
  name LowCardinality(String),
  user_id String CODEC(ZSTD(1)),
  anonymous_id String CODEC(ZSTD(1)),
  person UInt64,
  -- What is drawn into a sample or left out as a whole: the person; of nobody known the session; without one the event.
  unit UInt64,
  session_id String CODEC(ZSTD(1)),
  source LowCardinality(String),
  country LowCardinality(String),
  region LowCardinality(String),
  city LowCardinality(String),
  device LowCardinality(String),
  os LowCardinality(String),
  browser LowCardinality(String),
  url String CODEC(ZSTD(1)),
  referrer String CODEC(ZSTD(1)),
  utm_source LowCardinality(String),
  utm_medium LowCardinality(String),
  utm_campaign LowCardinality(String),
  utm_term LowCardinality(String),
  utm_content LowCardinality(String),
  revenue Nullable(Decimal(18, 4)),
  currency LowCardinality(String),
  correlation_id String CODEC(ZSTD(1)),
  trace_id String CODEC(ZSTD(1)),
  schema_version UInt32,
  synthetic Bool,
  sequence UInt64 CODEC(T64, LZ4),
  quality_flags Array(LowCardinality(String)),
  properties JSON(max_dynamic_paths = 128)
) ENGINE = MergeTree PARTITION BY toYYYYMM(time)
ORDER BY (tenant_id, toDate(time), unit, time) SAMPLE BY unit
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000,
  min_bytes_for_wide_part = 134217728, merge_max_block_size = 65536, merge_max_block_size_bytes = 67108864, merge_selector_base = 10;

CREATE OR REPLACE VIEW tessera_restricted.events_sample DEFINER = tessera_owner SQL SECURITY DEFINER AS
WITH base64URLDecode(splitByChar(':', initialQueryID())[3]) AS policy, splitByChar(':', initialQueryID())[1] AS of_tenant
SELECT
  e.tenant_id AS tenant_id,
  e.unit AS unit,
  e.event_id AS event_id,
  e.time AS time,
  e.received_at AS received_at,
  e.batch_id AS batch_id,
  e.batch_row AS batch_row,
  e.name AS name,
  multiIf(JSONExtractString(policy, 'm', 'user_id', 1) = 'HASH', if(e.user_id = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.user_id))), 1, 32))), JSONExtractString(policy, 'm', 'user_id', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'user_id', 2), JSONExtractString(policy, 'm', 'user_id', 1) = 'NULL', '', e.user_id) AS user_id,
  multiIf(JSONExtractString(policy, 'm', 'anonymous_id', 1) = 'HASH', if(e.anonymous_id = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.anonymous_id))), 1, 32))), JSONExtractString(policy, 'm', 'anonymous_id', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'anonymous_id', 2), JSONExtractString(policy, 'm', 'anonymous_id', 1) = 'NULL', '', e.anonymous_id) AS anonymous_id,
  e.person AS person,
  multiIf(JSONExtractString(policy, 'm', 'session_id', 1) = 'HASH', if(e.session_id = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.session_id))), 1, 32))), JSONExtractString(policy, 'm', 'session_id', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'session_id', 2), JSONExtractString(policy, 'm', 'session_id', 1) = 'NULL', '', e.session_id) AS session_id,
  multiIf(JSONExtractString(policy, 'm', 'source', 1) = 'HASH', if(e.source = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.source))), 1, 32))), JSONExtractString(policy, 'm', 'source', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'source', 2), JSONExtractString(policy, 'm', 'source', 1) = 'NULL', '', e.source) AS source,
  multiIf(JSONExtractString(policy, 'm', 'country', 1) = 'HASH', if(e.country = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.country))), 1, 32))), JSONExtractString(policy, 'm', 'country', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'country', 2), JSONExtractString(policy, 'm', 'country', 1) = 'NULL', '', e.country) AS country,
  multiIf(JSONExtractString(policy, 'm', 'region', 1) = 'HASH', if(e.region = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.region))), 1, 32))), JSONExtractString(policy, 'm', 'region', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'region', 2), JSONExtractString(policy, 'm', 'region', 1) = 'NULL', '', e.region) AS region,
  multiIf(JSONExtractString(policy, 'm', 'city', 1) = 'HASH', if(e.city = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.city))), 1, 32))), JSONExtractString(policy, 'm', 'city', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'city', 2), JSONExtractString(policy, 'm', 'city', 1) = 'NULL', '', e.city) AS city,
  multiIf(JSONExtractString(policy, 'm', 'device', 1) = 'HASH', if(e.device = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.device))), 1, 32))), JSONExtractString(policy, 'm', 'device', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'device', 2), JSONExtractString(policy, 'm', 'device', 1) = 'NULL', '', e.device) AS device,
  multiIf(JSONExtractString(policy, 'm', 'os', 1) = 'HASH', if(e.os = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.os))), 1, 32))), JSONExtractString(policy, 'm', 'os', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'os', 2), JSONExtractString(policy, 'm', 'os', 1) = 'NULL', '', e.os) AS os,
  multiIf(JSONExtractString(policy, 'm', 'browser', 1) = 'HASH', if(e.browser = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.browser))), 1, 32))), JSONExtractString(policy, 'm', 'browser', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'browser', 2), JSONExtractString(policy, 'm', 'browser', 1) = 'NULL', '', e.browser) AS browser,
  multiIf(JSONExtractString(policy, 'm', 'url', 1) = 'HASH', if(e.url = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.url))), 1, 32))), JSONExtractString(policy, 'm', 'url', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'url', 2), JSONExtractString(policy, 'm', 'url', 1) = 'NULL', '', e.url) AS url,
  multiIf(JSONExtractString(policy, 'm', 'referrer', 1) = 'HASH', if(e.referrer = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.referrer))), 1, 32))), JSONExtractString(policy, 'm', 'referrer', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'referrer', 2), JSONExtractString(policy, 'm', 'referrer', 1) = 'NULL', '', e.referrer) AS referrer,
  multiIf(JSONExtractString(policy, 'm', 'utm_source', 1) = 'HASH', if(e.utm_source = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.utm_source))), 1, 32))), JSONExtractString(policy, 'm', 'utm_source', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'utm_source', 2), JSONExtractString(policy, 'm', 'utm_source', 1) = 'NULL', '', e.utm_source) AS utm_source,
  multiIf(JSONExtractString(policy, 'm', 'utm_medium', 1) = 'HASH', if(e.utm_medium = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.utm_medium))), 1, 32))), JSONExtractString(policy, 'm', 'utm_medium', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'utm_medium', 2), JSONExtractString(policy, 'm', 'utm_medium', 1) = 'NULL', '', e.utm_medium) AS utm_medium,
  multiIf(JSONExtractString(policy, 'm', 'utm_campaign', 1) = 'HASH', if(e.utm_campaign = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.utm_campaign))), 1, 32))), JSONExtractString(policy, 'm', 'utm_campaign', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'utm_campaign', 2), JSONExtractString(policy, 'm', 'utm_campaign', 1) = 'NULL', '', e.utm_campaign) AS utm_campaign,
  multiIf(JSONExtractString(policy, 'm', 'utm_term', 1) = 'HASH', if(e.utm_term = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.utm_term))), 1, 32))), JSONExtractString(policy, 'm', 'utm_term', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'utm_term', 2), JSONExtractString(policy, 'm', 'utm_term', 1) = 'NULL', '', e.utm_term) AS utm_term,
  multiIf(JSONExtractString(policy, 'm', 'utm_content', 1) = 'HASH', if(e.utm_content = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.utm_content))), 1, 32))), JSONExtractString(policy, 'm', 'utm_content', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'utm_content', 2), JSONExtractString(policy, 'm', 'utm_content', 1) = 'NULL', '', e.utm_content) AS utm_content,
  if(JSONHas(policy, 'm', 'revenue'), NULL, e.revenue) AS revenue,
  multiIf(JSONExtractString(policy, 'm', 'currency', 1) = 'HASH', if(e.currency = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.currency))), 1, 32))), JSONExtractString(policy, 'm', 'currency', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'currency', 2), JSONExtractString(policy, 'm', 'currency', 1) = 'NULL', '', e.currency) AS currency,
  multiIf(JSONExtractString(policy, 'm', 'correlation_id', 1) = 'HASH', if(e.correlation_id = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.correlation_id))), 1, 32))), JSONExtractString(policy, 'm', 'correlation_id', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'correlation_id', 2), JSONExtractString(policy, 'm', 'correlation_id', 1) = 'NULL', '', e.correlation_id) AS correlation_id,
  multiIf(JSONExtractString(policy, 'm', 'trace_id', 1) = 'HASH', if(e.trace_id = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.trace_id))), 1, 32))), JSONExtractString(policy, 'm', 'trace_id', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'trace_id', 2), JSONExtractString(policy, 'm', 'trace_id', 1) = 'NULL', '', e.trace_id) AS trace_id,
  e.schema_version AS schema_version,
  e.synthetic AS synthetic,
  e.sequence AS sequence,
  e.quality_flags AS quality_flags,
  if(JSONHas(policy, 'm', 'properties'), CAST('{}', 'JSON(max_dynamic_paths = 128)'), e.properties) AS properties
FROM tessera.events_sample AS e
WHERE e.tenant_id = of_tenant
    AND length(policy) > 0
    AND (NOT JSONHas(policy, 'a', 'name') OR has(JSONExtract(policy, 'a', 'name', 'Array(String)'), e.name)) AND (NOT JSONHas(policy, 'd', 'name') OR NOT has(JSONExtract(policy, 'd', 'name', 'Array(String)'), e.name))
    AND (NOT JSONHas(policy, 'a', 'source') OR has(JSONExtract(policy, 'a', 'source', 'Array(String)'), e.source)) AND (NOT JSONHas(policy, 'd', 'source') OR NOT has(JSONExtract(policy, 'd', 'source', 'Array(String)'), e.source))
    AND (NOT JSONHas(policy, 'a', 'country') OR has(JSONExtract(policy, 'a', 'country', 'Array(String)'), e.country)) AND (NOT JSONHas(policy, 'd', 'country') OR NOT has(JSONExtract(policy, 'd', 'country', 'Array(String)'), e.country))
    AND (NOT JSONHas(policy, 'a', 'region') OR has(JSONExtract(policy, 'a', 'region', 'Array(String)'), e.region)) AND (NOT JSONHas(policy, 'd', 'region') OR NOT has(JSONExtract(policy, 'd', 'region', 'Array(String)'), e.region))
    AND (NOT JSONHas(policy, 'a', 'city') OR has(JSONExtract(policy, 'a', 'city', 'Array(String)'), e.city)) AND (NOT JSONHas(policy, 'd', 'city') OR NOT has(JSONExtract(policy, 'd', 'city', 'Array(String)'), e.city))
    AND (NOT JSONHas(policy, 'a', 'device') OR has(JSONExtract(policy, 'a', 'device', 'Array(String)'), e.device)) AND (NOT JSONHas(policy, 'd', 'device') OR NOT has(JSONExtract(policy, 'd', 'device', 'Array(String)'), e.device))
    AND (NOT JSONHas(policy, 'a', 'os') OR has(JSONExtract(policy, 'a', 'os', 'Array(String)'), e.os)) AND (NOT JSONHas(policy, 'd', 'os') OR NOT has(JSONExtract(policy, 'd', 'os', 'Array(String)'), e.os))
    AND (NOT JSONHas(policy, 'a', 'browser') OR has(JSONExtract(policy, 'a', 'browser', 'Array(String)'), e.browser)) AND (NOT JSONHas(policy, 'd', 'browser') OR NOT has(JSONExtract(policy, 'd', 'browser', 'Array(String)'), e.browser))
    AND (NOT JSONHas(policy, 'a', 'utm_source') OR has(JSONExtract(policy, 'a', 'utm_source', 'Array(String)'), e.utm_source)) AND (NOT JSONHas(policy, 'd', 'utm_source') OR NOT has(JSONExtract(policy, 'd', 'utm_source', 'Array(String)'), e.utm_source))
    AND (NOT JSONHas(policy, 'a', 'utm_medium') OR has(JSONExtract(policy, 'a', 'utm_medium', 'Array(String)'), e.utm_medium)) AND (NOT JSONHas(policy, 'd', 'utm_medium') OR NOT has(JSONExtract(policy, 'd', 'utm_medium', 'Array(String)'), e.utm_medium))
    AND (NOT JSONHas(policy, 'a', 'utm_campaign') OR has(JSONExtract(policy, 'a', 'utm_campaign', 'Array(String)'), e.utm_campaign)) AND (NOT JSONHas(policy, 'd', 'utm_campaign') OR NOT has(JSONExtract(policy, 'd', 'utm_campaign', 'Array(String)'), e.utm_campaign))
    AND (NOT JSONHas(policy, 'a', 'utm_term') OR has(JSONExtract(policy, 'a', 'utm_term', 'Array(String)'), e.utm_term)) AND (NOT JSONHas(policy, 'd', 'utm_term') OR NOT has(JSONExtract(policy, 'd', 'utm_term', 'Array(String)'), e.utm_term))
    AND (NOT JSONHas(policy, 'a', 'utm_content') OR has(JSONExtract(policy, 'a', 'utm_content', 'Array(String)'), e.utm_content)) AND (NOT JSONHas(policy, 'd', 'utm_content') OR NOT has(JSONExtract(policy, 'd', 'utm_content', 'Array(String)'), e.utm_content))
    AND (NOT JSONHas(policy, 'a', 'currency') OR has(JSONExtract(policy, 'a', 'currency', 'Array(String)'), e.currency)) AND (NOT JSONHas(policy, 'd', 'currency') OR NOT has(JSONExtract(policy, 'd', 'currency', 'Array(String)'), e.currency))
    AND (NOT JSONHas(policy, 'a', 'user_id') OR has(JSONExtract(policy, 'a', 'user_id', 'Array(String)'), e.user_id)) AND (NOT JSONHas(policy, 'd', 'user_id') OR NOT has(JSONExtract(policy, 'd', 'user_id', 'Array(String)'), e.user_id))
    AND (NOT JSONHas(policy, 'a', 'anonymous_id') OR has(JSONExtract(policy, 'a', 'anonymous_id', 'Array(String)'), e.anonymous_id)) AND (NOT JSONHas(policy, 'd', 'anonymous_id') OR NOT has(JSONExtract(policy, 'd', 'anonymous_id', 'Array(String)'), e.anonymous_id))
    AND (NOT JSONHas(policy, 'a', 'session_id') OR has(JSONExtract(policy, 'a', 'session_id', 'Array(String)'), e.session_id)) AND (NOT JSONHas(policy, 'd', 'session_id') OR NOT has(JSONExtract(policy, 'd', 'session_id', 'Array(String)'), e.session_id))
    AND (NOT JSONHas(policy, 'g', 'time') OR ifNull(e.time >= fromUnixTimestamp64Milli(JSONExtractInt(policy, 'g', 'time'), 'UTC'), 0))
    AND (NOT JSONHas(policy, 'l', 'time') OR ifNull(e.time < fromUnixTimestamp64Milli(JSONExtractInt(policy, 'l', 'time'), 'UTC'), 0))
    AND (NOT JSONHas(policy, 'g', 'revenue') OR ifNull(e.revenue >= toDecimal64OrZero(JSONExtractString(policy, 'g', 'revenue'), 4), 0))
    AND (NOT JSONHas(policy, 'l', 'revenue') OR ifNull(e.revenue < toDecimal64OrZero(JSONExtractString(policy, 'l', 'revenue'), 4), 0))
    AND (NOT JSONHas(policy, 'b', 'synthetic') OR e.synthetic = JSONExtractBool(policy, 'b', 'synthetic'))
    AND (NOT JSONHas(policy, 'h') OR arrayAll(
      h -> arrayExists(beginning -> startsWith([e.name, e.source, e.country, e.region, e.city, e.device, e.os, e.browser, e.utm_source, e.utm_medium, e.utm_campaign, e.utm_term, e.utm_content, e.currency, e.user_id, e.anonymous_id, e.session_id, e.url, e.referrer][indexOf(['name', 'source', 'country', 'region', 'city', 'device', 'os', 'browser', 'utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'currency', 'user_id', 'anonymous_id', 'session_id', 'url', 'referrer'], h.1)], beginning), h.2) != h.3,
      JSONExtract(policy, 'h', 'Array(Tuple(String, Array(String), Bool))')))
    AND (NOT JSONHas(policy, 'p') OR arrayAll(
      (p, v) -> multiIf(
        v.1 = 'None', p.4,
        p.2 = 'TI', v.1 = 'String' AND has(p.3, v.2),
        p.2 = 'TN', v.1 = 'String' AND NOT has(p.3, v.2),
        p.2 = 'TS', v.1 = 'String' AND arrayExists(beginning -> startsWith(v.2, beginning), p.3),
        p.2 = 'TX', v.1 = 'String' AND NOT arrayExists(beginning -> startsWith(v.2, beginning), p.3),
        p.2 = 'NI', match(v.1, '^U?Int|^Float') AND arrayExists(number -> toFloat64OrZero(v.2) = toFloat64OrZero(number), p.3),
        p.2 = 'NN', match(v.1, '^U?Int|^Float') AND NOT arrayExists(number -> toFloat64OrZero(v.2) = toFloat64OrZero(number), p.3),
        p.2 = 'NG', match(v.1, '^U?Int|^Float') AND toFloat64OrZero(v.2) >= toFloat64OrZero(p.3[1]),
        p.2 = 'NL', match(v.1, '^U?Int|^Float') AND toFloat64OrZero(v.2) < toFloat64OrZero(p.3[1]),
        p.2 = 'BI', v.1 = 'Bool' AND has(p.3, v.2),
        false),
      JSONExtract(policy, 'p', 'Array(Tuple(String, String, Array(String), Bool))'),
      arraySlice([
        (dynamicType(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 1, JSONExtractString(policy, 'p', 1, 1), '-'))), ifNull(toString(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 1, JSONExtractString(policy, 'p', 1, 1), '-'))), '')),
        (dynamicType(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 2, JSONExtractString(policy, 'p', 2, 1), '-'))), ifNull(toString(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 2, JSONExtractString(policy, 'p', 2, 1), '-'))), '')),
        (dynamicType(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 3, JSONExtractString(policy, 'p', 3, 1), '-'))), ifNull(toString(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 3, JSONExtractString(policy, 'p', 3, 1), '-'))), '')),
        (dynamicType(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 4, JSONExtractString(policy, 'p', 4, 1), '-'))), ifNull(toString(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 4, JSONExtractString(policy, 'p', 4, 1), '-'))), '')),
        (dynamicType(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 5, JSONExtractString(policy, 'p', 5, 1), '-'))), ifNull(toString(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 5, JSONExtractString(policy, 'p', 5, 1), '-'))), '')),
        (dynamicType(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 6, JSONExtractString(policy, 'p', 6, 1), '-'))), ifNull(toString(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 6, JSONExtractString(policy, 'p', 6, 1), '-'))), '')),
        (dynamicType(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 7, JSONExtractString(policy, 'p', 7, 1), '-'))), ifNull(toString(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 7, JSONExtractString(policy, 'p', 7, 1), '-'))), '')),
        (dynamicType(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 8, JSONExtractString(policy, 'p', 8, 1), '-'))), ifNull(toString(getSubcolumn(e.properties, if(JSONLength(policy, 'p') >= 8, JSONExtractString(policy, 'p', 8, 1), '-'))), ''))],
        1, JSONLength(policy, 'p'))));

CREATE OR REPLACE VIEW tessera_people.events_sample AS
SELECT e.* EXCEPT (person), if(p.canonical = 0, e.person, p.canonical) AS person
FROM tessera.events_sample AS e LEFT ANY JOIN (
  SELECT person, canonical FROM tessera.worker_people FINAL WHERE tenant_id = splitByChar(':', initialQueryID())[1] AND canonical != person
) AS p ON e.person = p.person;

CREATE OR REPLACE VIEW tessera_people_restricted.events_sample AS
SELECT e.* EXCEPT (person), if(p.canonical = 0, e.person, p.canonical) AS person
FROM tessera_restricted.events_sample AS e LEFT ANY JOIN (
  SELECT person, canonical FROM tessera_restricted.worker_people WHERE tenant_id = splitByChar(':', initialQueryID())[1] AND canonical != person
) AS p ON e.person = p.person;

CREATE MATERIALIZED VIEW IF NOT EXISTS tessera.events_sample_view TO tessera.events_sample AS
SELECT tenant_id, event_id, time, received_at, batch_id, batch_row, name, user_id, anonymous_id, person, session_id, source, country, region, city, device,
  os, browser, url, referrer, utm_source, utm_medium, utm_campaign, utm_term, utm_content, revenue, currency, correlation_id, trace_id, schema_version,
  synthetic, sequence, quality_flags, properties,
  multiIf(person != 0, person, session_id != '', cityHash64(tenant_id, session_id), cityHash64(event_id)) AS unit
FROM tessera.events WHERE unit < 1152921504606846976;

INSERT INTO tessera.events_sample (tenant_id, event_id, time, received_at, batch_id, batch_row, name, user_id, anonymous_id, person, session_id, source, country, region, city, device,
  os, browser, url, referrer, utm_source, utm_medium, utm_campaign, utm_term, utm_content, revenue, currency, correlation_id, trace_id, schema_version,
  synthetic, sequence, quality_flags, properties, unit)
SELECT tenant_id, event_id, time, received_at, batch_id, batch_row, name, user_id, anonymous_id, person, session_id, source, country, region, city, device,
  os, browser, url, referrer, utm_source, utm_medium, utm_campaign, utm_term, utm_content, revenue, currency, correlation_id, trace_id, schema_version,
  synthetic, sequence, quality_flags, properties,
  multiIf(person != 0, person, session_id != '', cityHash64(tenant_id, session_id), cityHash64(event_id)) AS unit
FROM tessera.events WHERE unit < 1152921504606846976 AND (tenant_id, event_id) NOT IN (SELECT tenant_id, event_id FROM tessera.events_sample);
