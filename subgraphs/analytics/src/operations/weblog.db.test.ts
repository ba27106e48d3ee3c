import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import type { OlapInput, TimeSeriesInput } from "../domain/query.ts";
import type { SessionMetricsInput } from "../domain/sessions/sessions-input.ts";
import { createAnalyticsStore } from "../store/analytics-store.ts";
import { createFunnelStore } from "../store/funnel-store.ts";
import { createSessionsStore } from "../store/sessions-store.ts";
import { countHere } from "../../testing/count-here.ts";
import { valuesOf } from "../../testing/flatten-answer.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { queryFunnel } from "./query-funnel.ts";
import { queryOlap } from "./query-olap.ts";
import { querySessionMetrics } from "./query-sessions.ts";
import { queryTimeSeries } from "./query-time-series.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const folder = fileURLToPath(new URL("../../../../../shared/data/weblog/", import.meta.url));
const present = existsSync(`${folder}hits.csv.gz`) && existsSync(`${folder}reference_queries.json`);
const pairs = z.array(z.tuple([z.string(), z.number()]));
const referenceSchema = z.object({
  lines_parsed: z.number(),
  status_counts: z.record(z.string(), z.number()),
  method_counts: z.record(z.string(), z.number()),
  bytes_sum: z.number(),
  bytes_null: z.number(),
  distinct_ip: z.number(),
  distinct_user_ip_ua: z.number(),
  distinct_url: z.number(),
  top10_url: pairs,
  top10_ip: pairs,
  top10_404_url: pairs,
  top10_url_by_bytes: pairs,
  hits_per_hour_utc: z.record(z.string(), z.number()),
  distinct_ip_per_day: z.record(z.string(), z.number()),
  bytes_quantiles_linear_interp: z.record(z.string(), z.number()),
  min_ts: z.string(),
  max_ts: z.string(),
  sessions_30min: z.object({
    count: z.number(),
    bounce_single_hit: z.number(),
    mean_hits: z.number(),
    max_hits: z.number(),
    mean_duration_seconds: z.number(),
  }),
  funnels_any_anchor_per_user: z.record(z.string(), z.record(z.string(), z.array(z.number()))),
});

/** The cells of a CSV line; a quoted cell may hold commas and doubled quotes. */
const cells = (line: string): readonly string[] =>
  [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell = ""]) =>
    cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
  );

const eventOf = (line: string): TestEvent => {
  const [, time = "", ip = "", method = "", url = "", status = "", bytes = "", , agent = ""] = cells(line);
  return {
    id: randomUUID(),
    name: "hit",
    timeMs: Date.parse(time),
    userId: `${ip} ${agent}`,
    url,
    properties: { ip, method, status: Number(status), ...(bytes === "" ? {} : { bytes: Number(bytes) }) },
  };
};

const guarded = present ? describe : describe.skip;
const title = (what: string): string => (present ? what : `${what} (skipped: ${folder} is not there)`);
const RANGE = { from: "2015-05-17T00:00:00Z", to: "2015-05-21T00:00:00Z" };
const COUNT = { function: "COUNT" } as const;

let world: TestResources;
let tenantId: TenantId;
let reference: z.infer<typeof referenceSchema>;

beforeAll(async () => {
  if (!present) return;
  world = openTestResources();
  tenantId = freshTenantId();
  reference = referenceSchema.parse(JSON.parse(readFileSync(`${folder}reference_queries.json`, "utf8")));
  const [, ...lines] = gunzipSync(readFileSync(`${folder}hits.csv.gz`))
    .toString("utf8")
    .trimEnd()
    .split(/\r?\n/);
  await storeEvents(world.writer, tenantId, lines.map(eventOf));
});
afterAll(async () => {
  if (present) await world.close();
});

