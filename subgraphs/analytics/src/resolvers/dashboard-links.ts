import { settle } from "../domain/dashboards/settle.ts";
import { isoTime } from "../domain/zone.ts";
import type {
  CreateDashboardLinkResultResolvers,
  DashboardLinkResolvers,
  RevokeDashboardLinkResultResolvers,
  SharedDashboardResolvers,
  SharedWidgetDataResolvers,
  SharedWidgetResolvers,
} from "../generated/resolvers.ts";

const timeOf = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

/** Resolvers of `DashboardLink`. */
export const DashboardLink: DashboardLinkResolvers = {
  createdAt: ({ createdAtMs }) => isoTime(createdAtMs),
  expiresAt: ({ expiresAtMs }) => isoTime(expiresAtMs),
  revokedAt: ({ revokedAtMs }) => timeOf(revokedAtMs),
  lastUsedAt: ({ lastUsedAtMs }) => timeOf(lastUsedAtMs),
};

/** Resolvers of `SharedDashboard`. */
export const SharedDashboard: SharedDashboardResolvers = {
  title: ({ dashboard }) => dashboard.document.title,
  description: ({ dashboard }) => dashboard.document.description,
  variables: ({ dashboard, link }) =>
    dashboard.document.variables.filter(({ name }) => link.openVariables.includes(name)),
  rangeOpen: ({ link }) => link.rangeOpen,
  widgets: ({ widgets }) => {
    const places = settle(widgets);
    return widgets.map((widget) => ({ ...widget, placed: places.get(widget.id) ?? widget.box }));
  },
  expiresAt: ({ link }) => isoTime(link.expiresAtMs),
  data: (shared, input, { caller, operations, signal }) =>
    operations.sharedDashboardData(caller, shared, input, signal),
};

/** Resolvers of `SharedWidget`. */
export const SharedWidget: SharedWidgetResolvers = {
  text: ({ content }) => (content.kind === "TEXT" ? content.text : null),
  chart: ({ chart, content }) => chart ?? (content.kind === "TEXT" ? "TEXT" : content.question.suggestion.chart),
};

/** Resolvers of `SharedWidgetData`: what is wrong with a question is not for readers, only that it is. */
export const SharedWidgetData: SharedWidgetDataResolvers = {
  widgetId: ({ widget }) => widget.id,
  error: ({ error }) => error?.code ?? null,
};

const CREATED = {
  CREATED: "DashboardLinkCreated",
  TOO_MANY: "TooManyDashboardLinks",
  NOT_FOUND: "DashboardNotFound",
} as const;
/** Resolvers of `CreateDashboardLinkResult`. */
export const CreateDashboardLinkResult: CreateDashboardLinkResultResolvers = {
  __resolveType: ({ kind }) => CREATED[kind],
};
/** Resolvers of `RevokeDashboardLinkResult`. */
export const RevokeDashboardLinkResult: RevokeDashboardLinkResultResolvers = {
  __resolveType: ({ kind }) => (kind === "REVOKED" ? "DashboardLinkRevoked" : "DashboardLinkNotFound"),
};
