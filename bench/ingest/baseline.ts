import { randomUUID } from "node:crypto";
import type { ClickHouseAccess } from "@tessera/platform/store/migrate";

const ROWS_PER_INSERT = 40_000;
const COLUMNS =
  "tenant_id, event_id, time, received_at, batch_id, batch_row, name, user_id, session_id, source, country, city, device, os, browser, url, referrer, utm_source, utm_medium, utm_campaign, revenue, currency, sequence, properties";

/** The rows of some events as JSONEachRow, the way a client without this write path would send them. */
export const asJsonRows = (tenantId: string, events: readonly Record<string, unknown>[]): string =>
  events
    .map((event, index) =>
      JSON.stringify({
        tenant_id: tenantId,
        event_id: randomUUID(),
        time: Date.parse(String(event["time"])),
        received_at: Date.now(),
        batch_id: randomUUID(),
        batch_row: index,
        name: event["name"],
        user_id: event["userId"],
        session_id: event["sessionId"],
        source: event["source"],
        country: event["country"],
        city: event["city"],
        device: event["device"],
        os: event["os"],
        browser: event["browser"],
        url: event["url"],
        referrer: event["referrer"],
        utm_source: event["utmSource"],
        utm_medium: event["utmMedium"],
        utm_campaign: event["utmCampaign"],
        revenue: event["revenue"] ?? null,
        currency: event["currency"] ?? "",
        sequence: index,
        properties: event["properties"],
      }),
    )
    .join("\n");

/** Inserts ready-made JSONEachRow bodies straight into the table for some seconds, two at a time; answers the rows that went in. */
export const insertRaw = async (
  writer: ClickHouseAccess,
  rows: readonly string[],
  seconds: number,
): Promise<number> => {
  const body = Buffer.from(rows.slice(0, ROWS_PER_INSERT).join("\n"));
  const search = new URLSearchParams({
    query: `INSERT INTO tessera.events (${COLUMNS}) FORMAT JSONEachRow`,
    async_insert: "0",
    insert_deduplicate: "0",
  });
  const authorization = `Basic ${Buffer.from(`${writer.username}:${writer.password}`).toString("base64")}`;
  const until = performance.now() + seconds * 1_000;
  let inserted = 0;
  const insert = async (): Promise<void> => {
    while (performance.now() < until) {
      const response = await fetch(`${writer.url}/?${search.toString()}`, {
        method: "POST",
        headers: { authorization },
        body,
      });
      const text = await response.text();
      if (!response.ok) throw new Error(text);
      inserted += ROWS_PER_INSERT;
    }
  };
  await Promise.all([insert(), insert()]);
  return inserted;
};
