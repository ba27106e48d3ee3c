import { ClickHouseLogLevel, createClient, type ClickHouseClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { parseApiKey } from "@tessera/platform/auth/api-key";
import { z } from "zod";
import { readPids, startEmbeddedProcess, type EmbeddedProcess } from "../testing/embedded-process.ts";
import { storeOwnerOf } from "../testing/event-store-truth.ts";
import { eventually } from "../testing/eventually.ts";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../testing/temporary-home.ts";

/** Events of a month of their own, some more than the budget that is agreed for them. */
const EVENTS = 300_000;
const ROWS_A_DAY = 200_000;
/** Events whose long addresses, held against a hundred expressions, keep the engine's processors busy for longer than an operation has. */
const LONG_EVENTS = 60_000;
/** Times a slow query is asked before it must have been charged for rows. */
const RUNS = 6;
const JANUARY = { from: "2020-01-01T00:00:00Z", to: "2020-02-01T00:00:00Z" };
const FEBRUARY = { from: "2020-02-01T00:00:00Z", to: "2020-03-01T00:00:00Z" };

const ASK = `query ($input: OlapInput!) { olap(input: $input) {
  totals { ... on IntegerColumn { name integers } }
  totalStandardErrors { ... on NumberColumn { name numbers } }
  provenance { exactness rowsRead tables { table } sampling { reason fraction exactRows rowsLeft quota } } } }`;
const sampledShape = z.object({
  olap: z.object({
    totals: z.array(z.object({ name: z.string(), integers: z.array(z.number()) })),
    totalStandardErrors: z.array(z.object({ name: z.string(), numbers: z.array(z.number()) })),
    provenance: z.object({
      exactness: z.string(),
      rowsRead: z.number(),
      sampling: z
        .object({
          reason: z.string(),
          fraction: z.number(),
          exactRows: z.number(),
          rowsLeft: z.number(),
          quota: z.string(),
        })
        .nullable(),
    }),
  }),
});
const SET_LIMITS = "mutation ($input: SetLimitsInput!) { setLimits(input: $input) { tenantId } }";
const USAGE = `query ($interval: UsageIntervalInput!) { usage(interval: $interval, granularity: TOTAL) { totals { rowsRead storeMs } } }`;
const usageShape = z.object({
  usage: z.object({ totals: z.object({ rowsRead: z.coerce.number(), storeMs: z.coerce.number() }) }),
});

let directory: TemporaryDirectory;
let instance: EmbeddedProcess;
let owner: ClickHouseClient;

beforeAll(async () => {
  directory = await makeTemporaryDirectory();
  instance = await startEmbeddedProcess({ home: directory.home("costly") });
  owner = createClient({
    ...(await storeOwnerOf(instance.home)),
    request_timeout: 240_000,
    log: { level: ClickHouseLogLevel.OFF },
  });
  const seed = (month: string, rows: number, url: string): Promise<unknown> =>
    owner.command({
      query: `INSERT INTO tessera.events (tenant_id, event_id, time, received_at, batch_id, name, user_id, url)
        SELECT {tenant: String}, generateUUIDv4(), toDateTime64('${month} 00:00:00', 3, 'UTC') + number % 2000000, now64(3), generateUUIDv4(),
          ['page_view', 'search', 'order'][number % 3 + 1], concat('u', toString(intHash32(number) % 20000)), ${url}
        FROM numbers(${rows})`,
      query_params: { tenant: instance.tenantId },
    });
  await seed("2020-01-01", EVENTS, "''");
  await seed("2020-02-01", LONG_EVENTS, "repeat('ab', 4000)");
}, 400_000);

afterAll(async () => {
  await owner?.close();
  await instance?.process.stop();
  await directory?.remove();
}, 120_000);

/** What the engine runs for the tenant now, and what it has read of it. */
const running = async (): Promise<readonly number[]> => {
  const result = await owner.query({
    query: "SELECT read_rows FROM system.processes WHERE startsWith(query_id, {tenant: String})",
    query_params: { tenant: instance.tenantId },
    format: "JSONEachRow",
  });
  return z
    .array(z.object({ read_rows: z.coerce.number() }))
    .parse(await result.json())
    .map(({ read_rows }) => read_rows);
};
const usage = async () => {
  const interval = {
    from: new Date(Date.now() - 86_400_000).toISOString(),
    to: new Date(Date.now() + 3_600_000).toISOString(),
  };
  return (await instance.client.ask(usageShape, USAGE, { interval })).usage.totals;
};
const olap = (input: Readonly<Record<string, unknown>>) => instance.client.tell(ASK, { input });

/** A hundred expressions without a letter that could be looked for alone; none of them matches. */
const heavy = {
  range: FEBRUARY,
  measures: [{ function: "COUNT", name: "events" }],
  filter: {
    or: [0, 1].map((half) => ({
      or: Array.from({ length: 50 }, (_, place) => ({
        field: "url",
        matches: `[a-b]{${place % 7}}[0-9]{${half + 1},${place + 3}}[c-z]`,
      })),
    })),
  },
};

const expectTimeout = async (answer: Awaited<ReturnType<typeof olap>>): Promise<void> => {
  expect(answer.errors?.map(({ extensions }) => extensions?.["code"])).toEqual(["QUERY_TIMEOUT"]);
  expect(answer.data ?? null).toBeNull();
  await eventually(async () => expect(await running()).toEqual([]));
};

describe("a query that is slower than an operation may be", () => {
  it("because it computes: its caller is told so, the engine's work ends, and it is charged for what it had read", async () => {
    let charged = false;
    // A machine too busy for the engine to say in time what it has read charges by time alone: such a run shows nothing.
    for (let run = 0; run < RUNS && !charged; run += 1) {
      const before = await usage();
      let [most, answered] = [0, false];
      const asked = olap(heavy).finally(() => {
        answered = true;
      });
      while (!answered) most = Math.max(most, ...(await running()));
      await expectTimeout(await asked);
      const after = await eventually(async () => {
        const now = await usage();
        expect(now.storeMs - before.storeMs).toBeGreaterThan(1_000);
        return now;
      });
      const rows = after.rowsRead - before.rowsRead;
      charged = rows > 0;
      if (charged) expect(rows).toBeGreaterThanOrEqual(most);
      expect(rows).toBeLessThanOrEqual(LONG_EVENTS + 65_536);
    }
    expect(charged).toBe(true);
  }, 400_000);

  it("because the engine stands still: its caller is told so, nothing is left running when it goes on, and it is charged by its time", async () => {
    const before = await usage();
    const { clickhouse } = await readPids(instance.home);
    process.kill(clickhouse, "SIGSTOP");
    const answer = await olap({ ...heavy, range: JANUARY }).finally(() => process.kill(clickhouse, "SIGCONT"));
    await expectTimeout(answer);
    await eventually(async () => expect((await usage()).storeMs - before.storeMs).toBeGreaterThan(1_000));
  }, 180_000);
});

describe("a query that costs more than is left of the day's rows", () => {
  const question = {
    range: JANUARY,
    measures: [
      { function: "COUNT", name: "events" },
      { function: "UNIQUES", of: "persons", name: "persons" },
    ],
    filter: { field: "utmSource", exists: false },
  };
  beforeAll(async () => {
    const used = (await usage()).rowsRead;
    const scopeId = parseApiKey(instance.apiKey)?.keyId;
    const limit = { metric: "ROWS_READ_PER_DAY", scope: "API_KEY", scopeId, hard: ROWS_A_DAY + used };
    await instance.client.ask(z.unknown(), SET_LIMITS, { input: { limits: [limit] } });
    await eventually(async () => {
      const headers = { authorization: `Bearer ${instance.apiKey}`, "content-type": "application/json" };
      const body = JSON.stringify({ query: "{ __typename }" });
      const response = await fetch(`${instance.url}/graphql`, { method: "POST", headers, body });
      expect(response.headers.get("ratelimit-policy")).toContain("key-rows");
    });
  }, 60_000);

  it("is refused for who wants it exact, with by how much, what would fit, and that it may be a job", async () => {
    const answer = await olap({ ...question, approximate: "NEVER" });
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: "QUERY_TOO_COSTLY", job: "startQuery" });
    const about = z
      .object({
        found: z.number(),
        over: z.number(),
        remaining: z.number(),
        narrowFrom: z.string(),
        refilledBy: z.string(),
      })
      .parse(answer.errors?.[0]?.extensions);
    expect(about.found).toBeGreaterThanOrEqual(EVENTS);
    expect(about.over).toBe(about.found - about.remaining);
    expect(Date.parse(about.refilledBy)).toBeGreaterThan(Date.now());
  }, 90_000);

  it("is answered from a sample for everybody else: near the truth, and charged what the sample read", async () => {
    const first = (await instance.client.ask(sampledShape, ASK, { input: question })).olap;
    const { sampling, rowsRead, exactness } = first.provenance;
    expect({ exactness, sampling }).toMatchObject({
      exactness: "APPROXIMATE",
      sampling: { reason: "OVER_BUDGET", quota: "key-rows" },
    });
    expect(sampling?.exactRows).toBeGreaterThanOrEqual(EVENTS);
    expect(rowsRead).toBeLessThanOrEqual(sampling?.rowsLeft ?? 0);
    const [events, persons] = first.totals.map(({ integers }) => integers[0] ?? 0);
    const [eventsError, personsError] = first.totalStandardErrors.map(({ numbers }) => numbers[0] ?? 0);
    // Six standard errors: the events are always the same, so this says that the scale is right and never fails by chance.
    expect(Math.abs((events ?? 0) - EVENTS)).toBeLessThan(6 * (eventsError ?? 0));
    expect(Math.abs((persons ?? 0) - 20_000)).toBeLessThan(6 * (personsError ?? 0) + 20);
    const second = await olap(question);
    const left =
      second.errors?.[0]?.extensions?.["remaining"] ??
      sampledShape.parse(second.data).olap.provenance.sampling?.rowsLeft;
    expect(Number(left)).toBeLessThanOrEqual((sampling?.rowsLeft ?? 0) - rowsRead);
  }, 90_000);
});
