import { randomUUID } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import { z } from "zod";
import { BOX, type openDashboardRoom } from "./dashboard-room.ts";

const FIELDS = "id threadId widgetId text by revision removedAt resolvedAt";
const CHANGED = `{ __typename ... on DashboardCommentChanged { comment { ${FIELDS} } } }`;

/** What is asked about comments. */
export const ASKED = {
  ADD: `mutation ($input: CommentOnDashboardInput!) { commentOnDashboard(input: $input) { __typename
    ... on DashboardCommentMade { replayed comment { ${FIELDS} } } ... on TooManyDashboardComments { of limit } } }`,
  EDIT: `mutation ($id: ID!, $text: String!) { editDashboardComment(id: $id, text: $text) ${CHANGED} }`,
  RESOLVE: `mutation ($id: ID!, $resolved: Boolean!) { resolveDashboardComment(id: $id, resolved: $resolved) ${CHANGED} }`,
  REMOVE: `mutation ($id: ID!) { removeDashboardComment(id: $id) ${CHANGED} }`,
  LIST: `query ($id: ID!, $thread: ID, $widget: ID, $resolved: Boolean, $first: Int! = 50, $after: Cursor) {
    dashboardComments(id: $id, thread: $thread, widget: $widget, resolved: $resolved, first: $first, after: $after) {
      liveCursor edges { node { ${FIELDS} mentions { id } } } pageInfo { hasNextPage endCursor } } }`,
  SHARE: `mutation ($id: ID!, $scope: DashboardShareScope!) {
    shareDashboard(id: $id, input: { view: { scope: $scope }, edit: { scope: OWNER } }) { __typename } }`,
} as const;

const comment = z.object({ id: z.string(), threadId: z.string(), text: z.string(), revision: z.number() });
const made = z.object({ commentOnDashboard: z.object({ comment, replayed: z.boolean() }) });
const node = comment.extend({
  ...{ widgetId: z.string().nullable(), by: z.string() },
  ...{ removedAt: z.string().nullable(), resolvedAt: z.string().nullable() },
});
const list = z.object({
  dashboardComments: z.object({
    liveCursor: z.string(),
    edges: z.array(z.object({ node })),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});

/** The comment that an answer to `ASKED.ADD` tells. */
export const commentMade = (data: unknown) => made.parse(data).commentOnDashboard;

/** What tests of comments do in a room of dashboards. */
export const commentRoom = (room: ReturnType<typeof openDashboardRoom>) => ({
  said: async (caller: Caller, dashboardId: string, rest: Record<string, unknown> = {}) =>
    commentMade(
      await room.ask(caller, ASKED.ADD, {
        input: { dashboardId, text: "Why?", idempotencyKey: randomUUID(), ...rest },
      }),
    ),
  commentsOf: async (caller: Caller, id: string, rest: Record<string, unknown> = {}) =>
    list.parse(await room.ask(caller, ASKED.LIST, { id, ...rest })).dashboardComments,
  /** A dashboard that everybody of the tenant sees, with a widget for each question. */
  board: async (owner: Caller, ...questions: readonly object[]) => {
    const id = await room.create(owner);
    const widgets = questions.map(() => randomUUID());
    const operations = questions.map((question, index) => ({
      addWidget: { id: widgets[index], title: "Views", box: BOX, question },
    }));
    if (operations.length > 0) await room.edit(owner, id, 1, operations);
    await room.ask(owner, ASKED.SHARE, { id, scope: "TENANT" });
    return { id, widgets };
  },
});
