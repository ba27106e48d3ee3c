import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import { z } from "zod";
import { ASKED, commentRoom } from "../../../testing/comment-room.ts";
import { counts, DAY, openDashboardRoom, person } from "../../../testing/dashboard-room.ts";
import { storeEvents } from "../../../testing/test-events.ts";
import { createCommentStore } from "../../store/dashboards/comment-store.ts";
import { createDashboardStore } from "../../store/dashboards/dashboard-store.ts";
import { watchComments, type CommentMessage } from "./watch-comments.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

let room: ReturnType<typeof openDashboardRoom>;
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
});
afterAll(() => room.close());

const said: ReturnType<typeof commentRoom>["said"] = (...all) => commentRoom(room).said(...all);
const commentsOf: ReturnType<typeof commentRoom>["commentsOf"] = (...all) => commentRoom(room).commentsOf(...all);
const board: ReturnType<typeof commentRoom>["board"] = (...all) => commentRoom(room).board(...all);
const refusal = async (caller: Caller, source: string, variables: Record<string, unknown>) =>
  (await room.answer(caller, source, variables)).errors?.[0]?.extensions;

const watching = (caller: Caller, id: string, after: string | null = null) => {
  const { resources } = room.world;
  const stores = { comments: createCommentStore(resources), dashboards: createDashboardStore(resources) };
  return watchComments({ ...stores, eventLog: resources.eventLog })(caller, id, after);
};
const messages = async (feed: ReturnType<typeof watching>, count: number): Promise<readonly CommentMessage[]> => {
  const seen: CommentMessage[] = [];
  for await (const message of feed) if (seen.push(message) === count) break;
  return seen;
};

