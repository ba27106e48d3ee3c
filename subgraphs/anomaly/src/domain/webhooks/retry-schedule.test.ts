import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { afterAttempt, type AttemptResult } from "./after-attempt.ts";
import { BREAKER, DISABLE_AFTER_FAILURES, DISABLE_AFTER_MS, GOOD_HEALTH, type EndpointHealth } from "./breaker.ts";
import { MAX_ATTEMPTS, MAX_RETRY_AFTER_MS, nextAttemptMs, RETRY_JITTER, RETRY_SECONDS } from "./retry-schedule.ts";

const HOUR_MS = 3_600_000;
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("the schedule of attempts", () => {
  it("is the one of Standard Webhooks: ten attempts over three days", () => {
    const starts = [0];
    for (const seconds of RETRY_SECONDS) starts.push((starts.at(-1) ?? 0) + seconds);
    const told = ["0:00:00", "0:00:05", "0:05:05", "0:35:05", "2:35:05", "7:35:05", "17:35:05", "31:35:05", "51:35:05"];
    const text = (seconds: number) =>
      [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
        .map((part, place) => (place === 0 ? String(part) : String(part).padStart(2, "0")))
        .join(":");
    expect(starts.map(text)).toEqual([...told, "75:35:05"]);
    expect(MAX_ATTEMPTS).toBe(10);
  });

  it("a delivery nobody takes is tried at each time of the schedule, within its jitter, then given up: by a clock that is moved from one to the next", () => {
    const result: AttemptResult = { kind: "ANSWERED", status: 500, retryAfterMs: null };
    fc.assert(
      fc.property(fc.array(random, { minLength: MAX_ATTEMPTS, maxLength: MAX_ATTEMPTS }), (chances) => {
        let [nowMs, health]: [number, EndpointHealth] = [1_795_000_000_000, GOOD_HEALTH];
        const began = nowMs;
        for (const [place, chance] of chances.entries()) {
          const after = afterAttempt({ attempts: place + 1, result, health, nowMs, random: chance });
          health = after.health;
          const seconds = RETRY_SECONDS[place];
          if (seconds === undefined) {
            expect(after.delivery).toEqual({ kind: "DEAD", reason: "ATTEMPTS_USED_UP" });
            continue;
          }
          if (after.delivery.kind !== "RETRY") throw new Error("It was given up too early.");
          const waited = after.delivery.dueAtMs - nowMs;
          expect(waited).toBeGreaterThanOrEqual(Math.floor(seconds * 1_000 * (1 - RETRY_JITTER)));
          expect(waited).toBeLessThanOrEqual(Math.ceil(seconds * 1_000 * (1 + RETRY_JITTER)));
          nowMs = after.delivery.dueAtMs;
        }
        expect(nowMs - began).toBeGreaterThanOrEqual(75 * 0.9 * HOUR_MS);
        expect(nowMs - began).toBeLessThanOrEqual(76 * 1.1 * HOUR_MS);
      }),
      { endOnFailure: true },
    );
  });

  it("waits for as long as a receiver asks, a day at most, and never less than the schedule", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.nat(10 * MAX_RETRY_AFTER_MS),
        random,
        (attempts, asked, chance) => {
          const plain = nextAttemptMs({ attempts, retryAfterMs: null, random: chance }) ?? 0;
          const waited = nextAttemptMs({ attempts, retryAfterMs: asked, random: chance });
          expect(waited).toBe(Math.max(plain, Math.min(asked, MAX_RETRY_AFTER_MS)));
        },
      ),
    );
  });
});

describe("an answer", () => {
  const at = (status: number | null, more: { health?: EndpointHealth; nowMs?: number; retryAfterMs?: number } = {}) =>
    afterAttempt({
      ...{ attempts: 1, health: more.health ?? GOOD_HEALTH, nowMs: more.nowMs ?? 0, random: 0.5 },
      result:
        status === null
          ? { kind: "UNANSWERED" }
          : { kind: "ANSWERED", status, retryAfterMs: more.retryAfterMs ?? null },
    });

  it.each([200, 201, 204, 299])("of %d is success, and forgets every failure", (status) => {
    const health = { failuresInRow: 7, failingSinceMs: 1, blockedUntilMs: 9 };
    expect(at(status, { health })).toEqual({ delivery: { kind: "DELIVERED" }, health: GOOD_HEALTH, disabled: null });
  });

  it.each([100, 301, 307, 400, 401, 404, 429, 500, 503, null])("of %p is a failure that is tried again", (status) => {
    expect(at(status).delivery).toEqual({ kind: "RETRY", dueAtMs: 5_000 });
    expect(at(status).disabled).toBeNull();
  });

  it("of 410 disables the endpoint at once, and the delivery is given up", () => {
    expect(at(410)).toMatchObject({ delivery: { kind: "DEAD", reason: "GONE" }, disabled: "GONE" });
  });

  it("that is none for five days disables the endpoint; one success in between begins the count anew", () => {
    const failing = { failuresInRow: DISABLE_AFTER_FAILURES - 1, failingSinceMs: 1_000, blockedUntilMs: null };
    expect(at(500, { health: failing, nowMs: 1_000 + DISABLE_AFTER_MS - 1 }).disabled).toBeNull();
    expect(at(500, { health: failing, nowMs: 1_000 + DISABLE_AFTER_MS }).disabled).toBe("ONLY_FAILURES");
    const healed = at(200, { health: failing, nowMs: 2_000 }).health;
    expect(at(500, { health: healed, nowMs: 1_000 + DISABLE_AFTER_MS }).disabled).toBeNull();
  });
  it("that is none before and after a clock jumped disables nobody: it takes ten failures besides", () => {
    const failing = { failuresInRow: DISABLE_AFTER_FAILURES - 2, failingSinceMs: 1_000, blockedUntilMs: null };
    expect(at(500, { health: failing, nowMs: 1_000 + 400 * DISABLE_AFTER_MS }).disabled).toBeNull();
  });
});

describe("the breaker of an endpoint", () => {
  const afterFailures = (failures: number): EndpointHealth => {
    let health = GOOD_HEALTH;
    for (let done = 0; done < failures; done += 1)
      ({ health } = afterAttempt({ attempts: 1, result: { kind: "UNANSWERED" }, health, nowMs: 0, random: 0 }));
    return health;
  };

  it.each([
    [BREAKER.failures - 1, null],
    [BREAKER.failures, 30_000],
    [BREAKER.failures + 1, 60_000],
    [BREAKER.failures + 4, 480_000],
    [BREAKER.failures + 5, BREAKER.mostMs],
    [BREAKER.failures + 2_000, BREAKER.mostMs],
  ])("after %d failures in a row sends nothing for %p ms", (failures, waitMs) => {
    expect(afterFailures(failures)).toEqual({ failuresInRow: failures, failingSinceMs: 0, blockedUntilMs: waitMs });
  });

  it("waits for who asks to be waited for, after the first failure too", () => {
    const result = { kind: "ANSWERED", status: 429, retryAfterMs: 60_000 } as const;
    const { health } = afterAttempt({ attempts: 1, result, health: GOOD_HEALTH, nowMs: 5, random: 0 });
    expect(health.blockedUntilMs).toBe(60_005);
  });
});
