-- Row filters by the beginning of a text and by the event's own properties. Each view says again what may be seen of an event: a view that read
-- another view would take the engine five times as long to analyse, which every query under a policy would wait for. Keys of the policy beside those
-- of 0002_restricted_views.sql: h (beginnings: [column, texts, whether an event that begins with one of them is hidden instead of visible]) and p
-- (conditions on properties: [path, kind, values as texts, whether an event without the property passes]; kinds: TI, TN among and not among texts,
-- TS, TX beginning and not beginning with texts, NI, NN among and not among numbers, NG at least, NL less than a number, BI a truth value). At most
-- eight conditions on properties; an event whose property is of another type fails, and so does each under a kind that is unknown. An object is no
-- value of its path.

CREATE OR REPLACE VIEW tessera_restricted.events DEFINER = tessera_owner SQL SECURITY DEFINER AS
WITH base64URLDecode(splitByChar(':', initialQueryID())[3]) AS policy, splitByChar(':', initialQueryID())[1] AS of_tenant
SELECT
  e.tenant_id AS tenant_id,
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
FROM tessera.events AS e
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

CREATE OR REPLACE VIEW tessera_restricted.event_ids DEFINER = tessera_owner SQL SECURITY DEFINER AS
WITH base64URLDecode(splitByChar(':', initialQueryID())[3]) AS policy, splitByChar(':', initialQueryID())[1] AS of_tenant
SELECT e.tenant_id AS tenant_id, e.event_id AS event_id, e.time AS time, e.name AS name, e.person AS person, e.batch_id AS batch_id, e.received_at AS received_at
FROM tessera.event_ids AS e
WHERE hasAll(['name', 'time'], JSONExtract(policy, 'f', 'Array(String)'))
    AND e.tenant_id = of_tenant
    AND length(policy) > 0
    AND (NOT JSONHas(policy, 'a', 'name') OR has(JSONExtract(policy, 'a', 'name', 'Array(String)'), e.name)) AND (NOT JSONHas(policy, 'd', 'name') OR NOT has(JSONExtract(policy, 'd', 'name', 'Array(String)'), e.name))
    AND (NOT JSONHas(policy, 'g', 'time') OR ifNull(e.time >= fromUnixTimestamp64Milli(JSONExtractInt(policy, 'g', 'time'), 'UTC'), 0))
    AND (NOT JSONHas(policy, 'l', 'time') OR ifNull(e.time < fromUnixTimestamp64Milli(JSONExtractInt(policy, 'l', 'time'), 'UTC'), 0))
    AND (NOT JSONHas(policy, 'h') OR arrayAll(
      h -> arrayExists(beginning -> startsWith([e.name][indexOf(['name'], h.1)], beginning), h.2) != h.3,
      JSONExtract(policy, 'h', 'Array(Tuple(String, Array(String), Bool))')))
UNION ALL
WITH base64URLDecode(splitByChar(':', initialQueryID())[3]) AS policy, splitByChar(':', initialQueryID())[1] AS of_tenant
SELECT e.tenant_id AS tenant_id, e.event_id AS event_id, e.time AS time, e.name AS name, e.person AS person, e.batch_id AS batch_id, e.received_at AS received_at
FROM tessera.events AS e
WHERE NOT hasAll(['name', 'time'], JSONExtract(policy, 'f', 'Array(String)'))
    AND e.tenant_id = of_tenant
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

CREATE OR REPLACE VIEW tessera_restricted.events_by_person DEFINER = tessera_owner SQL SECURITY DEFINER AS
WITH base64URLDecode(splitByChar(':', initialQueryID())[3]) AS policy, splitByChar(':', initialQueryID())[1] AS of_tenant
SELECT e.tenant_id AS tenant_id,
  e.person AS person,
  e.time AS time,
  e.sequence AS sequence,
  e.name AS name,
  multiIf(JSONExtractString(policy, 'm', 'session_id', 1) = 'HASH', if(e.session_id = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.session_id))), 1, 32))), JSONExtractString(policy, 'm', 'session_id', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'session_id', 2), JSONExtractString(policy, 'm', 'session_id', 1) = 'NULL', '', e.session_id) AS session_id,
  multiIf(JSONExtractString(policy, 'm', 'source', 1) = 'HASH', if(e.source = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.source))), 1, 32))), JSONExtractString(policy, 'm', 'source', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'source', 2), JSONExtractString(policy, 'm', 'source', 1) = 'NULL', '', e.source) AS source,
  multiIf(JSONExtractString(policy, 'm', 'utm_source', 1) = 'HASH', if(e.utm_source = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.utm_source))), 1, 32))), JSONExtractString(policy, 'm', 'utm_source', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'utm_source', 2), JSONExtractString(policy, 'm', 'utm_source', 1) = 'NULL', '', e.utm_source) AS utm_source,
  multiIf(JSONExtractString(policy, 'm', 'utm_medium', 1) = 'HASH', if(e.utm_medium = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.utm_medium))), 1, 32))), JSONExtractString(policy, 'm', 'utm_medium', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'utm_medium', 2), JSONExtractString(policy, 'm', 'utm_medium', 1) = 'NULL', '', e.utm_medium) AS utm_medium,
  multiIf(JSONExtractString(policy, 'm', 'utm_campaign', 1) = 'HASH', if(e.utm_campaign = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.utm_campaign))), 1, 32))), JSONExtractString(policy, 'm', 'utm_campaign', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'utm_campaign', 2), JSONExtractString(policy, 'm', 'utm_campaign', 1) = 'NULL', '', e.utm_campaign) AS utm_campaign,
  if(JSONHas(policy, 'm', 'revenue'), NULL, e.revenue) AS revenue
