import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { LIMIT_METRICS } from "@tessera/contracts/limits";
import { fitUse, forecastLimit, HORIZON_DAYS } from "./forecast.ts";
import { healthOf } from "./health.ts";
import { checkedLimit, effectiveLimits, newBreaches, standingOf, type LimitFacts, type SetLimit } from "./limits.ts";
import { allSettings, checkedSetting } from "./settings.ts";
import { approvalFor, askedCapacity, erlangC, predictScale } from "./scaling.ts";
import { featuresOf, TIERS } from "@tessera/contracts/features";
import { TIER_LIMITS } from "./tier.ts";

const DAY_MS = 86_400_000;
const NOW = Date.parse("2026-11-20T12:00:00.000Z");
const TODAY = Date.parse("2026-11-20T00:00:00.000Z");
const GIB = 1024 ** 3;

const limit = (parts: Partial<SetLimit>): SetLimit => ({
  ...{ scope: "TENANT", scopeId: "", metric: "EVENTS_PER_MONTH", soft: null, hard: null, graceSeconds: 0 },
  ...parts,
});
const factsWith = (parts: Partial<LimitFacts>): LimitFacts => ({
  ...{ tenantId: "t", organisationId: null, tier: "FREE", limits: [], breaches: [], used: new Map() },
  ...parts,
});
const using = (key: string, events: number) =>
  [key, { EVENTS_PER_MONTH: events, ROWS_READ_PER_DAY: 0, STORAGE_BYTES: 0 }] as const;

describe("limits", () => {
  it("the smallest hard bound of organisation, tenant, key and person holds, whichever level it is of", () => {
    const bound = fc.option(fc.nat(1_000));
    fc.assert(
      fc.property(bound, bound, bound, bound, (organisation, tenant, key, person) => {
        const limits = [
          limit({ scope: "ORGANISATION", scopeId: "o", hard: organisation }),
          limit({ hard: tenant }),
          limit({ scope: "API_KEY", scopeId: "k", hard: key }),
          limit({ scope: "USER", scopeId: "u", hard: person }),
        ];
        const facts = factsWith({ organisationId: "o", limits });
        const [events] = effectiveLimits(facts, { kind: "API_KEY", id: "k" }, NOW);
        const holding = [organisation, tenant, key].filter((one) => one !== null);
        expect(events?.hard).toBe(holding.length === 0 ? null : Math.min(...holding));
        expect(events?.levels.map(({ scope }) => scope)).toEqual(["ORGANISATION", "TENANT", "API_KEY"]);
      }),
    );
  });

  it("a tenant has its tier's limits until others are set, and every metric is answered", () => {
    for (const tier of TIERS) {
      const limits = effectiveLimits(factsWith({ tier }), null, NOW);
      expect(limits.map(({ metric }) => metric)).toEqual([...LIMIT_METRICS]);
      for (const { metric, hard, levels } of limits) {
        expect(hard).toBe(TIER_LIMITS[tier][metric].hard);
        expect(levels).toMatchObject([{ scope: "TENANT", fromTier: true }]);
      }
    }
  });

  it.each([
    [80, null, "WITHIN", null],
    [81, null, "WARNED", null],
    [100, null, "WARNED", null],
    [101, null, "GRACE", NOW + 60_000],
    [101, NOW - 59_999, "GRACE", NOW + 1],
    [101, NOW - 60_000, "BLOCKED", null],
  ])(
    "80 soft, 100 hard, a minute of grace: %i used, passed at %s: %s",
    (used, breachedAtMs, standing, graceUntilMs) => {
      expect(standingOf({ soft: 80, hard: 100, graceSeconds: 60 }, used, breachedAtMs, NOW)).toEqual({
        standing,
        graceUntilMs,
      });
    },
  );

  it("a passed limit is new once per scope, level and period", () => {
    const limits = [
      limit({ soft: 10, hard: 20, graceSeconds: 60 }),
      limit({ scope: "API_KEY", scopeId: "k", hard: 5 }),
    ];
    const facts = factsWith({ limits, used: new Map([using("TENANT:", 25), using("API_KEY:k", 6)]) });
    const passed = newBreaches(facts, NOW);
    expect(passed.map(({ scope, level, blockedFromMs, period }) => [scope, level, blockedFromMs, period])).toEqual([
      ["TENANT", "SOFT", null, "2026-11-01"],
      ["TENANT", "HARD", NOW + 60_000, "2026-11-01"],
      ["API_KEY", "HARD", NOW, "2026-11-01"],
    ]);
    expect(newBreaches({ ...facts, breaches: passed }, NOW)).toEqual([]);
    expect(newBreaches({ ...facts, breaches: passed }, Date.parse("2026-12-01T00:00:00Z"))).toHaveLength(3);
  });

  it.each<[string, Partial<SetLimit>]>([
    ["soft above hard", { soft: 11, hard: 10 }],
    ["negative", { hard: -1 }],
    ["not whole", { hard: 1.5 }],
    ["soft where nothing meters it", { metric: "JOBS", soft: 1 }],
    ["a grace where nothing meters it", { metric: "JOBS", hard: 1, graceSeconds: 1 }],
    ["storage of a key", { metric: "STORAGE_BYTES", scope: "API_KEY", scopeId: "k", hard: 1 }],
    ["a key without its id", { scope: "API_KEY", hard: 1 }],
    ["a weight beyond bounds", { metric: "WORKER_WEIGHT", hard: 101 }],
  ])("%s is refused", (_what, parts) => {
    expect(() => checkedLimit(limit(parts), "l")).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  });

  it("a larger tier has every feature of the smaller ones and no smaller limit", () => {
    TIERS.slice(1).forEach((tier, index) => {
      const smaller = TIERS[index] ?? tier;
      expect(featuresOf(tier)).toEqual(expect.arrayContaining([...featuresOf(smaller)]));
      for (const metric of LIMIT_METRICS)
        expect(TIER_LIMITS[tier][metric].hard ?? Infinity).toBeGreaterThanOrEqual(
          TIER_LIMITS[smaller][metric].hard ?? Infinity,
        );
    });
  });
});

