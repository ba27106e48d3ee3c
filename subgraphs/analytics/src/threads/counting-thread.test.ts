import { afterAll, describe, expect, test } from "@jest/globals";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { createThreadPool } from "@tessera/platform/runtime/thread-pool";
import { createFairSlots } from "@tessera/platform/store/fair-slots";
import { countHere } from "../../testing/count-here.ts";
import { nativeBytes, type WrittenColumn } from "../../testing/native-bytes.ts";
import type { CountKind, CountSlice, CountTask } from "../domain/counting.ts";
import { funnelTask } from "../domain/funnel/count-funnel.ts";
import type { FunnelInput } from "../domain/funnel/funnel-input.ts";
import { funnelMarks } from "../domain/funnel/funnel-marks.ts";
import { FUNNEL_LIMITS } from "../domain/funnel/funnel.ts";
import { parseFunnel } from "../domain/funnel/parse-funnel.ts";
import { pathTask } from "../domain/paths/count-paths.ts";
import { parsePaths } from "../domain/paths/parse-paths.ts";
import type { PathsInput } from "../domain/paths/paths-input.ts";
import { createCounting, withCount, type Counting } from "../operations/counting.ts";
import { createCounter } from "./counters.ts";

const RANGE = { from: "2026-03-01T00:00:00Z", to: "2026-03-31T00:00:00Z" };
const MANY = 1_000_000;
const access = { personalData: false };

const pool = createThreadPool({ program: new URL("./counting-thread.ts", import.meta.url), threads: 1 });
const slots = createFairSlots({ total: 2 });
const counting = createCounting(createCounter, { pool, slots });
afterAll(() => pool.close());

const tenant = (): TenantId => {
  const id = parseTenantId("3f0d4a51-7a1a-4f0a-9b1d-111111111111");
  if (id === null) throw new Error("It is a tenant id.");
  return id;
};

const steps = ["a", "b", "c"].map((name) => ({ anyOf: [{ events: [name] }] }));
const taskOf = (input: Partial<FunnelInput>, candidates: readonly string[] = []) => {
  const funnel = parseFunnel({ range: RANGE, steps, window: "P7D", ...input }, access);
  return { kind: "FUNNEL", ...funnelTask(funnel, funnelMarks(funnel), candidates, Date.parse(RANGE.to)) } as const;
};
const pathsTask = (input: Partial<PathsInput>) => {
  const names = new Map([1, 2, 3].map((code) => [code, `page ${code}`]));
  return { kind: "PATHS", ...pathTask(parsePaths({ range: RANGE, ...input }, access), names) } as const;
};
const apartTask = () => {
  const question = parsePaths({ range: RANGE, occurrence: "ANY", gap: "PT6H" }, access);
  const source = { kind: "COLUMN", name: "source", column: "source", type: "TEXT" } as const;
  const of = { number: "transitionShare", from: "page 1", to: "page 2" } as const;
  const apart = { ...of, fields: [source], held: [["=web", ""]], edgesMs: [question.range.fromMs] };
  const names = new Map([1, 2, 3].map((code) => [code, `page ${code}`]));
  return { kind: "PATHS", ...pathTask({ ...question, apart }, names) } as const;
};

/** Some hundred units of a few events each. */
const UNITS = Array.from({ length: 900 }, (_, event) => ({
  unit: Math.floor(event / 5) + 1,
  at: event * 3_600_000 - Math.floor(event / 5) * 17_000_000,
  mark: [1, 2, 4, 1, 3, 4, 2][event % 7] ?? 0,
  word: ["=web", "=ios", ""][event % 3] ?? "",
}));
const column = (name: string, type: WrittenColumn["type"], of: (row: (typeof UNITS)[number]) => number | string) => ({
  ...{ name, type, values: UNITS.map(of) },
});
const events = [column("unit", "UInt64", (row) => row.unit), column("at", "UInt32", (row) => row.at + 4e8)];
const marks = column("mark", "UInt8", (row) => row.mark);
const columnsOf = (...others: readonly WrittenColumn[]): CountSlice => ({
  form: "COLUMNS",
  bytes: nativeBytes([...events, marks, ...others]),
});

