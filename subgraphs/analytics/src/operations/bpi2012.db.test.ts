import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { countHere } from "../../testing/count-here.ts";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import type { FunnelInput } from "../domain/funnel/funnel-input.ts";
import { createFunnelStore } from "../store/funnel-store.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import type { PathsInput } from "../domain/paths/paths-input.ts";
import { createPathsStore } from "../store/paths-store.ts";
import { queryFunnel } from "./query-funnel.ts";
import { queryPaths } from "./query-paths.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

const folder = fileURLToPath(new URL("../../../../../shared/data/bpi2012-loan-funnel/", import.meta.url));
const present = existsSync(`${folder}events.csv.gz`) && existsSync(`${folder}reference_funnels.json`);
const guarded = present ? describe : describe.skip;
const title = (what: string): string => (present ? what : `${what} (skipped: ${folder} is not there)`);

const outcome = z.object({
  reached: z.array(z.number()),
  median_seconds_from_previous_step: z.array(z.number().nullable()).optional(),
  total_seconds_p50_p90: z.tuple([z.number(), z.number()]).optional(),
});
const referenceSchema = z.object({
  cases: z.number(),
  events: z.number(),
  funnels: z.object({
    application_to_approval: z.object({
      steps: z.array(z.string()),
      windows: z.record(z.string(), z.object({ any_anchor: outcome, first_anchor: outcome })),
      any_order_contains_all_first_k_steps: z.array(z.number()),
    }),
  }),
});

/** The windows of the reference by its own names. */
const WINDOWS = {
  none: null,
  "60d": "P60D",
  "30d": "P30D",
  "14d": "P14D",
  "7d": "P7D",
  "1d": "P1D",
  "1h": "PT1H",
} as const;
const RANGE = { from: "2011-09-01T00:00:00Z", to: "2012-06-01T00:00:00Z" };

let world: TestResources;
let tenantId: TenantId;
let reference: z.infer<typeof referenceSchema>;
let steps: FunnelInput["steps"];
let cases: ReadonlyMap<string, readonly TestEvent[]>;

/** An event of the log: a case is a user; activities of one moment keep the order of the log. */
const eventOf = (line: string): TestEvent => {
  const [id = "", , activity = "", lifecycle = "", time = ""] = line.split(",");
  return { id: randomUUID(), name: `${activity}|${lifecycle}`, timeMs: Date.parse(time), userId: id };
};

