import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import fc from "fast-check";
import { z } from "zod";
import { anyEvents } from "../../../testing/arbitraries.ts";
import { openDashboardRoom } from "../../../testing/dashboard-room.ts";
import { callerWhoDefines, defineOwnDimension } from "../../../testing/own-dimension.ts";
import { anyMade, dimensionOf, withHand } from "../../../testing/reference-dimension.ts";
import { storeEvents } from "../../../testing/test-events.ts";
import type { DimensionExpression } from "../../domain/semantic/dimension-expression.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

const DAY_MS = 86_400_000;
const BASE_MS = Date.UTC(2026, 9, 21, 12);
const at = (days: number): string => new Date(BASE_MS + days * DAY_MS).toISOString();
const RANGE = { from: at(-3), to: at(3) };
const WHOLE_DAYS = { from: "2026-10-18T00:00:00Z", to: "2026-10-25T00:00:00Z" };
const OWN = "dimensions.d";
/** What the dimension is of an event, as the plain reading of its expression says, is sent with the event. */
const HAND = "properties.hand";

let room: ReturnType<typeof openDashboardRoom>;
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
});
afterAll(() => room.close());

const define = (caller: Caller, name: string, expression: DimensionExpression): Promise<string> =>
  defineOwnDimension(room, caller, name, expression);

/** A question of one place: the type of its input, what is told of the answer, and what is asked by a field and two of its values. */
interface Place {
  readonly field: string;
  readonly type: string;
  readonly told: string;
  readonly input: (field: string, one: string, other: string) => object;
}

const definition = (asked: Place["input"]): Place => ({
  ...{ field: "previewCohort", type: "PreviewCohortInput", told: "size everybody" },
  input: (...of) => ({ asOf: at(3), definition: asked(...of) }),
});
const pattern = (asked: Place["input"]): Place => ({
  ...{ field: "backtestCorrelationRule", type: "BacktestCorrelationRuleInput" },
  told: "total matches { id events { part eventId } } counts { events }",
  input: (...of) => ({ range: WHOLE_DAYS, pattern: { window: "PT36H", ...asked(...of) } }),
});
const isOne = (field: string, one: string) => ({ filter: { field, eq: one } });
const unit = (field: string) => ({ kind: "FIELD", field });

const PLACES: Readonly<Record<string, Place>> = {
  "cohorts: did": definition((field, one, other) => ({
    did: { event: { filter: { field, in: [one, other] } }, times: 2 },
  })),
  "cohorts: did not": definition((field, one) => ({
    did: { event: isOne(field, one), comparison: "EXACTLY", times: 0 },
  })),
  "cohorts: first": definition((field) => ({
    first: { event: { filter: { field, exists: true } }, within: { from: at(-1), to: at(2) } },
  })),
  "cohorts: sequence": definition((field, one, other) => ({
    sequence: { steps: [isOne(field, one), { filter: { field, in: [one, other] } }], completedWithin: "P1D" },
  })),
  "cohorts: latest": definition((field, one, other) => ({
    union: [
      { latest: { field, eq: one } },
      {
        latest: {
          and: [
            { field, eq: other },
            { field: "country", eq: "DE" },
          ],
        },
      },
    ],
  })),
  "correlation: keys": pattern((field) => ({ kind: "COUNT", atLeast: 2, parts: [{ name: "a", key: [field] }] })),
  "correlation: filters and distinct values": pattern((field, one) => ({
    ...{ kind: "COUNT", atLeast: 2, distinct: field },
    parts: [
      {
        name: "a",
        key: ["person"],
        filter: {
          or: [
            { field, eq: one },
            { field, exists: true },
          ],
        },
      },
    ],
  })),
  "correlation: comparisons": pattern((field) => ({
    kind: "SEQUENCE",
    parts: ["a", "b"].map((name) => ({ name, key: ["schemaVersion"] })),
    conditions: [{ left: { part: "a", field }, comparison: "NE", right: { part: "b", field } }],
  })),
  "units of a funnel": {
    ...{ field: "funnel", type: "FunnelInput", told: "result { entered converted }" },
    input: (field) => ({
      ...{ range: RANGE, window: "P2D", unit: unit(field) },
      steps: [{ anyOf: [{ events: ["view"] }] }, { anyOf: [{ events: ["buy"] }] }],
    }),
  },
  "units of retention": {
    ...{ field: "retention", type: "RetentionInput", told: "total { size returned }" },
    input: (field) => ({ range: RANGE, unit: unit(field), start: {}, returning: {}, periods: 3 }),
  },
  "units of stickiness": {
    ...{ field: "stickiness", type: "StickinessInput", told: "units total" },
    input: (field) => ({ range: RANGE, unit: unit(field), event: {}, period: "DAY" }),
  },
  "units of lifecycle": {
    ...{ field: "lifecycle", type: "LifecycleInput", told: "fresh returning resurrecting dormant" },
    input: (field) => ({ range: RANGE, unit: unit(field), event: {}, period: "DAY" }),
  },
  "units of active users": {
    ...{ field: "activeUsers", type: "ActiveUsersInput", told: "daily weekly monthly" },
    input: (field) => ({ range: RANGE, unit: unit(field), event: {} }),
  },
  "units of attribution": {
    ...{ field: "attribution", type: "AttributionInput" },
    told: "conversions breakdowns { models { credits { label conversions } } }",
    input: (field) => ({
      ...{ range: RANGE, unit: unit(field), conversion: { events: ["buy"] }, touchpoints: [{ events: ["view"] }] },
      ...{ models: [{ kind: "LINEAR" }], dimensions: ["country"] },
    }),
  },
  "units of paths": {
    ...{ field: "paths", type: "PathsInput", told: "nodes { depth label paths }" },
    input: (field) => ({ range: RANGE, unit: unit(field), maxDepth: 3 }),
  },
  "units of sessions": {
    ...{ field: "sessionMetrics", type: "SessionMetricsInput", told: "total { sessions events units }" },
    input: (field) => ({ range: RANGE, definition: { by: "GAP", gap: "PT12H", unit: unit(field) } }),
  },
  "keys of expectations": {
    ...{ field: "eventQuality", type: "EventQualityInput", told: "expectations { tested passed }" },
    input: (field) => ({ range: RANGE, expect: [{ name: "once", unique: { fields: [field, "country"] } }] }),
  },
  "people search": {
    ...{ field: "people", type: "PeopleInput", told: "nodes { id } hasNextPage" },
    input: (field, one, other) => ({ range: RANGE, event: { filter: { field, in: [one, other] } } }),
  },
};

