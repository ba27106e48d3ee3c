import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { apportion, drawCredits, invoiceOf, type BilledUsage, type Credit } from "./invoice.ts";
import { amount, Decimal, moneyText, roundMoney, sum, ZERO, type Amount } from "./money.ts";
import {
  BILLED_METRICS,
  checkedPlan,
  type BilledMetric,
  type Plan,
  type PlanPart,
  type PriceStep,
  type UsagePrice,
} from "./plan.ts";
import { priceOf } from "./price.ts";

const MONTH_END = Date.parse("2026-12-01T00:00:00Z");

const price = fc.integer({ min: 0, max: 99_999 }).map((n) => (n / 1_000).toFixed(3));
const steps = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { maxLength: 4 }),
    fc.array(price, { minLength: 10, maxLength: 10 }),
  )
  .map(([bounds, prices]): readonly PriceStep[] =>
    [...bounds.toSorted((a, b) => a - b).map(String), null].map((upTo, index) => ({
      ...{ upTo, unitPrice: prices[index] ?? "1", flatFee: prices[index + 5] ?? "0" },
    })),
  );
const usagePrice = fc.oneof(
  price.map((unitPrice): UsagePrice => ({ model: "FLAT", unitPrice })),
  steps.map((each): UsagePrice => ({ model: "GRADUATED", steps: each })),
  steps.map((each): UsagePrice => ({ model: "VOLUME", steps: each })),
  fc
    .tuple(fc.integer({ min: 1, max: 50 }), price)
    .map(([size, packagePrice]): UsagePrice => ({ model: "PACKAGE", packageSize: String(size), packagePrice })),
);
const part = fc.oneof(
  price.map((fee): PlanPart => ({ kind: "FIXED", name: "Base", fee })),
  fc.tuple(price, fc.nat(20)).map(([fee, n]): PlanPart => ({ kind: "PER_USER", name: "Seats", fee, includedUsers: n })),
  fc
    .tuple(fc.constantFrom(...BILLED_METRICS), fc.nat(300), usagePrice)
    .map(([metric, n, each]): PlanPart => ({ kind: "USAGE", name: metric, metric, included: String(n), price: each })),
);
const plan = fc.record({
  name: fc.constant("Plan"),
  currency: fc.constantFrom("EUR", "JPY", "KWD"),
  parts: fc.array(part, { minLength: 1, maxLength: 8 }),
  commitment: fc.option(price),
});
/** A quantity of each metric. */
const quantitiesOf = (of: (metric: BilledMetric) => Amount): BilledUsage["quantities"] => ({
  ...{ EVENTS: of("EVENTS"), QUERIES: of("QUERIES"), COST_POINTS: of("COST_POINTS"), ROWS_READ: of("ROWS_READ") },
  ...{ BYTES_READ: of("BYTES_READ"), STORE_MS: of("STORE_MS"), RESPONSE_BYTES: of("RESPONSE_BYTES") },
  ...{ EXPORT_BYTES: of("EXPORT_BYTES"), JOBS: of("JOBS"), PREDICTIONS: of("PREDICTIONS") },
  ...{ SUBSCRIPTION_MINUTES: of("SUBSCRIPTION_MINUTES"), STORAGE_GIB: of("STORAGE_GIB") },
});
const quantity = fc.integer({ min: 0, max: 500_000 }).map((n) => amount((n / 1_000).toFixed(3)));
const usage = fc
  .tuple(fc.nat(50), fc.array(quantity, { minLength: BILLED_METRICS.length, maxLength: BILLED_METRICS.length }))
  .map(([users, all]): BilledUsage => ({
    users,
    quantities: quantitiesOf((metric) => all[BILLED_METRICS.indexOf(metric)] ?? ZERO),
  }));
const credits = fc.array(
  fc.record({
    id: fc.uuid(),
    currency: fc.constantFrom("EUR", "JPY", "KWD"),
    balance: fc.integer({ min: 1, max: 9_999_999 }).map((n) => amount((n / 10_000).toFixed(4))),
    priority: fc.nat(3),
    expiresAtMs: fc.option(fc.integer({ min: MONTH_END - 100, max: MONTH_END + 100 })),
  }),
  { maxLength: 6 },
);

