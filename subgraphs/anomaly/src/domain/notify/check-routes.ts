import { refuse } from "@tessera/platform/errors/refusal";
import { isUuid } from "@tessera/contracts/ids";
import type { Severity } from "../alerts/alert.ts";
import { checkName, checkQuietHours } from "./check-channel.ts";
import type { QuietHoursInput } from "./channel-input.ts";
import { RE2JS } from "re2js";
import type { Matcher } from "../silences/matcher.ts";
import { asksOfSeverity } from "./escalation-route.ts";
import { ROUTE_LIMITS, type Route } from "./route.ts";

type Maybe<T> = T | null | undefined;

/** What is asked of one label, as the graph delivers it. */
type LabelMatchInput = Omit<Matcher, "operator"> & { readonly operator?: Matcher["operator"] };

/** A route as the graph delivers it. */
export interface RouteInput {
  readonly name: string;
  readonly matchers?: Maybe<readonly LabelMatchInput[]>;
  readonly severity?: Maybe<Severity>;
  readonly channels?: Maybe<readonly string[]>;
  readonly groupBy?: Maybe<readonly string[]>;
  readonly groupWaitSeconds?: Maybe<number>;
  readonly groupIntervalSeconds?: Maybe<number>;
  readonly quietHours?: Maybe<QuietHoursInput>;
  readonly escalation?: Maybe<string>;
  readonly goesOn?: boolean;
  readonly routes?: Maybe<readonly RouteInput[]>;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });
const LABEL = /^[^\s{}"]{1,200}$/;

/** Values of a matcher, and characters of each. */
const MAX_VALUES = 50;
const MAX_VALUE = 200;
const isPattern = (operator: Matcher["operator"]): boolean => operator === "REGEX" || operator === "NOT_REGEX";

const checkMatcher = ({ label, operator = "EQUALS", values }: LabelMatchInput, where: string): Matcher => {
  if (!LABEL.test(label))
    throw bad(`${where}.label`, "A label has 1 to 200 characters without spaces, braces or quotes.");
  const most = operator === "IN" || operator === "NOT_IN" ? MAX_VALUES : 1;
  if (values.length < 1 || values.length > most) throw bad(`${where}.values`, `${operator} has 1 to ${most} values.`);
  if (values.some((value) => value.length > MAX_VALUE))
    throw bad(`${where}.values`, `A value has at most ${MAX_VALUE} characters.`);
  try {
    if (isPattern(operator)) RE2JS.compile(values[0] ?? "", RE2JS.DOTALL);
  } catch (error) {
    throw refuse("BAD_INPUT", "This is not a pattern of RE2.", { field: `${where}.values` }, error);
  }
  return { label, operator, values };
};

const checkSeconds = (seconds: Maybe<number>, where: string): number | null => {
  if (seconds === null || seconds === undefined) return null;
  if (seconds < 0 || seconds > ROUTE_LIMITS.waitSeconds)
    throw bad(where, `Between 0 and ${ROUTE_LIMITS.waitSeconds} seconds.`);
  return seconds;
};

const atMost = <T>(list: readonly T[], most: number, where: string): readonly T[] => {
  if (list.length > most) throw bad(where, `At most ${most} are named.`);
  return list;
};

/** Whether a route that names an escalation may: neither it nor what it lies below asks of severity. */
const checkEscalation = (escalation: Maybe<string>, isSteady: boolean, where: string): string | null => {
  if (escalation === null || escalation === undefined) return null;
  if (!isSteady)
    throw bad(
      where,
      "A route that asks of severity, or lies below one, names no escalation: severity changes while an alert lasts.",
    );
  if (!isUuid(escalation)) throw bad(where, "This is not the id of an escalation policy.");
  return escalation.toLowerCase();
};

/** What is known of a tree while its routes are checked. */
interface Checking {
  readonly depth: number;
  readonly names: Set<string>;
  /** Whether nothing above asks of severity. */
  readonly isSteady: boolean;
}

const checkRoute = (input: RouteInput, where: string, checking: Checking): Route => {
  const { depth, names } = checking;
  if (depth > ROUTE_LIMITS.depth) throw bad(where, `Routes lie within one another ${ROUTE_LIMITS.depth} deep at most.`);
  const name = checkName(input.name, `${where}.name`);
  if (names.has(name))
    throw bad(`${where}.name`, `There are two routes \`${name}\`: deliveries tell which one they went by.`);
  names.add(name);
  if (names.size > ROUTE_LIMITS.routes) throw bad("input.root", `A tenant has at most ${ROUTE_LIMITS.routes} routes.`);
  const channels = input.channels?.map((id) => id.toLowerCase()) ?? null;
  const strange = channels?.findIndex((id) => !isUuid(id)) ?? -1;
  if (strange >= 0) throw bad(`${where}.channels.${strange}`, "This is not the id of a channel.");
  const groupBy = input.groupBy ?? null;
  if (groupBy?.some((label) => !LABEL.test(label))) throw bad(`${where}.groupBy`, "A label has 1 to 200 characters.");
  const matchers = atMost(input.matchers ?? [], ROUTE_LIMITS.matchers, `${where}.matchers`).map((one, place) =>
    checkMatcher(one, `${where}.matchers.${place}`),
  );
  const severity = input.severity ?? null;
  const isSteady = checking.isSteady && !asksOfSeverity({ severity, matchers });
  return {
    ...{ name, severity, matchers, goesOn: input.goesOn ?? false },
    escalation: checkEscalation(input.escalation, isSteady, `${where}.escalation`),
    channels: channels === null ? null : atMost([...new Set(channels)], ROUTE_LIMITS.channels, `${where}.channels`),
    groupBy:
      groupBy === null ? null : atMost([...new Set(groupBy)].toSorted(), ROUTE_LIMITS.groupBy, `${where}.groupBy`),
    groupWaitSeconds: checkSeconds(input.groupWaitSeconds, `${where}.groupWaitSeconds`),
    groupIntervalSeconds: checkSeconds(input.groupIntervalSeconds, `${where}.groupIntervalSeconds`),
    quietHours: checkQuietHours(input.quietHours, `${where}.quietHours`),
    routes: (input.routes ?? []).map((child, place) =>
      checkRoute(child, `${where}.routes.${place}`, { depth: depth + 1, names, isSteady }),
    ),
  };
};

/** Checks a tree of routes; refuses with BAD_INPUT. Whether its channels are there is for whoever keeps them. */
export const checkRoutes = (root: RouteInput): Route => {
  if ((root.matchers ?? []).length > 0 || (root.severity ?? null) !== null)
    throw bad("input.root.matchers", "The root takes every alert: put what is asked of labels into routes below it.");
  return checkRoute(root, "input.root", { depth: 1, names: new Set(), isSteady: true });
};

/** Ids of all channels that a tree names. */
export const channelsIn = (route: Route): readonly string[] => [
  ...new Set([...(route.channels ?? []), ...route.routes.flatMap(channelsIn)]),
];

/** Ids of all escalation policies that a tree names. */
export const escalationsIn = (route: Route): readonly string[] => [
  ...new Set([...(route.escalation === null ? [] : [route.escalation]), ...route.routes.flatMap(escalationsIn)]),
];