/** Asks the same twice, by each of two fields, as one document. */
const both = async (caller: Caller, place: Place, values: readonly [string, string]): Promise<readonly unknown[]> => {
  const { field, type, told, input } = place;
  const people = field === "people" ? ", first: 100" : "";
  const source = `query ($own: ${type}!, $hand: ${type}!) {
    own: ${field}(input: $own${people}) { ${told} } hand: ${field}(input: $hand${people}) { ${told} } }`;
  const asked = { own: input(OWN, ...values), hand: input(HAND, ...values) };
  const { own, hand } = z.object({ own: z.unknown(), hand: z.unknown() }).parse(await room.ask(caller, source, asked));
  return [own, hand];
};

describe("a dimension of the tenant's own", () => {
  test("is in every place what is sent with each event by hand, whatever it is made of", async () => {
    const answers = new Map<string, Set<string>>(Object.keys(PLACES).map((name) => [name, new Set()]));
    const worlds = fc.tuple(
      anyEvents(BASE_MS, { min: 15, max: 60 }),
      fc.array(anyMade, { minLength: 2, maxLength: 2 }),
    );
    await fc.assert(
      fc.asyncProperty(worlds, async ([all, expressions]) => {
        const events = [...new Map(all.map((event) => [event.id, event])).values()];
        const different: unknown[] = [];
        for (const expression of expressions) {
          const caller = callerWhoDefines();
          const sent = events.map((event) => withHand({ ...event, id: randomUUID() }, expression));
          await storeEvents(room.world.writer, caller.tenantId, sent);
          await define(caller, "d", expression);
          const found = [...new Set(sent.flatMap((event) => dimensionOf(event, expression) ?? []))];
          const values = [found[0] ?? "nothing", found[1] ?? "no more"] as const;
          for (const [name, place] of Object.entries(PLACES)) {
            const [own, hand] = await both(caller, place, values);
            if (JSON.stringify(own) !== JSON.stringify(hand)) different.push([name, expression, own, hand]);
            answers.get(name)?.add(JSON.stringify(own));
          }
        }
        expect(different).toEqual([]);
      }),
      { numRuns: 4, endOnFailure: true },
    );
    // No place is answered alike whatever is asked.
    expect([...answers].filter(([, told]) => told.size < 2).map(([name]) => name)).toEqual([]);
  });
});
