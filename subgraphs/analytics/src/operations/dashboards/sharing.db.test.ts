import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { z } from "zod";
import { openDashboardRoom, person } from "../../../testing/dashboard-room.ts";
import { createDashboardStore } from "../../store/dashboards/dashboard-store.ts";
import { watchDashboard, type DashboardUpdate } from "./watch-dashboard.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

let room: ReturnType<typeof openDashboardRoom>;
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
});
afterAll(() => room.close());

const storeOf = () => createDashboardStore(room.world.resources);
const shown = (caller: Caller, id: string) =>
  room.ask(caller, "query ($id: ID!) { dashboard(id: $id) { title } }", { id });
const page = z.object({ dashboards: z.object({ pageInfo: z.object({ endCursor: z.string() }) }) });
const cursorOf = (answer: unknown): string => page.parse(answer).dashboards.pageInfo.endCursor;

describe("sharing a dashboard", () => {
  const LIST = "{ dashboards { edges { node { title } } } }";
  const SHARE = `mutation ($id: ID!, $view: DashboardShareInput!, $edit: DashboardShareInput!) {
    shareDashboard(id: $id, input: { view: $view, edit: $edit }) { __typename } }`;

  test("decides who sees it and who changes it, at once; to others it is not there", async () => {
    const owner = person();
    const [stranger, seller, admin, foreign] = [
      person(owner.tenantId),
      person(owner.tenantId, ["sales"]),
      person(owner.tenantId, [], ["analytics:read", "dashboards:edit", "access:manage"]),
      person(),
    ];
    const id = await room.create(owner);
    const sees = async (caller: Caller) => [
      (await shown(caller, id)) !== null && JSON.stringify(await shown(caller, id)).includes("Sales"),
      JSON.stringify(await room.ask(caller, LIST)).includes("Sales"),
    ];
    const changes = async (caller: Caller) => {
      const { data, errors } = await room.tryEdit(caller, id, 1, [{ setDescription: randomUUID() }]);
      return errors?.[0]?.extensions?.["code"] ?? JSON.stringify(data).replace(/.*__typename":"(\w+)".*/, "$1");
    };
    expect(await Promise.all([owner, admin, seller, stranger, foreign].map(sees))).toEqual([
      ...[
        [true, true],
        [true, true],
        [false, false],
        [false, false],
        [false, false],
      ],
    ]);
    expect(await changes(seller)).toBe("DashboardNotFound");
    const shares = { view: { scope: "TENANT" }, edit: { scope: "ROLES", roles: ["sales"] } };
    expect((await room.answer(seller, SHARE, { id, ...shares })).data).toEqual({
      shareDashboard: { __typename: "DashboardNotFound" },
    });
    await room.ask(owner, SHARE, { id, ...shares });
    expect(await Promise.all([seller, stranger, foreign].map(sees))).toEqual([
      [true, true],
      [true, true],
      [false, false],
    ]);
    expect([await changes(seller), await changes(stranger), await changes(foreign)]).toEqual([
      ...["DashboardEdited", "FORBIDDEN", "DashboardNotFound"],
    ]);
    expect((await room.answer(seller, SHARE, { id, ...shares })).errors?.[0]?.extensions).toMatchObject({
      code: "FORBIDDEN",
    });
    const remove = "mutation ($id: ID!) { removeDashboard(id: $id) { __typename } }";
    expect((await room.answer(stranger, remove, { id })).errors?.[0]?.extensions).toMatchObject({ code: "FORBIDDEN" });
    expect(await room.ask(admin, remove, { id })).toEqual({ removeDashboard: { __typename: "DashboardRemoved" } });
    expect(await sees(owner)).toEqual([false, false]);
  });

  test("pages tell all of them, by title", async () => {
    const caller = person();
    const titles = ["b", "a", "c", "a"];
    for (const title of titles) await room.create(caller, { title });
    const page = `query ($after: Cursor) { dashboards(first: 3, after: $after) {
      edges { node { title } } pageInfo { hasNextPage endCursor } } }`;
    const first = await room.ask(caller, page);
    expect(first).toMatchObject({
      dashboards: { edges: ["a", "a", "b"].map((title) => ({ node: { title } })), pageInfo: { hasNextPage: true } },
    });
    const after = cursorOf(first);
    expect(await room.ask(caller, page, { after })).toMatchObject({
      dashboards: { edges: [{ node: { title: "c" } }], pageInfo: { hasNextPage: false } },
    });
    // A place in another tenant's list is a place in one's own.
    const other = person();
    await room.create(other, { title: "d" });
    expect(await room.ask(other, page, { after })).toMatchObject({ dashboards: { edges: [{ node: { title: "d" } }] } });
    expect((await room.answer(caller, page, { after: "nonsense" })).errors?.[0]?.extensions).toMatchObject({
      ...{ code: "BAD_INPUT", field: "after" },
    });
  });
});

describe("the subscription dashboardChanged", () => {
  const watch = (caller: Caller, id: string, after: string | null = null) =>
    watchDashboard({ dashboards: storeOf(), eventLog: room.world.resources.eventLog })(caller, id, after);
  const next = async (stream: ReturnType<typeof watch>): Promise<DashboardUpdate> => {
    const step = await stream.next();
    if (step.done === true) throw new Error("The stream has ended.");
    return step.value;
  };

  test("tells the dashboard, then each edit once and in order, also after a cut, until it is removed", async () => {
    const owner = person();
    const [id, other] = [await room.create(owner), await room.create(owner)];
    const stream = watch(owner, id);
    const present = await next(stream);
    expect(present).toMatchObject({ kind: "PRESENT", version: 1, dashboard: { id }, made: null });
    await room.edit(owner, other, 1, [{ setTitle: "Other" }]);
    await room.edit(owner, id, 1, [{ setTitle: "Two" }]);
    await room.edit(owner, id, 2, [{ setTitle: "Three" }]);
    const told = [await next(stream), await next(stream)];
    expect(told).toMatchObject([
      { kind: "EDITED", version: 2, made: { version: 2, changes: [{ kind: "SET_TITLE", title: "Two" }] } },
      { kind: "EDITED", version: 3, made: { version: 3, by: `USER:${owner.subject.id}` } },
    ]);
    await stream.return();
    await room.ask(owner, "mutation ($id: ID!) { removeDashboard(id: $id) { __typename } }", { id: other });
    const resumed = watch(owner, id, told[0]?.cursor ?? null);
    expect(await next(resumed)).toMatchObject({ kind: "EDITED", version: 3 });
    await room.ask(owner, "mutation ($id: ID!) { removeDashboard(id: $id) { __typename } }", { id });
    expect(await next(resumed)).toMatchObject({ kind: "DELETED" });
    expect(await resumed.next()).toMatchObject({ done: true });
  });

  test("ends for those it is no longer shared with, and does not begin for others", async () => {
    const owner = person();
    const reader = person(owner.tenantId);
    const id = await room.create(owner, { view: { scope: "TENANT" } });
    const stream = watch(reader, id);
    await next(stream);
    const shares = { view: { scope: "OWNER" }, edit: { scope: "OWNER" } };
    await room.ask(
      owner,
      `mutation ($id: ID!, $input: ShareDashboardInput!) { shareDashboard(id: $id, input: $input) { __typename } }`,
      { id, input: shares },
    );
    await expect(stream.next()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(watch(reader, id).next()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(watch(person(), id).next()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
