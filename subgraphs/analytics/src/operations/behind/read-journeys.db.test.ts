import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import fc from "fast-check";
import { anyEvent, anyRules, at, inputOf, iso, written } from "../../../testing/attribution-world.ts";
import { openBehindRoom, type BehindRoom } from "../../../testing/behind-room.ts";
import { creditOf, DIRECT, isOf, labelOf, MODELS, sharesOf } from "../../../testing/reference-credits.ts";
import { referenceJourneys, stitchedEvents, type ReferenceJourney } from "../../../testing/reference-paths.ts";
import { anyPolicy, isVisible, masked } from "../../../testing/reference-policy.ts";
import type { AttributionInput } from "../../domain/attribution/question.ts";
import type { AttributionCellInput } from "../../domain/behind/attribution-cell.ts";
import type { BehindPageInput } from "../../domain/behind/behind-page.ts";
import { createAttributionStore } from "../../store/attribution-store.ts";
import { queryAttribution } from "../query-attribution.ts";
import type { BehindJourney } from "./behind-answer.ts";
import type { BehindInput } from "./behind-question.ts";
import { behindCounts, behindPeople } from "./read-behind.ts";
import { behindJourneys } from "./read-journeys.ts";

jest.setTimeout(180_000);

let room: BehindRoom;
beforeAll(() => {
  room = openBehindRoom(Date.UTC(2027, 0, 2));
});
afterAll(() => room.close());

const holds = async (...asked: Parameters<BehindRoom["compare"]>): Promise<void> => {
  const { told, expected } = await room.compare(...asked);
  expect(told).toEqual(expected);
};

const ask = (caller: Caller, input: AttributionInput) => {
  const { eventStore, nowMs } = room.deps;
  return queryAttribution({ attribution: createAttributionStore(eventStore), nowMs })(caller, input);
};

/** A page of the journeys behind a number of attribution. */
const pageOf = async (caller: Caller, of: BehindInput, asked: BehindPageInput) => {
  const page = await behindJourneys(room.deps)(caller, of, asked);
  if (page === null) throw new Error("A number of attribution has journeys behind it.");
  return page;
};

/** Every journey, page by page. */
const journeys = async (caller: Caller, of: BehindInput): Promise<readonly BehindJourney[]> => {
  const found: BehindJourney[] = [];
  for (let after: string | null = null, more = true; more;) {
    const page = await pageOf(caller, of, { first: 5, after });
    found.push(...page.nodes);
    ({ hasNextPage: more, endCursor: after } = page);
  }
  return found;
};

const asExpected = (meant: readonly ReferenceJourney[]) => ({
  units: meant.length,
  ids: [...new Set(meant.flatMap(({ won, touches }) => (won === null ? touches.map(({ id }) => id) : [won.id])))],
});

const near = (value: number | null) => (value === null ? null : expect.closeTo(value, 9));

const toldOf = (meant: readonly ReferenceJourney[], model: number | null, label: string | null) =>
  meant.map((journey) => {
    const { won, endMs, touches } = journey;
    const worth = won === null ? null : Number(won.revenue);
    const credit = model === null ? null : creditOf(model, journey, label);
    return {
      ...{ endMs, conversionId: won?.id ?? null, value: worth },
      ...{ credit: near(credit), creditedValue: near(credit === null ? null : credit * (worth ?? 0)) },
      touchpoints: touches.map(({ timeMs }, place) => ({
        ...{ timeMs, label: labelOf(touches[place] ?? { id: "", name: "", timeMs }) },
        credit: near(model === null ? null : (sharesOf(model, journey)[place] ?? null)),
      })),
    };
  });

const keyOf = ({
  endMs,
  conversionId,
  touchpoints,
}: Pick<BehindJourney, "endMs" | "conversionId"> & {
  touchpoints: readonly { timeMs: number; label: string }[];
}): string => JSON.stringify([endMs, conversionId, touchpoints.map(({ timeMs, label }) => [timeMs, label])]);

const sorted = <One extends Parameters<typeof keyOf>[0]>(some: readonly One[]): readonly One[] =>
  some.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));

/** Conversions of one moment are of different worth, so that which is a unit's first is never a matter of ids. */
const worlds = fc
  .array(anyEvent, { minLength: 1, maxLength: 40 })
  .map((drawn) => drawn.map((one, place) => ({ ...written(one), revenue: String(place + 1) })));

