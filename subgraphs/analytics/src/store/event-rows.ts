import { z } from "zod";
import type { StoredEvent } from "../domain/event.ts";

/** Columns of an event as {@link parseEventRow} reads them. */
export const EVENT_COLUMNS =
  "tenant_id, event_id, batch_id, batch_row, name, user_id, anonymous_id, session_id, source, country, region, city, device, os, browser, url, " +
  "referrer, utm_source, utm_medium, utm_campaign, utm_term, utm_content, currency, correlation_id, trace_id, schema_version, synthetic, " +
  "quality_flags, properties, toString(revenue) AS revenue_text, toUnixTimestamp64Milli(time) AS time_ms, " +
  "toUnixTimestamp64Milli(received_at) AS received_at_ms";

const absent = z.string().transform((value) => (value === "" ? null : value));

const eventRow = z
  .object({
    tenant_id: z.string(),
    event_id: z.string(),
    batch_id: z.string(),
    batch_row: z.number(),
    name: z.string(),
    time_ms: z.coerce.number(),
    received_at_ms: z.coerce.number(),
    user_id: absent,
    anonymous_id: absent,
    session_id: absent,
    source: absent,
    country: absent,
    region: absent,
    city: absent,
    device: absent,
    os: absent,
    browser: absent,
    url: absent,
    referrer: absent,
    utm_source: absent,
    utm_medium: absent,
    utm_campaign: absent,
    utm_term: absent,
    utm_content: absent,
    revenue_text: z.string().nullable(),
    currency: absent,
    correlation_id: absent,
    trace_id: absent,
    schema_version: z.number(),
    synthetic: z.boolean(),
    quality_flags: z.array(z.string()),
    properties: z.unknown(),
  })
  .transform((row): StoredEvent => ({
    id: row.event_id,
    tenantId: row.tenant_id,
    name: row.name,
    timeMs: row.time_ms,
    receivedAtMs: row.received_at_ms,
    batchId: row.batch_id,
    batchRow: row.batch_row,
    userId: row.user_id,
    anonymousId: row.anonymous_id,
    sessionId: row.session_id,
    source: row.source,
    country: row.country,
    region: row.region,
    city: row.city,
    device: row.device,
    os: row.os,
    browser: row.browser,
    url: row.url,
    referrer: row.referrer,
    utmSource: row.utm_source,
    utmMedium: row.utm_medium,
    utmCampaign: row.utm_campaign,
    utmTerm: row.utm_term,
    utmContent: row.utm_content,
    revenue: row.revenue_text,
    currency: row.currency,
    correlationId: row.correlation_id,
    traceId: row.trace_id,
    schemaVersion: row.schema_version,
    synthetic: row.synthetic,
    qualityFlags: row.quality_flags,
    properties: row.properties ?? {},
  }));

/** Reads a row of {@link EVENT_COLUMNS}; throws when the store's shape is another. */
export const parseEventRow = (row: unknown): StoredEvent => eventRow.parse(row);
