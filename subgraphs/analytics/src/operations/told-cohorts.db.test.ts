import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { eventOf, managerOf, openCohortRoom, type CohortRoom } from "../../testing/cohort-room.ts";
import { storeEvents } from "../../testing/test-events.ts";
import type { Cohort } from "../domain/cohort.ts";
import type { CohortDefinitionInput } from "../domain/cohort-input.ts";
import type { CohortUse } from "../domain/uses.ts";

jest.setTimeout(180_000);
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2018, 4, 10);
const POLICY: DataPolicy = {
  ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, masks: {} },
  ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
};

let room: CohortRoom;
beforeAll(() => {
  room = openCohortRoom(START_MS);
});
afterAll(() => room.close());

const did = (...events: readonly string[]): CohortDefinitionInput => ({ did: { event: { events } } });
const isoOf = (ms: number): string => new Date(ms).toISOString();
const RANGE = { from: isoOf(START_MS - 5 * DAY_MS), to: isoOf(START_MS) };

/** A cohort by its last computation: other tests, whose clock is ahead of this one's, may make it. */
const computed = async (caller: Caller, { id, version }: Cohort): Promise<Cohort> => {
  for (let looks = 0; looks < 200; looks += 1) {
    await room.computeAll();
    const [now] = await room.operations.findCohorts(caller, [id]);
    if (now?.computation.version === version) {
      room.clock.nowMs = Math.max(room.clock.nowMs, now.computation.asOfMs ?? 0) + 1;
      return now;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("Nobody has computed the cohort.");
};
const redefined = async (caller: Caller, { id }: Cohort, definition: CohortDefinitionInput): Promise<Cohort> => {
  const outcome = await room.operations.updateCohort(caller, id, { definition });
  if (outcome.kind !== "SAVED") throw new Error(`The cohort was not kept: ${outcome.kind}.`);
  return outcome.cohort;
};
const recorded = ({ id, name, computation }: Cohort): CohortUse => ({
  ...{ id, name, version: computation.version ?? 0, asOf: isoOf(computation.asOfMs ?? 0) },
  ...{ basis: "RECORDED", named: true },
});

const stickinessOf = async (caller: Caller, asked: object) => {
  const { provenance, units } = await room.operations.stickiness(caller, { range: RANGE, event: {}, ...asked });
  // The stores of this room look at no plans.
  expect(provenance.projections).toBeNull();
  return { cohorts: provenance.cohorts, people: units.reduce((sum, one) => sum + one, 0) };
};
const held = (cohort: Cohort, asOf?: string) => ({
  event: { filter: { inCohort: { cohort: cohort.id, ...(asOf === undefined ? {} : { asOf }) } } },
});

describe("provenance tells of each cohort that a question names the version and the moment whose people counted", () => {
  test("as it was recorded, with the versions of the cohorts that it was made of then, whatever has become of them", async () => {
    const caller = managerOf(freshTenantId());
    await storeEvents(room.world.writer, caller.tenantId, [
      ...["ada", "bob"].map((who) => eventOf(who, "buy", START_MS - DAY_MS)),
      eventOf("eve", "view", START_MS - DAY_MS),
    ]);
    const buyers = await room.created(caller, "buyers", did("buy"));
    const both = await room.created(caller, "both", { union: [{ cohort: buyers.id }, did("none")] });
    const outer = await room.created(caller, "outer", { intersect: [{ cohort: both.id }, { cohort: buyers.id }] });
    const [inner, first] = [await computed(caller, both), await computed(caller, outer)];
    const part = (of: Cohort): CohortUse => ({ ...recorded(first), ...{ id: of.id, name: of.name }, named: false });
    const then = [recorded(first), part(buyers), part(inner)];
    const byId = ({ cohorts }: { readonly cohorts: readonly CohortUse[] }) =>
      cohorts.toSorted((a, b) => Number(b.named) - Number(a.named) || (a.name < b.name ? 1 : -1));
    const sorted = byId({ cohorts: then });
    const now = await stickinessOf(caller, held(outer));
    expect({ people: now.people, cohorts: byId(now) }).toEqual({ people: 2, cohorts: sorted });
    await redefined(caller, buyers, did("view"));
    expect(byId(await stickinessOf(caller, held(outer)))).toEqual(sorted);
    await redefined(caller, outer, did("view"));
    const second = await computed(caller, { ...outer, version: 2 });
    expect(await stickinessOf(caller, held(outer))).toEqual({ people: 1, cohorts: [recorded(second)] });
    const asOfFirst = await stickinessOf(caller, held(outer, isoOf(first.computation.asOfMs ?? 0)));
    expect({ people: asOfFirst.people, cohorts: byId(asOfFirst) }).toEqual({ people: 2, cohorts: sorted });
    expect(recorded(second)).toMatchObject({ version: 2 });
  });

  test("as it was computed for the caller, by the definitions now, before its first computation and under data policies", async () => {
    const caller = managerOf(freshTenantId());
    await storeEvents(room.world.writer, caller.tenantId, [
      eventOf("ada", "buy", START_MS - DAY_MS, { country: "DE" }),
      eventOf("bob", "buy", START_MS - DAY_MS, { country: "US" }),
    ]);
    const buyers = await room.created(caller, "buyers", did("buy"));
    const outer = await room.created(caller, "outer", { cohort: buyers.id });
    const uses = (asOf: string, version: number) => [
      { ...{ id: outer.id, name: "outer", version: 1, asOf }, ...{ basis: "COMPUTED", named: true } },
      { ...{ id: buyers.id, name: "buyers", version, asOf }, ...{ basis: "COMPUTED", named: false } },
    ];
    const before = await stickinessOf(caller, held(outer));
    expect(before).toEqual({ people: 2, cohorts: uses(isoOf(room.clock.nowMs), 1) });
    await computed(caller, buyers);
    const kept = await computed(caller, outer);
    await redefined(caller, buyers, did("buy", "pay"));
    const restricted = await stickinessOf({ ...caller, dataPolicy: POLICY }, held(outer));
    expect(restricted).toEqual({ people: 1, cohorts: uses(isoOf(kept.computation.asOfMs ?? 0), 2) });
    const asOf = isoOf(START_MS - 2 * DAY_MS);
    const earlier = await stickinessOf({ ...caller, dataPolicy: POLICY }, held(outer, asOf));
    expect(earlier).toEqual({ people: 0, cohorts: uses(asOf, 2) });
  });

  test("of filters, of groups, of the cohort that a question is asked of, of previews and of sizes, each once", async () => {
    const caller = managerOf(freshTenantId());
    await storeEvents(room.world.writer, caller.tenantId, [eventOf("ada", "buy", START_MS - DAY_MS)]);
    const made = [await room.created(caller, "a", did("buy")), await room.created(caller, "b", did("buy"))];
    const [a, b] = [await computed(caller, made[0] ?? fail()), await computed(caller, made[1] ?? fail())];
    const question = { range: RANGE, start: held(a).event, returning: held(a).event, periods: 1 };
    const retention = await room.operations.retention(caller, { ...question, cohorts: [a.id, b.id] }, b);
    const told = retention.provenance.cohorts.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    expect(told).toEqual([recorded(a), recorded(b)]);
    expect(await stickinessOf(caller, { cohort: b.id })).toMatchObject({ cohorts: [recorded(b)] });
    expect(await stickinessOf(caller, {})).toMatchObject({ cohorts: [] });
    const preview = await room.operations.previewCohort(caller, { definition: { cohort: a.id } });
    expect(preview.provenance.cohorts).toEqual([{ ...recorded(a), basis: "COMPUTED", asOf: preview.provenance.asOf }]);
  });
});

function fail(): never {
  throw new Error("The cohort was not made.");
}
