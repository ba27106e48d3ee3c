import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { parseList } from "structured-headers";
import { rateHeadersOf } from "./rate-headers.ts";

const quota = fc.record({
  policy: fc.constantFrom("tenant-cost", "key-requests", "address", "cost"),
  limit: fc.nat({ max: 999_999_999_999 }),
  windowSeconds: fc.integer({ min: 1, max: 86_400 }),
  unit: fc.constantFrom("cost" as const, "requests" as const),
});
const state = fc.record({
  remaining: fc.nat({ max: 999_999_999_999 }),
  resetMs: fc.nat({ max: 86_400_000 }),
  fitsInMs: fc.constant(0),
});

const parsed = (field: string | undefined): [string, Record<string, unknown>][] =>
  parseList(field ?? "").map(([item, parameters]): [string, Record<string, unknown>] => [
    String(item),
    Object.fromEntries<unknown>(parameters),
  ]);

describe("the RateLimit fields", () => {
  it("are Lists of Strings with parameters (RFC 9651) that say each quota, what is left, and when some of it comes back", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ quota, state }), { minLength: 1, maxLength: 9 }), (all) => {
        const headers = rateHeadersOf(all);
        expect(parsed(headers["ratelimit-policy"])).toEqual(
          all.map(({ quota: { policy, limit, windowSeconds, unit } }) => [
            policy,
            { q: limit, w: windowSeconds, qu: unit === "cost" ? "points" : "requests" },
          ]),
        );
        expect(parsed(headers["ratelimit"])).toEqual(
          all.map(({ quota: { policy }, state: { remaining, resetMs } }) => [
            policy,
            { r: remaining, ...(resetMs > 0 ? { t: Math.ceil(resetMs / 1_000) } : {}) },
          ]),
        );
      }),
    );
  });

  it("are left out where there are no quotas: an empty List has no field", () => {
    expect(rateHeadersOf([])).toEqual({});
  });
});
