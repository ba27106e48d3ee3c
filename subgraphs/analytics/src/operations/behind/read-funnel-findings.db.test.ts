import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { openBehindRoom, type BehindRoom } from "../../../testing/behind-room.ts";
import { anyFunnel, FUNNEL_RANGE } from "../../../testing/funnel-arbitraries.ts";
import { manyUnits } from "../../../testing/funnel-world.ts";
import { textOf } from "../../../testing/reference-filter.ts";
import { didBetween, referenceUnits, type ReferenceUnit } from "../../../testing/reference-funnel-numbers.ts";
import { anyPolicy, isVisible, masked } from "../../../testing/reference-policy.ts";
import type { FunnelCellInput } from "../../domain/behind/funnel-cell.ts";
import type { FunnelInput } from "../../domain/funnel/funnel-input.ts";
import { queryFunnel } from "../query-funnel.ts";
import type { BehindInput } from "./behind-question.ts";
import { behindCounts } from "./read-behind.ts";

jest.setTimeout(180_000);

let room: BehindRoom;
beforeAll(() => {
  room = openBehindRoom(Date.UTC(2027, 0, 2));
});
afterAll(() => room.close());

/** Place of the last event of a unit's attempt among all that it did. */
const lastPlace = ({ own, steps }: ReferenceUnit): number =>
  Math.max(...steps.map((event) => (event === undefined ? -1 : own.indexOf(event))));
const lastId = (unit: ReferenceUnit): string => unit.own[lastPlace(unit)]?.id ?? "";
const namesAfter = (unit: ReferenceUnit): readonly string[] =>
  unit.own.slice(lastPlace(unit) + 1).map(({ name }) => name);
const hasConverted = ({ steps }: ReferenceUnit): boolean => steps.at(-1) !== undefined;
const planOf = ({ steps: [first] }: ReferenceUnit): string | null =>
  first === undefined ? null : (textOf(first, "properties.plan") ?? null);

const asking = (input: FunnelInput): FunnelInput => ({
  ...input,
  dropOffs: { first: 50, depth: 3 },
  correlation: { events: 20, fields: ["properties.plan"], values: 10 },
});
const required = ({ steps }: FunnelInput): readonly number[] =>
  steps.flatMap(({ optional }, index) => (optional === true ? [] : [index]));

const holds = async (...asked: Parameters<BehindRoom["compare"]>): Promise<void> => {
  const { told, expected } = await room.compare(...asked);
  expect(told).toEqual(expected);
};

