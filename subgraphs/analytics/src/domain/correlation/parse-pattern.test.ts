import { describe, expect, test } from "@jest/globals";
import { Refusal } from "@tessera/platform/errors/refusal";
import { parsePattern } from "./parse-pattern.ts";
import type { CorrelationPatternInput } from "./rule.ts";

const ORDERED = { name: "ordered", events: ["order"], key: ["properties.orderId"] };
const PAID = { name: "paid", events: ["payment"], key: ["properties.order.id"] };
const PATTERN: CorrelationPatternInput = { kind: "SEQUENCE", parts: [ORDERED, PAID], window: "PT10M" };
const parse = (change: Partial<CorrelationPatternInput>, personalData = true) =>
  parsePattern({ ...PATTERN, ...change }, "pattern", { personalData });
const refusal = (work: () => unknown): Refusal => {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("It was not refused.");
};

describe("a pattern", () => {
  test("compares a value once, however often it is named, and waits a minute unless it says otherwise", () => {
    const revenue = (part: string) => ({ part, field: "revenue" });
    const country = (part: string) => ({ part, field: "country" });
    const { operands, conditions, latenessMs, windowMs, skip, atLeast } = parse({
      conditions: [
        { left: revenue("paid"), comparison: "LT", right: revenue("ordered"), times: 0.5 },
        { left: country("paid"), comparison: "NE", right: country("ordered") },
      ],
    });
    expect(operands.map(({ field, as }) => [field.name, as])).toEqual([
      ["revenue", "NUMBER"],
      ["country", "TEXT"],
    ]);
    expect(conditions.map(({ left, right, times }) => [left, right, times])).toEqual([
      [{ part: 1, operand: 0 }, { part: 0, operand: 0 }, 0.5],
      [{ part: 1, operand: 1 }, { part: 0, operand: 1 }, 1],
    ]);
    expect([latenessMs, windowMs, skip, atLeast]).toEqual([60_000, 600_000, "PAST_LAST_EVENT", 2]);
  });

  test("joins by persons for everybody, and compares what names them for those who may see it", () => {
    expect(
      parse({ parts: [ORDERED, PAID].map((part) => ({ ...part, key: ["person"] })) }, false).parts[0]?.key,
    ).toEqual([{ kind: "PERSON" }]);
    const user = (part: string) => ({ part, field: "userId" });
    const conditions = [{ left: user("paid"), comparison: "NE", right: user("ordered") }] as const;
    const refused = refusal(() => parse({ conditions }, false));
    expect([refused.code, refused.extras["field"]]).toEqual(["FORBIDDEN", "pattern.conditions.0.left.field"]);
  });

  test.each<[string, Partial<CorrelationPatternInput>, string]>([
    ["one part", { parts: [ORDERED] }, "pattern.parts"],
    ["parts of one name", { parts: [ORDERED, ORDERED] }, "pattern.parts.1.name"],
    ["keys of other lengths", { parts: [ORDERED, { ...PAID, key: ["userId", "sessionId"] }] }, "pattern.parts.1.key"],
    ["an unknown field in a key", { parts: [ORDERED, { ...PAID, key: ["sesionId"] }] }, "pattern.parts.1.key.0"],
    ["an absent first part", { parts: [{ ...ORDERED, absent: true }, PAID] }, "pattern.parts.0.absent"],
    [
      "a sequence that ends with an absent part",
      { parts: [ORDERED, { ...PAID, absent: true }] },
      "pattern.parts.1.absent",
    ],
    ["an absence that does not", { kind: "ABSENCE" }, "pattern.parts.1.absent"],
    [
      "a cohort, which changes",
      { parts: [ORDERED, { ...PAID, filter: { inCohort: { cohort: "0195e2a0-0000-7000-8000-000000000001" } } }] },
      "pattern.parts.1.filter.inCohort",
    ],
    ["a count without its number", { kind: "COUNT", parts: [ORDERED] }, "pattern.atLeast"],
    ["a number without a count", { atLeast: 2 }, "pattern.atLeast"],
    ["values of a sequence", { distinct: "country" }, "pattern.distinct"],
    ["too long a window", { window: "P40D" }, "pattern.window"],
    [
      "a comparison with nothing",
      {
        conditions: [
          { left: { part: "payd", field: "revenue" }, comparison: "GT", right: { part: "ordered", field: "revenue" } },
        ],
      },
      "pattern.conditions.0.left.part",
    ],
    [
      "an order of texts",
      {
        conditions: [
          { left: { part: "paid", field: "country" }, comparison: "GT", right: { part: "ordered", field: "revenue" } },
        ],
      },
      "pattern.conditions.0.left.field",
    ],
    [
      "an absent part compared with what follows",
      {
        parts: [ORDERED, { ...ORDERED, name: "none", absent: true }, PAID],
        conditions: [
          { left: { part: "none", field: "revenue" }, comparison: "GT", right: { part: "paid", field: "revenue" } },
        ],
      },
      "pattern.conditions.0",
    ],
  ])("%s is refused where it stands", (_what, change, field) => {
    const refused = refusal(() => parse(change));
    expect([refused.code, refused.extras["field"]]).toEqual(["BAD_INPUT", field]);
  });
});
