import { randomUUID } from "node:crypto";

interface OwnDashboard {
  readonly mark: string;
  readonly dashboardId: string;
  readonly dashboardCommentId: string;
  readonly dashboardLinkId: string;
}

const A_DAY = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };
const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();

/** Arguments for the root fields of dashboards, by coordinate. */
export const dashboardExamples: Readonly<Record<string, (own: OwnDashboard) => Readonly<Record<string, unknown>>>> = {
  "Query.dashboard": ({ dashboardId }) => ({ id: dashboardId }),
  "Query.dashboards": () => ({}),
  "Query.dashboardData": ({ dashboardId }) => ({ id: dashboardId }),
  "Query.watchedSeries": () => ({
    input: {
      question: { olap: { range: A_DAY, measures: [{ function: "COUNT" }] } },
      ...A_DAY,
      granularity: "DAY",
    },
  }),
  "Query.explainChange": () => ({
    input: {
      question: { olap: { range: A_DAY, measures: [{ function: "COUNT" }] } },
      ...A_DAY,
      dimensions: ["country"],
    },
  }),
  "Subscription.dashboardChanged": ({ dashboardId }) => ({ id: dashboardId }),
  "Subscription.dashboardLive": ({ dashboardId }) => ({ id: dashboardId, every: "PT5S" }),
  "Mutation.createDashboard": ({ mark }) => ({
    input: { title: `${mark} board`, view: { scope: "TENANT" }, edit: { scope: "TENANT" } },
  }),
  "Mutation.editDashboard": ({ dashboardId, mark }) => ({
    ...{ id: dashboardId, baseVersion: 1, idempotencyKey: randomUUID() },
    operations: [{ setTitle: `${mark} board ${randomUUID()}` }],
  }),
  "Mutation.restoreDashboard": ({ dashboardId }) => ({ id: dashboardId, version: 1 }),
  "Mutation.shareDashboard": ({ dashboardId }) => ({
    ...{ id: dashboardId, input: { view: { scope: "TENANT" }, edit: { scope: "TENANT" } } },
  }),
  "Mutation.removeDashboard": ({ dashboardId }) => ({ id: dashboardId }),
  "Subscription.dashboardPresence": ({ dashboardId }) => ({ id: dashboardId }),
  "Mutation.turnOnDashboard": ({ dashboardId }) => ({ id: dashboardId, view: randomUUID() }),
  "Query.dashboardLinks": ({ dashboardId }) => ({ id: dashboardId }),
  "Query.sharedDashboard": () => ({}),
  "Mutation.createDashboardLink": ({ dashboardId, mark }) => ({
    ...{ id: dashboardId, input: { name: `${mark} link`, expiresAt: inAnHour() } },
  }),
  "Mutation.revokeDashboardLink": ({ dashboardLinkId }) => ({ id: dashboardLinkId }),
  "Query.dashboardComments": ({ dashboardId }) => ({ id: dashboardId }),
  "Subscription.dashboardCommented": ({ dashboardId }) => ({ id: dashboardId }),
  "Mutation.commentOnDashboard": ({ dashboardId, mark }) => ({
    input: { dashboardId, text: `${mark} asks why`, idempotencyKey: randomUUID() },
  }),
  "Mutation.editDashboardComment": ({ dashboardCommentId, mark }) => ({ id: dashboardCommentId, text: `${mark} asks` }),
  "Mutation.resolveDashboardComment": ({ dashboardCommentId }) => ({ id: dashboardCommentId }),
  "Mutation.removeDashboardComment": ({ dashboardCommentId }) => ({ id: dashboardCommentId }),
};
