import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { referenceOnCall } from "../../testing/reference-on-call.ts";
import {
  checkEscalationPolicy,
  checkOnCallOverride,
  checkOnCallSchedule,
  escalationDefinitionOf,
  onCallDefinitionOf,
} from "./check-on-call.ts";
import { escalationTimesOf, toldBy } from "./escalation-policy.ts";
import { whoIsOnCall, type OnCallLayer, type OnCallOverride, type OnCallSchedule } from "./on-call-schedule.ts";
import { nextShifts, shiftsBetween } from "./shifts.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString();

/** Zones with days on which their clocks change, or not, at noon UTC of the day before. */
const CHANGES: readonly (readonly [string, string])[] = [
  ["Europe/Berlin", "2026-03-28T00:00:00Z"],
  ["Europe/Berlin", "2026-10-24T00:00:00Z"],
  ["America/New_York", "2026-03-07T00:00:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T00:00:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T00:00:00Z"],
  ["Asia/Kathmandu", "2026-03-29T00:00:00Z"],
];
const quarterOfDay = fc.integer({ min: 0, max: 95 }).map((quarter) => quarter * 15);
const nightly = fc.constantFrom(0, 60, 105, 120, 135, 150, 180, 1_410);
const minute = fc.oneof(nightly, quarterOfDay);
const hours = fc
  .record({
    weekdays: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { maxLength: 3 }),
    fromMinute: minute,
    toMinute: minute,
  })
  .filter(({ fromMinute, toMinute }) => fromMinute !== toMinute);
const anyLayer = (baseMs: number): fc.Arbitrary<OnCallLayer> =>
  fc.record({
    name: fc.string({ minLength: 1, maxLength: 3 }),
    members: fc.array(fc.constantFrom("ann", "bob", "cem"), { minLength: 1, maxLength: 4 }),
    firstDateMs: fc.integer({ min: 0, max: 2 }).map((days) => baseMs + days * DAY_MS),
    lastDateMs: fc.option(
      fc.integer({ min: 3, max: 4 }).map((days) => baseMs + days * DAY_MS),
      { nil: null },
    ),
    handoverMinute: minute,
    everyDays: fc.integer({ min: 1, max: 2 }),
    hours: fc.array(hours, { maxLength: 2 }),
  });
const anyOverride = (baseMs: number): fc.Arbitrary<OnCallOverride> =>
  fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 60 })).map(([from, lasts]) => ({
    id: `o${from}-${lasts}`,
    personId: "eve",
    fromMs: baseMs + from * 15 * 60_000,
    untilMs: baseMs + (from + lasts) * 15 * 60_000,
  }));
const anySchedule = fc.constantFrom(...CHANGES).chain(([timeZone, day]) =>
  fc.record({
    schedule: fc.record({
      timeZone: fc.constant(timeZone),
      layers: fc.array(anyLayer(at(day)), { minLength: 1, maxLength: 3 }),
    }),
    overrides: fc.array(anyOverride(at(day)), { maxLength: 2 }),
    fromMs: fc.constant(at(day)),
  }),
);

describe("a schedule", () => {
  test("has on call whom a walk over all quarters of hours around changes of the clock finds, in every zone, and its shifts say the same", () => {
    fc.assert(
      fc.property(anySchedule, ({ schedule, overrides, fromMs }) => {
        const untilMs = fromMs + 4 * DAY_MS;
        const shifts = shiftsBetween(schedule, overrides, fromMs, untilMs);
        expect(shifts.map((shift, place) => (place === 0 ? fromMs : shifts[place - 1]?.untilMs))).toEqual(
          shifts.map((shift) => shift.fromMs),
        );
        expect(shifts.at(-1)?.untilMs).toBe(untilMs);
        for (const { ms, personId } of referenceOnCall(schedule, overrides, { fromMs, untilMs })) {
          const [now, shift] = [
            whoIsOnCall(schedule, overrides, ms),
            shifts.find((one) => one.fromMs <= ms && ms < one.untilMs),
          ];
          expect([iso(ms), now.kind === "NOBODY" ? null : now.personId]).toEqual([iso(ms), personId]);
          expect(shift?.onCall).toEqual(now);
        }
      }),
      { numRuns: 30, endOnFailure: true },
    );
  }, 60_000);

  const weekly: OnCallSchedule = {
    timeZone: "Europe/Berlin",
    layers: [
      {
        name: "week",
        members: ["ann", "bob"],
        firstDateMs: at("2026-03-23"),
        lastDateMs: null,
        handoverMinute: 540,
        everyDays: 7,
        hours: [],
      },
    ],
  };
  test("hands over when the clock shows it, whatever hour of UTC that is", () => {
    expect(
      nextShifts(weekly, [], at("2026-03-20T00:00:00Z"), 4).map(({ fromMs, onCall }) => [
        iso(fromMs),
        onCall.kind === "LAYER" ? onCall.personId : null,
      ]),
    ).toEqual([
      ["2026-03-20T00:00:00.000Z", null],
      ["2026-03-23T08:00:00.000Z", "ann"],
      ["2026-03-30T07:00:00.000Z", "bob"],
      ["2026-04-06T07:00:00.000Z", "ann"],
    ]);
  });

  test("lets somebody stand in, the last who was put down before others, and tells who would have been there after", () => {
    const [fromMs, untilMs] = [at("2026-03-24T00:00:00Z"), at("2026-03-25T00:00:00Z")];
    const overrides = [
      { id: "1", personId: "cem", fromMs, untilMs },
      { id: "2", personId: "eve", fromMs: fromMs + HOUR_MS, untilMs: untilMs - HOUR_MS },
    ];
    expect(
      shiftsBetween(weekly, overrides, fromMs - HOUR_MS, untilMs + HOUR_MS).map(({ onCall }) =>
        onCall.kind === "NOBODY" ? null : onCall.personId,
      ),
    ).toEqual(["ann", "cem", "eve", "cem", "ann"]);
  });

  test("that has nobody for a year ends its preview there", () => {
    const nobody = { ...weekly, layers: weekly.layers.map((layer) => ({ ...layer, lastDateMs: at("2026-03-30") })) };
    const shifts = nextShifts(nobody, [], at("2026-04-01T00:00:00Z"), 5);
    expect(shifts).toHaveLength(1);
    expect(shifts[0]?.onCall).toEqual({ kind: "NOBODY" });
  });
});