FROM tessera.events_by_person AS e
WHERE hasAll(['time', 'name', 'session_id', 'source', 'utm_source', 'utm_medium', 'utm_campaign', 'revenue'], JSONExtract(policy, 'f', 'Array(String)'))
    AND e.tenant_id = of_tenant
    AND length(policy) > 0
    AND (NOT JSONHas(policy, 'a', 'name') OR has(JSONExtract(policy, 'a', 'name', 'Array(String)'), e.name)) AND (NOT JSONHas(policy, 'd', 'name') OR NOT has(JSONExtract(policy, 'd', 'name', 'Array(String)'), e.name))
    AND (NOT JSONHas(policy, 'a', 'session_id') OR has(JSONExtract(policy, 'a', 'session_id', 'Array(String)'), e.session_id)) AND (NOT JSONHas(policy, 'd', 'session_id') OR NOT has(JSONExtract(policy, 'd', 'session_id', 'Array(String)'), e.session_id))
    AND (NOT JSONHas(policy, 'a', 'source') OR has(JSONExtract(policy, 'a', 'source', 'Array(String)'), e.source)) AND (NOT JSONHas(policy, 'd', 'source') OR NOT has(JSONExtract(policy, 'd', 'source', 'Array(String)'), e.source))
    AND (NOT JSONHas(policy, 'a', 'utm_source') OR has(JSONExtract(policy, 'a', 'utm_source', 'Array(String)'), e.utm_source)) AND (NOT JSONHas(policy, 'd', 'utm_source') OR NOT has(JSONExtract(policy, 'd', 'utm_source', 'Array(String)'), e.utm_source))
    AND (NOT JSONHas(policy, 'a', 'utm_medium') OR has(JSONExtract(policy, 'a', 'utm_medium', 'Array(String)'), e.utm_medium)) AND (NOT JSONHas(policy, 'd', 'utm_medium') OR NOT has(JSONExtract(policy, 'd', 'utm_medium', 'Array(String)'), e.utm_medium))
    AND (NOT JSONHas(policy, 'a', 'utm_campaign') OR has(JSONExtract(policy, 'a', 'utm_campaign', 'Array(String)'), e.utm_campaign)) AND (NOT JSONHas(policy, 'd', 'utm_campaign') OR NOT has(JSONExtract(policy, 'd', 'utm_campaign', 'Array(String)'), e.utm_campaign))
    AND (NOT JSONHas(policy, 'g', 'time') OR ifNull(e.time >= fromUnixTimestamp64Milli(JSONExtractInt(policy, 'g', 'time'), 'UTC'), 0))
    AND (NOT JSONHas(policy, 'l', 'time') OR ifNull(e.time < fromUnixTimestamp64Milli(JSONExtractInt(policy, 'l', 'time'), 'UTC'), 0))
    AND (NOT JSONHas(policy, 'g', 'revenue') OR ifNull(e.revenue >= toDecimal64OrZero(JSONExtractString(policy, 'g', 'revenue'), 4), 0))
    AND (NOT JSONHas(policy, 'l', 'revenue') OR ifNull(e.revenue < toDecimal64OrZero(JSONExtractString(policy, 'l', 'revenue'), 4), 0))
    AND (NOT JSONHas(policy, 'h') OR arrayAll(
      h -> arrayExists(beginning -> startsWith([e.name, e.source, e.utm_source, e.utm_medium, e.utm_campaign, e.session_id][indexOf(['name', 'source', 'utm_source', 'utm_medium', 'utm_campaign', 'session_id'], h.1)], beginning), h.2) != h.3,
      JSONExtract(policy, 'h', 'Array(Tuple(String, Array(String), Bool))')))
