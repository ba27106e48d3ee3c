import { randomUUID } from "node:crypto";
import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import type { TenantId } from "@tessera/contracts/ids";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { TestResources } from "@tessera/platform/testing/test-resources";

/** An event as a test writes it down; what is left out is stored as ingest stores what was not sent. */
export interface TestEvent {
  readonly id: string;
  readonly name: string;
  readonly timeMs: number;
  readonly receivedAtMs?: number;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly sessionId?: string;
  readonly source?: string;
  readonly country?: string;
  readonly device?: string;
  readonly url?: string;
  readonly referrer?: string;
  readonly utmSource?: string;
  readonly utmMedium?: string;
  readonly utmCampaign?: string;
  readonly revenue?: string;
  readonly currency?: string;
  readonly schemaVersion?: number;
  readonly synthetic?: boolean;
  readonly qualityFlags?: readonly string[];
  readonly properties?: Readonly<Record<string, unknown>>;
}

const row = (tenantId: string, batchId: string, event: TestEvent, index: number) => ({
  tenant_id: tenantId,
  event_id: event.id,
  time: event.timeMs,
  received_at: event.receivedAtMs ?? event.timeMs,
  batch_id: batchId,
  batch_row: index,
  name: event.name,
  user_id: event.userId ?? "",
  anonymous_id: event.anonymousId ?? "",
  session_id: event.sessionId ?? "",
  source: event.source ?? "",
  country: event.country ?? "",
  device: event.device ?? "",
  url: event.url ?? "",
  referrer: event.referrer ?? "",
  utm_source: event.utmSource ?? "",
  utm_medium: event.utmMedium ?? "",
  utm_campaign: event.utmCampaign ?? "",
  revenue: event.revenue ?? null,
  currency: event.currency ?? "",
  schema_version: event.schemaVersion ?? 1,
  synthetic: event.synthetic ?? false,
  sequence: index,
  quality_flags: event.qualityFlags ?? [],
  properties: event.properties ?? {},
});

/** Stores events of a tenant as one batch, as the ingest path's own user; answers the batch's id. */
export const storeEvents = async (
  writer: TestResources["writer"],
  tenantId: TenantId,
  events: readonly TestEvent[],
): Promise<string> => {
  const batchId = randomUUID();
  await writer.insert({
    table: "events",
    format: "JSONEachRow",
    values: events.map((event, index) => {
      const { time, received_at, ...rest } = row(tenantId, batchId, event, index);
      const text = (ms: number): string => new Date(ms).toISOString().replace("T", " ").replace("Z", "");
      return { ...rest, time: text(time), received_at: text(received_at) };
    }),
    clickhouse_settings: { input_format_try_infer_dates: 0, input_format_try_infer_datetimes: 0 },
  });
  return batchId;
};

/** Stores a batch and tells of it in the event log, as the ingest path does after the store holds it. */
export const storeAndTell = async (
  deps: { writer: TestResources["writer"]; eventLog: EventLog },
  tenantId: TenantId,
  events: readonly TestEvent[],
): Promise<string> => {
  const batchId = await storeEvents(deps.writer, tenantId, events);
  const times = events.map(({ timeMs }) => timeMs);
  const payload = {
    tenantId,
    batchId,
    rows: events.length,
    minTimeMs: Math.min(...times),
    maxTimeMs: Math.max(...times),
    receivedAtMs: Date.now(),
  };
  await deps.eventLog.append([{ tenantId, topic: BATCH_STORED, dedupeKey: batchId, payload }]);
  return batchId;
};
