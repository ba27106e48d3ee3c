import { idPlaces } from "../api-schema.ts";
import type { OwnThings } from "../examples.ts";
import { makeComment, makeDashboard, makeLink } from "../own-things.ts";
import type { TesseraClient } from "../../testing/tessera-client.ts";

const OPERATIONS = "Mutation.editDashboard(operations.";
const FILTERS = ["Query.dashboardData(filter.", "Subscription.dashboardLive(filter."];
const COMMENT_FILTER = "Mutation.commentOnDashboard(input.filter.";
const WATCHED = [
  ...["Query.watchedSeries(input.question.", "Query.explainChange(input.question."],
  ...["Mutation.createRule(input.question.", "Mutation.updateRule(input.question."],
  ...["Query.simulateRule(draft.question.", "Query.simulateRule(change.question."],
];

/** Places that take the id of a dashboard, by a fresh one of alpha where asking changes it. */
export const dashboardPlaces = (client: () => TesseraClient) => {
  const fresh = (things: OwnThings): Promise<string> => makeDashboard(client(), things);
  const comment = (things: OwnThings): Promise<string> => makeComment(client(), things);
  const words = { text: "Sealed", idempotencyKey: "sealed" };
  const link = { name: "Sealed", expiresAt: new Date(Date.now() + 3_600_000).toISOString() };
  const kept = ({ dashboardId }: OwnThings): string => dashboardId;
  const variables = (id: string) => ({ id });
  const selection = "{ __typename }";
  const shares = { view: { scope: "TENANT" }, edit: { scope: "TENANT" } };
  return {
    "Query.dashboard(id)": { own: kept, variables, selection: "{ title version owner }" },
    "Query.dashboardData(id)": { own: kept, variables, selection: "{ dashboard { title } }" },
    "Subscription.dashboardChanged(id)": { own: kept, variables, selection: "{ kind version }" },
    "Mutation.editDashboard(id)": {
      own: fresh,
      variables: (id: string) => ({
        ...{ id, baseVersion: 1, idempotencyKey: "sealed" },
        operations: [{ setTitle: "Sealed" }],
      }),
      selection,
    },
    "Mutation.restoreDashboard(id)": { own: fresh, variables: (id: string) => ({ id, version: 1 }), selection },
    "Mutation.shareDashboard(id)": { own: fresh, variables: (id: string) => ({ id, input: shares }), selection },
    "Mutation.removeDashboard(id)": { own: fresh, variables, selection },
    "Subscription.dashboardLive(id)": { own: kept, variables, selection: "{ dashboard { title } }" },
    "Subscription.dashboardPresence(id)": { own: kept, variables, selection: "{ count }" },
    "Query.dashboardLinks(id)": { own: kept, variables, selection: "{ id name }" },
    "Mutation.createDashboardLink(id)": { own: fresh, variables: (id: string) => ({ id, input: link }), selection },
    "Mutation.revokeDashboardLink(id)": {
      ...{ own: (things: OwnThings): Promise<string> => makeLink(client(), things), variables, selection },
    },
    "Query.dashboardComments(id)": { own: kept, variables, selection: "{ edges { node { text by } } }" },
    "Subscription.dashboardCommented(id)": { own: kept, variables, selection: "{ kind comment { text } }" },
    "Mutation.commentOnDashboard(input.dashboardId)": {
      ...{ own: fresh, variables: (id: string) => ({ input: { dashboardId: id, ...words } }), selection },
    },
    "Mutation.editDashboardComment(id)": {
      ...{ own: comment, variables: (id: string) => ({ id, text: "Sealed" }), selection },
    },
    "Mutation.resolveDashboardComment(id)": { own: comment, variables, selection },
    "Mutation.removeDashboardComment(id)": { own: comment, variables, selection },
  };
};

/** Words of dashboards that are never looked up as a thing of anybody. */
export const dashboardWords: Readonly<Record<string, string>> = {
  "Mutation.createDashboard(input.id)": "looked up among the tenant's own dashboards, which have ids of their own",
  "Query.dashboardData(widgets)": "looked for on the dashboard that is asked about",
  "Subscription.dashboardLive(widgets)": "looked for on the dashboard that is asked about",
  "Query.dashboardComments(thread)": "looked for among the comments of the dashboard that is asked about",
  "Query.dashboardComments(widget)": "looked for among the comments of the dashboard that is asked about",
  "Subscription.dashboardPresence(widgetId)": "told as it was sent to those who see the same dashboard",
  "Mutation.turnOnDashboard(widgetId)": "told as it was sent to those who see the same dashboard",
  "Mutation.turnOnDashboard(id)": "answers false whatever is named: a view is its caller's own on that dashboard",
  "Mutation.turnOnDashboard(view)": "answers false whatever is named: a view is its caller's own on that dashboard",
  "Mutation.createDashboardLink(input.widgets)": "looked for on the dashboard that is shared",
  "SharedDashboard.data(widgets)": "looked for on the dashboard that is shared",
  "Mutation.commentOnDashboard(input.widgetId)": "looked for on the dashboard that is commented on",
  "Mutation.commentOnDashboard(input.replyTo)": "looked for among the comments of the dashboard that is commented on",
  "Mutation.commentOnDashboard(input.mentions)":
    "stored as sent; the tenant room tells of its own tenant's people alone",
  "Mutation.editDashboardComment(mentions)": "stored as sent; the tenant room tells of its own tenant's people alone",
  ...Object.fromEntries(
    idPlaces
      .filter((place) => [OPERATIONS, ...FILTERS, COMMENT_FILTER].some((start) => place.startsWith(start)))
      .map((place) => [
        place,
        "looked for on the dashboard that is edited, or stored as sent and asked as any question",
      ]),
  ),
  ...Object.fromEntries(
    idPlaces
      .filter(
        (place) => WATCHED.some((question) => place.startsWith(question)) && !place.endsWith("question.calendar)"),
      )
      .map((place) => [place, "asked as the question's own field asks it, where the same id is tried"]),
  ),
};