const groupedBy = <T>(all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, readonly T[]> => {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return groups;
};

/** Events of one insert; each is numbered in the order of the log. */
const BATCH = 40_000;

beforeAll(async () => {
  if (!present) return;
  world = openTestResources();
  tenantId = freshTenantId();
  reference = referenceSchema.parse(JSON.parse(readFileSync(`${folder}reference_funnels.json`, "utf8")));
  steps = reference.funnels.application_to_approval.steps.map((name) => ({ anyOf: [{ events: [name] }] }));
  const [, ...lines] = gunzipSync(readFileSync(`${folder}events.csv.gz`))
    .toString("utf8")
    .trimEnd()
    .split("\n");
  const events = lines.map(eventOf);
  for (let start = 0; start < events.length; start += BATCH)
    await storeEvents(world.writer, tenantId, events.slice(start, start + BATCH));
  cases = groupedBy(events, ({ userId }) => userId ?? "");
}, 300_000);
afterAll(async () => {
  if (present) await world.close();
});

const ask = (input: Partial<FunnelInput>) =>
  queryFunnel({ funnels: createFunnelStore(world.resources.eventStore), counting: countHere, nowMs: () => Date.now() })(
    callerWith(tenantId, ["analytics:read"]),
    { range: RANGE, steps, ...input },
  );

guarded(title("the funnel of 13,087 real loan applications"), () => {
  test.each(Object.entries(WINDOWS))(
    "window %s: counts of both anchors, and the medians of every step",
    async (name, window) => {
      const known = reference.funnels.application_to_approval.windows[name];
      for (const [anchor, expected] of [
        ["ANY", known?.any_anchor],
        ["FIRST", known?.first_anchor],
      ] as const) {
        const { result, provenance, cutUnits } = await ask({ window, anchor, levels: [0.5, 0.9] });
        expect(result.steps.map(({ reached }) => reached)).toEqual(expected?.reached);
        expect(cutUnits).toBe(0);
        expect(provenance.tables.map(({ table }) => table)).toEqual(["events_by_person"]);
        expected?.median_seconds_from_previous_step?.forEach((median, step) => {
          const told = result.steps[step]?.timeFromPrevious?.quantilesSeconds[0] ?? null;
          if (median === null) expect(told).toBeNull();
          else expect(told).toBeCloseTo(median, 2);
        });
        expected?.total_seconds_p50_p90?.forEach((quantile, index) =>
          expect(result.timeToConvert.quantilesSeconds[index]).toBeCloseTo(quantile, 2),
        );
      }
    },
  );

  test("in any order", async () => {
    const { result } = await ask({ order: "UNORDERED" });
    expect(result.steps.map(({ reached }) => reached)).toEqual(
      reference.funnels.application_to_approval.any_order_contains_all_first_k_steps,
    );
  });

  test("what applications did next that got no further adds up to each step's drop-off", async () => {
    const { result, dropOffs } = await ask({ window: "P30D", dropOffs: { first: 3 } });
    for (const { step, droppedOff, next, others } of dropOffs) {
      expect(droppedOff).toBe(result.steps[step - 1]?.droppedOff);
      expect(next.reduce((sum, { units }) => sum + units, 0) + others).toBe(droppedOff);
    }
    expect(dropOffs.map(({ droppedOff }) => droppedOff)).toEqual([5720, 2254, 98, 1869, 1088]);
  });
});

/** What cases do step by step, in order of time, those of one moment in the order of the log. */
const namesOf = (events: readonly TestEvent[]): readonly string[] =>
  events.toSorted((one, other) => one.timeMs - other.timeMs).map(({ name }) => name);

guarded(title("the paths of 13,087 real loan applications"), () => {
  const paths = (input: Partial<PathsInput>) =>
    queryPaths({ paths: createPathsStore(world.resources.eventStore), counting: countHere, nowMs: () => Date.now() })(
      callerWith(tenantId, ["analytics:read"]),
      { range: RANGE, maxDepth: 6, topPaths: 20, ...input },
    );
  const counted = (all: readonly (readonly string[])[]): ReadonlyMap<string, number> =>
    new Map([...groupedBy(all, (one) => one.join(" > "))].map(([key, same]) => [key, same.length]));

  test.each(["KEEP", "COLLAPSE"] as const)(
    "the most frequent ways from submission on, and how many there are, with repeats: %s",
    async (repeats) => {
      const ways = [...cases.values()].map((events) => {
        const names = namesOf(events);
        const told = repeats === "KEEP" ? names : names.filter((name, place) => name !== names[place - 1]);
        return told.slice(0, 6);
      });
      const wanted = counted(ways);
      const answer = await paths({ repeats, start: { event: { events: ["A_SUBMITTED|COMPLETE"] } } });
      expect([answer.paths, answer.units, answer.distinctPaths]).toEqual([ways.length, ways.length, wanted.size]);
      expect(answer.topPaths.map((path) => path.paths)).toEqual(
        [...wanted.values()].toSorted((a, b) => b - a).slice(0, 20),
      );
      for (const { labels, paths: told } of answer.topPaths) expect(told).toBe(wanted.get(labels.join(" > ")));
    },
  );

  test("the ways that led to approval, told backward from it", async () => {
    const ways = [...cases.values()].flatMap((events) => {
      const names = namesOf(events);
      const last = names.lastIndexOf("A_APPROVED|COMPLETE");
      return last < 0 ? [] : [names.slice(Math.max(0, last - 5), last + 1)];
    });
    const answer = await paths({ repeats: "KEEP", end: { event: { events: ["A_APPROVED|COMPLETE"] } } });
    expect(answer.paths).toBe(ways.length);
    const wanted = counted(ways);
    expect(answer.distinctPaths).toBe(wanted.size);
    for (const { labels, paths: told } of answer.topPaths) expect(told).toBe(wanted.get(labels.join(" > ")));
  });
});
