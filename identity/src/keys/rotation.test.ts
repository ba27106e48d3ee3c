import { describe, expect, it } from "@jest/globals";
import { planNextKey, PUBLISHED_BEFORE_MINUTES, signingOrder, SIGNS_FOR_DAYS } from "./rotation.ts";
import type { SigningKey } from "./signing-key-store.ts";

const DAY_MS = 86_400_000;
const NOW = 1_900_000_000_000;
const key = (kid: string, signsFromMs: number): SigningKey => ({
  kid,
  privateJwk: { kty: "EC", crv: "P-256", x: "x", y: "y", d: "d" },
  createdAtMs: signsFromMs,
  signsFromMs,
  publishedUntilMs: signsFromMs + 60 * DAY_MS,
});

describe("the rotation of signing keys", () => {
  it("an installation without a key gets one that signs at once", () => {
    expect(planNextKey([], NOW)?.signsFromMs).toBe(NOW);
  });

  it("a successor is made shortly before a key's time is over, once, and published before it signs", () => {
    const first = key("a", NOW);
    const end = NOW + SIGNS_FOR_DAYS * DAY_MS;
    const lead = PUBLISHED_BEFORE_MINUTES * 60_000;
    expect(planNextKey([first], end - lead - 1)).toBeNull();
    const plan = planNextKey([first], end - lead);
    expect(plan?.signsFromMs).toBe(end);
    expect(planNextKey([first, key("b", plan?.signsFromMs ?? 0)], end - lead + 1)).toBeNull();
  });

  it("however late the successor comes, every verifier has the time to learn of it", () => {
    const late = NOW + 100 * DAY_MS;
    expect(planNextKey([key("a", NOW)], late)?.signsFromMs).toBe(late + PUBLISHED_BEFORE_MINUTES * 60_000);
  });

  it("a key stays published longer than a day after its successor has begun to sign", () => {
    const plan = planNextKey([], NOW);
    expect((plan?.publishedUntilMs ?? 0) - (NOW + SIGNS_FOR_DAYS * DAY_MS)).toBeGreaterThan(DAY_MS);
  });

  it("the newest key that may sign comes first, one that waits last, the same on every replica", () => {
    const keys = [key("old", NOW - 2), key("next", NOW + 1), key("now", NOW), key("also-now", NOW)];
    const order = signingOrder(keys, NOW).map(({ kid }) => kid);
    expect(order).toEqual(["also-now", "now", "old", "next"]);
    expect(signingOrder(keys.toReversed(), NOW).map(({ kid }) => kid)).toEqual(order);
  });
});
