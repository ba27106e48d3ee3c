import { wholeTenant } from "@tessera/platform/store/data-policy";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import { freshTenant, startIngest, type RunningIngest } from "../testing/running-ingest.ts";
import { importFile } from "./import-file.ts";
import { readOptions } from "./options.ts";
import { sendEvents } from "./send-events.ts";

const data = join(import.meta.dirname, "../../../../shared/data");
const present =
  existsSync(join(data, "weblog/apache_logs.gz")) && existsSync(join(data, "bpi2012-loan-funnel/events.csv.gz"));
if (!present)
  process.stdout.write(`Skipped: the real data sets are not at ${data}; nothing was checked against them.\n`);
const describeOnRealData = present ? describe : describe.skip;

const pairs = z.array(z.tuple([z.string(), z.number()]));
const reference = z.object({
  lines_parsed: z.number(),
  lines_unparsed: z.number(),
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
  sessions_30min: z.object({
    count: z.number(),
    bounce_single_hit: z.number(),
    mean_hits: z.number(),
    max_hits: z.number(),
  }),
});

describeOnRealData("real files, imported", () => {
  let running: RunningIngest;
  beforeAll(async () => {
    running = await startIngest();
  }, 60_000);
  afterAll(() => running.close());

  const importAs = (tenantId: TenantId, args: readonly string[]) => {
    const options = readOptions(args);
    if (options === null) throw new Error("the test asked for help");
    return importFile({
      ...options,
      send: (events) => sendEvents({ url: running.url, apiKey: tenantId }, events),
      onProgress: () => undefined,
    });
  };
  const rows = async (tenantId: TenantId, select: string): Promise<readonly (readonly unknown[])[]> => {
    const query = select.replace(
      "LOG",
      "(SELECT *, properties.ip::String AS ip, properties.status::Int64 AS status, properties.bytes::Nullable(Int64) AS bytes, properties.method::String AS method FROM tessera.events WHERE tenant_id = {tenant:String})",
    );
    const { rows: found } = await running.resources.resources.eventStore.query(
      wholeTenant(tenantId),
      { name: "real-data", text: query, params: { tenant: tenantId } },
      (row) => Object.values(z.record(z.string(), z.unknown()).parse(row)),
    );
    return found;
  };
  const asMap = (table: readonly (readonly unknown[])[]) =>
    Object.fromEntries(table.map(([key, value]) => [String(key), Number(value)]));
  const asPairs = (table: readonly (readonly unknown[])[]) => table.map(([key, value]) => [String(key), Number(value)]);

  const expectSessions = async (tenantId: TenantId, wanted: z.infer<typeof reference>["sessions_30min"]) => {
    const [sessions] = await rows(
      tenantId,
      `SELECT count(), countIf(hits = 1), avg(hits), max(hits) FROM (SELECT person, session, count() AS hits FROM (
         SELECT person, sum(fresh) OVER (PARTITION BY person ORDER BY time, sequence ROWS UNBOUNDED PRECEDING) AS session FROM (
           SELECT person, time, sequence, dateDiff('second', lagInFrame(time, 1, toDateTime64(0, 3, 'UTC')) OVER (PARTITION BY person ORDER BY time, sequence ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING), time) > 1800 AS fresh
           FROM LOG)) GROUP BY person, session)`,
    );
    const { count, bounce_single_hit, mean_hits, max_hits } = wanted;
    expect(sessions?.map(Number)).toEqual([count, bounce_single_hit, expect.closeTo(mean_hits, 9), max_hits]);
  };

  it("a raw web log of 10,000 lines answers as the published queries do; its one malformed line is told by number", async () => {
    const expected = reference.parse(JSON.parse(readFileSync(join(data, "weblog/reference_queries.json"), "utf8")));
    const tenantId = freshTenant();
    const args = [join(data, "weblog/apache_logs.gz"), "--format", "apache-log"];
    const summary = await importAs(tenantId, args);
    expect(summary).toMatchObject({ records: 9_999, accepted: 9_999, duplicate: 0, rejected: 0, malformed: 1 });
    expect(summary.malformedLines).toEqual([{ line: 8_899, reason: "not a line of the combined log format" }]);

    const [totals] = await rows(
      tenantId,
      "SELECT count(), sum(bytes), countIf(bytes IS NULL), uniqExact(ip), uniqExact(anonymous_id), uniqExact(url) FROM LOG",
    );
    expect(totals?.map(Number)).toEqual([
      expected.lines_parsed,
      expected.bytes_sum,
      expected.bytes_null,
      expected.distinct_ip,
      expected.distinct_user_ip_ua,
      expected.distinct_url,
    ]);
    expect(asMap(await rows(tenantId, "SELECT status, count() FROM LOG GROUP BY status"))).toEqual(
      expected.status_counts,
    );
    expect(asMap(await rows(tenantId, "SELECT method, count() FROM LOG GROUP BY method"))).toEqual(
      expected.method_counts,
    );
    expect(
      asMap(await rows(tenantId, "SELECT formatDateTime(time, '%Y-%m-%dT%H'), count() FROM LOG GROUP BY 1")),
    ).toEqual(expected.hits_per_hour_utc);
    expect(asMap(await rows(tenantId, "SELECT toDate(time), uniqExact(ip) FROM LOG GROUP BY 1"))).toEqual(
      expected.distinct_ip_per_day,
    );
    for (const [column, filter, answer, measure] of [
      ["url", "1", expected.top10_url, "count()"],
      ["ip", "1", expected.top10_ip, "count()"],
      ["url", "1", expected.top10_url_by_bytes, "sum(bytes)"],
    ] as const)
      expect(
        asPairs(
          await rows(
            tenantId,
            `SELECT ${column}, ${measure} AS n FROM LOG WHERE ${filter} GROUP BY 1 ORDER BY n DESC, 1 LIMIT 10`,
          ),
        ),
      ).toEqual(answer);
    const missing = asMap(await rows(tenantId, "SELECT url, count() FROM LOG WHERE status = 404 GROUP BY 1"));
    for (const [url, hits] of expected.top10_404_url) expect([url, missing[url]]).toEqual([url, hits]);
    const [quantiles] = await rows(
      tenantId,
      "SELECT quantilesExactInclusive(0.5, 0.9, 0.95, 0.99)(assumeNotNull(bytes)) FROM LOG WHERE bytes IS NOT NULL",
    );
    const found = z.array(z.coerce.number()).parse(quantiles?.[0]);
    for (const [index, value] of Object.values(expected.bytes_quantiles_linear_interp).entries())
      expect(found[index]).toBeCloseTo(value, 3);
    await expectSessions(tenantId, expected.sessions_30min);

    expect(await importAs(tenantId, args)).toMatchObject({ accepted: 0, duplicate: 9_999, malformed: 1 });
    expect(asMap(await rows(tenantId, "SELECT 'n', sum(events) FROM tessera.rollup_hour_name"))).toEqual({ n: 9_999 });
  }, 120_000);

  it("262,200 steps of real loan applications keep their counts and the order of steps of one millisecond", async () => {
    const funnels = z
      .object({
        cases: z.number(),
        events: z.number(),
        funnels: z.object({
          application_to_approval: z.object({
            steps: z.array(z.string()),
            any_order_contains_all_first_k_steps: z.array(z.number()),
          }),
        }),
      })
      .parse(JSON.parse(readFileSync(join(data, "bpi2012-loan-funnel/reference_funnels.json"), "utf8")));
    const tenantId = freshTenant();
    const file = join(data, "bpi2012-loan-funnel/events.csv.gz");
    const maps = [
      "time=timestamp",
      "userId=case_id",
      "name={activity}|{lifecycle}",
      "source==loans",
      "properties.seq=seq:number",
      "properties.amount=amount_req:number",
    ];
    const summary = await importAs(tenantId, [file, "--format", "csv", ...maps.flatMap((map) => ["--map", map])]);
    expect(summary).toMatchObject({ records: funnels.events, accepted: funnels.events, rejected: 0, malformed: 0 });
    const [totals] = await rows(
      tenantId,
      "SELECT count(), uniqExact(user_id) FROM tessera.events WHERE tenant_id = {tenant:String}",
    );
    expect(totals?.map(Number)).toEqual([funnels.events, funnels.cases]);
    const { steps, any_order_contains_all_first_k_steps: reached } = funnels.funnels.application_to_approval;
    for (const [index, count] of reached.entries()) {
      const wanted = steps
        .slice(0, index + 1)
        .map((step) => `'${step}'`)
        .join(", ");
      const [cases] = await rows(
        tenantId,
        `SELECT countIf(steps = ${index + 1}) FROM (SELECT person, uniqExactIf(name, name IN (${wanted})) AS steps FROM tessera.events WHERE tenant_id = {tenant:String} GROUP BY person)`,
      );
      expect(cases?.map(Number)).toEqual([count]);
    }
    const [disordered] = await rows(
      tenantId,
      `SELECT countIf(seq < before) FROM (SELECT properties.seq::Int64 AS seq, lagInFrame(properties.seq::Int64, 1, toInt64(-1)) OVER (PARTITION BY person ORDER BY time, sequence ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS before
       FROM tessera.events WHERE tenant_id = {tenant:String})`,
    );
    expect(disordered?.map(Number)).toEqual([0]);
  }, 400_000);
});