describe("the forecast of a limit", () => {
  const firstDayMs = TODAY - 28 * DAY_MS;
  const question = { used: 0, firstDayMs, todayMs: TODAY };

  it("a line with offsets by weekday is found exactly, and leaves nothing unexplained", () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(50), fc.nat(300), (base, slope, weekend) => {
        const isWeekend = (index: number) => [0, 6].includes(new Date(firstDayMs + index * DAY_MS).getUTCDay());
        const daily = Array.from({ length: 28 }, (_, n) => 10_000 + base + slope * n - (isWeekend(n) ? weekend : 0));
        const model = fitUse(daily, firstDayMs);
        // The line is fitted before the weekdays, so that a pattern that is not symmetric in the window moves it a little.
        expect(Math.abs((model?.slopePerDay ?? NaN) - slope)).toBeLessThan(0.01 * weekend + 1e-6);
        expect(model?.sigma ?? NaN).toBeLessThan(0.1 * weekend + 1e-6);
      }),
    );
  });

  it("a day's limit is passed on the day the line crosses it", () => {
    const daily = Array.from({ length: 28 }, (_, n) => 100 + 10 * n);
    const forecast = forecastLimit({ ...question, kind: "DAILY", limit: 405, daily });
    // Today is day 28 with 380; 410 is three days later.
    expect(forecast).toMatchObject({ expectedAtMs: TODAY + 3 * DAY_MS, earliestAtMs: TODAY + 3 * DAY_MS });
  });

  it("a month's sum begins anew with the month, and may not be passed before a later month", () => {
    const daily = Array.from({ length: 28 }, () => 100);
    const ask = (limitOfMonth: number, used: number) =>
      forecastLimit({ ...question, kind: "MONTHLY", limit: limitOfMonth, used, daily })?.expectedAtMs;
    expect(ask(2_450, 2_000)).toBe(TODAY + 5 * DAY_MS);
    expect(ask(3_050, 2_000)).toBe(Date.parse("2026-12-31T00:00:00Z"));
    expect(ask(3_150, 2_000)).toBeNull();
    expect(ask(1_999, 2_000)).toBe(TODAY);
  });

  it("the interval holds the expected day, and is wider when days differ more", () => {
    const noisy = (by: number) => Array.from({ length: 28 }, (_, n) => 100 + 10 * n + (n % 2 === 0 ? by : -by));
    const at = (by: number) => forecastLimit({ ...question, kind: "DAILY", limit: 800, daily: noisy(by) });
    const days = (by: number) => {
      const told = at(by);
      expect(told?.earliestAtMs ?? 0).toBeLessThanOrEqual(told?.expectedAtMs ?? 0);
      expect(told?.latestAtMs ?? Infinity).toBeGreaterThanOrEqual(told?.expectedAtMs ?? 0);
      return ((told?.latestAtMs ?? 0) - (told?.earliestAtMs ?? 0)) / DAY_MS;
    };
    expect(days(40)).toBeGreaterThan(days(5));
  });

  it("says nothing with less than three days, and nothing beyond its horizon", () => {
    expect(forecastLimit({ ...question, kind: "DAILY", limit: 1, daily: [0, 0] })).toBeNull();
    const flat = forecastLimit({
      ...question,
      kind: "LEVEL",
      limit: 101,
      daily: Array.from({ length: 28 }, () => 100),
    });
    expect(flat).toMatchObject({ expectedAtMs: null, earliestAtMs: null, latestAtMs: null });
    expect(HORIZON_DAYS).toBe(365);
  });
});

