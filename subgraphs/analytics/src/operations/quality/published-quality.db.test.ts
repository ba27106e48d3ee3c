import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import type { ExpectationInput } from "../../domain/quality/expectation.ts";
import { valuesOf } from "../../../testing/flatten-answer.ts";
import { storeEvents } from "../../../testing/test-events.ts";
import { createAnalyticsStore } from "../../store/analytics-store.ts";
import { createQualityStore } from "../../store/quality/quality-store.ts";
import { queryOlap } from "../query-olap.ts";
import { queryEventQuality } from "./query-quality.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const folder = fileURLToPath(new URL("../../../../../../shared/data/data-quality/", import.meta.url));
const present = existsSync(`${folder}reference_quality.json`);
const guarded = present ? describe : describe.skip;
const title = (what: string): string => (present ? what : `${what} (skipped: ${folder} is not there)`);

const RANGE = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };
const AT_MS = Date.parse("2026-01-01T12:00:00Z");
/** Expectations of one question. */
const AT_ONCE = 20;

const published = z.object({
  kind: z.string(),
  column: z.union([z.string(), z.array(z.string()), z.null()]),
  argument: z.unknown(),
  result: z.looseObject({
    success: z.boolean().optional(),
    element_count: z.number().optional(),
    missing_count: z.number().optional(),
    unexpected_count: z.number().optional(),
    observed: z.number().optional(),
    violating_groups: z.number().optional(),
    violating_rows: z.number().optional(),
    minority_rows: z.number().optional(),
  }),
});
type Published = z.infer<typeof published>;
const byTable = z.record(z.string(), z.array(published));
const referenceSchema = z.object({ expectations_on_dirty: byTable, expectations_on_clean: byTable });

/** The rows of a table; a quoted cell may hold commas, line ends and doubled quotes. */
const rowsOf = (text: string): readonly (readonly string[])[] => {
  const rows: string[][] = [[]];
  for (const [, cell = "", end] of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/g)) {
    rows.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end === "") break;
    if (end !== ",") rows.push([]);
  }
  return rows.filter((row) => row.length > 1);
};

/** A column's place among the properties: names are words there. */
const field = (column: string): string => `properties.${column.replaceAll("-", "_")}`;
const columnsOf = ({ column }: Published): readonly string[] =>
  column === null ? [] : typeof column === "string" ? [column] : column;

const texts = z.array(z.string());

/** The same expectation in our words; null for what `olap` tells. */
const asked = (one: Published, name: string): ExpectationInput | null => {
  const [column = ""] = columnsOf(one);
  const of = field(column);
  const { argument } = one;
  switch (one.kind) {
    case "not_null": {
      const tokens = z.object({ null_tokens: texts }).safeParse(argument).data?.null_tokens ?? [];
      return {
        name,
        holds: { and: [{ field: of, exists: true }, ...tokens.map((eq) => ({ not: { field: of, eq } }))] },
      };
    }
    case "regex":
      return { name, valid: { field: of, matches: z.string().parse(argument) } };
    case "regex_not":
      return { name, holds: { not: { field: of, matches: z.string().parse(argument) } } };
    case "in_set":
      return { name, valid: { field: of, in: texts.parse(argument) } };
    case "castable_float":
      return { name, valid: { field: of, type: "NUMBER" } };
    case "between_numeric": {
      const [gte = 0, lte = 0] = z.array(z.number()).parse(argument);
      return { name, valid: { field: of, gte, lte } };
    }
    case "unique":
    case "unique_compound":
      return { name, unique: { fields: columnsOf(one).map(field) }, atLeast: 1 };
    default:
      return null;
  }
};

let world: TestResources;
let reference: z.infer<typeof referenceSchema>;
const tenants = new Map<string, TenantId>();

beforeAll(async () => {
  if (!present) return;
  world = openTestResources();
  reference = referenceSchema.parse(JSON.parse(readFileSync(`${folder}reference_quality.json`, "utf8")));
  for (const table of ["hospital", "beers"])
    for (const state of ["dirty", "clean"]) {
      const tenantId = freshTenantId();
      tenants.set(`${state} ${table}`, tenantId);
      const [names = [], ...rows] = rowsOf(readFileSync(`${folder}${table}/${state}.csv`, "utf8"));
      const events = rows.map((cells) => ({
        ...{ id: randomUUID(), name: "row", timeMs: AT_MS },
        properties: Object.fromEntries(
          cells.flatMap((cell, place) => (cell === "" ? [] : [[(names[place] ?? "").replaceAll("-", "_"), cell]])),
        ),
      }));
      await storeEvents(world.writer, tenantId, events);
    }
});
afterAll(async () => {
  if (present) await world.close();
});