UNION ALL
WITH base64URLDecode(splitByChar(':', initialQueryID())[3]) AS policy, splitByChar(':', initialQueryID())[1] AS of_tenant
SELECT e.tenant_id AS tenant_id,
  e.person AS person,
  e.time AS time,
  e.sequence AS sequence,
  e.name AS name,
  multiIf(JSONExtractString(policy, 'm', 'session_id', 1) = 'HASH', if(e.session_id = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.session_id))), 1, 32))), JSONExtractString(policy, 'm', 'session_id', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'session_id', 2), JSONExtractString(policy, 'm', 'session_id', 1) = 'NULL', '', e.session_id) AS session_id,
  multiIf(JSONExtractString(policy, 'm', 'source', 1) = 'HASH', if(e.source = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.source))), 1, 32))), JSONExtractString(policy, 'm', 'source', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'source', 2), JSONExtractString(policy, 'm', 'source', 1) = 'NULL', '', e.source) AS source,
  multiIf(JSONExtractString(policy, 'm', 'utm_source', 1) = 'HASH', if(e.utm_source = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.utm_source))), 1, 32))), JSONExtractString(policy, 'm', 'utm_source', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'utm_source', 2), JSONExtractString(policy, 'm', 'utm_source', 1) = 'NULL', '', e.utm_source) AS utm_source,
  multiIf(JSONExtractString(policy, 'm', 'utm_medium', 1) = 'HASH', if(e.utm_medium = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.utm_medium))), 1, 32))), JSONExtractString(policy, 'm', 'utm_medium', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'utm_medium', 2), JSONExtractString(policy, 'm', 'utm_medium', 1) = 'NULL', '', e.utm_medium) AS utm_medium,
  multiIf(JSONExtractString(policy, 'm', 'utm_campaign', 1) = 'HASH', if(e.utm_campaign = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.utm_campaign))), 1, 32))), JSONExtractString(policy, 'm', 'utm_campaign', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'utm_campaign', 2), JSONExtractString(policy, 'm', 'utm_campaign', 1) = 'NULL', '', e.utm_campaign) AS utm_campaign,
  if(JSONHas(policy, 'm', 'revenue'), NULL, e.revenue) AS revenue
FROM tessera.events AS e
WHERE NOT hasAll(['time', 'name', 'session_id', 'source', 'utm_source', 'utm_medium', 'utm_campaign', 'revenue'], JSONExtract(policy, 'f', 'Array(String)'))
    AND e.tenant_id = of_tenant
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

CREATE OR REPLACE VIEW tessera_restricted.batches DEFINER = tessera_owner SQL SECURITY DEFINER AS
WITH base64URLDecode(splitByChar(':', initialQueryID())[3]) AS policy, splitByChar(':', initialQueryID())[1] AS of_tenant
SELECT e.tenant_id AS tenant_id, e.batch_id AS batch_id, e.received_at AS received_at, e.rows AS rows, e.min_time AS min_time, e.max_time AS max_time
FROM tessera.batches AS e
WHERE hasAll([], JSONExtract(policy, 'f', 'Array(String)'))
    AND e.tenant_id = of_tenant
    AND length(policy) > 0
UNION ALL
WITH base64URLDecode(splitByChar(':', initialQueryID())[3]) AS policy, splitByChar(':', initialQueryID())[1] AS of_tenant
SELECT e.tenant_id AS tenant_id, e.batch_id AS batch_id, e.received_at AS received_at, count() AS rows, min(e.time) AS min_time, max(e.time) AS max_time
FROM tessera.events AS e
WHERE NOT hasAll([], JSONExtract(policy, 'f', 'Array(String)'))
    AND e.tenant_id = of_tenant
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
        1, JSONLength(policy, 'p'))))
GROUP BY e.tenant_id, e.batch_id, e.received_at;

CREATE OR REPLACE VIEW tessera_restricted.rollup_hour_name DEFINER = tessera_owner SQL SECURITY DEFINER AS
WITH base64URLDecode(splitByChar(':', initialQueryID())[3]) AS policy, splitByChar(':', initialQueryID())[1] AS of_tenant
SELECT e.tenant_id AS tenant_id, e.hour AS hour, e.name AS name,
  multiIf(JSONExtractString(policy, 'm', 'currency', 1) = 'HASH', if(e.currency = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.currency))), 1, 32))), JSONExtractString(policy, 'm', 'currency', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'currency', 2), JSONExtractString(policy, 'm', 'currency', 1) = 'NULL', '', e.currency) AS currency,
  e.events AS events, e.persons AS persons, e.sessions AS sessions,
  if(JSONHas(policy, 'm', 'revenue'), toDecimal128(0, 4), e.revenue) AS revenue, if(JSONHas(policy, 'm', 'revenue'), 0, e.revenue_events) AS revenue_events
