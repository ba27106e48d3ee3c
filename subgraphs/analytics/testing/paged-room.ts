import { randomUUID } from "node:crypto";
import type { TenantId } from "@tessera/contracts/ids";
import { createFairSlots } from "@tessera/platform/store/fair-slots";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { MAX_SNAPSHOT_BATCHES } from "../src/domain/delivery/answer-mark.ts";
import { MAX_COPIED_MEMBERS } from "../src/domain/delivery/pinned-members.ts";
import { queryOlapPage } from "../src/operations/delivery/query-olap-page.ts";
import { withNames } from "../src/operations/in-cohort.ts";
import { queryOlap } from "../src/operations/query-olap.ts";
import { createAnewRowsStore } from "../src/store/delivery/anew-rows-store.ts";
import { createAnswerRowsStore, type AnswerRowsStore } from "../src/store/delivery/answer-rows-store.ts";
import { openPeopleRoom, type PeopleRoom } from "./people-room.ts";
import { openSemanticRoom } from "./semantic-room.ts";
import { storeEvents, type TestEvent } from "./test-events.ts";

/** Questions in pages by a clock of their own. */
interface Paged {
  readonly clock: { ms: number };
  readonly answerRows: AnswerRowsStore;
  readonly page: ReturnType<typeof queryOlapPage>;
  /** The answer in one. */
  readonly whole: ReturnType<typeof queryOlap>;
}

/** Everything that answers in pages need, over the engines of this test run. */
export interface PagedRoom {
  readonly world: TestResources;
  readonly people: PeopleRoom;
  /** Pages of which no answer with more than so many rows is kept, so that all of more than one page are computed anew unless another number is given. */
  open(maxKeptRows?: number, snapshotBatches?: number, maxCopiedMembers?: number): Paged;
  store(tenantId: TenantId, events: readonly TestEvent[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens a {@link PagedRoom}. */
export const openPagedRoom = (): PagedRoom => {
  const [world, people] = [openTestResources(), openPeopleRoom()];
  const room = openSemanticRoom(world);
  return {
    ...{ world, people },
    open: (maxKeptRows = 0, snapshotBatches = MAX_SNAPSHOT_BATCHES, maxCopiedMembers = MAX_COPIED_MEMBERS) => {
      const clock = { ms: Date.UTC(2026, 10, 20, 12) };
      const { eventStore } = world.resources;
      const answerRows = createAnswerRowsStore({ eventStore, longQueries: people.longQueries });
      const { eventStore: resolved, versions } = people;
      const anewRows = createAnewRowsStore({ stored: eventStore, resolved, versions, snapshotBatches });
      const keepSlots = createFairSlots({ total: 2 });
      const clocked = { nowMs: () => clock.ms, newId: randomUUID };
      const bounds = { maxKeptRows, maxCopiedMembers, keepSlots };
      const deps = { ...room.deps, store: people.store, answerRows, anewRows, ...bounds, ...clocked };
      return { clock, answerRows, page: queryOlapPage(deps), whole: withNames(deps, queryOlap(deps)) };
    },
    store: async (tenantId, events) => {
      await storeEvents(world.writer, tenantId, events);
    },
    close: async () => {
      await people.close();
      await world.close();
    },
  };
};