describe("scaling", () => {
  /** Erlang C as it is defined, by factorials. */
  const defined = (servers: number, load: number): number => {
    let [term, sum] = [1, 1];
    for (let n = 1; n < servers; n += 1) {
      term *= load / n;
      sum += term;
    }
    const last = ((term * load) / servers) * (servers / (servers - load));
    return last / (sum + last);
  };
  const capacity = { concurrentQueries: 8, queryMemoryBytes: GIB, workerWeight: 1 };

  it("the share that waits is Erlang's C, and falls with every slot", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (servers, busy) => {
          expect(erlangC(servers, servers * busy)).toBeCloseTo(defined(servers, servers * busy), 9);
          expect(erlangC(servers + 1, servers * busy)).toBeLessThan(erlangC(servers, servers * busy));
        },
      ),
    );
    expect([erlangC(4, 0), erlangC(4, 4), erlangC(4, 9)]).toEqual([0, 1, 1]);
  });

  it("predicts what a change costs a month and what it does", () => {
    const after = { concurrentQueries: 16, queryMemoryBytes: 2 * GIB, workerWeight: 3 };
    const prediction = predictScale(capacity, after, 6);
    expect(prediction).toMatchObject({ monthlyCostChange: 8 * 20 + 15 + 2 * 50, peakLoad: 6, jobTurns: 3 });
    expect(prediction.waitShareAfter).toBeLessThan(prediction.waitShareBefore);
    expect(predictScale(after, capacity, 6).monthlyCostChange).toBe(-275);
  });

  it.each([
    ["FREE", 1, "OPERATOR"],
    ["TEAM", 1, "SECOND_PERSON"],
    ["BUSINESS", 1, "SECOND_PERSON"],
    ["ENTERPRISE", 100, "NONE"],
    ["ENTERPRISE", 100.01, "SECOND_PERSON"],
    ["FREE", 0, "NONE"],
    ["TEAM", -5, "NONE"],
  ] as const)("%s, %s a month more: approval by %s", (tier, monthlyCostChange, approval) => {
    expect(approvalFor(tier, { ...predictScale(capacity, capacity, 0), monthlyCostChange })).toBe(approval);
  });

  it.each([
    {},
    { concurrentQueries: 0 },
    { concurrentQueries: 513 },
    { workerWeight: 101 },
    { queryMemoryBytes: "1.5" },
  ])("a request for %j is refused", (asked) => {
    expect(() => askedCapacity(capacity, asked)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  });
});

describe("the health of a tenant", () => {
  const facts = { executions: 2_800, failed: 0, operations: 12, subjects: 3, passedLimits: 0 };
  const steady = Array.from({ length: 28 }, () => 100);

  it("is 100 for one that lacks nothing, whose churn is low and without reasons", () => {
    expect(healthOf({ ...facts, daily: steady })).toMatchObject({ health: 100, churn: 0.018, churnReasons: [] });
  });

  it("is told with its reasons, the heaviest first", () => {
    const daily = steady.map((count, index) => (index < 14 ? count : index < 20 ? 20 : 0));
    const fading = healthOf({ ...facts, executions: 1_520, failed: 100, operations: 4, passedLimits: 1, daily });
    expect(fading.churnReasons.map(({ reason }) => reason)).toEqual([
      "DECLINING",
      "SILENT",
      "FAILING",
      "BLOCKED",
      "NARROW",
    ]);
    expect(fading.churn).toBeGreaterThan(0.9);
    expect(fading.health).toBeLessThan(60);
  });

  it("a tenant that was never used scores for nothing but the absence of failures", () => {
    const never = healthOf({ ...facts, executions: 0, operations: 0, daily: steady.map(() => 0) });
    expect(never).toMatchObject({ health: 25, activeDays: 0, daysSinceLastUse: 28, churn: 0.7311 });
  });

  it("stays in its bounds whatever happened", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1_000), { minLength: 28, maxLength: 28 }),
        fc.nat(100),
        fc.nat(30),
        (daily, failed, operations) => {
          const executions = daily.reduce((sum, count) => sum + count, 0);
          const { health, churn } = healthOf({
            ...facts,
            daily,
            executions,
            failed: Math.min(failed, executions),
            operations,
          });
          expect(health >= 0 && health <= 100 && churn >= 0 && churn <= 1).toBe(true);
        },
      ),
    );
  });
});

describe("settings", () => {
  it.each<[string, unknown]>([
    ["timeZone", "Mars/Olympus"],
    ["weekStartsOn", "FRIDAY"],
    ["eventRetentionDays", 0],
    ["eventRetentionDays", "30"],
    ["warnOnLimits", "yes"],
    ["nothing", 1],
    ["__proto__", 1],
  ])("%s = %j is refused", (key, value) => {
    expect(() => checkedSetting({ key, value }, "s")).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  });

  it("what nobody set, and what no longer fits, has its initial value", () => {
    const all = allSettings(
      new Map<string, unknown>([
        ["timeZone", "Europe/Berlin"],
        ["eventRetentionDays", "broken"],
      ]),
    );
    const of = (key: string) => all.find((setting) => setting.key === key);
    expect(of("timeZone")).toMatchObject({ value: "Europe/Berlin", initial: false });
    expect(of("eventRetentionDays")).toMatchObject({ value: 730, initial: true });
    for (const { key, value } of all) expect(checkedSetting({ key, value }, "s")).toEqual({ key, value });
  });
});
