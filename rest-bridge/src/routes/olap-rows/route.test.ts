import { beforeEach, describe, expect, it } from "@jest/globals";
import { tableFromIPC } from "apache-arrow";
import { z } from "zod";
import type { ColumnPartsFragment, RestOlapRowsQuery } from "../../generated/graphql.ts";
import type { GraphAnswer } from "../../graph/graph-port.ts";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { provenanceAnswer } from "../../testing/provenance-answer.ts";
import { OTHER_TENANT } from "../../testing/running-bridge.ts";

const NDJSON = "/api/v2/analytics/query/ndjson";
const ARROW = "/api/v2/analytics/query/arrow";
const rateLimit = {};
const question = {
  range: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" },
  measures: [{ function: "count" }, { function: "avg", of: "properties.amount", name: "mean" }],
  dimensions: ["utm_source"],
  granularity: "day",
  time_zone: "Europe/Berlin",
};
const asked = z.object({ input: z.unknown(), rows: z.number(), after: z.string().nullable() });

/** Rows of a page, of every type there is: page and place are in the values. */
const pageColumns = (page: number): readonly ColumnPartsFragment[] => [
  { name: "time", role: "TIME", times: [`2026-11-0${((page - 1) % 9) + 1}T00:00:00+01:00`, null] },
  { name: "utmSource", role: "DIMENSION", texts: ["ä", null] },
  { name: "count", role: "MEASURE", integers: [page, "9007199254740993"] },
  { name: "mean", role: "MEASURE", numbers: [0.1 * page, null] },
  { name: "paid", role: "MEASURE", decimals: [`-${page}.05`, "79228162514264337593543950335.9999"] },
  { name: "synthetic", role: "DIMENSION", booleans: [page === 1, null] },
];
const answerOf = (page: number, last: number): RestOlapRowsQuery => ({
  olapPage: {
    columns: [...pageColumns(page)],
    rowCount: 2,
    hasNextPage: page < last,
    endCursor: `a.${page}`,
    provenance: provenanceAnswer,
  },
});

const bridge = bridgeOfTests();

/** A graph with so many pages; `instead` answers some of them otherwise. */
const paging = (last: number, instead: (page: number) => GraphAnswer | null = () => null): void => {
  bridge.graph.decide(({ variables }) => {
    const { after } = asked.parse(variables);
    const page = after === null ? 1 : Number(after.slice(2)) + 1;
    return instead(page) ?? { data: answerOf(page, last), rateLimit };
  });
};
/** Pages without end, each a megabyte: what the sockets between hold is some of them. */
const largePages = (): void =>
  paging(1_000_000, (page) => ({
    data: {
      olapPage: {
        ...answerOf(page, 1_000_000).olapPage,
        rowCount: 1,
        columns: [{ name: "url", role: "DIMENSION", texts: ["x".repeat(1_000_000)] }],
      },
    },
    rateLimit,
  }));
