import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { z } from "zod";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import type { KeptExpectation, SaveExpectationInput } from "../domain/quality/kept-expectation.ts";
import { testedRange, type ExpectationVerdict } from "../domain/quality/verdict.ts";
import { createExpectationOperations } from "../operations/quality/expectation-operations.ts";
import { testExpectation } from "../operations/quality/test-expectation.ts";
import { createDefinitionUserStore } from "../store/semantic/definition-users.ts";
import { createExpectationStore } from "../store/quality/expectation-store.ts";
import { createQualityStore } from "../store/quality/quality-store.ts";
import { createVerdictStore } from "../store/quality/verdict-store.ts";
import { testDueExpectations } from "./test-expectations.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(180_000);

const [MINUTE_MS, HOUR_MS, KEPT] = [60_000, 3_600_000, 5];
// Long before any other test: nothing that others keep is due then.
const clock = { nowMs: Date.parse("2024-06-03T10:20:00Z") };
const nowMs = (): number => clock.nowMs;

let world: TestResources;
let verdicts: ReturnType<typeof createVerdictStore>;
let operations: ReturnType<typeof createExpectationOperations>;
const deps = () => ({
  ...{ ...world.resources, verdicts, nowMs, newId: randomUUID },
  testExpectation: testExpectation({ quality: createQualityStore(world.resources.eventStore) }),
});
beforeAll(() => {
  world = openTestResources();
  verdicts = createVerdictStore({ ...world.resources, nowMs, kept: KEPT });
  const expectations = createExpectationStore({ ...world.resources, nowMs });
  const users = createDefinitionUserStore(world.resources);
  operations = createExpectationOperations({ expectations, verdicts, users, nowMs, newId: randomUUID });
});
afterAll(() => world.close());

const newCaller = (): Caller => callerWith(freshTenantId(), ["analytics:read", "analytics:define"]);
const PRESENT: SaveExpectationInput = { event: "buy", expect: { name: "plan", present: { field: "properties.plan" } } };
const save = async (caller: Caller, input: SaveExpectationInput = PRESENT): Promise<KeptExpectation> => {
  const outcome = await operations.saveExpectation(caller, input);
  if (outcome.kind !== "SAVED") throw new Error(`It was not kept: ${outcome.kind}.`);
  return outcome.expectation;
};
const now = async (caller: Caller): Promise<readonly KeptExpectation[]> => operations.listExpectations(caller, null);
const verdictOf = async (caller: Caller): Promise<ExpectationVerdict | null> => (await now(caller))[0]?.verdict ?? null;
/** Tests until nothing is due. */
const testAll = async (of = deps()): Promise<void> => {
  for (let rounds = 0; rounds < 100; rounds += 1) if ((await testDueExpectations(of)()) === 0) return;
  throw new Error("There is always something due.");
};
const buy = (timeMs: number, plan?: string): TestEvent => ({
  ...{ id: randomUUID(), name: "buy", timeMs },
  properties: plan === undefined ? {} : { plan },
});

