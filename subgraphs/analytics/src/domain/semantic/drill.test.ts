import { describe, expect, test } from "@jest/globals";
import type { AskedOlap } from "./asked-question.ts";
import { levelOf, stepFrom, steppedQuestion, type Direction } from "./drill.ts";
import { BUILT_IN_HIERARCHIES, chooseHierarchy, parseHierarchy, type Hierarchy } from "./hierarchy.ts";

const RANGE = { from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z" };
const own = (name: string, ...levels: readonly string[]): Hierarchy => ({ name, version: 1, levels });
const asked = (part: Partial<AskedOlap>): AskedOlap => ({ range: RANGE, measures: [{ function: "COUNT" }], ...part });
const known = [...BUILT_IN_HIERARCHIES, own("sales", "country", "properties.store")];

const step = (
  by: string,
  direction: Direction,
  part: Partial<AskedOlap>,
  hierarchy: string | null = null,
): AskedOlap => {
  const question = asked(part);
  const from = levelOf(by, question, "along.by");
  return steppedQuestion(
    question,
    stepFrom(from, chooseHierarchy(by, hierarchy, known, "along"), direction, "along.by"),
    null,
  );
};

describe("a question one level finer or coarser", () => {
  test.each<[string, Direction, Partial<AskedOlap>, Partial<AskedOlap>]>([
    ["region", "FINER", { dimensions: ["device", "region"] }, { dimensions: ["device", "city"] }],
    ["region", "COARSER", { dimensions: ["region", "device"] }, { dimensions: ["country", "device"] }],
    ["region", "COARSER", { dimensions: ["country", "region"] }, { dimensions: ["country"] }],
    ["device", "COARSER", { dimensions: ["device", "name"] }, { dimensions: ["name"] }],
    ["url.host", "FINER", { dimensions: ["url.host"] }, { dimensions: ["url.path.1"] }],
    ["utmMedium", "FINER", { dimensions: ["utmMedium"] }, { dimensions: ["utmCampaign"] }],
    ["time", "FINER", { granularity: "MONTH" }, { granularity: "WEEK" }],
    ["time", "COARSER", { granularity: "YEAR", fill: "EMPTY" }, { granularity: "NONE", fill: "NONE" }],
  ])("by %s, %s", (by, direction, before, after) => {
    expect(step(by, direction, before)).toMatchObject(after);
  });

  test("keeps what names its columns as far as they remain, by their new names", () => {
    const question = step("region", "FINER", {
      ...{ dimensions: ["region", "device"], granularity: "DAY", limit: 7 },
      orderBy: [{ column: "region", direction: "ASC" }, { column: "count" }, { column: "time" }],
      subtotals: [["time", "region"], ["device"]],
    });
    expect(question).toMatchObject({
      orderBy: [{ column: "city", direction: "ASC" }, { column: "count" }, { column: "time" }],
      subtotals: [["time", "city"], ["device"]],
      limit: 7,
    });
    const coarser = step("time", "COARSER", {
      ...{ dimensions: ["device"], granularity: "YEAR", orderBy: [{ column: "time" }, { column: "device" }] },
      subtotals: [["time"], ["device"]],
    });
    expect(coarser).toMatchObject({ granularity: "NONE", orderBy: [{ column: "device" }], subtotals: [] });
    const none = step("device", "COARSER", { dimensions: ["device"], others: true });
    expect(none).toMatchObject({ dimensions: [], others: false });
    const pivoted = step("country", "FINER", { dimensions: ["country"], pivot: { by: ["region", "os"] } }, "geography");
    expect(pivoted).toMatchObject({ dimensions: ["region"], pivot: { by: ["os"] } });
    const alone = step("country", "FINER", { dimensions: ["country"], pivot: { by: ["region"] } }, "geography");
    expect(alone.pivot).toBeNull();
  });

  test("of a cell is of its events alone, missing values too", () => {
    const question = asked({ dimensions: ["country", "device"], filter: { field: "name", eq: "view" } });
    const range = { from: "2026-02-01T00:00:00Z", to: "2026-03-01T00:00:00Z" };
    expect(steppedQuestion(question, { from: "country", to: "region" }, { range, values: ["DE", null] })).toMatchObject(
      {
        range,
        dimensions: ["region", "device"],
        filter: {
          and: [
            { field: "name", eq: "view" },
            { field: "country", eq: "DE" },
            { field: "device", exists: false },
          ],
        },
      },
    );
  });

  test.each<[string, () => unknown, string, string]>([
    [
      "the finest level",
      () => step("browser", "FINER", { dimensions: ["browser"] }),
      "along.by",
      "device > os > browser",
    ],
    ["the finest buckets", () => step("time", "FINER", { granularity: "MINUTE" }), "along.by", "finest"],
    [
      "what is not grouped by",
      () => step("contry", "FINER", { dimensions: ["country"] }),
      "along.by",
      "Did you mean `country`?",
    ],
    ["time without buckets", () => step("time", "FINER", {}), "along.by", "take a `granularity`"],
    ["a dimension of no hierarchy", () => step("name", "FINER", { dimensions: ["name"] }), "along.by", "no hierarchy"],
    [
      "a dimension of several",
      () => step("country", "FINER", { dimensions: ["country"] }),
      "along.hierarchy",
      "`geography`, `sales`",
    ],
    [
      "an unknown hierarchy",
      () => step("country", "FINER", { dimensions: ["country"] }, "geografy"),
      "along.hierarchy",
      "Did you mean `geography`?",
    ],
    [
      "a hierarchy it is no level of",
      () => step("os", "FINER", { dimensions: ["os"] }, "geography"),
      "along.hierarchy",
      "but of `technology`",
    ],
  ])("%s is refused, with what there is", (_what, work, field, words) => {
    expect(work).toThrow(
      expect.objectContaining({
        code: "BAD_INPUT",
        extras: expect.objectContaining({ field }),
        message: expect.stringContaining(words),
      }),
    );
  });
});

describe("a hierarchy", () => {
  test.each<[string, Partial<Parameters<typeof parseHierarchy>[0]>, string, string]>([
    ["of one level", { levels: ["country"] }, "input.levels", "2 to 8"],
    [
      "of nine levels",
      { levels: Array.from({ length: 9 }, (_level, index) => `properties.l${index}`) },
      "input.levels",
      "2 to 8",
    ],
    ["of a field there is not", { levels: ["country", "regoin"] }, "input.levels.1", "Did you mean `region`?"],
    ["of a level twice", { levels: ["country", "city", "country"] }, "input.levels.2", "twice"],
    ["of lists", { levels: ["country", "qualityFlags"] }, "input.levels.1", "lists"],
    ["by the name of one that is built in", { name: "geography" }, "input.name", "built in"],
    ["by the name of time", { name: "time" }, "input.name", "A name is"],
  ])("%s is refused", (_what, part, field, words) => {
    expect(() => parseHierarchy({ name: "places", levels: ["country", "city"], ...part })).toThrow(
      expect.objectContaining({
        code: "BAD_INPUT",
        extras: expect.objectContaining({ field }),
        message: expect.stringContaining(words),
      }),
    );
  });
});