FROM tessera.rollup_hour_name AS e
WHERE hasAll(['name', 'currency'], JSONExtract(policy, 'f', 'Array(String)'))
    AND e.tenant_id = of_tenant
    AND length(policy) > 0
    AND (NOT JSONHas(policy, 'a', 'name') OR has(JSONExtract(policy, 'a', 'name', 'Array(String)'), e.name)) AND (NOT JSONHas(policy, 'd', 'name') OR NOT has(JSONExtract(policy, 'd', 'name', 'Array(String)'), e.name))
    AND (NOT JSONHas(policy, 'a', 'currency') OR has(JSONExtract(policy, 'a', 'currency', 'Array(String)'), e.currency)) AND (NOT JSONHas(policy, 'd', 'currency') OR NOT has(JSONExtract(policy, 'd', 'currency', 'Array(String)'), e.currency))
    AND (NOT JSONHas(policy, 'h') OR arrayAll(
      h -> arrayExists(beginning -> startsWith([e.name, e.currency][indexOf(['name', 'currency'], h.1)], beginning), h.2) != h.3,
      JSONExtract(policy, 'h', 'Array(Tuple(String, Array(String), Bool))')))
UNION ALL
WITH base64URLDecode(splitByChar(':', initialQueryID())[3]) AS policy, splitByChar(':', initialQueryID())[1] AS of_tenant
SELECT e.tenant_id AS tenant_id, toStartOfHour(e.time) AS hour, e.name AS name,
  multiIf(JSONExtractString(policy, 'm', 'currency', 1) = 'HASH', if(e.currency = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.currency))), 1, 32))), JSONExtractString(policy, 'm', 'currency', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'currency', 2), JSONExtractString(policy, 'm', 'currency', 1) = 'NULL', '', e.currency) AS currency,
  count() AS events, uniqCombined64StateIf(14)(e.person, e.person != 0) AS persons, uniqCombined64StateIf(14)(e.session_id, e.session_id != '') AS sessions,
  if(JSONHas(policy, 'm', 'revenue'), toDecimal128(0, 4), sum(ifNull(e.revenue, 0))) AS revenue, if(JSONHas(policy, 'm', 'revenue'), 0, count(e.revenue)) AS revenue_events
FROM tessera.events AS e
WHERE NOT hasAll(['name', 'currency'], JSONExtract(policy, 'f', 'Array(String)'))
    AND e.tenant_id = of_tenant
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
        1, JSONLength(policy, 'p'))))
GROUP BY e.tenant_id, hour, e.name, currency;

CREATE OR REPLACE VIEW tessera_restricted.rollup_day_dimensions DEFINER = tessera_owner SQL SECURITY DEFINER AS
WITH base64URLDecode(splitByChar(':', initialQueryID())[3]) AS policy, splitByChar(':', initialQueryID())[1] AS of_tenant
SELECT e.tenant_id AS tenant_id, e.day AS day,
  multiIf(JSONExtractString(policy, 'm', 'country', 1) = 'HASH', if(e.country = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.country))), 1, 32))), JSONExtractString(policy, 'm', 'country', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'country', 2), JSONExtractString(policy, 'm', 'country', 1) = 'NULL', '', e.country) AS country,
  multiIf(JSONExtractString(policy, 'm', 'device', 1) = 'HASH', if(e.device = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.device))), 1, 32))), JSONExtractString(policy, 'm', 'device', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'device', 2), JSONExtractString(policy, 'm', 'device', 1) = 'NULL', '', e.device) AS device,
  multiIf(JSONExtractString(policy, 'm', 'source', 1) = 'HASH', if(e.source = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.source))), 1, 32))), JSONExtractString(policy, 'm', 'source', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'source', 2), JSONExtractString(policy, 'm', 'source', 1) = 'NULL', '', e.source) AS source,
  e.name AS name,
  multiIf(JSONExtractString(policy, 'm', 'currency', 1) = 'HASH', if(e.currency = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.currency))), 1, 32))), JSONExtractString(policy, 'm', 'currency', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'currency', 2), JSONExtractString(policy, 'm', 'currency', 1) = 'NULL', '', e.currency) AS currency,
  e.events AS events, e.persons AS persons,
  if(JSONHas(policy, 'm', 'revenue'), toDecimal128(0, 4), e.revenue) AS revenue, if(JSONHas(policy, 'm', 'revenue'), 0, e.revenue_events) AS revenue_events