describe("an invoice", () => {
  it("is the sum of its lines, each in whole units of the currency", () => {
    fc.assert(
      fc.property(plan, usage, credits, (each, used, given) => {
        const invoice = invoiceOf(checkedPlan(each, "plan"), used, given, MONTH_END);
        expect(sum(invoice.lines.map((line) => line.amount)).equals(invoice.total)).toBe(true);
        for (const line of invoice.lines) expect(roundMoney(line.amount, each.currency).equals(line.amount)).toBe(true);
      }),
    );
  });

  it("is never negative, and no credit gives more than it holds, is drawn after it expired or in another currency", () => {
    fc.assert(
      fc.property(plan, usage, credits, (each, used, given) => {
        const invoice = invoiceOf(each, used, given, MONTH_END);
        expect(invoice.total.gte(0)).toBe(true);
        const before = new Map(given.map((credit) => [credit.id, credit.balance]));
        for (const credit of invoice.creditsLeft) {
          expect(credit.balance.gte(0)).toBe(true);
          const taken = (before.get(credit.id) ?? ZERO).minus(credit.balance);
          const usable =
            credit.currency === each.currency && (credit.expiresAtMs === null || credit.expiresAtMs > MONTH_END);
          expect(taken.gte(0) && (usable || taken.isZero())).toBe(true);
        }
        const spent = sum(given.map(({ balance }) => balance)).minus(
          sum(invoice.creditsLeft.map(({ balance }) => balance)),
        );
        expect(spent.equals(invoice.creditsApplied)).toBe(true);
      }),
    );
  });

  it("usage costs at least what was committed, and exactly that when it would have cost less", () => {
    fc.assert(
      fc.property(plan, usage, (each, used) => {
        const { lines } = invoiceOf(each, used, [], MONTH_END);
        const of = (kinds: readonly string[]) =>
          sum(lines.filter(({ kind }) => kinds.includes(kind)).map((line) => line.amount));
        const committed = roundMoney(amount(each.commitment ?? "0"), each.currency);
        expect(of(["USAGE", "COMMITMENT"]).equals(Decimal.max(of(["USAGE"]), committed))).toBe(true);
      }),
    );
  });

  it("a hybrid of every kind of part, by hand", () => {
    const each: Plan = {
      ...{ name: "Hybrid", currency: "EUR", commitment: "20" },
      parts: [
        { kind: "FIXED", name: "Base", fee: "99" },
        { kind: "PER_USER", name: "Seats", fee: "12.50", includedUsers: 3 },
        {
          ...{ kind: "USAGE", name: "Events", metric: "EVENTS", included: "1000" },
          price: {
            model: "GRADUATED",
            steps: [
              { upTo: "1000", unitPrice: "0.002", flatFee: "0" },
              { upTo: null, unitPrice: "0.001", flatFee: "1" },
            ],
          },
        },
        {
          ...{ kind: "USAGE", name: "Jobs", metric: "JOBS", included: "0" },
          price: { model: "PACKAGE", packageSize: "10", packagePrice: "5" },
        },
      ],
    };
    const amounts: Partial<Record<BilledMetric, number>> = { EVENTS: 3_500, JOBS: 11 };
    const used = { users: 5, quantities: quantitiesOf((metric) => amount(amounts[metric] ?? 0)) };
    const given: Credit[] = [{ id: "c", currency: "EUR", balance: amount("30.009"), priority: 0, expiresAtMs: null }];
    const invoice = invoiceOf(each, used, given, MONTH_END);
    const lines = invoice.lines.map(({ kind, amount: money }) => [kind, moneyText(money, "EUR")]);
    expect(lines).toEqual([
      ["FIXED", "99.00"],
      ["PER_USER", "25.00"],
      ["USAGE", "4.50"],
      ["USAGE", "10.00"],
      ["COMMITMENT", "5.50"],
      ["CREDIT", "-30.00"],
    ]);
    expect(moneyText(invoice.total, "EUR")).toBe("114.00");
  });
});

/** Every unit by itself, at the price of the step it lies in: what a graduated price is defined as. */
const unitByUnit = (each: readonly PriceStep[], count: number): Amount => {
  let total = ZERO;
  let reached = -1;
  for (let unit = 1; unit <= count; unit += 1) {
    const index = each.findIndex(({ upTo }) => upTo === null || unit <= Number(upTo));
    for (; reached < index; reached += 1) total = total.plus(each[reached + 1]?.flatFee ?? "0");
    total = total.plus(each[index]?.unitPrice ?? "0");
  }
  return total;
};

