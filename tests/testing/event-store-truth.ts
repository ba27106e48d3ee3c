import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@clickhouse/client";
import { expect } from "@jest/globals";
import type { ClickHouseAccess } from "@tessera/platform/store/migrate";
import { z } from "zod";
import { eventually } from "./eventually.ts";
import type { EventSenders } from "./event-senders.ts";

const credentialsShape = z.object({ tessera_owner: z.string() });
const stateShape = z.object({ port: z.number() });

/** How the owner of the event store reaches it in a home. */
export const storeOwnerOf = async (home: string): Promise<ClickHouseAccess> => {
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(home, "clickhouse", name), "utf8"));
  const { port } = stateShape.parse(await read("state.json"));
  const { tessera_owner: password } = credentialsShape.parse(await read("credentials.json"));
  return { url: `http://127.0.0.1:${port}`, username: "tessera_owner", password };
};

/** Tables that count every event once; the rollups by their own sums. */
const COUNTS = {
  events: "SELECT count() FROM tessera.events WHERE tenant_id = {tenant:String}",
  distinct: "SELECT uniqExact(event_id) FROM tessera.events WHERE tenant_id = {tenant:String}",
  event_ids: "SELECT count() FROM tessera.event_ids WHERE tenant_id = {tenant:String}",
  events_by_person: "SELECT count() FROM tessera.events_by_person WHERE tenant_id = {tenant:String}",
  rollup_hour_name: "SELECT sum(events) FROM tessera.rollup_hour_name WHERE tenant_id = {tenant:String}",
  batches: "SELECT sum(rows) FROM tessera.batches WHERE tenant_id = {tenant:String}",
} as const;

/** Units of which the sample holds all events: those whose hash lies below a sixteenth of all. */
const SAMPLED =
  "multiIf(person != 0, person, session_id != '', cityHash64(tenant_id, session_id), cityHash64(event_id)) < 1152921504606846976";
/** How many events the sample should hold, and does. */
const SAMPLE = `SELECT countIf(${SAMPLED}), (SELECT count() FROM tessera.events_sample WHERE tenant_id = {tenant:String}) FROM tessera.events WHERE tenant_id = {tenant:String}`;

const pairRow = z.tuple([z.coerce.number(), z.coerce.number()]);
const countRow = z.tuple([z.coerce.number()]);
const idRow = z.tuple([z.string(), z.coerce.number()]);

/** What the store itself holds of a tenant, asked as its owner. */
const readTruth = async (access: ClickHouseAccess, tenantId: string) => {
  const store = createClient(access);
  const rows = async <T>(query: string, shape: z.ZodType<T>): Promise<T[]> => {
    const answer = await store.query({ query, query_params: { tenant: tenantId }, format: "JSONCompactEachRow" });
    return z.array(shape).parse(await answer.json());
  };
  try {
    const counts: Record<string, number> = {};
    for (const [name, query] of Object.entries(COUNTS)) counts[name] = (await rows(query, countRow))[0]?.[0] ?? -1;
    const stored = await rows(
      "SELECT toString(event_id), count() FROM tessera.events WHERE tenant_id = {tenant:String} GROUP BY event_id",
      idRow,
    );
    const [sample] = await rows(SAMPLE, pairRow);
    return { counts, sample, stored: new Map(stored) };
  } finally {
    await store.close();
  }
};

/**
 * Holds the store to the senders' log: every acknowledged id is there exactly once, every other id at most once, nothing else is, and all
 * tables and rollups count the same. `others` are events that were stored beside the stream.
 */
export const expectExactlyOnce = async (
  access: ClickHouseAccess,
  tenantId: string,
  log: Pick<EventSenders, "sent" | "acknowledged">,
  others = 0,
): Promise<void> => {
  await eventually(async () => {
    const { counts, sample, stored } = await readTruth(access, tenantId);
    expect([...log.acknowledged].filter((id) => stored.get(id) !== 1)).toEqual([]);
    expect([...stored].filter(([, copies]) => copies !== 1)).toEqual([]);
    expect([...stored.keys()].filter((id) => !log.sent.has(id))).toHaveLength(others);
    expect(counts).toEqual(Object.fromEntries(Object.keys(COUNTS).map((name) => [name, stored.size])));
    expect(sample?.[1]).toBe(sample?.[0]);
  }, 20_000);
};
