import { describe, expect, test } from "@jest/globals";
import { cutsOf, RETENTION_MARKS, retentionLineFrom, type MarkedStarts, type StoredStarts } from "./retention-cells.ts";
import { parseRetention, type RetentionInput } from "./retention.ts";

const { START, BACK, SINCE_START, WORTH } = RETENTION_MARKS;
const NOW_MS = Date.UTC(2026, 10, 20);
const access = { personalData: true };
const input: RetentionInput = {
  range: { from: "2026-11-01T00:00:00Z", to: "2026-11-11T00:00:00Z" },
  ...{ start: { events: ["sign_in"] }, returning: { events: ["purchase"] }, period: "DAY", periods: 3 },
};
const query = (more: Partial<RetentionInput>) => parseRetention({ ...input, ...more }, access, NOW_MS);
const marked = (mark: number, starts: number, worth = 0n): MarkedStarts => ({ mark, starts, worth });
const stored = (more: Partial<StoredStarts>): StoredStarts => ({
  row: 0,
  ended: 0,
  dimensions: [],
  marks: [],
  ...more,
});

describe("cells of periods", () => {
  test.each<{ name: string; input: Partial<RetentionInput>; cuts: readonly number[] }>([
    { name: "are one per period", input: { kind: "EXACT" }, cuts: [0, 1, 2, 3] },
    { name: "begin at 0 though brackets begin later", input: { brackets: [3, 5] }, cuts: [0, 3, 5] },
    {
      name: "keep the start's own period apart where it does not count",
      input: { kind: "ON_OR_BEFORE", brackets: [0, 3, 7] },
      cuts: [0, 1, 3, 7],
    },
  ])("$name", ({ input: more, cuts }) => {
    expect(cutsOf(query(more))).toEqual(cuts);
  });
});

describe("a line of retention from what the store tells", () => {
  test("counts by EXACT each cell for its own column, and what lies after the last for none", () => {
    const marks = [marked(START, 9), marked(BACK, 5), marked(BACK + 2, 3), marked(BACK + 3, 4)];
    expect(retentionLineFrom(query({ kind: "EXACT" }), stored({ marks }))).toMatchObject({
      ...{ size: 9, eligible: [9, 9, 9], returned: [5, 0, 3], returnedSoFar: [5, 0, 3] },
    });
  });

  test("counts by ON_OR_AFTER whoever still came in a later cell, after the last column too", () => {
    const marks = [marked(START, 9), marked(BACK, 2), marked(BACK + 1, 1), marked(BACK + 3, 4)];
    expect(retentionLineFrom(query({ kind: "ON_OR_AFTER" }), stored({ marks })).returned).toEqual([7, 5, 4]);
  });

  test("counts by ON_OR_BEFORE whoever had come by then, with the start's own period for the column that begins with it alone", () => {
    const marks = [marked(START, 9), marked(SINCE_START, 6), marked(SINCE_START + 1, 1), marked(BACK + 1, 2)];
    const after = [...marks, marked(BACK + 2, 3)];
    expect(retentionLineFrom(query({ kind: "ON_OR_BEFORE" }), stored({ marks: after })).returned).toEqual([6, 2, 5]);
  });

  test("what has not had its time is neither back nor worth anything yet, by elapsed periods as by the calendar", () => {
    const marks = [
      marked(START, 9),
      marked(BACK, 5),
      marked(BACK + 1, 3),
      marked(WORTH, 0, 70n),
      marked(WORTH + 1, 0, 30n),
    ];
    const line = { size: 9, eligible: [9, 0, 0], returned: [5, 0, 0], returnedSoFar: [5, 3, 0], worth: [70n, 0n, 0n] };
    expect(retentionLineFrom(query({ clock: "ELAPSED" }), stored({ ended: 1, marks }))).toMatchObject(line);
    const asOf = { asOf: "2026-11-10T12:00:00Z" };
    expect(retentionLineFrom(query(asOf), stored({ row: 8, marks }))).toMatchObject(line);
  });

  test("worth adds up within the column, and so far from the start on", () => {
    const marks = [marked(START, 1), marked(WORTH, 0, 10n), marked(WORTH + 1, 0, 20n), marked(WORTH + 2, 0, 40n)];
    const { worth, worthSoFar } = retentionLineFrom(query({}), stored({ marks }));
    expect({ worth, worthSoFar }).toEqual({ worth: [10n, 20n, 40n], worthSoFar: [10n, 30n, 70n] });
  });
});