describe("what is behind a number of a funnel's parts", () => {
  test("of what units did one after another that dropped off are those that did it, and those that did nothing after where they ended", async () => {
    await fc.assert(
      fc.asyncProperty(
        ...([manyUnits, fc.array(anyFunnel, { minLength: 3, maxLength: 3 }), fc.nat(), fc.boolean()] as const),
        async (events, funnels, choice, ended) => {
          const caller = await room.stored(events);
          for (const funnel of funnels) {
            const input = asking(funnel);
            const { dropOffs } = await queryFunnel(room.deps)(caller, input);
            const paths = dropOffs.flatMap(({ step, paths: own }) => own.map((path) => ({ step, path })));
            const chosen = paths[choice % Math.max(1, paths.length)];
            if (chosen === undefined) continue;
            const { step, path } = chosen;
            const depth = required(input).indexOf(step - 1) + 1;
            const meant = referenceUnits(input, events).filter((unit) => {
              const names = namesAfter(unit);
              return (
                required(input).filter((place) => unit.steps[place] !== undefined).length === depth &&
                path.events.every((name, place) => names[place] === name) &&
                (!ended || names.length === path.events.length)
              );
            });
            expect({ input, path, units: meant.length }).toEqual({
              input,
              path,
              units: ended ? path.ended : path.units,
            });
            const cell: FunnelCellInput = { step, outcome: "DROPPED_OFF", afterwards: { events: path.events, ended } };
            await holds(caller, events, { funnel: { input, cell } }, { units: meant.length, ids: meant.map(lastId) });
          }
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
  });

  test("of each cell of an odds ratio are the units that converted or did not, with an event or a value and without it", async () => {
    await fc.assert(
      fc.asyncProperty(
        ...([manyUnits, fc.array(anyFunnel, { minLength: 4, maxLength: 4 }), fc.nat()] as const),
        async (events, funnels, choice) => {
          const caller = await room.stored(events);
          for (const funnel of funnels) {
            const input = asking(funnel);
            const { correlation } = await queryFunnel(room.deps)(caller, input);
            const found = correlation[choice % Math.max(1, correlation.length)];
            if (found === undefined) continue;
            const has = (unit: ReferenceUnit): boolean =>
              found.kind === "EVENT" ? didBetween(input, unit, found.value ?? "") : planOf(unit) === found.value;
            const [outcome, having] = [choice % 2 === 0 ? "CONVERTED" : "NOT_CONVERTED", choice % 4 < 2] as const;
            const number = {
              CONVERTED: having ? found.convertedWith : found.convertedWithout,
              NOT_CONVERTED: having ? found.notConvertedWith : found.notConvertedWithout,
            }[outcome];
            const meant = referenceUnits(input, events).filter(
              (unit) => hasConverted(unit) === (outcome === "CONVERTED") && has(unit) === having,
            );
            expect({ input, found, outcome, having, units: meant.length }).toEqual({
              ...{ input, found, outcome, having, units: number },
            });
            const finding =
              found.kind === "EVENT"
                ? { event: found.value, with: having }
                : { field: found.field, value: found.value, with: having };
            const ids = meant.map((unit) => (outcome === "CONVERTED" ? (unit.steps.at(-1)?.id ?? "") : lastId(unit)));
            await holds(
              caller,
              events,
              { funnel: { input, cell: { outcome, finding } } },
              { units: meant.length, ids },
            );
          }
        },
      ),
      { numRuns: 10, endOnFailure: true },
    );
  });

  const named = (...names: readonly string[]) => names.map((name) => ({ anyOf: [{ events: [name] }] }));
  const plain = { range: FUNNEL_RANGE, steps: named("a", "b") };

  test("is for a caller under data policies of the visible events alone", async () => {
    await fc.assert(
      fc.asyncProperty(manyUnits, anyPolicy, async (events, policy) => {
        const shown = events.filter((event) => isVisible(event, policy)).map((event) => masked(event, policy));
        const [restricted, free] = [{ ...(await room.stored(events)), dataPolicy: policy }, await room.stored(shown)];
        const cells: readonly FunnelCellInput[] = [
          { outcome: "NOT_CONVERTED", finding: { event: "c" } },
          { outcome: "CONVERTED", finding: { field: "properties.plan", value: "pro", with: false } },
          { step: 1, outcome: "DROPPED_OFF", afterwards: { events: ["c"] } },
        ];
        for (const cell of cells) {
          const of = { funnel: { input: asking(plain), cell } };
          const [told, whole] = [await room.readBehind(restricted, of), await room.readBehind(free, of)];
          expect({ ...told, ids: told.ids.toSorted() }).toEqual({ ...whole, ids: whole.ids.toSorted() });
        }
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });

  const full = asking(plain);
  test.each<[string, NonNullable<BehindInput["funnel"]>, string]>([
    ["no step where one is needed", { input: full, cell: {} }, "cell.step"],
    ["a step of those that converted", { input: full, cell: { outcome: "CONVERTED", step: 2 } }, "cell.step"],
    [
      "what came after of who reached",
      { input: full, cell: { step: 1, afterwards: { events: [] } } },
      "cell.afterwards",
    ],
    [
      "what came next twice",
      { input: full, cell: { step: 1, outcome: "DROPPED_OFF", next: {}, afterwards: { events: [] } } },
      "cell.afterwards",
    ],
    [
      "more events than are told",
      {
        input: full,
        cell: { step: 1, outcome: "DROPPED_OFF", afterwards: { events: ["c", "c", "c", "c", "c", "c"] } },
      },
      "cell.afterwards.events",
    ],
    ["a finding of a step", { input: full, cell: { step: 1, finding: { event: "c" } } }, "cell.finding"],
    ["a finding of nothing", { input: full, cell: { outcome: "CONVERTED", finding: {} } }, "cell.finding"],
    [
      "an event of the steps",
      { input: full, cell: { outcome: "CONVERTED", finding: { event: "a" } } },
      "cell.finding.event",
    ],
    [
      "a field that is not tried",
      { input: full, cell: { outcome: "CONVERTED", finding: { field: "country" } } },
      "cell.finding.field",
    ],
    [
      "a finding of no correlation",
      { input: plain, cell: { outcome: "CONVERTED", finding: { event: "c" } } },
      "cell.finding",
    ],
  ])("%s is refused, with its place", async (_what, funnel, field) => {
    const caller = await room.stored([]);
    await expect(behindCounts(room.deps)(caller, { funnel })).rejects.toMatchObject({
      ...{ code: "BAD_INPUT", extras: { field: `of.funnel.${field}` } },
    });
  });
});