const callerOf = (table: string) => callerWith(tenants.get(table) ?? freshTenantId(), ["analytics:read"]);
const olap = (table: string, dimensions: readonly string[], of?: string) =>
  queryOlap({
    ...{ features: everyFeature, nowMs: () => AT_MS },
    store: createAnalyticsStore(world.resources.eventStore),
  })(callerOf(table), {
    ...{ range: RANGE, dimensions, limit: 10_000 },
    measures: [of === undefined ? { function: "COUNT" } : { function: "UNIQUES", of, exact: true }],
  });

/** How many values of a column depend on no other's value alone, by group, by row, and by rows beside each group's most frequent value. */
const dependencyOf = async (table: string, one: Published) => {
  const on = columnsOf(one).map(field);
  const { columns } = await olap(table, [...on, field(z.string().parse(one.argument))]);
  const values = columns.map(valuesOf);
  const counts = (values.at(-1) ?? []).map(Number);
  const groups = new Map<string, number[]>();
  counts.forEach((count, row) => {
    const key = JSON.stringify(on.map((_name, place) => values[place]?.[row]));
    groups.set(key, [...(groups.get(key) ?? []), count]);
  });
  const violating = [...groups.values()].filter((own) => own.length > 1);
  const sum = (all: readonly number[]): number => all.reduce((total, count) => total + count, 0);
  return {
    violating_groups: violating.length,
    violating_rows: sum(violating.map(sum)),
    minority_rows: sum(violating.map((own) => sum(own) - Math.max(...own))),
  };
};

const CASES = ["dirty hospital", "clean hospital", "dirty beers", "clean beers"] as const;

guarded(title("74 published expectations of real tables with planted and real errors"), () => {
  const publishedOf = (table: (typeof CASES)[number]): readonly Published[] => {
    const [state, name = ""] = table.split(" ");
    return (state === "dirty" ? reference.expectations_on_dirty : reference.expectations_on_clean)[name] ?? [];
  };

  test.each(CASES)("of %s, as many values are unexpected as published", async (table) => {
    const all = publishedOf(table).flatMap((one, place) => {
      const expectation = asked(one, `${place}`);
      return expectation === null ? [] : [{ one, expectation }];
    });
    const wrong: unknown[] = [];
    for (let start = 0; start < all.length; start += AT_ONCE) {
      const some = all.slice(start, start + AT_ONCE);
      const answer = await queryEventQuality({
        ...{ quality: createQualityStore(world.resources.eventStore), nowMs: () => AT_MS },
      })(callerOf(table), { range: RANGE, event: {}, expect: some.map(({ expectation }) => expectation) });
      some.forEach(({ one: { kind, column, result }, expectation }, place) => {
        const told = answer.expectations[place];
        const isKey = expectation.unique !== undefined;
        const tested = (result.element_count ?? 0) - (result.missing_count ?? 0);
        const isSame = isKey ? told?.met === result.success : told?.failed === result.unexpected_count;
        // What `holds` says is tested of every row, what is `valid` of those that have a value.
        const isTested = told?.tested === (expectation.holds === undefined ? tested : result.element_count);
        if (!isSame || !isTested) wrong.push({ kind, column, result, told });
      });
    }
    expect(wrong).toEqual([]);
    expect(all.length).toBeGreaterThan(10);
  });

  test.each(CASES)("of %s, rows, distinct values and dependencies between columns are as published", async (table) => {
    for (const one of publishedOf(table)) {
      const { kind, result } = one;
      if (kind === "fd") expect(result).toMatchObject(await dependencyOf(table, one));
      if (kind === "row_count_between")
        expect((await olap(table, [])).totals.map(valuesOf)).toEqual([[result.observed]]);
      if (kind === "distinct_count_between") {
        const { totals } = await olap(table, [], field(columnsOf(one)[0] ?? ""));
        expect(totals.map(valuesOf)).toEqual([[result.observed]]);
      }
    }
  });
});