describe("comments on a dashboard", () => {
  test("are read and written by those who may see it; to others neither they nor it are there", async () => {
    const owner = person();
    const [reader, silent, foreign] = [
      person(owner.tenantId),
      person(owner.tenantId, [], ["analytics:read"]),
      person(),
    ];
    const { id } = await board(owner);
    const { comment: first } = await said(reader, id, { mentions: [owner.subject.id] });
    expect((await commentsOf(silent, id)).edges).toEqual([
      { node: expect.objectContaining({ id: first.id, text: "Why?", by: `USER:${reader.subject.id}` }) },
    ]);
    const input = { dashboardId: id, text: "x", idempotencyKey: "x" };
    expect(await refusal(silent, ASKED.ADD, { input })).toMatchObject({ code: "FORBIDDEN" });
    const nothing = { commentOnDashboard: { __typename: "DashboardNotFound" } };
    expect(await room.ask(foreign, ASKED.ADD, { input })).toEqual(nothing);
    expect(await room.ask(foreign, ASKED.LIST, { id })).toEqual({ dashboardComments: null });
    const gone = (field: string) => ({ [field]: { __typename: "DashboardCommentNotFound" } });
    expect(await room.ask(foreign, ASKED.REMOVE, { id: first.id })).toEqual(gone("removeDashboardComment"));
    expect(await room.ask(foreign, ASKED.REMOVE, { id: "nonsense" })).toEqual(gone("removeDashboardComment"));
    await room.ask(owner, ASKED.SHARE, { id, scope: "OWNER" });
    expect(await room.ask(reader, ASKED.ADD, { input })).toEqual(nothing);
    expect(await room.ask(reader, ASKED.LIST, { id })).toEqual({ dashboardComments: null });
    expect(await room.ask(reader, ASKED.EDIT, { id: first.id, text: "mine" })).toEqual(gone("editDashboardComment"));
  });

  test("sent again by their key are not made again; another by the same key is refused, somebody else's key is another", async () => {
    const owner = person();
    const { id } = await board(owner);
    const first = await said(owner, id, { idempotencyKey: "one" });
    expect(await said(owner, id, { idempotencyKey: "one" })).toEqual({ ...first, replayed: true });
    const input = { dashboardId: id, text: "Other", idempotencyKey: "one" };
    const field = "input.idempotencyKey";
    expect(await refusal(owner, ASKED.ADD, { input })).toMatchObject({ code: "CONFLICT", field });
    expect((await said(person(owner.tenantId), id, { idempotencyKey: "one" })).replayed).toBe(false);
    const at = await Promise.all(Array.from({ length: 5 }, () => said(owner, id, { idempotencyKey: "many" })));
    expect(at.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect((await commentsOf(owner, id)).edges).toHaveLength(3);
  });

  test.each([
    [{ text: " " }, "input.text"],
    [{ mentions: ["ada"] }, "input.mentions.0"],
    [{ widgetId: "nonsense" }, "input.widgetId"],
    [{ widgetId: randomUUID() }, "input.widgetId"],
    [{ point: { measure: "n" } }, "input.point"],
    [{ replyTo: randomUUID() }, "input.replyTo"],
    [{ asOf: "2999-01-01T00:00:00Z" }, "input.asOf"],
    [{ variables: [{ name: "n", text: "x" }] }, "input.variables.0.name"],
    [{ filter: { field: "nonsense", eq: "x" } }, "input.filter"],
    [{ range: { sliding: "P1D", from: DAY.from } }, "input.range"],
    [{ idempotencyKey: "" }, "input.idempotencyKey"],
  ])("that could not be kept are refused where it stands: %j", async (rest, field) => {
    const owner = person();
    const { id } = await board(owner);
    const input = { dashboardId: id, text: "Why?", idempotencyKey: "k", ...rest };
    expect(await refusal(owner, ASKED.ADD, { input })).toMatchObject({
      ...{ code: "BAD_INPUT", field: expect.stringMatching(new RegExp(`^${field}`)) },
    });
  });
});

describe("the value of a point", () => {
  test("is asked again, in the question and range of then: late events show as the difference, whatever became of the widget", async () => {
    const owner = person();
    await room.shop(owner.tenantId);
    const series = {
      timeSeries: {
        range: DAY,
        granularity: "HOUR",
        measures: [{ name: "n", function: "COUNT" }],
        splitBy: ["country"],
      },
    };
    const { id, widgets } = await board(owner, counts(["view"], ["country"]), series);
    const point = { dimensions: ["DE"], measure: "n", value: 2 };
    const hour = { ...point, time: DAY.from, value: 1 };
    const asked = { version: 2, asOf: "2026-11-20T00:00:00Z" };
    await said(owner, id, { widgetId: widgets[0], point, ...asked });
    await said(owner, id, { widgetId: widgets[1], point: hour, ...asked });
    await said(owner, id, { widgetId: widgets[0], point: { ...point, dimensions: ["FR"] }, ...asked });
    await said(owner, id, { widgetId: widgets[0] });
    const NOW = `query ($id: ID!) { dashboardComments(id: $id) { edges { node { valueNow { kind value seen difference } } } } }`;
    const values = async (caller: Caller) => {
      const shape = z.object({ dashboardComments: z.object({ edges: z.array(z.object({ node: z.unknown() })) }) });
      return shape.parse(await room.ask(caller, NOW, { id })).dashboardComments.edges.map(({ node }) => node);
    };
    const now = (kind: string, value: number | null, seen: number | null, difference: number | null) => ({
      valueNow: { kind, value, seen, difference },
    });
    const absent = now("ABSENT", null, 2, null);
    expect(await values(owner)).toEqual([now("FOUND", 2, 2, 0), now("FOUND", 1, 1, 0), absent, { valueNow: null }]);
    const late = { id: randomUUID(), name: "view", userId: "u9", country: "DE", timeMs: Date.parse(DAY.from) + 1 };
    await storeEvents(room.world.writer, owner.tenantId, [late]);
    await room.edit(owner, id, 2, [{ setWidgetQuestion: { id: widgets[0], question: counts(["buy"]) } }]);
    expect(await values(owner)).toEqual([now("FOUND", 3, 2, 1), now("FOUND", 2, 1, 1), absent, { valueNow: null }]);
    const dataPolicy: DataPolicy = {
      ...{ allow: { country: ["US"] }, deny: {}, atLeast: {}, lessThan: {}, synthetic: null },
      ...{ masks: {}, salt: "00".repeat(16) },
    };
    const restricted = { ...person(owner.tenantId), dataPolicy };
    expect((await values(restricted))[0]).toEqual(now("ABSENT", null, 2, null));
  });
});

describe("following comments", () => {
  test("from the list's place on misses nothing and tells nothing twice, over a cut and in another process; removed words are told nobody", async () => {
    const owner = person();
    const { id } = await board(owner);
    const { comment: before } = await said(owner, id);
    const { liveCursor } = await commentsOf(owner, id);
    const { comment: first } = await said(owner, id, { text: "First" });
    await room.ask(owner, ASKED.EDIT, { id: before.id, text: "Before" });
    const { id: other } = await board(owner);
    await said(owner, other);
    const [one] = await messages(watching(owner, id, liveCursor), 1);
    const told = (kind: string, about: { readonly id: string }, revision: number) =>
      expect.objectContaining({ kind, revision, comment: expect.objectContaining({ id: about.id }) });
    // What was made before the place may be told again when the log had not shown it yet; never the other way around.
    const feed = watching(owner, id, liveCursor);
    const all = messages(feed, one?.comment.id === before.id && one.kind === "ADDED" ? 5 : 4);
    await room.ask(owner, ASKED.RESOLVE, { id: before.id, resolved: true });
    await room.ask(owner, ASKED.REMOVE, { id: first.id });
    const seen = await all;
    expect(seen.slice(-4)).toEqual([
      ...[told("ADDED", first, 1), told("EDITED", before, 2), told("RESOLVED", before, 3), told("REMOVED", first, 2)],
    ]);
    const resumed = await messages(watching(owner, id, seen.at(-3)?.cursor ?? null), 2);
    expect(resumed).toEqual(seen.slice(-2));
    expect(JSON.stringify(await messages(watching(owner, id, liveCursor), 2))).not.toContain("First");
  });

  test("ends with NOT_FOUND for who may see the dashboard no longer, also while nobody comments", async () => {
    const owner = person();
    const reader = person(owner.tenantId);
    const { id } = await board(owner);
    const feed = watching(reader, id);
    const next = feed.next();
    const ended = expect(next).rejects.toMatchObject({ code: "NOT_FOUND" });
    await room.ask(owner, ASKED.SHARE, { id, scope: "OWNER" });
    // Shared anew until the follower, which begins when it is first asked, has heard of it.
    const again = setInterval(() => void room.ask(owner, ASKED.SHARE, { id, scope: "OWNER" }), 500);
    await ended;
    clearInterval(again);
    await expect(watching(person(), id).next()).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(() => watching(reader, "nonsense")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  });
});
