import { describe, expect, it } from "@jest/globals";
import { DEFAULT_ABUSE_BOUNDS } from "@tessera/contracts/abuse";
import fc from "fast-check";
import {
  boundOf,
  HISTORY_WINDOWS,
  median,
  observe,
  WINDOW_MS,
  type Finding,
  type Observation,
  type Rules,
  type SourceState,
} from "./detect.ts";
import { rulesFor } from "./rules.ts";
import {
  BLOCKED_FROM_STRIKE,
  FIRST_THROTTLE_MS,
  FORGOTTEN_AFTER_MS,
  isActive,
  LIFTED_GRACE_MS,
  LONGEST_THROTTLE_MS,
  sentenceOf,
  type Throttle,
} from "./throttle.ts";

const NOW = Date.parse("2026-11-21T12:00:00.000Z");
const RULES: Rules = {
  COST: { kind: "COST_SPIKE", floor: 20, ceiling: Number.MAX_SAFE_INTEGER },
  PAGES: { kind: "SCRAPING", floor: 3, ceiling: 8 },
  WRONG_KEYS: { kind: "KEY_SCANNING", floor: 4, ceiling: 4 },
};

/** Folds observations as the consumer does. */
const detect = (observations: readonly Observation[], rules = RULES): readonly Finding[] => {
  let state: SourceState | null = null;
  const found: Finding[] = [];
  for (const observation of observations) {
    const step = observe(state, observation, rules);
    state = step.state;
    if (step.found !== null) found.push(step.found);
  }
  return found;
};

/** The definition, said again without a state: at each observation everything before it is looked at anew. */
const reference = (observations: readonly Observation[], rules = RULES): readonly Finding[] => {
  const found: Finding[] = [];
  let latest = -Infinity;
  const placed = observations.map((observation) => {
    latest = Math.max(latest, Math.floor(observation.atMs / WINDOW_MS) * WINDOW_MS);
    return { observation, windowMs: latest };
  });
  placed.forEach(({ observation, windowMs }, place) => {
    const rule = rules[observation.measure];
    if (rule === undefined) return;
    const valueIn = (window: number): number => {
      const own = placed
        .slice(0, place + 1)
        .filter((one) => one.windowMs === window && one.observation.measure === observation.measure)
        .map((one) => one.observation);
      const amounts = own.flatMap((one) => (one.measure === "COST" ? [one.amount] : []));
      const items = new Set(own.flatMap((one) => (one.measure === "COST" ? [] : [one.item])));
      return observation.measure === "COST"
        ? amounts.reduce((sum, amount) => sum + amount, 0)
        : Math.min(items.size, rule.ceiling);
    };
    const windows = [...new Set(placed.slice(0, place + 1).map((one) => one.windowMs))].filter((w) => w < windowMs);
    const history = windows
      .map(valueIn)
      .filter((value) => value > 0)
      .slice(-HISTORY_WINDOWS);
    const bound = boundOf(rule, history);
    const wasTold = found.some((one) => one.kind === rule.kind && one.windowFromMs === windowMs);
    if (valueIn(windowMs) < bound || wasTold) return;
    const window = { windowFromMs: windowMs, windowToMs: windowMs + WINDOW_MS };
    const finding = { kind: rule.kind, ...window, measured: valueIn(windowMs), bound, usual: median(history) };
    found.push({ ...finding, atMs: observation.atMs });
  });
  return found;
};

const at = fc.integer({ min: 0, max: 12 * WINDOW_MS }).map((ms) => NOW + ms);
const item = fc.integer({ min: 0, max: 12 }).map(String);
const observation: fc.Arbitrary<Observation> = fc.oneof(
  fc.record({ measure: fc.constant("COST" as const), atMs: at, amount: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ measure: fc.constantFrom("PAGES" as const, "WRONG_KEYS" as const), atMs: at, item }),
);

describe("the detector", () => {
  it("finds what its definition finds, in any order of observations, and remembers a bounded number of things", () => {
    let total = 0;
    fc.assert(
      fc.property(fc.array(observation, { minLength: 30, maxLength: 120 }), fc.boolean(), (observations, inOrder) => {
        const given = inOrder ? observations.toSorted((a, b) => a.atMs - b.atMs) : observations;
        const found = detect(given);
        total += found.length;
        expect(found).toEqual(reference(given));
      }),
      { numRuns: 400, endOnFailure: true },
    );
    // A comparison of nothing with nothing would prove nothing.
    expect(total).toBeGreaterThan(400);
  });

  it("remembers no more of a source than the ceiling and the history say, whatever comes", () => {
    let state: SourceState | null = null;
    for (let place = 0; place < 5_000; place += 1)
      state = observe(
        state,
        { measure: "PAGES", atMs: NOW + place * (WINDOW_MS / 40), item: String(place) },
        RULES,
      ).state;
    const tally = state?.tallies.PAGES;
    expect(tally?.history).toHaveLength(HISTORY_WINDOWS);
    expect(tally?.items.length).toBeLessThanOrEqual(8);
  });

  it("the same key again, or the same page again, is no other one", () => {
    const same = Array.from({ length: 100 }, () => ({ measure: "WRONG_KEYS", atMs: NOW, item: "k" }) as const);
    expect(detect(same)).toEqual([]);
    const others = ["a", "b", "c", "d"].map((key) => ({ measure: "WRONG_KEYS", atMs: NOW, item: key }) as const);
    expect(detect(others)).toMatchObject([{ kind: "KEY_SCANNING", measured: 4, bound: 4 }]);
  });

  it("a bound of nothing looks for nothing", () => {
    const rules = rulesFor("API_KEY", { wrongKeys: 0, wrongCredentials: 0, pages: 0, costPoints: 0 }, false);
    expect(detect([{ measure: "COST", atMs: NOW, amount: 1e12 }], rules)).toEqual([]);
  });

  it.each([
    { what: "a new source has the floor", history: [], bound: 20 },
    { what: "small use keeps the floor", history: [1, 2, 1], bound: 20 },
    { what: "steady use is allowed five times as much", history: [100, 100, 100, 100], bound: 500 },
    { what: "varying use is allowed ten deviations", history: [100, 200, 300, 400, 500], bound: 1_782.6 },
    { what: "one outlier changes nothing", history: [100, 100, 100, 100, 1_000_000], bound: 500 },
  ])("$what", ({ history, bound }) => {
    expect(boundOf({ kind: "COST_SPIKE", floor: 20, ceiling: 1e9 }, history)).toBeCloseTo(bound, 6);
  });

  it("no habit lifts the bound above the ceiling", () => {
    expect(boundOf({ kind: "SCRAPING", floor: 3, ceiling: 8 }, [100, 100, 100])).toBe(8);
  });
});