beforeEach(() => {
  bridge.graph.calls.length = 0;
  paging(3);
});
const post = (path: string, body: unknown = question, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  bridge.ask(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
const refused = (code: string, retryAfterSeconds?: number): GraphAnswer => ({
  errors: [
    { message: "Not now.", extensions: { code, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) } },
  ],
  rateLimit,
});

describe("all rows of a question", () => {
  it("as lines: one object per row, of every page, in the names that were asked for", async () => {
    const answer = await post(NDJSON);
    expect([answer.status, answer.headers.get("content-type"), answer.headers.get("tessera-as-of")]).toEqual([
      ...[200, "application/x-ndjson; charset=utf-8", "2026-11-20T12:00:00.000Z"],
    ]);
    const lines = (await answer.text())
      .trimEnd()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(lines).toHaveLength(6);
    expect(lines.slice(0, 3)).toEqual([
      {
        ...{ time: "2026-11-01T00:00:00+01:00", utm_source: "ä", count: 1, mean: 0.1, paid: "-1.05" },
        synthetic: true,
      },
      {
        ...{ time: null, utm_source: null, count: "9007199254740993", mean: null },
        ...{ paid: "79228162514264337593543950335.9999", synthetic: null },
      },
      expect.objectContaining({ time: "2026-11-02T00:00:00+01:00", count: 2 }),
    ]);
  });

  it("asks the graph for one answer, page after page, with the same question", async () => {
    await (await post(NDJSON)).text();
    const variables = bridge.graph.calls.map((call) => asked.parse(call.variables));
    expect(variables.map(({ rows, after }) => [rows, after])).toEqual([
      [10_000, null],
      [10_000, "a.1"],
      [10_000, "a.2"],
    ]);
    expect(new Set(variables.map(({ input }) => JSON.stringify(input))).size).toBe(1);
    expect(variables[0]?.input).toMatchObject({
      dimensions: ["utmSource"],
      granularity: "DAY",
      timeZone: "Europe/Berlin",
    });
  });

  it("as an Arrow stream: a record batch per page, each value in its type, to the last digit", async () => {
    const answer = await post(ARROW, question, { accept: "application/vnd.apache.arrow.stream" });
    expect(answer.headers.get("content-type")).toBe("application/vnd.apache.arrow.stream");
    const table = tableFromIPC(new Uint8Array(await answer.arrayBuffer()));
    expect(table.schema.fields.map(({ name, type }) => `${name}: ${String(type)}`)).toEqual([
      ...["time: Timestamp<MILLISECOND, Europe/Berlin>", "utm_source: Utf8", "count: Int64", "mean: Float64"],
      ...["paid: Decimal[38e+4]", "synthetic: Bool"],
    ]);
    expect([table.numRows, table.batches.length]).toEqual([6, 3]);
    const column = (name: string): readonly unknown[] => [...(table.getChild(name) ?? [])];
    expect(column("time")).toEqual(
      [1, 2, 3].flatMap((day) => [Date.UTC(2026, 9, 31, 23) + (day - 1) * 86_400_000, null]),
    );
    expect(column("utm_source")).toEqual(["ä", null, "ä", null, "ä", null]);
    expect(column("count")).toEqual([1n, 9007199254740993n, 2n, 9007199254740993n, 3n, 9007199254740993n]);
    expect(column("mean")).toEqual([0.1, null, 0.2, null, 0.1 * 3, null]);
    expect(column("synthetic")).toEqual([true, null, false, null, false, null]);
    const words = z.array(z.instanceof(Uint32Array)).parse(column("paid"));
    const whole = words.map((four) =>
      BigInt.asIntN(
        128,
        four.reduceRight((sum, word) => (sum << 32n) + BigInt(word), 0n),
      ),
    );
    expect(whole.slice(0, 2)).toEqual([-10500n, 792281625142643375935439503359999n]);
  });

  it("waits for a budget that comes back, and goes on with the same page", async () => {
    let refusals = 0;
    paging(3, (page) => {
      if (page !== 2 || refusals === 2) return null;
      refusals += 1;
      return refused("RATE_LIMITED", 0.01);
    });
    expect((await (await post(NDJSON)).text()).trimEnd().split("\n")).toHaveLength(6);
    expect(bridge.graph.calls).toHaveLength(5);
  });

  it.each([NDJSON, ARROW])(
    "%s is cut off when it can't be brought to its end, so that a part is never the whole",
    async (path) => {
      paging(3, (page) => (page === 3 ? refused("QUERY_TIMEOUT") : null));
      const answer = await post(path);
      expect(answer.status).toBe(200);
      await expect(answer.arrayBuffer()).rejects.toThrow();
    },
  );

  it.each([NDJSON, ARROW])(
    "%s gives up the page under way when its reader leaves, and asks for no other",
    async (path) => {
      const leaving = new AbortController();
      const givenUp = new Promise<void>((resolve) => {
        bridge.graph.decide(({ variables, signal }) => {
          if (asked.parse(variables).after === null) return { data: answerOf(1, 3), rateLimit };
          signal?.addEventListener("abort", () => resolve(), { once: true });
          return new Promise(() => undefined);
        });
      });
      const answer = await post(path, question, {}, leaving.signal);
      await answer.body?.getReader().read();
      while (bridge.graph.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      leaving.abort();
      await givenUp;
      expect(bridge.graph.calls.map(({ signal }) => signal?.aborted)).toEqual([false, true]);
    },
  );

  it("a reader that takes nothing is not read ahead for", async () => {
    largePages();
    const leaving = new AbortController();
    const answer = await post(NDJSON, question, {}, leaving.signal);
    const reader = answer.body?.getReader();
    await reader?.read();
    await new Promise((resolve) => setTimeout(resolve, 300));
    // What the sockets between hold is all that is asked for: some megabytes.
    const held = bridge.graph.calls.length;
    expect(held).toBeLessThan(50);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(bridge.graph.calls.length).toBe(held);
    leaving.abort();
  });

  it.each([
    [400, "BAD_INPUT", { limit: 3 }, {}],
    [403, "TENANT_MISMATCH", { tenant_id: OTHER_TENANT }, {}],
    [406, "NOT_ACCEPTABLE", {}, { accept: "text/html" }],
    [401, "UNAUTHENTICATED", {}, { authorization: "Bearer stranger" }],
  ])("refuses with %i %s before the graph is asked: %j", async (status, code, part, headers) => {
    const answer = await post(ARROW, { ...question, ...part }, headers);
    expect([answer.status, await answer.json()]).toEqual([status, expect.objectContaining({ code })]);
    expect(bridge.graph.calls).toEqual([]);
  });

  it("what the graph refuses of the question is a problem document, in the caller's words", async () => {
    const extensions = { code: "BAD_INPUT", field: "input.dimensions.0" };
    bridge.graph.decide(() => ({ errors: [{ message: "Unknown.", extensions }], rateLimit }));
    const answer = await post(NDJSON);
    expect([answer.status, await answer.json()]).toMatchObject([400, { code: "BAD_INPUT", field: "dimensions.0" }]);
  });
});
