import { describe, expect, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { eventsOnly, provenanceOf, type Provenance } from "../../domain/provenance.ts";
import type { Sampling } from "../../domain/sampling.ts";
import { createAnswers } from "./answers.ts";
import { freshEnough, type Ask } from "./fresh-enough.ts";

const RANGE = { fromMs: 0, toMs: 1 };
const COST = { rowsRead: 7, bytesRead: 70, elapsedMs: 1 };
const SAMPLING: Sampling = {
  ...{ reason: "OVER_BUDGET", fraction: 0.5, sampledPersons: 200, confidence: 0.95 },
  ...{ exactRows: 10, rowsLeft: 5, quota: "tenant-cost" },
};

interface Told {
  readonly number: number;
  readonly parts: readonly { readonly provenance: Provenance }[];
  readonly provenance: Provenance;
}

/** A question whose answers are numbered; each asking ends when told, by the numbers of those that may. */
const numbered = (sampling: Sampling | null = null) => {
  const clock = { ms: Date.UTC(2026, 10, 20) };
  const asked: Caller[] = [];
  const errors = new Map<number, Error>();
  const ask: Ask<object, Told> = async (caller) => {
    const number = asked.push(caller);
    await new Promise((resolve) => setTimeout(resolve, 1));
    const error = errors.get(number);
    if (error !== undefined) throw error;
    const provenance = provenanceOf(eventsOnly(RANGE), [COST], clock.ms, "UTC", null, sampling);
    return { number, parts: [{ provenance }], provenance };
  };
  const share = freshEnough({ answers: createAnswers(() => clock.ms), nowMs: () => clock.ms });
  return { clock, asked, errors, ask: share({ name: "numbered", ask, versionsOf: () => Promise.resolve([]) }) };
};
const CALLER = callerWith(freshTenantId(), ["analytics:read"]);

describe("answers that are fresh enough", () => {
  test("are given again, and say how old they are and that nothing was read, in every part", async () => {
    const { clock, asked, ask } = numbered();
    const first = await ask(CALLER, {}, undefined, "PT1M");
    clock.ms += 59_500;
    const second = await ask(CALLER, {}, undefined, "PT1M");
    expect([first.number, second.number, asked.length]).toEqual([1, 1, 1]);
    expect(first.provenance).toMatchObject({ cache: "MISS", freshness: "PT0S", ...COST });
    const hit = { cache: "HIT", freshness: "PT59.5S", asOf: first.provenance.asOf, rowsRead: 0, bytesRead: 0 };
    expect([second.provenance, second.parts[0]?.provenance]).toEqual([
      expect.objectContaining(hit),
      expect.objectContaining(hit),
    ]);
    clock.ms += 1_000;
    expect((await ask(CALLER, {}, undefined, "PT1M")).number).toBe(2);
  });

  test("who takes none of an age has the store read, and nothing is kept of it", async () => {
    const { asked, ask } = numbered();
    expect((await ask(CALLER, {})).provenance).toMatchObject({ cache: "NONE", freshness: "PT0S", ...COST });
    expect((await ask(CALLER, {}, undefined, "PT1H")).provenance.cache).toBe("MISS");
    expect((await ask(CALLER, {})).number).toBe(3);
    expect(asked).toHaveLength(3);
  });

  test("a hundred who ask the same at once are answered by two readings, of which none began before it was asked for", async () => {
    const { asked, ask } = numbered();
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(CALLER, {})));
    expect(asked).toHaveLength(2);
    expect(answers.map(({ number }) => number)).toEqual([1, ...Array.from({ length: 99 }, () => 2)]);
    expect(answers.slice(2).map(({ provenance }) => [provenance.cache, provenance.rowsRead])).toEqual(
      Array.from({ length: 98 }, () => ["SHARED", 0]),
    );
  });

  test("an estimate made within one caller's budget is given to nobody else, at the time or later", async () => {
    const { asked, ask } = numbered(SAMPLING);
    const together = await Promise.all([ask(CALLER, {}, undefined, "PT1M"), ask(CALLER, {}, undefined, "PT1M")]);
    expect(together.map(({ number }) => number)).toEqual([1, 2]);
    expect((await ask(CALLER, {}, undefined, "PT1M")).number).toBe(3);
    expect(asked).toHaveLength(3);
  });

  test("an estimate that was asked for is shared and kept as every other answer is", async () => {
    const { asked, ask } = numbered({ ...SAMPLING, reason: "ASKED", rowsLeft: null, quota: null });
    await Promise.all([ask(CALLER, {}, undefined, "PT1M"), ask(CALLER, {}, undefined, "PT1M")]);
    expect((await ask(CALLER, {}, undefined, "PT1M")).number).toBe(1);
    expect(asked).toHaveLength(1);
  });

  test("who shares does not hear a refusal that is about who asked first, but hears that time was up", async () => {
    const { errors, ask } = numbered();
    errors.set(1, refuse("QUERY_TOO_COSTLY", "Too much for the first."));
    const [first, second] = await Promise.allSettled([
      ask(CALLER, {}, undefined, "PT1M"),
      ask(CALLER, {}, undefined, "PT1M"),
    ]);
    expect([first, second]).toMatchObject([{ reason: { code: "QUERY_TOO_COSTLY" } }, { value: { number: 2 } }]);
    errors.set(3, refuse("QUERY_TIMEOUT", "It took too long."));
    const late = await Promise.allSettled([
      ask(CALLER, { b: 1 }, undefined, "PT1M"),
      ask(CALLER, { b: 1 }, undefined, "PT1M"),
    ]);
    expect(late).toMatchObject([{ reason: { code: "QUERY_TIMEOUT" } }, { reason: { code: "QUERY_TIMEOUT" } }]);
  });

  test("an answer that went wrong is not kept", async () => {
    const { errors, ask } = numbered();
    errors.set(1, new Error("The store is away."));
    await expect(ask(CALLER, {}, undefined, "PT1H")).rejects.toThrow("The store is away.");
    expect((await ask(CALLER, {}, undefined, "PT1H")).provenance.cache).toBe("MISS");
  });

  test.each(["P1D", "PT1H0.001S", "yesterday"])("refuses an age of %s", async (text) => {
    const error: unknown = await numbered()
      .ask(CALLER, {}, undefined, text)
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Refusal);
    expect(error).toMatchObject({ code: "BAD_INPUT", extras: { field: "maxStaleness" } });
  });
});