describe("kept expectations", () => {
  test("are tested at once and then every hour, of the span up to the last whole hour, as going through the events one by one has it", async () => {
    const minutes = fc.integer({ min: -200, max: 80 });
    const events = fc.array(
      fc.record({ minutes, plan: fc.constantFrom(undefined, "", "pro"), name: fc.constantFrom("buy", "buy", "view") }),
      { minLength: 5, maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(
        events,
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(0.3, 1),
        async (sent, hours, atLeast) => {
          const caller = newCaller();
          const startMs = clock.nowMs;
          const stored = sent.map((one) => ({ ...one, timeMs: startMs + one.minutes * MINUTE_MS }));
          await storeEvents(
            world.writer,
            caller.tenantId,
            stored.map(({ timeMs, plan, name }) => ({ ...buy(timeMs, plan), name })),
          );
          await save(caller, { ...PRESENT, span: `PT${hours}H`, expect: { ...PRESENT.expect, atLeast } });
          const told: unknown[] = [];
          const wanted: unknown[] = [];
          for (let look = 0; look < 2; look += 1) {
            clock.nowMs += look * HOUR_MS;
            await testAll();
            const range = testedRange(clock.nowMs, hours * HOUR_MS);
            const of = stored.filter(
              ({ timeMs, name }) => name === "buy" && timeMs >= range.fromMs && timeMs < range.toMs,
            );
            const passed = of.filter(({ plan }) => plan !== undefined).length;
            const verdict = of.length === 0 ? "UNTESTED" : passed >= atLeast * of.length ? "PASSING" : "FAILING";
            const counts = { tested: of.length, passed, atLeast, error: null };
            wanted.push({ verdict, version: 1, testedAtMs: clock.nowMs, range, ...counts });
            told.push(await verdictOf(caller));
          }
          expect(told).toEqual(wanted);
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
  });

  test("are tested once in an hour, and at once in another version, which has no verdict before", async () => {
    const caller = newCaller();
    const { id } = await save(caller);
    await testAll();
    const first = await verdictOf(caller);
    expect(first).toMatchObject({ verdict: "UNTESTED", version: 1 });
    clock.nowMs += 5 * MINUTE_MS;
    await testAll();
    expect(await verdictOf(caller)).toEqual(first);
    expect(await save(caller, { ...PRESENT, span: "PT1H" })).toMatchObject({ id, verdict: null });
    await testAll();
    expect(await verdictOf(caller)).toMatchObject({ version: 2, testedAtMs: clock.nowMs });
    const [kept] = await now(caller);
    if (kept === undefined) throw new Error("It is gone.");
    const told = await operations.expectationVerdicts(caller, kept, 10);
    expect(told.map(({ version }) => version)).toEqual([2, 1]);
  });

  test("keep as many verdicts as there is room for, the newest", async () => {
    const caller = newCaller();
    const kept = await save(caller);
    for (let hour = 0; hour < KEPT + 3; hour += 1) {
      await testAll();
      clock.nowMs += HOUR_MS;
    }
    const told = await operations.expectationVerdicts(caller, kept, 100);
    const wanted = Array.from({ length: KEPT }, (_, place) => clock.nowMs - (place + 1) * HOUR_MS);
    expect(told.map(({ testedAtMs }) => testedAtMs)).toEqual(wanted);
  });

  test("are tested one at a time for a tenant: who keeps many holds up nobody", async () => {
    await testAll();
    const [many, few] = [newCaller(), newCaller()];
    for (let at = 0; at < 6; at += 1) await save(many, { ...PRESENT, expect: { ...PRESENT.expect, name: `${at}` } });
    clock.nowMs += 1;
    await save(few);
    const claimed = await verdicts.claimDueAcrossTenants(300, 2);
    expect(claimed.map(({ expectation }) => expectation.tenantId).toSorted()).toEqual(
      [many.tenantId, few.tenantId].toSorted(),
    );
    expect(await verdicts.claimDueAcrossTenants(300, 2)).toEqual([]);
    // Whoever had begun is gone: another begins once the leases are over.
    clock.nowMs += 301_000;
    await testAll();
    const told = [...(await now(many)), ...(await now(few))].map(({ verdict }) => verdict?.verdict);
    expect(told).toEqual(told.map(() => "UNTESTED"));
  });

  test("have no verdict of a run that lost its lease to a later one", async () => {
    const caller = newCaller();
    await save(caller);
    const claimed = async () =>
      (await verdicts.claimDueAcrossTenants(300, 100)).find(
        ({ expectation }) => expectation.tenantId === caller.tenantId,
      );
    const late = await claimed();
    clock.nowMs += 301_000;
    const next = await claimed();
    if (late === undefined || next === undefined) throw new Error("Nothing was due.");
    const outcomes: boolean[] = [];
    for (const run of [late, next]) {
      const claimDueAcrossTenants = () => Promise.resolve([run]);
      const finish: typeof verdicts.finish = async (...end) => {
        const counts = await verdicts.finish(...end);
        outcomes.push(counts);
        return counts;
      };
      await testDueExpectations({ ...deps(), verdicts: { ...verdicts, claimDueAcrossTenants, finish } })();
    }
    expect([outcomes, (await now(caller)).length]).toEqual([[false, true], 1]);
  });

  test("that can't be tested say why, are tested again an hour later, and stand in the record of who keeps them", async () => {
    const caller = newCaller();
    const { id } = await save(caller);
    const costly = () => Promise.reject(refuse("QUERY_TOO_COSTLY", "There are too many events."));
    await testAll({ ...deps(), testExpectation: costly });
    expect(await verdictOf(caller)).toMatchObject({
      ...{ verdict: "ERROR", tested: null, passed: null },
      error: { code: "QUERY_TOO_COSTLY", detail: "There are too many events." },
    });
    clock.nowMs += HOUR_MS;
    await testAll({ ...deps(), testExpectation: () => Promise.reject(new Error("A secret.")) });
    expect((await verdictOf(caller))?.error).toEqual({
      ...{ code: "INTERNAL", detail: "Something went wrong on our side." },
    });
    clock.nowMs += HOUR_MS;
    await testAll();
    expect(await verdictOf(caller)).toMatchObject({ verdict: "UNTESTED", error: null });
    const entry = z.object({ payload: z.object({ objects: z.array(z.string()), code: z.string().nullable() }) });
    const text =
      "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = 'execution.recorded' ORDER BY transaction_id, sequence";
    const { rows } = await world.owner.query(text, [caller.tenantId satisfies TenantId]);
    expect(rows.map((row) => entry.parse(row).payload)).toEqual([
      { objects: [id], code: "QUERY_TOO_COSTLY" },
      { objects: [id], code: "INTERNAL" },
      { objects: [id], code: null },
    ]);
  });
});
