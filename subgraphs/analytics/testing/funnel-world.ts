import { randomUUID } from "node:crypto";
import fc from "fast-check";
import type { FunnelInput } from "../src/domain/funnel/funnel-input.ts";
import { funnelMarks } from "../src/domain/funnel/funnel-marks.ts";
import { requiredSteps } from "../src/domain/funnel/funnel.ts";
import { parseFunnel } from "../src/domain/funnel/parse-funnel.ts";
import { unitEvents } from "./funnel-arbitraries.ts";
import { passes } from "./reference-filter.ts";
import { referenceAttempt } from "./reference-funnel.ts";
import type { TestEvent } from "./test-events.ts";

/** Which unit an event belongs to, null for none. */
export const UNITS = {
  PERSON: ({ userId }: TestEvent) => userId ?? null,
  SESSION: ({ sessionId }: TestEvent) => sessionId ?? null,
  FIELD: ({ properties }: TestEvent) => (typeof properties?.["order"] === "string" ? properties["order"] : null),
} as const;

/** A unit as a question names it. */
export const unitInput = (kind: keyof typeof UNITS) =>
  kind === "FIELD" ? { kind, field: "properties.order" } : { kind };

/** Every unit's attempt, by the reference that tries every way. */
export const referenceOf = (input: FunnelInput, kind: keyof typeof UNITS, events: readonly TestEvent[]) => {
  const funnel = parseFunnel(input, { personalData: true });
  const { conditions } = funnelMarks(funnel);
  const units = [...new Set(events.flatMap((one) => UNITS[kind](one) ?? []))];
  return units.flatMap((unit) => {
    const own = events.filter((one) => UNITS[kind](one) === unit).toSorted((a, b) => a.timeMs - b.timeMs);
    const seen = own.map((one) => ({
      time: one.timeMs,
      passes: conditions.map((matchers) =>
        matchers.some(
          ({ names, filter }) =>
            (names.length === 0 || names.includes(one.name)) &&
            (filter === null || passes(one, { field: "source", eq: "web" })),
        ),
      ),
    }));
    // What no step and no exclusion is about is passed over, but not in STRICT.
    const kept = own.filter((_one, place) => funnel.order === "STRICT" || seen[place]?.passes.includes(true) === true);
    const attempt = referenceAttempt(
      funnel,
      seen.filter((_one, place) => funnel.order === "STRICT" || seen[place]?.passes.includes(true) === true),
    );
    if (attempt === null || (attempt.places[0] ?? -1) < 0) return [];
    const last = kept[Math.max(...attempt.places)];
    const next = last === undefined ? undefined : own[own.indexOf(last) + 1];
    // That of the event that happened first and has one, whichever step it is of.
    const inTime = attempt.places.toSorted((one, other) => one - other);
    const plan = inTime.map((place) => kept[place]?.properties?.["plan"]).find((value) => value !== undefined);
    const depth = requiredSteps(funnel).filter((step) => (attempt.places[step] ?? -1) >= 0).length;
    const first = kept[attempt.places[0] ?? 0];
    const entry = {
      atMs: kept[attempt.entry]?.timeMs ?? 0,
      values: [first?.properties?.["plan"] ?? null, first?.source ?? null],
    };
    const ids = attempt.places.map((place) => kept[place]?.id ?? null);
    const told = { places: attempt.places, plan: plan ?? null, next: next?.name ?? null, depth, entry };
    const afterwards = last === undefined ? [] : own.slice(own.indexOf(last) + 1).map((one) => one.name);
    return [{ ...told, unit, ids, afterwards, lastId: last?.id ?? "" }];
  });
};

/** Random events of some people, with what other units they are of. */
export const manyUnits = fc
  .array(
    fc.tuple(
      unitEvents(7),
      fc.constantFrom(...["pro", "free", undefined]),
      fc.constantFrom("s1", "s2", undefined),
      fc.constantFrom("o1", "o2", undefined),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((units) =>
    units
      .flatMap(([events, plan, sessionId, order], index) =>
        events.map((one): TestEvent => ({
          ...{ ...one, id: randomUUID(), userId: `u${index}` },
          ...(sessionId === undefined ? {} : { sessionId }),
          properties: { ...(plan === undefined ? {} : { plan }), ...(order === undefined ? {} : { order }) },
        })),
      )
      .toSorted((a, b) => a.timeMs - b.timeMs),
  );
