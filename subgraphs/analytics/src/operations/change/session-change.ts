import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import { parseSessionMetrics } from "../../domain/sessions/parse-sessions.ts";
import type { SessionMetricsInput } from "../../domain/sessions/sessions-input.ts";
import { reachOf, sessionMarks } from "../../domain/sessions/sessions.ts";
import type { SessionNumber } from "../../domain/change/reading.ts";
import { behaviourSource } from "../../domain/behaviour-source.ts";
import { chooseName, refuseUnusedParts, VALUE_NAMES } from "../../domain/watched/watched-value.ts";
import { resolveCohorts } from "../in-cohort.ts";
import { fieldsOfSessions, refuseTooManySessions, type SessionsDeps } from "../query-sessions.ts";
import {
  rangeOf,
  typed,
  type BehaviourChange,
  type BehaviourChangeDeps,
  type BehaviourToExplain,
} from "./behaviour-change.ts";
import { unitChange, type CountedUnits, type UnitChangeDeps } from "./unit-change.ts";

/** What explaining numbers of sessions needs. */
export type SessionChangeDeps = BehaviourChangeDeps & UnitChangeDeps & SessionsDeps;

/** How the numbers of sessions add up. */
const ADDS: Readonly<Record<SessionNumber, CountedUnits["adds"]>> = {
  ...{ sessions: "SUM", people: "SUM", events: "SUM", pageViews: "SUM", revenue: "SUM" },
  ...{ bounced: "AMONG", engaged: "AMONG", converted: "AMONG" },
  ...{ eventsPerSession: "RATIO", pagesPerSession: "RATIO", meanDurationSeconds: "RATIO", meanActiveSeconds: "RATIO" },
  ...{ bounceRate: "RATIO", engagementRate: "RATIO", conversionRate: "RATIO", revenuePerSession: "RATIO" },
};

const isSessionNumber = (name: string): name is SessionNumber => Object.hasOwn(ADDS, name);

/** Refuses numbers that the question has none of. */
const requireKnown = (name: SessionNumber, { conversion, currency }: SessionMetricsInput): void => {
  const lacks = name.startsWith("conver") && (conversion ?? null) === null ? "conversion" : null;
  const missing = lacks ?? (name.startsWith("revenue") && (currency ?? null) === null ? "currency" : null);
  if (missing !== null)
    throw refuse("BAD_INPUT", `\`${name}\` is known with a \`${missing}\` alone.`, { field: `input.${missing}` });
};

/** A number of `sessionMetrics`: sessions are told apart by the event that they are entered by, people by that of their first session. */
export const sessionChange = async (
  deps: SessionChangeDeps,
  { caller, input, value, timeZone, span, held }: BehaviourToExplain,
): Promise<BehaviourChange> => {
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.SESSION_METRICS, "sessions");
  if (!isSessionNumber(name)) throw new Error("Every number of sessions adds up.");
  const rest = { ...typed<SessionMetricsInput>(input), granularity: null, breakdown: null, pages: null };
  const bare = await resolveCohorts(deps, caller, { ...rest, sample: null, fast: null, timeZone });
  requireKnown(name, bare);
  return unitChange(deps, {
    ...{ caller, name, timeZone, held, span, adds: ADDS[name], impact: "EVENTS" },
    units: async (one, signal) => {
      const question = parseSessionMetrics({ ...bare, range: rangeOf(one) }, accessOf(caller));
      const [fields, reach, marks] = [fieldsOfSessions(question), reachOf(question.range), sessionMarks(question)];
      const { table } = behaviourSource(fields, caller.dataPolicy);
      const size = await deps.sessions.size(caller, question, { table, marks, reach }, signal);
      refuseTooManySessions(size.rows[0] ?? 0);
      const reading = { kind: "SESSIONS", number: name, question, marks } as const;
      return { reading, fields, reach, entries: one, periods: 1, costs: [size.statistics] };
    },
  });
};