FROM tessera.rollup_day_dimensions AS e
WHERE hasAll(['name', 'country', 'device', 'source', 'currency'], JSONExtract(policy, 'f', 'Array(String)'))
    AND e.tenant_id = of_tenant
    AND length(policy) > 0
    AND (NOT JSONHas(policy, 'a', 'name') OR has(JSONExtract(policy, 'a', 'name', 'Array(String)'), e.name)) AND (NOT JSONHas(policy, 'd', 'name') OR NOT has(JSONExtract(policy, 'd', 'name', 'Array(String)'), e.name))
    AND (NOT JSONHas(policy, 'a', 'country') OR has(JSONExtract(policy, 'a', 'country', 'Array(String)'), e.country)) AND (NOT JSONHas(policy, 'd', 'country') OR NOT has(JSONExtract(policy, 'd', 'country', 'Array(String)'), e.country))
    AND (NOT JSONHas(policy, 'a', 'device') OR has(JSONExtract(policy, 'a', 'device', 'Array(String)'), e.device)) AND (NOT JSONHas(policy, 'd', 'device') OR NOT has(JSONExtract(policy, 'd', 'device', 'Array(String)'), e.device))
    AND (NOT JSONHas(policy, 'a', 'source') OR has(JSONExtract(policy, 'a', 'source', 'Array(String)'), e.source)) AND (NOT JSONHas(policy, 'd', 'source') OR NOT has(JSONExtract(policy, 'd', 'source', 'Array(String)'), e.source))
    AND (NOT JSONHas(policy, 'a', 'currency') OR has(JSONExtract(policy, 'a', 'currency', 'Array(String)'), e.currency)) AND (NOT JSONHas(policy, 'd', 'currency') OR NOT has(JSONExtract(policy, 'd', 'currency', 'Array(String)'), e.currency))
    AND (NOT JSONHas(policy, 'h') OR arrayAll(
      h -> arrayExists(beginning -> startsWith([e.name, e.source, e.country, e.device, e.currency][indexOf(['name', 'source', 'country', 'device', 'currency'], h.1)], beginning), h.2) != h.3,
      JSONExtract(policy, 'h', 'Array(Tuple(String, Array(String), Bool))')))
UNION ALL
WITH base64URLDecode(splitByChar(':', initialQueryID())[3]) AS policy, splitByChar(':', initialQueryID())[1] AS of_tenant
SELECT e.tenant_id AS tenant_id, toDate(e.time) AS day,
  multiIf(JSONExtractString(policy, 'm', 'country', 1) = 'HASH', if(e.country = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.country))), 1, 32))), JSONExtractString(policy, 'm', 'country', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'country', 2), JSONExtractString(policy, 'm', 'country', 1) = 'NULL', '', e.country) AS country,
  multiIf(JSONExtractString(policy, 'm', 'device', 1) = 'HASH', if(e.device = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.device))), 1, 32))), JSONExtractString(policy, 'm', 'device', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'device', 2), JSONExtractString(policy, 'm', 'device', 1) = 'NULL', '', e.device) AS device,
  multiIf(JSONExtractString(policy, 'm', 'source', 1) = 'HASH', if(e.source = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.source))), 1, 32))), JSONExtractString(policy, 'm', 'source', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'source', 2), JSONExtractString(policy, 'm', 'source', 1) = 'NULL', '', e.source) AS source,
  e.name AS name,
  multiIf(JSONExtractString(policy, 'm', 'currency', 1) = 'HASH', if(e.currency = '', '', lower(substring(hex(SHA256(concat(JSONExtractString(policy, 's'), e.currency))), 1, 32))), JSONExtractString(policy, 'm', 'currency', 1) = 'CONSTANT', JSONExtractString(policy, 'm', 'currency', 2), JSONExtractString(policy, 'm', 'currency', 1) = 'NULL', '', e.currency) AS currency,
  count() AS events, uniqCombined64StateIf(12)(e.person, e.person != 0) AS persons,
  if(JSONHas(policy, 'm', 'revenue'), toDecimal128(0, 4), sum(ifNull(e.revenue, 0))) AS revenue, if(JSONHas(policy, 'm', 'revenue'), 0, count(e.revenue)) AS revenue_events
FROM tessera.events AS e
WHERE NOT hasAll(['name', 'country', 'device', 'source', 'currency'], JSONExtract(policy, 'f', 'Array(String)'))
    AND e.tenant_id = of_tenant
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
        1, JSONLength(policy, 'p'))))
GROUP BY e.tenant_id, day, country, device, source, e.name, currency;
