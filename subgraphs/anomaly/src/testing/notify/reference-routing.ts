import type { Severity } from "../../domain/alerts/alert.ts";
import type { Route, Routed } from "../../domain/notify/route.ts";
import type { Matcher } from "../../domain/silences/matcher.ts";

const RANK: readonly Severity[] = ["INFO", "WARNING", "ERROR", "CRITICAL"];

const holds = ({ label, operator, values }: Matcher, { labels }: Routed): boolean => {
  const value = labels[label] ?? "";
  if (operator === "REGEX") return new RegExp(`^(?:${values[0] ?? ""})$`, "s").test(value);
  if (operator === "NOT_REGEX") return !new RegExp(`^(?:${values[0] ?? ""})$`, "s").test(value);
  return values.includes(value) === (operator === "EQUALS" || operator === "IN");
};

const takes = (route: Route, alert: Routed): boolean =>
  route.matchers.every((matcher) => holds(matcher, alert)) &&
  (route.severity === null || RANK.indexOf(alert.severity) >= RANK.indexOf(route.severity));

/** Every path from the root to a route, as places among children. */
const pathsOf = (route: Route): readonly (readonly number[])[] => [
  [],
  ...route.routes.flatMap((child, place) => pathsOf(child).map((path) => [place, ...path])),
];

const along = (root: Route, path: readonly number[]): readonly Route[] => {
  const found: Route[] = [root];
  for (const place of path) {
    const next = found.at(-1)?.routes[place];
    if (next !== undefined) found.push(next);
  }
  return found;
};

/**
 * Names of the routes an alert is told by, as it is defined: those all of whose path takes it, none of whose children does, and on whose path no earlier sibling
 * takes it without letting it go on.
 */
export const referenceWays = (root: Route, alert: Routed): readonly string[] =>
  pathsOf(root)
    .filter((path) => {
      const routes = along(root, path);
      const isTaken = routes.every((route) => takes(route, alert));
      const isLeft = !(routes.at(-1)?.routes ?? []).some((child) => takes(child, alert));
      const isReached = path.every((place, depth) =>
        (routes[depth]?.routes ?? []).slice(0, place).every((sibling) => !takes(sibling, alert) || sibling.goesOn),
      );
      return isTaken && isLeft && isReached;
    })
    .map((path) => along(root, path).at(-1)?.name ?? "");

/** What an inheriting setting is for a route: that of the nearest above that has one. */
export const referenceSetting = <T>(root: Route, name: string, read: (route: Route) => T | null): T | null => {
  const path = pathsOf(root).find((one) => along(root, one).at(-1)?.name === name) ?? [];
  return (
    along(root, path)
      .map(read)
      .findLast((value) => value !== null) ?? null
  );
};
