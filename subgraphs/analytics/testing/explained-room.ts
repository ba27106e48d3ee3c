import { afterAll, beforeAll } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { openDashboardRoom, person } from "./dashboard-room.ts";
import { behindIn, explainIn, watchedIn } from "./explained.ts";
import { storeEvents, type TestEvent } from "./test-events.ts";

type Room = ReturnType<typeof openDashboardRoom>;
type Input = Record<string, unknown>;

/** A room with the events of one person's tenant, which the tests of a file ask why numbers changed: opened before them and closed after them. */
export const explainedRoom = (events: readonly TestEvent[], caller: Caller = person()) => {
  let opened: Room | null = null;
  const room = (): Room => {
    if (opened === null) throw new Error("The room opens before the tests.");
    return opened;
  };
  beforeAll(async () => {
    opened = openDashboardRoom();
    await opened.open();
    await storeEvents(opened.world.writer, caller.tenantId, events);
  });
  afterAll(() => opened?.close());
  return {
    ...{ caller, room },
    explain: (input: Input, as: Caller = caller) => explainIn(room(), as, input),
    behind: (change: object, as: Caller = caller) => behindIn(room(), as, change),
    watched: (input: Input, as: Caller = caller) => watchedIn(room(), as, input),
    /** Places of what an explanation is refused for; undefined: it is not. */
    refusedAt: async (input: Input, as: Caller = caller) => {
      const source = `query ($input: ExplainChangeInput!) { explainChange(input: $input) { outcome } }`;
      const { errors } = await room().answer(as, source, { input });
      return errors?.map(({ extensions }) => extensions?.["field"]);
    },
  };
};
