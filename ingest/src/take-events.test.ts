import { describe, expect, it } from "@jest/globals";
import { randomUUID } from "node:crypto";
import type { IngestOutcome } from "@tessera/contracts/ingest";
import { parseEventId, parseTenantId, type EventId, type TenantId } from "@tessera/contracts/ids";
import fc from "fast-check";
import { createBatcher } from "./batch/batcher.ts";
import { createClaims } from "./dedupe/claims.ts";
import { createIdFilter, hashCanonicalId, hashText } from "./dedupe/id-filter.ts";
import type { KnownIds } from "./dedupe/known-ids.ts";
import { idsOfBlock } from "./store/block-ids.ts";
import { checkEvents, storeNew, type TakeDeps } from "./take-events.ts";

const must = <T>(value: T | null): T => {
  if (value === null) throw new Error("not a UUID");
  return value;
};
const tenants = [must(parseTenantId(randomUUID())), must(parseTenantId(randomUUID()))] as const;
const ids: readonly EventId[] = Array.from({ length: 12 }, () => must(parseEventId(randomUUID())));

/** A store in memory: it holds what was inserted, fails some inserts for good, and answers lookups after a while. */
const memoryStore = (failing: (insert: number) => boolean) => {
  const held = new Map<TenantId, string[]>();
  const filter = createIdFilter(1_000, 1);
  let inserts = 0;
  const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const known: KnownIds = {
    find: async (tenantId, asked) => {
      const unsure = asked.filter((id) => filter.mayContain(hashCanonicalId(hashText(tenantId), id)));
      await tick();
      return new Set(unsure.filter((id) => held.get(tenantId)?.includes(id) === true));
    },
    note: (tenantId, noted) => {
      for (const id of noted) filter.add(hashCanonicalId(hashText(tenantId), id));
    },
    rebuild: () => undefined,
    complete: true,
    filterBytes: 0,
    stop: () => undefined,
  };
  const batcher = createBatcher({
    nowMs: () => Date.now(),
    newId: randomUUID,
    store: async (intent) => {
      inserts += 1;
      const fails = failing(inserts);
      await tick();
      if (fails) throw new Error("the store is gone");
      for (const [tenantId, stored] of idsOfBlock(intent.block))
        held.set(tenantId, [...(held.get(tenantId) ?? []), ...stored]);
      return new Set();
    },
  });
  const deps: TakeDeps = { batcher, claims: createClaims(), known };
  return { deps, held };
};

const requests = fc.array(
  fc.record({
    tenant: fc.constantFrom(...tenants),
    events: fc.array(
      fc.oneof({ weight: 8, arbitrary: fc.nat({ max: ids.length - 1 }) }, { weight: 1, arbitrary: fc.constant(-1) }),
      { minLength: 1, maxLength: 8 },
    ),
  }),
  { minLength: 1, maxLength: 8 },
);

/** Raw events of a request: -1 is an event that is not valid. */
const rawOf = (events: readonly number[]) =>
  events.map((index) => (index === -1 ? { name: "" } : { id: ids[index], name: "n" }));

describe("deduplication of concurrent requests", () => {
  it("whatever is sent at once: each id of a tenant is stored once, accepted once, and every other one is a duplicate", async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (sent) => {
        const { deps, held } = memoryStore(() => false);
        const answers = await Promise.all(
          sent.map(({ tenant, events }) =>
            storeNew(deps, tenant, checkEvents(rawOf(events), { nowMs: Date.now(), newId: randomUUID })),
          ),
        );
        for (const tenant of tenants) {
          // The reference: the set of ids that were sent, each accepted once, all others of them duplicates.
          const wanted = sent
            .filter((request) => request.tenant === tenant)
            .flatMap(({ events }) => events.filter((index) => index >= 0));
          const outcomes = answers.flatMap((answer, index) => (sent[index]?.tenant === tenant ? answer : []));
          const of = (kind: IngestOutcome["kind"]) => outcomes.filter((outcome) => outcome.kind === kind);
          expect((held.get(tenant) ?? []).toSorted()).toEqual(
            [...new Set(wanted.map((index) => String(ids[index])))].toSorted(),
          );
          expect(of("ACCEPTED")).toHaveLength(new Set(wanted).size);
          expect(of("DUPLICATE")).toHaveLength(wanted.length - new Set(wanted).size);
        }
        for (const [index, answer] of answers.entries()) {
          expect(answer.map((outcome) => outcome.index)).toEqual(sent[index]?.events.map((_, place) => place));
          expect(answer.map((outcome) => outcome.kind === "REJECTED")).toEqual(
            sent[index]?.events.map((event) => event === -1),
          );
        }
        expect(deps.claims.size).toBe(0);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  }, 60_000);

  it("an insert that fails fails its requests, and their ids can be stored afterwards, once", async () => {
    await fc.assert(
      fc.asyncProperty(requests, fc.nat({ max: 2 }), async (sent, failures) => {
        const { deps, held } = memoryStore((insert) => insert <= failures);
        const attempt = (request: (typeof sent)[number]): Promise<readonly IngestOutcome[]> =>
          storeNew(deps, request.tenant, checkEvents(rawOf(request.events), { nowMs: Date.now(), newId: randomUUID }));
        const untilAnswered = async (request: (typeof sent)[number]): Promise<readonly IngestOutcome[]> => {
          for (let tries = 0; ; tries += 1) {
            try {
              return await attempt(request);
            } catch (error) {
              if (tries > 20) throw error;
            }
          }
        };
        await Promise.all(sent.map(untilAnswered));
        for (const tenant of tenants) {
          const wanted = new Set(
            sent
              .filter((request) => request.tenant === tenant)
              .flatMap(({ events }) => events.filter((index) => index >= 0)),
          );
          expect((held.get(tenant) ?? []).toSorted()).toEqual(
            [...wanted].map((index) => String(ids[index])).toSorted(),
          );
        }
        expect(deps.claims.size).toBe(0);
      }),
      { numRuns: 40, endOnFailure: true },
    );
  }, 60_000);
});