const deps = () => ({
  features: everyFeature,
  store: createAnalyticsStore(world.resources.eventStore),
  nowMs: () => Date.now(),
});
const caller = () => callerWith(tenantId, ["analytics:read"]);
const olap = (input: Partial<OlapInput>) => queryOlap(deps())(caller(), { range: RANGE, measures: [COUNT], ...input });
const series = (input: Partial<TimeSeriesInput>) =>
  queryTimeSeries(deps())(caller(), { range: RANGE, granularity: "DAY", measures: [COUNT], ...input });
const counts = async (input: Partial<OlapInput>) => {
  const [keys = [], values = []] = (await olap(input)).columns.map(valuesOf);
  return keys.map((key, index) => [key, Number(values[index])]);
};

guarded(title("totals of a real web server log"), () => {
  test("status codes and methods", async () => {
    expect(Object.fromEntries(await counts({ dimensions: ["properties.status"] }))).toEqual(reference.status_counts);
    expect(Object.fromEntries(await counts({ dimensions: ["properties.method"] }))).toEqual(reference.method_counts);
  });

  test("bytes in all, and hits without them", async () => {
    const { totals } = await olap({ measures: [COUNT, { function: "SUM", of: "properties.bytes" }] });
    expect(totals.map(valuesOf)).toEqual([[reference.lines_parsed], [reference.bytes_sum]]);
    const without = await olap({ filter: { field: "properties.bytes", exists: false } });
    expect(without.totals.map(valuesOf)).toEqual([[reference.bytes_null]]);
  });

  test("distinct addresses, visitors and pages, exactly", async () => {
    const unique = (of: string) => ({ function: "UNIQUES", of, exact: true }) as const;
    const { totals } = await olap({ measures: [unique("properties.ip"), unique("persons"), unique("url")] });
    expect(totals.map(valuesOf)).toEqual([
      [reference.distinct_ip],
      [reference.distinct_user_ip_ua],
      [reference.distinct_url],
    ]);
  });
});

guarded(title("pages, hours and days of a real web server log"), () => {
  test("the ten busiest pages and addresses, and the ten pages most often not found", async () => {
    expect(await counts({ dimensions: ["url"], limit: 10 })).toEqual(reference.top10_url);
    expect(await counts({ dimensions: ["properties.ip"], limit: 10 })).toEqual(reference.top10_ip);
    const missing = await counts({ dimensions: ["url"], filter: { field: "properties.status", eq: "404" }, limit: 10 });
    // Pages of equal count may come in either order.
    expect(missing.map(([, hits]) => hits)).toEqual(reference.top10_404_url.map(([, hits]) => hits));
    expect(missing.filter(([, hits]) => Number(hits) > 6)).toEqual(
      reference.top10_404_url.filter(([, hits]) => hits > 6),
    );
  });

  test("the ten pages with the most bytes", async () => {
    const bytes = { function: "SUM", of: "properties.bytes", name: "bytes" } as const;
    expect(await counts({ dimensions: ["url"], measures: [bytes], limit: 10 })).toEqual(reference.top10_url_by_bytes);
  });

  test("hits per hour, from the rollup", async () => {
    const answer = await series({ granularity: "HOUR" });
    const hits = answer.lines[0]?.columns.map(valuesOf)[0] ?? [];
    const known = answer.buckets
      .map((bucket, index) => [bucket.slice(0, 13), hits[index]] as const)
      .filter(([, count]) => count !== 0);
    expect(Object.fromEntries(known)).toEqual(reference.hits_per_hour_utc);
    expect(answer.provenance.tables.map(({ table }) => table)).toEqual(["rollup_hour_name"]);
  });

  test("distinct addresses per day", async () => {
    const answer = await series({ measures: [{ function: "UNIQUES", of: "properties.ip", exact: true }] });
    const values = answer.lines[0]?.columns.map(valuesOf)[0] ?? [];
    expect(Object.fromEntries(answer.buckets.map((bucket, index) => [bucket.slice(0, 10), values[index]]))).toEqual(
      reference.distinct_ip_per_day,
    );
  });

  test("quantiles of bytes with linear interpolation", async () => {
    const levels = Object.keys(reference.bytes_quantiles_linear_interp).map(Number);
    const { totals } = await olap({
      measures: [{ function: "QUANTILES", of: "properties.bytes", levels, exact: true }],
    });
    totals.map(valuesOf).forEach((values, index) => {
      expect(values[0]).toBeCloseTo(Object.values(reference.bytes_quantiles_linear_interp)[index] ?? NaN, 4);
    });
  });
});

