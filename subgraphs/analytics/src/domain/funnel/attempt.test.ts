import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { anyFunnel, FUNNEL_RANGE, unitEvents, type FunnelEvent } from "../../../testing/funnel-arbitraries.ts";
import { passes } from "../../../testing/reference-filter.ts";
import { referenceAttempt } from "../../../testing/reference-funnel.ts";
import type { EventMatcher } from "../event-matcher.ts";
import { createAttemptSearch } from "./attempt.ts";
import { funnelMarks } from "./funnel-marks.ts";
import type { FunnelInput } from "./funnel-input.ts";
import { parseFunnel } from "./parse-funnel.ts";

const access = { personalData: false };

const holds = ({ names, filter }: EventMatcher, event: FunnelEvent): boolean =>
  (names.length === 0 || names.includes(event.name)) &&
  (filter === null || passes({ id: "", ...event }, { field: "source", eq: "web" }));

const found = (input: FunnelInput, events: readonly FunnelEvent[]) => {
  const funnel = parseFunnel(input, access);
  const { conditions } = funnelMarks(funnel);
  const flags = events.map((event) => conditions.map((matchers) => matchers.some((matcher) => holds(matcher, event))));
  const marks = flags.map((own) => own.reduce((sum, flag, bit) => sum + (flag ? 2 ** bit : 0), 0));
  const attempt = createAttemptSearch(funnel)({ times: events.map(({ timeMs }) => timeMs), marks });
  const reference = referenceAttempt(
    funnel,
    events.map(({ timeMs }, place) => ({ time: timeMs, passes: flags[place] ?? [] })),
  );
  return { attempt, reference };
};

describe("the attempt of a unit", () => {
  test.each(["ORDERED", "UNORDERED", "STRICT"] as const)(
    "is the one that trying every way finds, %s, whatever the funnel and the events",
    (order) => {
      fc.assert(
        fc.property(
          anyFunnel.filter((input) => input.order === order),
          unitEvents(9),
          (input, events) => {
            const { attempt, reference } = found(input, events);
            const entered = reference !== null && (reference.places[0] ?? -1) >= 0;
            expect(attempt === null ? null : { places: attempt.places, entry: attempt.entry }).toEqual(
              entered ? reference : null,
            );
          },
        ),
        { numRuns: 4_000, endOnFailure: true },
      );
    },
  );

  const unit = (text: string): readonly FunnelEvent[] =>
    text.split(" ").map((word) => ({
      name: word.slice(0, 1),
      source: "web",
      timeMs: Date.parse("2026-03-02T10:00:00Z") + Number(word.slice(1)) * 1_000,
    }));
  const named = (...names: readonly string[]) => names.map((name) => ({ anyOf: [{ events: [name] }] }));

  test.each<[string, Partial<FunnelInput> & Pick<FunnelInput, "steps">, string, readonly number[]]>([
    ["an event serves one step only", { steps: named("a", "a") }, "a0", [0, -1]],
    ["a repeated step takes a later event", { steps: named("a", "a") }, "a0 a1", [0, 1]],
    ["events of one moment keep their order", { steps: named("a", "b") }, "b0 a0", [1, -1]],
    ["a window holds its own end", { steps: named("a", "b"), window: "PT5S" }, "a0 b5", [0, 1]],
    ["a window ends", { steps: named("a", "b"), window: "PT4S" }, "a0 b5", [0, -1]],
    ["a later entry can get further", { steps: named("a", "b"), window: "PT4S" }, "a0 a3 b5", [1, 2]],
    [
      "the first entry is the only one",
      { steps: named("a", "b"), window: "PT4S", anchor: "FIRST" },
      "a0 a3 b5",
      [0, -1],
    ],
    ["the earliest events of a way are told", { steps: named("a", "b", "c") }, "a0 b1 b2 c3", [0, 1, 3]],
    ["something between breaks STRICT", { steps: named("a", "b"), order: "STRICT" }, "a0 z1 b2", [0, -1]],
    ["any order will do", { steps: named("a", "b"), order: "UNORDERED" }, "b0 a1", [1, 0]],
    [
      "what is excluded ends an attempt",
      { steps: named("a", "b"), exclusions: [{ event: { events: ["x"] } }] },
      "a0 x1 b2",
      [0, -1],
    ],
    [
      "and another may begin after it",
      { steps: named("a", "b"), exclusions: [{ event: { events: ["x"] } }] },
      "a0 x1 a2 b3",
      [2, 3],
    ],
  ])("%s", (_rule, input, text, places) => {
    expect(found({ range: FUNNEL_RANGE, ...input }, unit(text)).attempt?.places).toEqual(places);
  });
});
