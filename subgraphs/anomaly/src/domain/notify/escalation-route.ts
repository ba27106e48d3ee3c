import { CHANGING_LABELS } from "../on-call/escalation.ts";
import type { Labels } from "../silences/matcher.ts";
import { createRouter, type Route, type Routes } from "./route.ts";

/** Whether a route asks of what changes while an alert lasts: an escalation does not go by it. */
export const asksOfSeverity = ({ severity, matchers }: Pick<Route, "severity" | "matchers">): boolean =>
  severity !== null || matchers.some(({ label }) => CHANGING_LABELS.includes(label));

const steady = (route: Route): Route => ({
  ...route,
  routes: route.routes.filter((child) => !asksOfSeverity(child)).map(steady),
});

/**
 * The escalation policy that routes name for an alert, by its labels: that of the first of its ways that has one; null: none has. Routes that ask of severity
 * are passed over, so that it stays the same while the alert lasts.
 */
export const escalationRouter = (routes: Routes): ((labels: Labels) => string | null) => {
  const router = createRouter({ ...routes, root: steady(routes.root) });
  return (labels) =>
    router({ labels, severity: "INFO" }).find(({ escalation }) => escalation !== null)?.escalation ?? null;
};
