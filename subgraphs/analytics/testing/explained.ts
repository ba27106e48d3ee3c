import type { Caller } from "@tessera/contracts/caller";
import { z } from "zod";
import type { openDashboardRoom } from "./dashboard-room.ts";

type Room = ReturnType<typeof openDashboardRoom>;

const EXPLAIN = `query ($input: ExplainChangeInput!) { explainChange(input: $input) {
  outcome value actual expected threshold rhythm searched
  slices { conditions { dimension values } actual expected explains chance events(first: 3) { events { id name time } } }
  bins { label share referenceShare contribution } } }`;
const BEHIND = `query ($asked: [_Any!]!) { _entities(representations: $asked) { ... on WatchedChange {
  impact { people { actual expected } affectedPeople revenue { currency actual expected } }
  events(first: 4) { events { id name } } definitions { __typename } cohorts { id name } } } }`;

const number = z.number().nullable();
const explained = z.object({
  explainChange: z.object({
    ...{
      outcome: z.string(),
      value: z.string(),
      actual: number,
      expected: number,
      threshold: number,
      rhythm: z.string().nullable(),
    },
    searched: z.array(z.string()),
    bins: z.array(z.object({ label: z.string(), share: number, referenceShare: number, contribution: number })),
    slices: z.array(
      z.object({
        conditions: z.array(z.object({ dimension: z.string(), values: z.array(z.string().nullable()) })),
        ...{ actual: number, expected: number, explains: z.number(), chance: z.number() },
        events: z.object({ events: z.array(z.object({ id: z.string(), name: z.string(), time: z.string() })) }),
      }),
    ),
  }),
});
const money = z.object({ currency: z.string(), actual: z.number(), expected: number });
const behind = z.object({
  _entities: z.tuple([
    z.object({
      impact: z
        .object({
          people: z.object({ actual: z.number(), expected: number }),
          ...{ affectedPeople: z.number(), revenue: z.array(money) },
        })
        .nullable(),
      events: z.object({ events: z.array(z.object({ id: z.string(), name: z.string() })) }),
      definitions: z.array(z.object({ __typename: z.string() })),
      cohorts: z.array(z.object({ id: z.string(), name: z.string() })),
    }),
  ]),
});

/** Asks a room why a number changed. */
export const explainIn = async (room: Room, caller: Caller, input: Record<string, unknown>) =>
  explained.parse(await room.ask(caller, EXPLAIN, { input })).explainChange;

/** Asks a room what lies behind a change that another room tells of. */
export const behindIn = async (room: Room, caller: Caller, change: object) => {
  const asked = [{ __typename: "WatchedChange", asked: JSON.stringify(change) }];
  return behind.parse(await room.ask(caller, BEHIND, { asked }))._entities[0];
};

/** The one value that a question has as a series in a bucket. */
export const watchedIn = async (room: Room, caller: Caller, input: Record<string, unknown>): Promise<unknown> => {
  const source = `query ($input: WatchedSeriesInput!) { watchedSeries(input: $input) { series { group { value } values } } }`;
  const shape = z.object({
    watchedSeries: z.object({
      series: z.array(
        z.object({ group: z.array(z.object({ value: z.string().nullable() })), values: z.array(number) }),
      ),
    }),
  });
  return shape.parse(await room.ask(caller, source, { input })).watchedSeries.series.map(({ values }) => values);
};

/** A number of a reference in a span: a sum, or of a ratio both parts. */
export interface ReferencePart {
  readonly value: number;
  readonly base: number | null;
}

/** What a reference expects of comparable spans: the mean of sums, of ratios that of both parts. */
export const referenceExpected = (parts: readonly ReferencePart[]): number | null => {
  const sum = (read: (part: ReferencePart) => number): number => parts.reduce((total, part) => total + read(part), 0);
  if (parts[0]?.base === null) return sum(({ value }) => value) / parts.length;
  const base = sum((part) => part.base ?? 0);
  return base === 0 ? null : sum(({ value }) => value) / base;
};

/** The number of a reference in one span. */
export const referenceActual = ({ value, base }: ReferencePart): number | null =>
  base === null ? value : base === 0 ? null : value / base;

/** What is wrong with the slices an answer tells, beside a reference that counts each by definition; empty: nothing. */
export const wrongSlices = (
  answer: Awaited<ReturnType<typeof explainIn>>,
  reference: (back: number, holds: (event: Readonly<Record<string, unknown>>) => boolean) => ReferencePart,
): readonly string[] => {
  const whole = { conditions: [], actual: answer.actual, expected: answer.expected };
  return [whole, ...answer.slices].flatMap(({ conditions, actual, expected }) => {
    const holds = (event: Readonly<Record<string, unknown>>): boolean =>
      conditions.every(({ dimension, values }) => {
        const own = event[dimension];
        return values.includes(typeof own === "string" && own !== "" ? own : null);
      });
    const wanted = [
      referenceActual(reference(0, holds)),
      referenceExpected([1, 2, 3, 4].map((back) => reference(back, holds))),
    ];
    const same = [actual, expected].every((one, at) => Math.abs((one ?? 0) - (wanted[at] ?? 0)) < 1e-9);
    return same ? [] : [`${JSON.stringify(conditions)}: ${actual}, ${expected} and not ${wanted.join(", ")}`];
  });
};
