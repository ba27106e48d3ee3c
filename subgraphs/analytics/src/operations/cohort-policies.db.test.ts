import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { eventOf, managerOf, openCohortRoom, type CohortRoom } from "../../testing/cohort-room.ts";
import { storeEvents } from "../../testing/test-events.ts";
import type { CohortDefinitionInput } from "../domain/cohort-input.ts";

jest.setTimeout(180_000);
const DAY_MS = 86_400_000;

const startMs = Date.UTC(2019, 0, 10);
let room: CohortRoom;
beforeAll(() => {
  room = openCohortRoom(startMs);
});
afterAll(() => room.close());

const BUYERS: CohortDefinitionInput = { did: { event: { events: ["buy"] } } };
const idsOf = (nodes: readonly { readonly userId: string | null }[]) =>
  nodes.map(({ userId }) => String(userId)).toSorted();

describe("a caller from whom data policies hide events", () => {
  const policy: DataPolicy = {
    ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, masks: { user_id: { kind: "HASH" } } },
    ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
  };

  test("gets the definition over what may be seen: sizes, members, moments, lists and retention", async () => {
    const tenantId = freshTenantId();
    const caller = managerOf(tenantId);
    const restricted: Caller = { ...caller, dataPolicy: policy };
    await storeEvents(room.world.writer, tenantId, [
      eventOf("ada", "buy", room.clock.nowMs - DAY_MS, { country: "DE" }),
      eventOf("bob", "buy", room.clock.nowMs - DAY_MS, { country: "US" }),
    ]);
    const buyers = await room.created(caller, "buyers", BUYERS);
    const listed = await room.created(caller, "listed", { list: true });
    await room.operations.changeCohortList(caller, listed.id, { userIds: ["ada", "bob"] });
    for (const cohort of [buyers, listed]) await room.computed(cohort);
    const until = new Date(startMs).toISOString();
    for (const cohort of [await room.now(caller, buyers), await room.now(caller, listed)]) {
      expect(await room.operations.cohortSize(caller, cohort)).toBe(2);
      expect(await room.operations.cohortSize(restricted, cohort)).toBe(1);
      expect(idsOf((await room.operations.cohortMembers(caller, cohort, { first: 1 })).nodes)).toHaveLength(1);
      const { nodes, hasNextPage } = await room.operations.cohortMembers(restricted, cohort, { first: 10 });
      expect({ count: nodes.length, hasNextPage, hashed: /^[0-9a-f]{32}$/.test(nodes[0]?.userId ?? "") }).toEqual({
        ...{ count: 1, hasNextPage: false, hashed: true },
      });
      expect(await room.operations.cohortHistory(restricted, cohort, 10)).toEqual([]);
      room.clock.nowMs += 1_000;
      const was = async (who: Caller, userId: string) =>
        (await room.operations.cohortMembership(who, cohort, { userId })).member;
      expect([await was(caller, "bob"), await was(restricted, "bob"), await was(restricted, "ada")]).toEqual([
        true,
        false,
        true,
      ]);
      const question = {
        range: { from: new Date(startMs - 3 * DAY_MS).toISOString(), to: until },
        ...{ start: {}, returning: {}, periods: 1 },
      };
      expect((await room.operations.retention(caller, question, cohort)).total.size).toBe(2);
      expect((await room.operations.retention(restricted, question, cohort)).total.size).toBe(1);
      const grouped = await room.operations.retention(restricted, { ...question, cohorts: [cohort.id] });
      expect(grouped.groups.map(({ total }) => total.size)).toEqual([1]);
    }
    const preview = await room.operations.previewCohort(restricted, { definition: BUYERS });
    expect(preview).toMatchObject({ size: 1, everybody: 1, provenance: { rowsFilteredBy: ["country"] } });
  });
});