describe("a price", () => {
  it("graduated is the sum of the marginal prices of every single unit", () => {
    fc.assert(
      fc.property(steps, fc.nat(260), (each, count) => {
        expect(priceOf({ model: "GRADUATED", steps: each }, amount(count)).equals(unitByUnit(each, count))).toBe(true);
      }),
    );
  });

  it("volume is every unit at the price of the total's step; its bound belongs to the step", () => {
    const each = [
      { upTo: "10", unitPrice: "3", flatFee: "1" },
      { upTo: null, unitPrice: "2", flatFee: "0" },
    ];
    const of = (count: number) => priceOf({ model: "VOLUME", steps: each }, amount(count)).toString();
    expect([0, 1, 10, 11].map(of)).toEqual(["0", "4", "31", "22"]);
  });

  it("a package counts from its first unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(1_000), (size, count) => {
        const packages = priceOf({ model: "PACKAGE", packageSize: String(size), packagePrice: "7" }, amount(count));
        expect(packages.toNumber()).toBe(7 * Math.ceil(count / size));
      }),
    );
  });

  it("never falls when more is used, but for volume steps", () => {
    fc.assert(
      fc.property(usagePrice, quantity, quantity, (each, a, b) => {
        fc.pre(each.model !== "VOLUME");
        const [less, more] = [Decimal.min(a, b), Decimal.max(a, b)];
        expect(priceOf(each, more).gte(priceOf(each, less))).toBe(true);
      }),
    );
  });
});

describe("money", () => {
  it.each([
    ["0.125", "EUR", "0.12"],
    ["0.135", "EUR", "0.14"],
    ["0.5", "JPY", "0"],
    ["1.5", "JPY", "2"],
    ["0.0005", "KWD", "0.000"],
    ["0.0015", "KWD", "0.002"],
    ["12345678901234567890.125", "EUR", "12345678901234567890.12"],
  ])("%s %s is %s: half to even", (text, currency, written) => {
    expect(moneyText(amount(text), currency)).toBe(written);
  });

  it("credits are drawn by priority, then by what expires first", () => {
    const credit = (id: string, priority: number, expiresAtMs: number | null): Credit => ({
      ...{ id, currency: "EUR", balance: amount(10), priority, expiresAtMs },
    });
    const given = [
      credit("late", 1, null),
      credit("never", 0, null),
      credit("soon", 0, MONTH_END + 1),
      credit("gone", 0, MONTH_END),
    ];
    const { drawn } = drawCredits(given, "EUR", amount(25), MONTH_END);
    expect(drawn.map(({ credit: { id }, amount: taken }) => [id, taken.toNumber()])).toEqual([
      ["soon", 10],
      ["never", 10],
      ["late", 5],
    ]);
  });

  it("divided among shares it sums up exactly, and nobody is more than a unit from their part", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.array(quantity, { minLength: 1, maxLength: 12 }), (cents, weights) => {
        const total = amount(cents).dividedBy(100);
        const parts = apportion(total, weights, "EUR");
        expect(sum(parts).equals(total)).toBe(true);
        const whole = sum(weights);
        parts.forEach((one, index) => {
          const share = whole.isZero()
            ? amount(1).dividedBy(weights.length)
            : (weights[index] ?? ZERO).dividedBy(whole);
          expect(one.minus(total.times(share)).abs().lt("0.01")).toBe(true);
        });
      }),
    );
  });
});

describe("a plan that can't be billed by is refused", () => {
  const fixed: PlanPart = { kind: "FIXED", name: "Base", fee: "1" };
  const base: Plan = { name: "P", currency: "EUR", commitment: null, parts: [fixed] };
  const stepped = (each: readonly PriceStep[]): Plan => ({
    ...base,
    parts: [{ kind: "USAGE", name: "E", metric: "EVENTS", included: "0", price: { model: "VOLUME", steps: each } }],
  });
  it.each<[string, Plan]>([
    ["plan.currency", { ...base, currency: "eur" }],
    ["plan.parts", { ...base, parts: [] }],
    ["plan.commitment", { ...base, commitment: "-1" }],
    ["plan.parts.0.fee", { ...base, parts: [{ ...fixed, fee: "NaN" }] }],
    ["plan.parts.0.price.steps", stepped([])],
    ["plan.parts.0.price.steps.0.upTo", stepped([{ upTo: "1", unitPrice: "1", flatFee: "0" }])],
    [
      "plan.parts.0.price.steps.1.upTo",
      stepped([
        { upTo: "5", unitPrice: "1", flatFee: "0" },
        { upTo: "5", unitPrice: "1", flatFee: "0" },
        { upTo: null, unitPrice: "1", flatFee: "0" },
      ]),
    ],
  ])("for its %s", (field, wrong) => {
    expect(() => checkedPlan(wrong, "plan")).toThrow(expect.objectContaining({ code: "BAD_INPUT", extras: { field } }));
  });
});
