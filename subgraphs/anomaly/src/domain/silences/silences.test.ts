import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { newReadings, referenceInhibited, referenceMatches } from "../../testing/reference-silences.ts";
import { checkInhibition, checkSilence } from "./check-silence.ts";
import { createInhibitor, type Inhibition, type OpenAlert } from "./inhibition.ts";
import { labelTest, MATCHER_OPERATORS, type Matcher } from "./matcher.ts";
import { isInForce, occurrenceAt, type SilenceWindow } from "./silence-window.ts";
import { policyOf, replay, signalOf } from "../../testing/alert-stories.ts";
import { silencesInForce } from "./silence.ts";
import { alertLabels, contextSignal, isContextLast } from "./told-silences.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const at = (text: string): number => Date.parse(text);
const value = fc.constantFrom("", "a", "b", "ab", "api-1", "api-2");
const pattern = fc.constantFrom("", "a", "a|b", "a.*", "api-\\d", "[^a]*", ".+");
const label = fc.constantFrom("team", "service", "severity");
const matcher: fc.Arbitrary<Matcher> = fc.constantFrom(...MATCHER_OPERATORS).chain((operator) =>
  fc.record({
    label,
    operator: fc.constant(operator),
    values: operator.endsWith("IN")
      ? fc.array(value, { minLength: 1, maxLength: 3 })
      : fc.tuple(operator.endsWith("REGEX") ? pattern : value),
  }),
);
const labels = fc.dictionary(label, value, { noNullPrototype: true });
const alerts: fc.Arbitrary<readonly OpenAlert[]> = fc
  .array(fc.record({ labels, sinceMs: fc.integer({ min: 0, max: 3 }) }), { maxLength: 9 })
  .map((all) => all.map((alert, place) => ({ ...alert, fingerprint: `f${place}` })));
const inhibitions: fc.Arbitrary<readonly Inhibition[]> = fc.array(
  fc.record({
    source: fc.array(matcher, { minLength: 1, maxLength: 2 }),
    target: fc.array(matcher, { minLength: 1, maxLength: 2 }),
    equal: fc.uniqueArray(label, { maxLength: 1 }),
  }),
  { maxLength: 4 },
);

describe("matchers", () => {
  test("hold when each does, a label there is not being empty and a pattern matching whole values", () => {
    fc.assert(
      fc.property(fc.array(matcher, { maxLength: 3 }), labels, (matchers, of) => {
        expect(labelTest(matchers)(of)).toBe(referenceMatches(matchers, of));
      }),
      { numRuns: 1_000, endOnFailure: true },
    );
  });

  test("try a pattern in a time that grows with the text alone, where another engine would not come back", () => {
    const test_ = labelTest([{ label: "url", operator: "REGEX", values: ["(a+)+b"] }]);
    expect(test_({ url: "a".repeat(2_000) })).toBe(false);
    expect(test_({ url: `${"a".repeat(2_000)}b` })).toBe(false);
    expect(test_({ url: "aaab" })).toBe(true);
  });
});

