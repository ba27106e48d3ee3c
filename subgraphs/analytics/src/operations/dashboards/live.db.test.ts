import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { z } from "zod";
import { ASKED } from "../../../testing/comment-room.ts";
import { BOX, counts, DAY, openDashboardRoom, person } from "../../../testing/dashboard-room.ts";
import { storeEvents } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time, and looks are five seconds apart.
jest.setTimeout(180_000);

let room: ReturnType<typeof openDashboardRoom>;
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
});
afterAll(() => room.close());

const LIVE = `subscription ($id: ID!, $every: Duration! = "PT5S", $after: Cursor) {
  dashboardLive(id: $id, every: $every, after: $after) { cursor askedAt dashboard { version } changed {
    widget { title } error { code } answer { ... on OlapResult { totals { ... on IntegerColumn { integers } } provenance { cache } } } } } }`;
const message = z.object({
  cursor: z.string(),
  dashboard: z.object({ version: z.number() }),
  changed: z.array(
    z.object({
      widget: z.object({ title: z.string() }),
      error: z.null(),
      answer: z.object({
        totals: z.array(z.object({ integers: z.array(z.number()) })),
        provenance: z.object({ cache: z.string() }),
      }),
    }),
  ),
});

const open = async (caller: Caller, id: string, after: string | null = null) => {
  const stream = await room.follow(caller, LIVE, { id, after });
  return {
    next: async () => {
      const { value } = await stream.next();
      const { cursor, dashboard, changed } = message.parse(value?.data?.["dashboardLive"]);
      const shown = changed.map(({ widget, answer }) => [widget.title, answer.totals[0]?.integers[0]]);
      const caches = changed.map(({ answer }) => answer.provenance.cache);
      return { cursor, version: dashboard.version, shown, caches };
    },
    close: () => stream.return?.(),
  };
};
const view = (caller: Caller, name: string) =>
  storeEvents(room.world.writer, caller.tenantId, [
    { id: randomUUID(), name, userId: "late", timeMs: Date.parse(DAY.from) + 1_000 },
  ]);
const board = async (owner: Caller): Promise<string> => {
  await room.shop(owner.tenantId);
  const id = await room.create(owner);
  const widget = (title: string) => ({ addWidget: { id: randomUUID(), title, box: BOX, question: counts([title]) } });
  await room.edit(owner, id, 1, [widget("view"), widget("buy")]);
  await room.ask(owner, ASKED.SHARE, { id, scope: "TENANT" });
  return id;
};

describe("what a dashboard shows, live", () => {
  test("is everything at once, then what shows something else, to each reader, read from the store once for equal readers; a cursor goes on", async () => {
    const owner = person();
    const [id, other] = [await board(owner), person(owner.tenantId)];
    const [mine, theirs] = [await open(owner, id), await open(other, id)];
    const all = [
      ["view", 3],
      ["buy", 1],
    ];
    expect(await mine.next()).toMatchObject({ version: 2, shown: all });
    expect(await theirs.next()).toMatchObject({ version: 2, shown: all, caches: ["HIT", "HIT"] });

    await view(owner, "view");
    const [first, second] = await Promise.all([mine.next(), theirs.next()]);
    expect([first, second]).toMatchObject([{ shown: [["view", 4]] }, { shown: [["view", 4]] }]);
    expect([first.caches, second.caches].flat().filter((cache) => cache === "MISS")).toHaveLength(1);
    await Promise.all([mine.close(), theirs.close()]);

    const again = await open(other, id, first.cursor);
    const next = again.next();
    await view(owner, "buy");
    expect(await next).toMatchObject({ shown: [["buy", 2]] });
    const late = await open(owner, id, first.cursor);
    expect(await late.next()).toMatchObject({
      shown: [
        ["view", 4],
        ["buy", 2],
      ],
    });
    await late.close();

    const share = `mutation ($id: ID!) { shareDashboard(id: $id, input: { view: { scope: OWNER }, edit: { scope: OWNER } }) { __typename } }`;
    await room.ask(owner, share, { id });
    await expect(again.next()).rejects.toMatchObject({ extensions: { code: "NOT_FOUND" } });
  });

  test("is of nobody else: an unknown dashboard and another tenant's are refused alike, and so is a look too often", async () => {
    const owner = person();
    const id = await board(owner);
    for (const unknown of [id, randomUUID()])
      await expect((await open(person(), unknown)).next()).rejects.toMatchObject({
        extensions: { code: "NOT_FOUND", field: "id" },
      });
    for (const every of ["PT4S", "PT2H", "P1M"])
      await expect(room.follow(owner, LIVE, { id, every })).rejects.toThrow("PT5S to PT1H");
  });

  test("ends at once for who leaves, also between two looks", async () => {
    const owner = person();
    const live = await open(owner, await board(owner));
    await live.next();
    const waiting = live.next();
    await live.close();
    await expect(waiting).rejects.toThrow();
  });
});
