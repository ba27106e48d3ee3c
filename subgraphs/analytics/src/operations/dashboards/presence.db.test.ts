import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { ASKED } from "../../../testing/comment-room.ts";
import { openDashboardRoom, person } from "../../../testing/dashboard-room.ts";
import { freeColour, PRESENCE } from "../../domain/dashboards/presence.ts";
import { createDashboardStore } from "../../store/dashboards/dashboard-store.ts";
import { createPresenceStore } from "../../store/dashboards/presence-store.ts";
import { turnOnDashboard, watchPresence, type FocusInput, type PresenceMessage } from "./presence.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

let room: ReturnType<typeof openDashboardRoom>;
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
});
afterAll(() => room.close());

/** What a process of the platform has; its clock may be another. */
const processOf = (aheadMs = 0, views: number = PRESENCE.views) => {
  const { resources } = room.world;
  const nowMs = (): number => resources.nowMs() + aheadMs;
  const rules = { ...PRESENCE, views, colour: freeColour };
  return {
    ...{ ...resources, logger: createLogger("test", "silent"), dashboards: createDashboardStore(resources) },
    presence: createPresenceStore({ ...resources, nowMs, rules }),
  };
};
const open = (caller: Caller, id: string, focus: FocusInput = {}) => {
  const feed = watchPresence(processOf())(caller, id, focus);
  return {
    close: () => feed.return(),
    next: () => feed.next(),
    /** The first message of which something holds. */
    until: async (holds: (message: PresenceMessage) => boolean): Promise<PresenceMessage> => {
      for (let step = await feed.next(); step.done !== true; step = await feed.next())
        if (holds(step.value)) return step.value;
      throw new Error("It ended.");
    },
  };
};
const board = async (owner: Caller): Promise<string> => {
  const id = await room.create(owner);
  await room.ask(owner, ASKED.SHARE, { id, scope: "TENANT" });
  return id;
};
const subjects = ({ present }: PresenceMessage) => present.map(({ subject }) => subject);
const nameOf = ({ subject }: Caller): string => `USER:${subject.id}`;

describe("who is on a dashboard", () => {
  test("is told to each of them: who comes, turns to a widget and goes, each by a colour of their own", async () => {
    const owner = person();
    const [other, id, widgetId] = [person(owner.tenantId), await board(owner), randomUUID()];
    const first = open(owner, id);
    const alone = await first.until(() => true);
    expect(alone).toEqual({
      ...{ you: alone.present[0]?.id, count: 1 },
      present: [expect.objectContaining({ subject: nameOf(owner), colour: 0, state: "VIEWING", widgetId: null })],
    });
    const second = open(other, id, { state: "EDITING" });
    const both = await second.until(({ count }) => count === 2);
    expect(subjects(both)).toEqual([nameOf(owner), nameOf(other)]);
    expect(both.present.map(({ colour, state }) => [colour, state])).toEqual([
      [0, "VIEWING"],
      [1, "EDITING"],
    ]);
    expect((await first.until(({ count }) => count === 2)).present).toEqual(both.present);
    const turn = turnOnDashboard(processOf());
    expect(await turn(other, id, both.you, { widgetId })).toBe(true);
    const turned = await first.until(({ present }) => present[1]?.widgetId === widgetId);
    expect(turned.present[1]).toMatchObject({ subject: nameOf(other), state: "VIEWING", widgetId });
    // Nobody turns somebody else's view.
    expect(await turn(owner, id, both.you, {})).toBe(false);
    expect(await turn(person(), id, both.you, {})).toBe(false);
    expect(await turn(other, id, "nonsense", {})).toBe(false);
    await second.close();
    expect(subjects(await first.until(({ count }) => count === 1))).toEqual([nameOf(owner)]);
    const third = open(other, id);
    expect((await third.until(({ count }) => count === 2)).present[1]?.colour).toBe(1);
    await Promise.all([first.close(), third.close()]);
  });

  test("is nobody whose process gave no sign of life for twenty seconds; who goes on comes back by the next", async () => {
    const owner = person();
    const id = await board(owner);
    const { tenantId } = owner;
    const view = {
      id: randomUUID(),
      dashboardId: id,
      subject: nameOf(owner),
      state: "VIEWING",
      widgetId: null,
    } as const;
    const [now, later] = [processOf().presence, processOf(PRESENCE.expiresMs + 1).presence];
    expect(await now.join(tenantId, view)).toBe(true);
    expect(await now.look(tenantId, id)).toMatchObject({ count: 1 });
    expect(await later.look(tenantId, id)).toEqual({ present: [], count: 0 });
    await later.stay(tenantId, view);
    expect(await later.look(tenantId, id)).toMatchObject({ count: 1, present: [{ id: view.id }] });
    // With the look of the others after their own sign, below thirty seconds.
    expect(PRESENCE.expiresMs + PRESENCE.heartbeatMs + PRESENCE.lookMs).toBeLessThan(30_000);
  });

  test("is told of the first hundred, and counted to a bound beyond which none is let in", async () => {
    const owner = person();
    const id = await board(owner);
    const { presence } = processOf(0, 103);
    const views = Array.from({ length: 104 }, (_, at) => ({
      ...{ id: randomUUID(), dashboardId: id, subject: `USER:${at}` },
      ...({ state: "VIEWING", widgetId: null } as const),
    }));
    const joined: boolean[] = [];
    for (const view of views) joined.push(await presence.join(owner.tenantId, view));
    expect(joined.filter((one) => !one)).toHaveLength(1);
    expect(joined.at(-1)).toBe(false);
    const { present, count } = await presence.look(owner.tenantId, id);
    expect([present.length, count, new Set(present.map(({ colour }) => colour)).size]).toEqual([100, 103, 100]);
    expect(await presence.look(person().tenantId, id)).toEqual({ present: [], count: 0 });
  });

  test("is told to nobody who may not see it, and no longer when they may not", async () => {
    const owner = person();
    const [reader, id] = [person(owner.tenantId), await board(owner)];
    await expect(open(person(), id).next()).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(() => open(reader, "nonsense")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    expect(() => open(reader, id, { widgetId: "nonsense" })).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    const feed = open(reader, id);
    await feed.next();
    const ended = expect(feed.until(() => false)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await room.ask(owner, ASKED.SHARE, { id, scope: "OWNER" });
    await ended;
    const mine = open(owner, id);
    expect(subjects(await mine.until(({ count }) => count === 1))).toEqual([nameOf(owner)]);
    await mine.close();
  });
});