describe("inhibition", () => {
  test("silences whatever has an open alert above it, and of a ring that nothing else silences all but the oldest", () => {
    fc.assert(
      fc.property(inhibitions, alerts, (rules, open) => {
        const inhibited = createInhibitor(rules, open);
        const found = open.filter(inhibited).map(({ fingerprint }) => fingerprint);
        expect(new Set(found)).toEqual(referenceInhibited(rules, open));
        // Nobody is silenced to the last.
        if (open.length > 0) expect(found.length).toBeLessThan(open.length);
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });

  test("of an alert that is not open asks those that are, which it does not silence", () => {
    const rule: Inhibition = {
      source: [{ label: "kind", operator: "EQUALS", values: ["database"] }],
      target: [{ label: "kind", operator: "EQUALS", values: ["api"] }],
      equal: ["site"],
    };
    const open = [{ fingerprint: "d", labels: { kind: "database", site: "eu" }, sinceMs: 1 }];
    const inhibited = createInhibitor([rule], open);
    expect(inhibited({ fingerprint: "x", labels: { kind: "api", site: "eu" } })).toBe(true);
    expect(inhibited({ fingerprint: "x", labels: { kind: "api", site: "us" } })).toBe(false);
    expect(createInhibitor([rule], [])({ fingerprint: "x", labels: { kind: "api", site: "eu" } })).toBe(false);
  });

  test("of a thousand alerts in one ring is found at once", () => {
    const kinds = ["a", "b"];
    const open = Array.from({ length: 1_000 }, (_, place) => ({
      fingerprint: `f${place}`,
      labels: { kind: kinds[place % 2] ?? "" },
      sinceMs: 1_000 - place,
    }));
    const rules = [kinds, kinds.toReversed()].map(([source = "", target = ""]): Inhibition => ({
      source: [{ label: "kind", operator: "EQUALS", values: [source] }],
      target: [{ label: "kind", operator: "EQUALS", values: [target] }],
      equal: [],
    }));
    const inhibited = createInhibitor(rules, open);
    expect(open.filter((alert) => !inhibited(alert)).map(({ fingerprint }) => fingerprint)).toEqual(["f999"]);
  });
});

/** Zones on days on which their clocks change, or not. */
const CHANGES: readonly (readonly [string, string])[] = [
  ["Europe/Berlin", "2026-03-28T00:00:00Z"],
  ["Europe/Berlin", "2026-10-24T00:00:00Z"],
  ["America/New_York", "2026-11-01T00:00:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T12:00:00Z"],
  ["Asia/Kathmandu", "2026-03-29T00:00:00Z"],
];

describe("a window", () => {
  test("that recurs is in force as a walk over all quarters of hours around changes of the clock says, in every zone", () => {
    const hours = fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 3 });
    const minute = fc.constantFrom(0, 15, 30);
    fc.assert(
      fc.property(
        fc.constantFrom(...CHANGES),
        hours,
        minute,
        fc.integer({ min: 1, max: 300 }),
        ([timeZone, change], on, past, lasts) => {
          const [fromMs, untilMs] = [at(change), at(change) + 60 * HOUR_MS];
          const [cron, durationMs] = [`${past} ${on.join(",")} * * *`, lasts * MINUTE_MS];
          const window: SilenceWindow = { kind: "RECURRING", cron, timeZone, durationMs, fromMs, untilMs };
          const begins = [...newReadings({ timeZone, fromMs, untilMs })]
            .filter(
              ([ms, shown]) =>
                ms >= fromMs && shown.some((one) => one.getUTCMinutes() === past && on.includes(one.getUTCHours())),
            )
            .map(([ms]) => ms);
          for (let ms = fromMs; ms < untilMs + 2 * HOUR_MS; ms += 13 * MINUTE_MS) {
            const expected = begins.some((begun) => begun <= ms && ms < Math.min(begun + durationMs, untilMs));
            expect([ms, isInForce(window, ms)]).toEqual([ms, expected]);
          }
        },
      ),
      { numRuns: 12, endOnFailure: true },
    );
  }, 60_000);

  test.each([
    [
      "the hour that the clock skips begins when it does, and lasts as long",
      "30 2 * * *",
      "2026-03-29T01:00:00Z",
      "2026-03-29T02:00:00Z",
    ],
    [
      "the hour that the clock shows twice begins the first time alone",
      "30 2 * * *",
      "2026-10-25T00:30:00Z",
      "2026-10-25T01:30:00Z",
    ],
    ["the second Tuesday of the month", "0 3 * * TUE#2", "2026-05-12T01:00:00Z", "2026-05-12T02:00:00Z"],
  ])("in %s", (_what, cron, from, until) => {
    const window = {
      kind: "RECURRING",
      cron,
      timeZone: "Europe/Berlin",
      durationMs: HOUR_MS,
      fromMs: at("2026-01-01T00:00:00Z"),
      untilMs: null,
    } as const;
    expect(occurrenceAt(window, at(from) - 1_000)).toEqual({ fromMs: at(from), untilMs: at(until) });
    expect([at(from) - 1, at(from), at(until) - 1, at(until)].map((ms) => isInForce(window, ms))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

describe("the silences around an alert", () => {
  const once = (fromMs: number, untilMs: number): SilenceWindow => ({ kind: "ONCE", fromMs, untilMs });
  const team = [{ label: "team", operator: "EQUALS", values: ["a"] }] as const;
  test("are those in force that match it, and that one above it fires", () => {
    const book = {
      silences: [
        { kind: "SUPPRESSED", matchers: team, window: once(10, 20) },
        { kind: "MAINTENANCE", matchers: team, window: once(15, 30) },
      ],
      inhibitions: [{ source: team, target: [{ label: "team", operator: "EQUALS", values: ["b"] }], equal: [] }],
      open: [{ fingerprint: "up", labels: { team: "a" }, sinceMs: 1 }],
    } as const;
    const around = (ms: number, of: string) => silencesInForce(book, ms)({ fingerprint: of, labels: { team: of } });
    expect([9, 10, 15, 20, 30].map((ms) => around(ms, "a"))).toEqual([
      [],
      ["SUPPRESSED"],
      ["SUPPRESSED", "MAINTENANCE"],
      ["MAINTENANCE"],
      [],
    ]);
    expect(around(15, "b")).toEqual(["INHIBITED"]);
    expect(around(15, "c")).toEqual([]);
  });
});

describe("what an alert is told of the silences around it", () => {
  const policy = policyOf({
    severity: { base: "WARNING", bands: [{ by: "SCORE", atLeast: 3, severity: "CRITICAL" }] },
  });
  const warnings = [{ label: "severity", operator: "EQUALS", values: ["WARNING"] }] as const;
  const inForce = silencesInForce(
    {
      silences: [{ kind: "SUPPRESSED", matchers: warnings, window: { kind: "ONCE", fromMs: 0, untilMs: Infinity } }],
      inhibitions: [],
      open: [],
    },
    1,
  );
  const series = { fingerprint: "f", group: [{ name: "country", value: null }], rule: "orders", labels: { team: "a" } };
  const told = (story: string) => {
    const signals = story.split(" ").map((word, place) => signalOf(word, place + 1));
    const before = replay(policy, signals.slice(0, -1)).alert;
    return contextSignal(policy, { ...series, alert: before }, signals.slice(-1), inForce);
  };

  test("goes by the severity it has then: a silence of warnings does not silence what has become worse", () => {
    expect(told("B1")).toMatchObject({ kind: "CONTEXT", silences: ["SUPPRESSED"] });
    expect(told("B3")).toBeNull();
    expect(told("B1 B3")).toBeNull();
    expect(alertLabels(series, "INFO")).toEqual({ team: "a", country: "", rule: "orders", severity: "INFO" });
  });

  test("comes last where it would be told to go on and, by the same look, to be over, and first everywhere else", () => {
    const open = signalOf("open", 3);
    const after = (story: string, word: string): boolean => {
      const { alert } = replay(
        policy,
        story.split(" ").map((one, place) => signalOf(one, place + 1)),
      );
      return isContextLast(policy, alert, open, [signalOf(word, 3), signalOf("tick", 3)]);
    };
    expect(after("maintenance B3", "C")).toBe(true);
    for (const [story, word] of [
      ["maintenance B3", "B3"],
      ["B3 maintenance", "C"],
      ["maintenance C", "B3"],
      ["B3 C", "B3"],
    ] as const)
      expect([story, word, after(story, word)]).toEqual([story, word, false]);
  });

  test("is told as over to an alert that was told of it before", () => {
    const signals = ["maintenance", "B3", "tick"].map((word, place) => signalOf(word, place + 1));
    const { alert } = replay(policy, signals.slice(0, 2));
    const context = contextSignal(policy, { ...series, alert }, signals.slice(2), inForce);
    expect(context).toMatchObject({ kind: "CONTEXT", silences: [] });
  });
});

const window = { from: "2026-01-01T00:00:00Z", until: "2026-01-02T00:00:00Z" };
const matchers = [{ label: "team", operator: "EQUALS", values: ["a"] }];
const recurring = { from: "2026-01-01T00:00:00Z", cron: "0 2 * * SUN", timeZone: "Europe/Berlin", duration: "PT2H" };

describe("a silence", () => {
  test("is read as it was said", () => {
    expect(checkSilence({ matchers, window, comment: " why " })).toEqual({
      valid: true,
      value: {
        kind: "SUPPRESSED",
        matchers,
        window: { kind: "ONCE", fromMs: at(window.from), untilMs: at(window.until) },
        comment: "why",
      },
    });
    expect(checkSilence({ kind: "MAINTENANCE", matchers, window: recurring, comment: "patches" })).toMatchObject({
      valid: true,
      value: { window: { kind: "RECURRING", cron: "0 2 * * SUN", durationMs: 2 * HOUR_MS, untilMs: null } },
    });
  });

  test.each<[string, object]>([
    ["comment", { comment: " " }],
    ["matchers", { matchers: [] }],
    ["matchers", { matchers: [{ label: "team", operator: "NOT_EQUALS", values: ["a"] }] }],
    ["matchers", { matchers: [{ label: "team", operator: "EQUALS", values: [""] }] }],
    ["matchers.0.label", { matchers: [{ label: "a b", operator: "EQUALS", values: ["a"] }] }],
    ["matchers.0.values", { matchers: [{ label: "team", operator: "EQUALS", values: ["a", "b"] }] }],
    ["matchers.0.values.0", { matchers: [{ label: "team", operator: "REGEX", values: ["(?=a)"] }] }],
    ["matchers.0.values.0", { matchers: [{ label: "team", operator: "EQUALS", values: ["a".repeat(201)] }] }],
    ["window.until", { window: { from: window.from } }],
    ["window.until", { window: { from: window.from, until: "2027-01-03T00:00:00Z" } }],
    ["window.cron", { window: { ...recurring, cron: "0 0 2 * * SUN" } }],
    ["window.cron", { window: { ...recurring, cron: "0 2 31 2 *" } }],
    ["window.cron", { window: { ...recurring, until: "2026-01-01T01:00:00Z" } }],
    ["window.timeZone", { window: { ...recurring, timeZone: "Mars/Olympus" } }],
    ["window.duration", { window: { ...recurring, duration: "P8D" } }],
    ["window.until", { window: { ...recurring, until: "2025-12-31T00:00:00Z" } }],
  ])("is refused for its %s (%j)", (field, change) => {
    const checked = checkSilence({ matchers, window, comment: "why", ...change });
    expect(checked.valid ? [] : checked.problems.map((problem) => problem.field)).toContain(field);
  });

  test("that inhibits says on both sides what", () => {
    expect(checkInhibition({ name: "db", source: matchers, target: matchers, equal: ["site"] }).valid).toBe(true);
    const refused = checkInhibition({ name: "", source: [], target: matchers, equal: ["a b"] });
    expect(refused.valid ? [] : refused.problems.map(({ field }) => field)).toEqual([
      "name",
      "source",
      "source",
      "equal.0",
    ]);
  });
});
