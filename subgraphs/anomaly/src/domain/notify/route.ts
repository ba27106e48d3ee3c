import type { Severity } from "../alerts/alert.ts";
import { labelTest, type LabelTest, type Matcher } from "../silences/matcher.ts";
import type { QuietHours } from "./quiet-hours.ts";
import { isAtLeast } from "./severity-rank.ts";

/** What a route says; what it leaves out (null) is as its parent says. */
export interface Route {
  /** Unique among the tenant's routes. */
  readonly name: string;
  /** All must hold; one without any takes everything. */
  readonly matchers: readonly Matcher[];
  /** Alerts less severe are not taken; null: of any severity. */
  readonly severity: Severity | null;
  /** Ids of channels. */
  readonly channels: readonly string[] | null;
  /** Labels by whose values alerts are put into one message; none: each alert by itself. */
  readonly groupBy: readonly string[] | null;
  /** Seconds that the first alert of a group waits for others. */
  readonly groupWaitSeconds: number | null;
  /** Seconds between messages about a group. */
  readonly groupIntervalSeconds: number | null;
  readonly quietHours: QuietHours | null;
  /** Id of the escalation policy of alerts that go this way, in place of the one that is for their labels. */
  readonly escalation: string | null;
  /** Whether the routes after it are asked as well. */
  readonly goesOn: boolean;
  readonly routes: readonly Route[];
}

/** A tenant's routes: a tree whose root takes everything. */
export interface Routes {
  /** 0: none were set yet. */
  readonly version: number;
  readonly root: Route;
}

/** What became of routes that somebody set. */
export type SavedRoutes =
  | { readonly kind: "SAVED"; readonly routes: Routes }
  | { readonly kind: "STALE"; readonly routes: Routes }
  | { readonly kind: "UNKNOWN_CHANNEL" | "UNKNOWN_ESCALATION"; readonly id: string };

/** What an alert is sent by: a route with what it has of its parents. */
export interface Way {
  /** Names from the root on. */
  readonly path: readonly string[];
  readonly channels: readonly string[];
  readonly groupBy: readonly string[];
  readonly groupWaitSeconds: number;
  readonly groupIntervalSeconds: number;
  readonly quietHours: QuietHours | null;
  readonly escalation: string | null;
}

/** What a tree of routes is held to. */
export const ROUTE_LIMITS = {
  routes: 200,
  depth: 5,
  matchers: 20,
  channels: 20,
  groupBy: 10,
  waitSeconds: 86_400,
} as const;

/** How groups are told where no route says it: what one trouble sets off is there within half a minute, and five minutes later people have read what they were told. */
export const GROUP_DEFAULTS = { waitSeconds: 30, intervalSeconds: 300 } as const;

/** Routes of a tenant that has set none: nobody is told. */
export const NO_ROUTES: Routes = {
  version: 0,
  root: {
    ...{ name: "all", matchers: [], severity: null, channels: [], groupBy: [], groupWaitSeconds: null },
    ...{ groupIntervalSeconds: null, quietHours: null, escalation: null },
    ...{ goesOn: false, routes: [] },
  },
};

const ROOT_WAY: Way = {
  ...{ path: [], channels: [], groupBy: [], quietHours: null, escalation: null },
  groupWaitSeconds: GROUP_DEFAULTS.waitSeconds,
  groupIntervalSeconds: GROUP_DEFAULTS.intervalSeconds,
};

const under = (above: Way, route: Route): Way => ({
  path: [...above.path, route.name],
  channels: route.channels ?? above.channels,
  groupBy: route.groupBy ?? above.groupBy,
  groupWaitSeconds: route.groupWaitSeconds ?? above.groupWaitSeconds,
  groupIntervalSeconds: route.groupIntervalSeconds ?? above.groupIntervalSeconds,
  quietHours: route.quietHours ?? above.quietHours,
  escalation: route.escalation ?? above.escalation,
});

/** What routing goes by. */
export interface Routed {
  readonly labels: Readonly<Record<string, string>>;
  readonly severity: Severity;
}

/** A route whose matchers were made ready for many alerts. */
interface ReadyRoute {
  readonly route: Route;
  readonly takes: (alert: Routed) => boolean;
  readonly children: readonly ReadyRoute[];
}

const ready = (route: Route): ReadyRoute => {
  const test: LabelTest = labelTest(route.matchers);
  const { severity } = route;
  return {
    ...{ route, children: route.routes.map(ready) },
    takes: (alert) => (severity === null || isAtLeast(alert.severity, severity)) && test(alert.labels),
  };
};

const waysThrough = (above: Way, { route, children }: ReadyRoute, alert: Routed): readonly Way[] => {
  const own = under(above, route);
  const ways: Way[] = [];
  for (const child of children) {
    if (!child.takes(alert)) continue;
    ways.push(...waysThrough(own, child, alert));
    if (!child.route.goesOn) break;
  }
  return ways.length === 0 ? [own] : ways;
};

/** The ways an alert goes. */
export type Router = (alert: Routed) => readonly Way[];

/**
 * Makes {@link Router}, as Prometheus Alertmanager defines it: an alert goes into the first child that takes it, and the next ones while `goesOn`; a route
 * none of whose children takes it is its way.
 */
export const createRouter = ({ root }: Routes): Router => {
  const first = ready(root);
  return (alert) => (first.takes(alert) ? waysThrough(ROOT_WAY, first, alert) : []);
};

/** What a channel that is reached by several ways is told by: the first of them. */
export const channelsOf = (ways: readonly Way[]): ReadonlyMap<string, Way> => {
  const first = new Map<string, Way>();
  for (const way of ways) for (const id of way.channels) if (!first.has(id)) first.set(id, way);
  return first;
};

/** What alerts of a way are put into one message by; null when each goes by itself. */
export const groupKey = (way: Way, labels: Readonly<Record<string, string>>): string | null =>
  way.groupBy.length === 0
    ? null
    : JSON.stringify([way.path, way.groupBy.map((name) => (Object.hasOwn(labels, name) ? (labels[name] ?? "") : ""))]);
