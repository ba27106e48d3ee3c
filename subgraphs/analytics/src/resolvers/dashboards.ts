import { settle } from "../domain/dashboards/settle.ts";
import type { Change } from "../domain/dashboards/operation.ts";
import type { Widget } from "../domain/dashboards/document.ts";
import { isoTime } from "../domain/zone.ts";
import type {
  CreateDashboardResultResolvers,
  DashboardAnswerResolvers,
  DashboardConnectionResolvers,
  DashboardDataResolvers,
  DashboardLiveUpdateResolvers,
  DashboardOperationResolvers,
  DashboardResolvers,
  DashboardVersionConnectionResolvers,
  DashboardVersionResolvers,
  DashboardWidgetDataResolvers,
  DashboardWidgetResolvers,
  EditDashboardResultResolvers,
  RemoveDashboardResultResolvers,
  ShareDashboardResultResolvers,
} from "../generated/resolvers.ts";
import type { DashboardPage } from "../operations/dashboards/find-dashboards.ts";
import type { WidgetData } from "../operations/dashboards/dashboard-data.ts";
import type { DashboardParent, DashboardWidgetParent } from "../parents.ts";

/** Widgets with where they come to lie beside all others of their dashboard. */
const placedWidgets = (widgets: readonly Widget[]): readonly DashboardWidgetParent[] => {
  const places = settle(widgets);
  return widgets.map((widget) => ({ ...widget, placed: places.get(widget.id) ?? widget.box }));
};

/** Resolvers of `Dashboard`. */
export const Dashboard: DashboardResolvers = {
  __resolveReference: (reference, { dashboardLoader }) => dashboardLoader.load(reference.id),
  tenant: ({ tenantId }) => ({ id: tenantId }),
  title: ({ document }) => document.title,
  description: ({ document }) => document.description,
  range: ({ document }) => document.range,
  filter: ({ document }) => document.filter,
  variables: ({ document }) => document.variables,
  widgets: ({ document }) => placedWidgets(document.widgets),
  owner: ({ sharing }) => sharing.owner,
  view: ({ sharing }) => sharing.view,
  edit: ({ sharing }) => sharing.edit,
  createdAt: ({ createdAtMs }) => isoTime(createdAtMs),
  changedAt: ({ changedAtMs }) => isoTime(changedAtMs),
  versions: ({ id }, page, { caller, operations }) => operations.listDashboardVersions(caller, id, page),
};

/** Resolvers of `DashboardWidget`. */
export const DashboardWidget: DashboardWidgetResolvers = {
  question: ({ content }) => (content.kind === "QUESTION" ? content.question : null),
  text: ({ content }) => (content.kind === "TEXT" ? content.text : null),
  chart: ({ chart, content }) => chart ?? (content.kind === "TEXT" ? "TEXT" : content.question.suggestion.chart),
  chartChosen: ({ chart }) => chart !== null,
};

type Told = Partial<Widget> & { readonly kind?: string };
const widgetIn = (change: Change): Told => (change.kind === "ADD_WIDGET" ? change.widget : change);
const contentIn = (change: Change): Widget["content"] | null => widgetIn(change).content ?? null;
const variableIn = (change: Change) => (change.kind === "SET_VARIABLE" ? change.variable : null);

/** Resolvers of `DashboardOperation`. */
export const DashboardOperation: DashboardOperationResolvers = {
  widgetId: (change) => ("widgetId" in change ? change.widgetId : (widgetIn(change).id ?? null)),
  title: (change) => widgetIn(change).title ?? null,
  description: (change) => (change.kind === "SET_DESCRIPTION" ? change.description : null),
  range: (change) => (change.kind === "SET_RANGE" ? change.range : null),
  filter: (change) => (change.kind === "SET_FILTER" ? change.filter : null),
  variable: variableIn,
  variableName: (change) => variableIn(change)?.name ?? (change.kind === "REMOVE_VARIABLE" ? change.name : null),
  box: (change) => widgetIn(change).box ?? null,
  question: (change) => {
    const content = contentIn(change);
    return content?.kind === "QUESTION" ? content.question : null;
  },
  text: (change) => {
    const content = contentIn(change);
    return content?.kind === "TEXT" ? content.text : null;
  },
  chart: (change) => widgetIn(change).chart ?? null,
  order: (change) => (change.kind === "REMOVE_WIDGET" ? null : (widgetIn(change).order ?? null)),
};

/** Resolvers of `DashboardVersion`. */
export const DashboardVersion: DashboardVersionResolvers = {
  operations: ({ changes }) => changes,
  at: ({ atMs }) => isoTime(atMs),
};

const pageInfo = ({ edges, hasNextPage, hasPreviousPage }: DashboardPage<unknown>) => ({
  hasNextPage,
  hasPreviousPage,
  startCursor: edges[0]?.cursor ?? null,
  endCursor: edges.at(-1)?.cursor ?? null,
});

/** Resolvers of `DashboardConnection`. */
export const DashboardConnection: DashboardConnectionResolvers = { pageInfo };
/** Resolvers of `DashboardVersionConnection`. */
export const DashboardVersionConnection: DashboardVersionConnectionResolvers = { pageInfo };

/** Widgets' data with where each comes to lie on its dashboard. */
const placedData = (dashboard: DashboardParent, widgets: readonly WidgetData[]) => {
  const placed = new Map(placedWidgets(dashboard.document.widgets).map((one) => [one.id, one]));
  return widgets.map((data) => ({ ...data, placed: placed.get(data.widget.id)?.placed ?? data.widget.box }));
};

/** Resolvers of `DashboardData`. */
export const DashboardData: DashboardDataResolvers = {
  widgets: ({ dashboard, widgets }) => placedData(dashboard, widgets),
};

/** Resolvers of `DashboardLiveUpdate`. */
export const DashboardLiveUpdate: DashboardLiveUpdateResolvers = {
  changed: ({ dashboard, changed }) => placedData(dashboard, changed),
  askedAt: ({ askedAtMs }) => isoTime(askedAtMs),
};

/** Resolvers of `DashboardWidgetData`. */
export const DashboardWidgetData: DashboardWidgetDataResolvers = {
  widget: ({ widget, placed }) => ({ ...widget, placed }),
  answer: ({ answer }) => answer,
};

/** Resolvers of `DashboardAnswer`. */
export const DashboardAnswer: DashboardAnswerResolvers = { __resolveType: ({ __typename }) => __typename };

/** Resolvers of `CreateDashboardResult`. */
export const CreateDashboardResult: CreateDashboardResultResolvers = {
  __resolveType: ({ kind }) => (kind === "CREATED" ? "DashboardCreated" : "TooManyDashboards"),
};
/** Resolvers of `EditDashboardResult`. */
export const EditDashboardResult: EditDashboardResultResolvers = {
  __resolveType: ({ kind }) => (kind === "EDITED" ? "DashboardEdited" : "DashboardNotFound"),
};
/** Resolvers of `ShareDashboardResult`. */
export const ShareDashboardResult: ShareDashboardResultResolvers = {
  __resolveType: ({ kind }) => (kind === "SHARED" ? "DashboardShared" : "DashboardNotFound"),
};
/** Resolvers of `RemoveDashboardResult`. */
export const RemoveDashboardResult: RemoveDashboardResultResolvers = {
  __resolveType: ({ kind }) => (kind === "REMOVED" ? "DashboardRemoved" : "DashboardNotFound"),
};