const count = <Kind extends CountKind>(by: Counting, task: CountTask<Kind>, slices: readonly CountSlice[]) =>
  withCount(by, task, { tenantId: tenant(), events: MANY, signal: undefined }, async (counted) => {
    const taken: boolean[] = [];
    // A slice's bytes are handed over: each time anew.
    for (const slice of slices) taken.push(await counted.add({ ...slice, bytes: slice.bytes.slice(0) }));
    return taken;
  });

describe("a thread that counts", () => {
  const words = column("v", "String", ({ word }) => word);
  test.each<[string, CountTask<CountKind>, readonly CountSlice[]]>([
    [
      "a funnel's lists",
      taskOf({ trend: { granularity: "DAY" } }),
      [
        {
          form: "LISTS",
          bytes: nativeBytes([
            {
              name: "events",
              type: "Array(UInt64)",
              values: [
                [1n, 2n, 4n],
                [(5_000n << 33n) | 1n, (6_000n << 33n) | 2n],
              ],
            },
            { name: "wide", type: "UInt8", values: [0, 0] },
          ]),
        },
      ],
    ],
    [
      "a breakdown and a trend",
      taskOf({ breakdown: { field: "source" }, trend: { granularity: "DAY" } }),
      [columnsOf(words)],
    ],
    ["next events", taskOf({ dropOffs: {} }), [columnsOf({ ...words, name: "n" })]],
    [
      "a correlation",
      taskOf({ correlation: { events: 1, fields: ["source"] } }, ["z"]),
      [columnsOf({ ...marks, name: "c" }, { ...words, name: "f0" })],
    ],
    [
      "paths",
      pathsTask({ topPaths: 5, goal: { event: { events: ["a"] } }, occurrence: "ANY", gap: "PT6H" }),
      [columnsOf({ ...marks, name: "c" })],
    ],
    ["paths that are told apart", apartTask(), [columnsOf({ ...marks, name: "c" }, { ...words, name: "f0" })]],
  ])("tells of %s what is told where it is asked", async (_what, task, slices) => {
    const here = await count(countHere, task, slices);
    expect(here.costs).toEqual(slices.map(() => true));
    expect(await count(counting, task, slices)).toEqual(here);
  });

  test("refuses as it is refused where it is asked, and counts the next question", async () => {
    const values = Array.from({ length: FUNNEL_LIMITS.distinctGroups + 2 }, (_, value) => value);
    const rows = (name: string, type: WrittenColumn["type"], of: (value: number) => number | string) => ({
      ...{ name, type, values: values.map(of) },
    });
    const slice = {
      form: "COLUMNS",
      bytes: nativeBytes([
        rows("unit", "UInt64", (value) => value + 1),
        rows("at", "UInt32", () => 1),
        rows("mark", "UInt8", () => 1),
        rows("v", "String", (value) => `=${value}`),
      ]),
    } as const;
    const task = taskOf({ breakdown: { field: "source" } });
    const refusal = expect.objectContaining({ code: "BAD_INPUT", extras: { field: "input.breakdown.field" } });
    await expect(count(countHere, task, [slice])).rejects.toEqual(refusal);
    await expect(count(counting, task, [slice])).rejects.toEqual(refusal);
    expect((await count(counting, taskOf({}), [columnsOf()])).costs).toEqual([true]);
  });

  test("lets go of a question whose caller left, and gives its place to the next", async () => {
    const controller = new AbortController();
    const about = { tenantId: tenant(), events: MANY, signal: controller.signal };
    const left = withCount(counting, taskOf({}), about, async (counted) => {
      const adding = counted.add(columnsOf());
      controller.abort();
      return adding;
    });
    await expect(left).rejects.toEqual(expect.objectContaining({ code: "QUERY_CANCELLED" }));
    expect(slots.running).toBe(0);
    expect((await count(counting, taskOf({}), [columnsOf()])).costs).toEqual([true]);
  });
});