const anyCell = fc.record({
  outcome: fc.constantFrom("CONVERTED", "CONVERTED", "NOT_CONVERTED" as const),
  label: fc.constantFrom(null, "ads", "mail"),
  role: fc.constantFrom("ANY" as const, "FIRST" as const, "LAST" as const, "ASSISTED" as const),
  model: fc.option(fc.nat({ max: MODELS.length - 1 }), { nil: null }),
});

describe("what is behind a number of attribution", () => {
  test("are the journeys it counts, by a reference that walks each: of a label, a role, a model with each conversion's credit, which adds up to the answer's", async () => {
    const asked = fc.tuple(anyRules, anyCell);
    await fc.assert(
      fc.asyncProperty(worlds, fc.array(asked, { minLength: 3, maxLength: 3 }), async (events, questions) => {
        const caller = await room.stored(events);
        for (const [rules, drawn] of questions) {
          const input: AttributionInput = { ...inputOf(rules), models: MODELS, directLabels: [DIRECT] };
          const converted = drawn.outcome === "CONVERTED";
          const [model, { label }] = [converted ? drawn.model : null, drawn];
          const role = label === null ? "ANY" : drawn.role;
          const cell: AttributionCellInput = { outcome: converted ? "CONVERTED" : "NOT_CONVERTED", label, role, model };
          const meant = referenceJourneys(events, rules).filter(
            (one) =>
              (one.won !== null) === converted &&
              (label === null || isOf(role, label, one)) &&
              (model === null || (one.touches.length > 0 && creditOf(model, one, label) > 0)),
          );
          const of = { attribution: { input, cell } };
          const answer = await ask(caller, input);
          const credits = answer.breakdowns[0]?.models[model ?? 0]?.credits ?? [];
          const roles = answer.breakdowns[0]?.roles.find((one) => one.label === label);
          const counted = {
            ...{ ANY: roles?.conversionsTouched, FIRST: roles?.firstTouches },
            ...{ LAST: roles?.lastTouches, ASSISTED: roles?.assistedConversions },
          }[role];
          if (label === null && model === null)
            expect(meant).toHaveLength(converted ? answer.conversions : answer.nonConvertingJourneys);
          if (label !== null && model === null && converted) expect(meant).toHaveLength(counted ?? 0);
          const told = await behindCounts(room.deps)(caller, of);
          if (model !== null && role === "ANY") {
            const given = credits.filter((one) => label === null || one.label === label);
            expect({ cell, credit: told.credit, value: told.creditedValue }).toEqual({
              cell,
              credit: near(given.reduce((sum, { conversions }) => sum + conversions, 0)),
              value: expect.closeTo(
                given.reduce((sum, { value }) => sum + value, 0),
                6,
              ),
            });
          }
          await holds(caller, stitchedEvents(events, rules), of, asExpected(meant));
          const found = await journeys(caller, of);
          const moments = found.map(({ endMs }) => endMs);
          expect(moments).toEqual(moments.toSorted((a, b) => b - a));
          const shown = found.map((one) => ({
            ...one,
            touchpoints: one.touchpoints.map(({ eventId: _id, ...touch }) => touch),
          }));
          expect({ cell, journeys: sorted(shown) }).toEqual({ cell, journeys: sorted(toldOf(meant, model, label)) });
        }
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });

  test("of a path are the journeys through just its labels, and as many as the answer says", async () => {
    await fc.assert(
      fc.asyncProperty(worlds, anyRules, fc.nat(), fc.boolean(), async (events, rules, choice, converted) => {
        const caller = await room.stored(events);
        const input = inputOf(rules);
        const paths = (await ask(caller, input)).breakdowns[0]?.paths ?? [];
        const path = paths[choice % Math.max(1, paths.length)];
        if (path === undefined) return;
        const meant = referenceJourneys(events, rules).filter(
          ({ won, touches }) =>
            (won !== null) === converted && JSON.stringify(touches.map(labelOf)) === JSON.stringify(path.steps),
        );
        expect(meant).toHaveLength(converted ? path.conversions : path.losses);
        const cell = { outcome: converted ? "CONVERTED" : "NOT_CONVERTED", path: path.steps } as const;
        await holds(caller, stitchedEvents(events, rules), { attribution: { input, cell } }, asExpected(meant));
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });

  test("is for a caller under data policies that of a store which holds the visible events alone, with masked values", async () => {
    await fc.assert(
      fc.asyncProperty(worlds, anyRules, anyPolicy, async (events, drawn, policy) => {
        // Whose a visitor is can't be told where ids are masked.
        const rules = { ...drawn, stitched: false };
        const caller = { ...(await room.stored(events)), dataPolicy: policy };
        const shown = events.filter((event) => isVisible(event, policy)).map((event) => masked(event, policy));
        const input = { ...inputOf(rules), value: null };
        const meant = referenceJourneys(shown, rules).filter(({ won }) => won !== null);
        const of = { attribution: { input, cell: {} } };
        await holds(caller, shown, of, asExpected(meant));
        const ids = new Set(shown.map(({ id }) => id));
        const told = (await journeys(caller, of)).flatMap(({ touchpoints }) => touchpoints);
        expect(told.filter(({ eventId }) => !ids.has(eventId))).toEqual([]);
        expect(told.map(({ label }) => label).toSorted()).toEqual(
          meant
            .flatMap(({ touches }) => touches.map((touch) => (labelOf(touch) === "" ? "(none)" : labelOf(touch))))
            .toSorted(),
        );
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });

  const touch = { id: "0190a000-0000-7000-8000-000000000001", name: "touch", source: "ads", timeMs: at(11) };
  const buy = { id: "0190a000-0000-7000-8000-000000000002", name: "buy", timeMs: at(12) };
  const input: AttributionInput = {
    range: { from: iso(0), to: iso(60) },
    conversion: { events: ["buy"] },
    touchpoints: [{ events: ["touch"] }],
    models: [{ kind: "LINEAR" }, { kind: "MARKOV" }, { kind: "SHAPLEY", game: "RATE" }, { kind: "UPLIFT" }],
    dimensions: ["source"],
  };

  test("is of the asker's own tenant: a cursor of another's is a place in the own list", async () => {
    const caller = await room.stored([touch, buy].map((event) => ({ ...event, userId: "own" })));
    const later = [touch, buy].map((event, place) => ({
      ...event,
      ...{ userId: "other", timeMs: event.timeMs + 1_000, id: `0190a000-0000-7000-8000-00000000001${place}` },
    }));
    const stranger = await room.stored(later);
    const of = { attribution: { input, cell: {} } };
    const theirs = await pageOf(stranger, of, { first: 1 });
    expect(theirs.nodes.map(({ conversionId }) => conversionId)).toEqual([later[1]?.id]);
    const own = await pageOf(caller, of, { after: theirs.endCursor });
    expect(own.nodes.map(({ conversionId }) => conversionId)).toEqual([buy.id]);
    const people = await behindPeople(room.deps)(caller, of, {});
    expect(people.nodes.map(({ userId }) => userId)).toEqual(["own"]);
  });

  test.each<[string, AttributionInput, AttributionCellInput, string]>([
    ["a dimension that is not asked for", input, { dimension: "country" }, "cell.dimension"],
    ["a model that is none", input, { model: 4 }, "cell.model"],
    ["MARKOV", input, { model: 1 }, "cell.model"],
    ["SHAPLEY by rates", input, { model: 2 }, "cell.model"],
    ["UPLIFT", input, { model: 3 }, "cell.model"],
    ["credit of what did not convert", input, { outcome: "NOT_CONVERTED", model: 0 }, "cell.model"],
    ["a role of no label", input, { role: "LAST" }, "cell.role"],
    ["a path with a label", input, { path: ["ads"], label: "ads" }, "cell.path"],
    ["open journeys of none", { ...input, nonConverting: false }, { outcome: "NOT_CONVERTED" }, "cell.outcome"],
    ["a sample", { ...input, sample: 0.5 }, {}, "input.sample"],
    ["a wrong question", { ...input, maxPathLength: 0 }, {}, "input.maxPathLength"],
  ])("%s is refused, with its place", async (_what, question, cell, field) => {
    const caller = await room.stored([]);
    await expect(behindCounts(room.deps)(caller, { attribution: { input: question, cell } })).rejects.toMatchObject({
      code: "BAD_INPUT",
      extras: { field: `of.attribution.${field}` },
    });
  });

  test("another number has no journeys, and more than a page holds are refused", async () => {
    const caller = await room.stored([]);
    const activeUsers = {
      input: { range: input.range, event: {} },
      cell: { day: "2026-03-02T00:00:00Z", window: "DAILY" as const },
    };
    expect(await behindJourneys(room.deps)(caller, { activeUsers }, {})).toBeNull();
    const of = { attribution: { input, cell: {} } };
    await expect(behindJourneys(room.deps)(caller, of, { first: 101 })).rejects.toMatchObject({
      extras: { field: "first" },
    });
  });
});
