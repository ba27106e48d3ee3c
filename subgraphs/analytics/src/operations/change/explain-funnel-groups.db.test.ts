import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { person } from "../../../testing/dashboard-room.ts";
import { explainedRoom } from "../../../testing/explained-room.ts";
import { behindIn, explainIn, wrongSlices, type ReferencePart } from "../../../testing/explained.ts";
import type { TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

const [MINUTE_MS, HOUR_MS, WEEK_MS] = [60_000, 3_600_000, 7 * 86_400_000];
const FROM_MS = Date.parse("2025-10-15T12:00:00Z");
const iso = (ms: number): string => new Date(ms).toISOString();
const SPAN = { from: iso(FROM_MS), to: iso(FROM_MS + HOUR_MS) };

/** Visitors of an hour of five weeks, some of whom joined a club before: in the last, members in Germany stop buying; carts are filled on another device than visits begin on. */
interface Visitor {
  readonly back: number;
  readonly member: boolean;
  readonly bought: boolean;
  readonly visit: TestEvent;
  readonly cart: TestEvent;
}
const visitors: readonly Visitor[] = [0, 1, 2, 3, 4].flatMap((back) =>
  Array.from({ length: 240 }, (_, index): Visitor => {
    const member = index % 2 === 0;
    const country = ["DE", "US", "FR"][index % 3] ?? "";
    const timeMs = FROM_MS - back * WEEK_MS + index * 10_000;
    const common = { country, userId: `w${back}v${index}` };
    return {
      ...{ back, member, bought: index % 5 < 3 && !(back === 0 && member && country === "DE") },
      visit: { ...common, id: randomUUID(), name: "visit", device: index % 4 < 2 ? "phone" : "desktop", timeMs },
      cart: {
        ...common,
        id: randomUUID(),
        name: "cart",
        device: index % 8 < 4 ? "phone" : "desktop",
        timeMs: timeMs + MINUTE_MS,
      },
    };
  }),
);
const events: readonly TestEvent[] = visitors.flatMap(({ member, bought, visit, cart }) => [
  ...(member ? [{ ...visit, id: randomUUID(), name: "join", timeMs: visit.timeMs - 2 * HOUR_MS }] : []),
  ...[visit, cart],
  ...(bought ? [{ ...cart, id: randomUUID(), name: "buy", timeMs: cart.timeMs + MINUTE_MS }] : []),
]);

const share =
  (of: (one: Visitor) => boolean) =>
  (back: number, holds: (event: Readonly<Record<string, unknown>>) => boolean): ReferencePart => {
    const own = visitors.filter((one) => one.back === back && of(one) && holds({ ...one.visit }));
    return { value: own.filter(({ bought }) => bought).length, base: own.length };
  };

const { caller, room } = explainedRoom(
  events,
  person(undefined, [], ["analytics:read", "analytics:define", "cohorts:manage"]),
);
let cohort = "";
beforeAll(async () => {
  const made = z.object({ createCohort: z.object({ cohort: z.object({ id: z.string() }) }) });
  const source = `mutation { createCohort(input: { name: "members", definition: { did: { event: { events: ["join"] } } } }) { ... on CohortSaved { cohort { id } } } }`;
  cohort = made.parse(await room().ask(caller, source, {})).createCohort.cohort.id;
  await room().ask(
    caller,
    `mutation { defineSegment(input: { name: "phones", filter: { field: "device", eq: "phone" } }) { __typename } }`,
    {},
  );
});

const steps = ["visit", "cart", "buy"].map((name) => ({ anyOf: [{ events: [name] }] }));
const questionOf = (more: object = {}) => ({
  funnel: {
    ...{ range: SPAN, steps, window: "PT1H" },
    breakdown: { cohorts: [cohort], segments: [{ name: "phones" }], ...more },
  },
});

describe("the change of a funnel's group", () => {
  test("is that of the people of a cohort, with their entries behind it", async () => {
    const where = [{ dimension: "cohort", values: [cohort] }];
    const asked = { question: questionOf(), ...SPAN, where };
    const answer = await explainIn(room(), caller, { ...asked, dimensions: ["country", "device"] });
    expect(
      wrongSlices(
        answer,
        share(({ member }) => member),
      ),
    ).toEqual([]);
    expect(answer.slices[0]?.conditions).toEqual([{ dimension: "country", values: ["DE"] }]);
    const { events: told, cohorts, impact } = await behindIn(room(), caller, asked);
    const members = new Set(visitors.filter(({ member }) => member).map(({ visit }) => visit.id));
    expect(told.events.map(({ id }) => members.has(id))).toEqual([true, true, true, true]);
    expect(cohorts.map(({ name }) => name)).toEqual(["members"]);
    expect(impact?.people.actual).toBe(share(({ member }) => member)(0, () => true).value);
  });

  test("is that of the units of a segment by the event that tells it", async () => {
    const where = [{ dimension: "segment", values: ["phones"] }];
    for (const [attribution, of] of [
      [{}, ({ visit }: Visitor) => visit.device === "phone"],
      [{ attribution: "STEP", step: 2 }, ({ cart }: Visitor) => cart.device === "phone"],
    ] as const) {
      const answer = await explainIn(room(), caller, {
        ...{ question: questionOf(attribution), ...SPAN, where, dimensions: ["country"] },
      });
      expect(wrongSlices(answer, share(of))).toEqual([]);
    }
  });

  test("is refused of a group that the funnel has not, at its place", async () => {
    const refused = async (question: object, where: object) =>
      (
        await room().answer(
          caller,
          `query ($input: ExplainChangeInput!) { explainChange(input: $input) { outcome } }`,
          {
            input: { question, ...SPAN, where },
          },
        )
      ).errors?.map(({ extensions }) => extensions?.["field"]);
    const { breakdown: _breakdown, ...whole } = questionOf().funnel;
    const of = (dimension: string, value: string) => [{ dimension, values: [value] }];
    expect(await refused({ funnel: whole }, of("cohort", cohort))).toEqual(["input.where.0.dimension"]);
    expect(await refused(questionOf(), of("cohort", randomUUID()))).toEqual(["input.where.0.values"]);
    expect(await refused(questionOf(), of("segment", "tablets"))).toEqual(["input.where.0.values"]);
    expect(await refused(questionOf(), [...of("cohort", cohort), ...of("segment", "phones")])).toEqual([
      "input.where.0.dimension",
    ]);
  });
});
