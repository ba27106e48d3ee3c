import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { z } from "zod";
import { bitsOfNumber, referenceExactSum } from "../../testing/reference-exact-sum.ts";
import type { ExactSpan } from "../domain/measures.ts";
import { exactSumSql, spanSql } from "./exact-sum-sql.ts";
import { createParams } from "./params.ts";

jest.setTimeout(120_000);
const RUNS = 40;
/** Numbers of all sizes need a dozen sums, which take the store long to plan. */
const WIDE_RUNS = 12;
/** How far two numbers next to each other are apart at most, of their size. */
const LAST_BIT = 2 ** -52;

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

/** Numbers travel as their bits: read as text, one may come out another in its last digit. */
const FROM = "FROM (SELECT reinterpretAsFloat64(arrayJoin({bits: Array(UInt64)})) AS x)";

const ask = async <Row>(select: string, numbers: readonly number[], params: object, read: (row: unknown) => Row) => {
  const tenantId = freshTenantId();
  const text = `SELECT ${select} ${FROM}`;
  const bits = numbers.map((number) => bitsOfNumber(number).toString());
  const { rows } = await world.resources.eventStore.query(
    wholeTenant(tenantId),
    { name: "exact-sum", text, params: { ...params, bits: bits.length === 0 ? "[]" : `[${bits.join(",")}]` } },
    read,
  );
  const [row] = rows;
  if (row === undefined) throw new Error("An aggregate answers one row.");
  return row;
};

const spanOf = async (numbers: readonly number[]): Promise<ExactSpan> => {
  const { lowest, highest } = spanSql("x");
  const shape = z.object({ lowest: z.number(), highest: z.number() });
  return ask(`${lowest} AS lowest, ${highest} AS highest`, numbers, {}, (row) => shape.parse(row));
};

const sumOf = async (numbers: readonly number[], span: ExactSpan): Promise<number | null> => {
  const params = createParams();
  const select = `toString(reinterpretAsUInt64(${exactSumSql("x", span, params)})) AS sum`;
  return ask(select, numbers, params.values, (row) => {
    const { sum } = z.object({ sum: z.string().nullable() }).parse(row);
    if (sum === null) return null;
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(sum));
    return view.getFloat64(0);
  });
};

const near = fc.oneof(
  fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
  fc.constantFrom(0.1, 0.2, 0.3, -0.1, 1e15, -1e15, 0, -0, 2 ** 53, -(2 ** 53), 1e-9),
);
const any = fc.double({ noNaN: true, noDefaultInfinity: true });

describe("a sum of floating-point numbers that is added up exactly", () => {
  test("is the number nearest to the sum as it is, or the one next to that, while they are within 160 powers of two of each other", async () => {
    const close = fc.array(
      near.filter((number) => number === 0 || Math.abs(number) > 1e-9),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(close, async (numbers) => {
        const sum = await sumOf(numbers, await spanOf(numbers));
        if (sum === null) return expect(numbers).toEqual([]);
        const nearest = referenceExactSum(numbers);
        return expect(Math.abs(sum - nearest)).toBeLessThanOrEqual(Math.abs(nearest) * LAST_BIT);
      }),
      { numRuns: RUNS, endOnFailure: true, examples: [[[0.1, -(2 ** 53), 0.1, 0.2, 0, 0.1]]] },
    );
  });

  test("is the same to the last bit in whatever order they are read, whichever they are", async () => {
    const shuffled = fc
      .array(any, { minLength: 1, maxLength: 60 })
      .chain((numbers) => fc.tuple(fc.constant(numbers), fc.shuffledSubarray(numbers, { minLength: numbers.length })));
    await fc.assert(
      fc.asyncProperty(shuffled, async ([numbers, others]) => {
        const [span, spanOfOthers] = [await spanOf(numbers), await spanOf(others)];
        expect(spanOfOthers).toEqual(span);
        const [one, other] = [await sumOf(numbers, span), await sumOf(others, span)];
        expect(Object.is(one, other)).toBe(true);
        const reference = referenceExactSum(numbers);
        const greatest = Math.max(...numbers.map(Math.abs));
        if (one !== null) expect(Math.abs(one - reference)).toBeLessThanOrEqual(greatest * 1e-15);
      }),
      { numRuns: WIDE_RUNS, endOnFailure: true },
    );
  });

  test("is of what is left where great numbers take each other away, and none beyond the greatest number", async () => {
    const away = [1e30, 0.5, -1e30, 0.25];
    expect(await sumOf(away, await spanOf(away))).toBe(0.75);
    const beyond = [1.7e308, 1.7e308];
    expect(await sumOf(beyond, await spanOf(beyond))).toBeNull();
  });
});