const person = "0198c0de-0000-4000-8000-000000000001";
const layer = {
  name: "week",
  members: [person],
  firstDate: "2026-03-23",
  lastDate: "2026-06-01",
  handoverAt: "09:30",
  everyDays: 7,
  hours: [{ weekdays: ["MONDAY"], from: "08:00", to: "02:00" }],
};
const definition = { name: "primary", timeZone: "Europe/Berlin", layers: [layer] };
const fieldsOf = (
  checked:
    | ReturnType<typeof checkOnCallSchedule>
    | ReturnType<typeof checkEscalationPolicy>
    | ReturnType<typeof checkOnCallOverride>,
) => (checked.valid ? [] : checked.problems.map(({ field }) => field));

describe("what an author says", () => {
  test("of a schedule is read as it was written", () => {
    const checked = checkOnCallSchedule(definition);
    expect(checked.valid ? onCallDefinitionOf(checked.value) : checked).toEqual(definition);
  });

  test.each<[string, object]>([
    ["name", { ...definition, name: "" }],
    ["timeZone", { ...definition, timeZone: "Mars/Olympus" }],
    ["layers", { ...definition, layers: [] }],
    ["layers.1.name", { ...definition, layers: [layer, layer] }],
    ["layers.0.members", { ...definition, layers: [{ ...layer, members: [] }] }],
    ["layers.0.members.0", { ...definition, layers: [{ ...layer, members: ["ann"] }] }],
    ["layers.0.firstDate", { ...definition, layers: [{ ...layer, firstDate: "2026-02-30" }] }],
    ["layers.0.lastDate", { ...definition, layers: [{ ...layer, lastDate: "2026-03-23" }] }],
    ["layers.0.handoverAt", { ...definition, layers: [{ ...layer, handoverAt: "24:00" }] }],
    ["layers.0.everyDays", { ...definition, layers: [{ ...layer, everyDays: 0 }] }],
    [
      "layers.0.hours.0.to",
      { ...definition, layers: [{ ...layer, hours: [{ weekdays: [], from: "08:00", to: "08:00" }] }] },
    ],
  ])("of a schedule is refused for %s", (field, input) =>
    expect(fieldsOf(checkOnCallSchedule(input))).toContain(field),
  );

  test.each<[string, object]>([
    ["personId", { personId: "x", from: "2026-01-01T00:00:00Z", until: "2026-01-02T00:00:00Z" }],
    ["until", { personId: person, from: "2026-01-01T00:00:00Z", until: "2026-01-01T00:00:00Z" }],
    ["until", { personId: person, from: "2026-01-01T00:00:00Z", until: "2027-01-03T00:00:00Z" }],
  ])("of somebody who stands in is refused for %s", (field, input) =>
    expect(fieldsOf(checkOnCallOverride(input))).toContain(field),
  );
});

describe("an escalation policy", () => {
  const steps = [
    { after: "PT0S", targets: [{ kind: "SCHEDULE", id: person }] },
    {
      after: "PT900S",
      targets: [
        { kind: "PERSON", id: person },
        { kind: "CHANNEL", id: person },
      ],
    },
  ];
  const policy = { name: "web", steps, repeats: 2, repeatAfter: "PT1800S" };

  test("is read as it was written, has delays for the alert machine, and tells each person once", () => {
    const checked = checkEscalationPolicy(policy);
    if (!checked.valid) throw new Error(JSON.stringify(checked));
    expect(escalationDefinitionOf(checked.value)).toEqual(policy);
    expect(escalationTimesOf(checked.value)).toEqual({ afterMs: [0, 900_000], repeats: 2, repeatAfterMs: 1_800_000 });
    expect(toldBy(checked.value, 0, () => null)).toEqual({ persons: [], channels: [], gaps: [person] });
    const both = {
      ...checked.value,
      steps: [{ afterMs: 0, targets: checked.value.steps.flatMap(({ targets }) => targets) }],
    };
    expect(toldBy(both, 0, () => person)).toEqual({ persons: [person], channels: [person], gaps: [] });
    expect(toldBy(both, 1, () => person)).toEqual({ persons: [], channels: [], gaps: [] });
  });

  test.each<[string, object]>([
    ["steps", { ...policy, steps: [] }],
    ["steps.1.after", { ...policy, steps: [steps[0], { ...steps[1], after: "PT1S" }] }],
    ["steps.0.after", { ...policy, steps: [{ ...steps[0], after: "soon" }] }],
    ["steps.0.targets", { ...policy, steps: [{ ...steps[0], targets: [] }] }],
    ["steps.0.targets.0.id", { ...policy, steps: [{ ...steps[0], targets: [{ kind: "PERSON", id: "ann" }] }] }],
    ["repeats", { ...policy, repeats: 10 }],
    ["repeatAfter", { ...policy, repeatAfter: "PT1S" }],
  ])("is refused for its %s", (field, input) => expect(fieldsOf(checkEscalationPolicy(input))).toContain(field));
});