guarded(title("visits of a real web server log"), () => {
  const metrics = (input: Partial<SessionMetricsInput>) =>
    querySessionMetrics({ sessions: createSessionsStore(world.resources.eventStore), nowMs: () => Date.now() })(
      caller(),
      { range: RANGE, definition: { by: "GAP", gap: "PT30M" }, bounce: "SINGLE_EVENT", ...input },
    );

  test("how many sessions of 30 minutes there are, of one hit, how many hits, and how long", async () => {
    const { count, bounce_single_hit, mean_hits, max_hits, mean_duration_seconds } = reference.sessions_30min;
    const { total } = await metrics({});
    expect(total).toMatchObject({
      ...{ sessions: count, bounced: bounce_single_hit, events: reference.lines_parsed },
      ...{ people: reference.distinct_user_ip_ua, eventsPerSession: expect.closeTo(mean_hits, 9) },
      ...{ meanDurationSeconds: expect.closeTo(mean_duration_seconds, 9) },
    });
    const longest = await metrics({ where: { minEvents: max_hits } });
    const longer = await metrics({ where: { minEvents: max_hits + 1 } });
    expect([longest.total.sessions > 0, longer.total.sessions]).toEqual([true, 0]);
  });

  test("the first and the last hit", async () => {
    const span = { from: reference.min_ts, to: new Date(Date.parse(reference.max_ts) + 1_000).toISOString() };
    const within = await olap({ range: span });
    expect(within.totals.map(valuesOf)).toEqual([[reference.lines_parsed]]);
    const shorter = { from: new Date(Date.parse(span.from) + 1).toISOString(), to: reference.max_ts };
    const [inside] = (await olap({ range: shorter })).totals.map(valuesOf);
    expect(Number(inside?.[0])).toBeLessThan(reference.lines_parsed - 1);
  });
});

/** The steps of the published funnels, by their names there. */
const FUNNELS = {
  "home -> /projects/ -> /files/ or .xhtml": [
    { field: "url", eq: "/" },
    { field: "url", startsWith: "/projects/" },
    {
      or: [
        { field: "url", startsWith: "/files/" },
        { field: "url", matches: "[.]xhtml$" },
      ],
    },
  ],
  "/projects/xdotool/ -> /projects/xdotool/xdotool.xhtml -> any /files/": [
    { field: "url", eq: "/projects/xdotool/" },
    { field: "url", eq: "/projects/xdotool/xdotool.xhtml" },
    { field: "url", startsWith: "/files/" },
  ],
  "/blog/ -> favicon -> /reset.css (same-second ties common)": [
    { field: "url", startsWith: "/blog/" },
    { field: "url", eq: "/favicon.ico" },
    { field: "url", eq: "/reset.css" },
  ],
} as const;

guarded(title("funnels of a real web server log"), () => {
  test.each(Object.entries(FUNNELS))(
    "%s: how many visitors get to each step, in every window",
    async (name, filters) => {
      const published = reference.funnels_any_anchor_per_user[name] ?? {};
      const deps = {
        funnels: createFunnelStore(world.resources.eventStore),
        counting: countHere,
        nowMs: () => Date.now(),
      };
      const reached: Record<string, readonly number[]> = {};
      for (const window of Object.keys(published)) {
        const { result } = await queryFunnel(deps)(caller(), {
          ...{ range: RANGE, anchor: "ANY", window: window === "None" ? null : `PT${window}S` },
          steps: filters.map((filter) => ({ anyOf: [{ filter }] })),
        });
        reached[window] = result.steps.map((step) => step.reached);
      }
      expect(Object.keys(published)).toHaveLength(4);
      expect(reached).toEqual(published);
    },
  );
});