describe("the rules", () => {
  it("a network needs four times as much as an address, a tenant is told at a fifth", () => {
    const floor = (kind: "ADDRESS" | "NETWORK", ofInstallation: boolean) =>
      rulesFor(kind, DEFAULT_ABUSE_BOUNDS, ofInstallation).WRONG_CREDENTIALS?.floor;
    expect([floor("ADDRESS", true), floor("NETWORK", true), floor("ADDRESS", false)]).toEqual([50, 200, 10]);
  });
});

describe("a throttle", () => {
  const finding = {
    ...({ kind: "COST_SPIKE", windowFromMs: NOW - 1, windowToMs: NOW + WINDOW_MS, atMs: NOW } as const),
    ...{ measured: 1, bound: 1, usual: 0, source: { kind: "API_KEY", id: "k" } as const },
  };
  const after = (
    previous: Throttle | null,
    nowMs: number,
    source: typeof finding.source | { kind: "ADDRESS"; id: string } = finding.source,
  ): Throttle => {
    const sentence = sentenceOf(previous, { ...finding, source, windowToMs: nowMs }, nowMs);
    if (sentence === null) throw new Error("No throttle followed.");
    const { kind } = finding;
    return {
      ...sentence,
      ...{ id: "t", securityEventId: "e", source, kind, liftedAtMs: null, liftedBy: null, liftReason: null },
    };
  };

  it("lasts four times as long with each repetition, a day at most, and blocks a subject from the third on", () => {
    let last: Throttle | null = null;
    let nowMs = NOW;
    const seen: unknown[] = [];
    for (let time = 1; time <= 5; time += 1) {
      last = after(last, nowMs);
      seen.push([last.level, last.percent, last.strikes, (last.untilMs - nowMs) / FIRST_THROTTLE_MS]);
      nowMs = last.untilMs;
    }
    expect(BLOCKED_FROM_STRIKE).toBe(3);
    expect(seen).toEqual([
      ["REDUCED", 25, 1, 1],
      ["REDUCED", 25, 2, 4],
      ["BLOCKED", 0, 3, 16],
      ["BLOCKED", 0, 4, 64],
      ["BLOCKED", 0, 5, LONGEST_THROTTLE_MS / FIRST_THROTTLE_MS],
    ]);
  });

  it("ends by itself, and is forgotten a week later", () => {
    const first = after(null, NOW);
    expect([isActive(first, first.untilMs - 1), isActive(first, first.untilMs)]).toEqual([true, false]);
    expect(after(first, first.untilMs + FORGOTTEN_AFTER_MS).strikes).toBe(2);
    expect(after(first, first.untilMs + FORGOTTEN_AFTER_MS + 1).strikes).toBe(1);
  });

  it("never gets shorter by a repetition while it runs", () => {
    const running = { ...after(null, NOW), untilMs: NOW + LONGEST_THROTTLE_MS };
    expect(after(running, NOW + 1).untilMs).toBeGreaterThanOrEqual(running.untilMs);
  });

  it("is not made again for an hour after somebody lifted it, and then is a first one", () => {
    const lifted = { ...after(null, NOW), liftedAtMs: NOW + 1_000 };
    const at = (nowMs: number) => sentenceOf(lifted, { ...finding, windowToMs: nowMs }, nowMs);
    expect(at(NOW + 1_000 + LIFTED_GRACE_MS - 1)).toBeNull();
    expect(at(NOW + 1_000 + LIFTED_GRACE_MS)).toMatchObject({ strikes: 1 });
  });

  it("blocks an address at once, and follows nothing that was seen too late", () => {
    expect(after(null, NOW, { kind: "ADDRESS", id: "192.0.2.1" })).toMatchObject({ level: "BLOCKED", percent: 0 });
    expect(sentenceOf(null, { ...finding, windowToMs: NOW - WINDOW_MS - 1 }, NOW)).toBeNull();
    expect(sentenceOf(null, { ...finding, windowToMs: NOW - WINDOW_MS }, NOW)).not.toBeNull();
  });
});
