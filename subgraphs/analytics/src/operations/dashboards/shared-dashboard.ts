import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Dashboard } from "../../domain/dashboards/dashboard.ts";
import type { Widget } from "../../domain/dashboards/document.ts";
import type { DashboardLink } from "../../domain/dashboards/link.ts";
import { mayShare } from "../../domain/dashboards/sharing.ts";
import {
  answerWidgets,
  chosenVariables,
  type DashboardDataInput,
  type DataDeps,
  type TypedAnswer,
  type WidgetData,
} from "./dashboard-data.ts";
import type { LinkDeps } from "./dashboard-links.ts";

/** What reading by a link needs. */
export type SharedDeps = DataDeps & Pick<LinkDeps, "links">;

/** A dashboard as a link shows it. */
export interface SharedDashboard {
  readonly dashboard: Dashboard;
  readonly link: DashboardLink;
  /** The widgets that are shared, in the order of reading. */
  readonly widgets: readonly Widget[];
}

/** What readers of a link ask for. */
export type SharedDataInput = Pick<DashboardDataInput, "variables" | "range" | "widgets" | "maxStaleness">;

/** Who shared, as far as sharing asks: the tenant room has seen to it that they are still there and may still read. */
const sharerOf = (caller: Caller, { sharedBy, asKeeper }: DashboardLink): Caller => {
  const [kind, ...id] = sharedBy.split(":");
  const known = (["USER", "API_KEY", "CLIENT"] as const).find((one) => one === kind) ?? "SERVICE";
  const permissions = new Set(asKeeper ? (["access:manage"] as const) : []);
  return { ...caller, subject: { kind: known, id: id.join(":") }, permissions };
};

/** The dashboard that the caller's link shows, and counts a use of it; null when the link shows none, or the caller has no link. */
export const sharedDashboard =
  ({ links, dashboards }: SharedDeps) =>
  async (caller: Caller): Promise<SharedDashboard | null> => {
    const link = caller.subject.kind === "LINK" ? await links.use(caller.tenantId, caller.subject.id) : null;
    const [dashboard] = link === null ? [] : await dashboards.find(caller.tenantId, [link.dashboardId]);
    if (link === null || dashboard === undefined || !mayShare(dashboard.sharing, sharerOf(caller, link))) return null;
    const shared = link.widgets === null ? null : new Set(link.widgets);
    return { dashboard, link, widgets: dashboard.document.widgets.filter(({ id }) => shared?.has(id) ?? true) };
  };

/** An answer without what leads from it to things of the tenant. */
const closed = (answer: TypedAnswer | null): TypedAnswer | null => {
  if (answer === null || !("groups" in answer) || !Array.isArray(answer.groups)) return answer;
  const groups = answer.groups.map((group: object) => ("cohort" in group ? { ...group, cohort: null } : group));
  return Object.assign({}, answer, { groups });
};

const requireOpen = ({ openVariables, rangeOpen }: DashboardLink, input: SharedDataInput): void => {
  const locked = (input.variables ?? []).findIndex(({ name }) => !openVariables.includes(name));
  if (locked >= 0)
    throw refuse("BAD_INPUT", "Readers of the link do not choose this variable.", {
      field: `variables.${locked}.name`,
    });
  if (!rangeOpen && (input.range ?? null) !== null)
    throw refuse("BAD_INPUT", "Readers of the link do not choose the range.", { field: "range" });
};

/** Answers the questions of shared widgets as somebody who may read what the link's policies leave, never personal data, and nothing else. */
export const sharedDashboardData =
  (deps: SharedDeps) =>
  async (
    caller: Caller,
    { dashboard: { document }, link, widgets }: SharedDashboard,
    input: SharedDataInput,
    signal?: AbortSignal,
  ): Promise<readonly WidgetData[]> => {
    requireOpen(link, input);
    const asked = input.widgets ?? null;
    const ids = asked === null ? null : new Set(asked.map((id) => id.toLowerCase()));
    const setting = {
      ...{ caller: { ...caller, permissions: new Set(["analytics:read"] as const) }, signal },
      ...{ maxStaleness: input.maxStaleness, filter: document.filter, range: input.range ?? document.range },
      variables: chosenVariables(document.variables, input.variables ?? []),
    };
    const answered = await answerWidgets(
      deps,
      setting,
      widgets.filter(({ id }) => ids?.has(id) ?? true),
    );
    return answered.map((one) => ({ ...one, answer: closed(one.answer) }));
  };
