import type { Caller } from "@tessera/contracts/caller";
import { createCheckNames, type CheckNames, type CheckNamesDeps } from "./check-names.ts";

/** Questions and definitions that are asked with their input. */
const ASKED_WITH_INPUT = [
  ...(["olap", "timeSeries", "funnel", "attribution", "paths", "sessionMetrics", "velocity", "rings"] as const),
  ...(["eventQuality", "drift", "stickiness", "lifecycle", "activeUsers", "explain", "startQuery"] as const),
  ...(["defineMetric", "defineSegment", "defineDimension", "saveQuery", "createCohort", "previewCohort"] as const),
  ...(["saveExpectation", "defineCorrelationRule", "backtestCorrelationRule", "startBacktest"] as const),
  ...(["liveWindows", "watchLiveWindows", "explainChange", "defineRollup"] as const),
] as const;
/** Questions whose input is one of what they are asked with. */
const ASKED_WITH_MORE = [
  ...(["retention", "sessions", "funnelOfPath", "drillDown", "rollUp", "olapPage", "rowsBehind"] as const),
] as const;
/** Questions asked with the place of a number in an answer. */
const ASKED_WITH_PLACE = ["behindCounts", "behindEvents", "behindPeople", "behindJourneys"] as const;
/** Questions asked with parts that stand for themselves. */
const ASKED_WITH_PARTS = ["events", "watchEvents"] as const;

type Checked = (
  typeof ASKED_WITH_INPUT | typeof ASKED_WITH_MORE | typeof ASKED_WITH_PLACE | typeof ASKED_WITH_PARTS
)[number];
/** What is changed of something by its id. */
type Change = (caller: Caller, id: string, input: never) => Promise<unknown>;

/** Something asked of this room; its own type says with what. */
type AnyAsk = (caller: Caller, asked: never, ...rest: never[]) => Promise<unknown>;

const checked =
  (check: CheckNames, ask: AnyAsk, questionOf: (asked: { readonly input?: unknown }) => unknown, where = "input") =>
  async (caller: Caller, asked: { readonly input?: unknown }, ...rest: never[]): Promise<unknown> => {
    await check(caller, questionOf(asked), where);
    // boundary: it is asked as it was.
    return ask(caller, asked as never, ...rest);
  };

/** The operations, of which questions and definitions are refused that name what was never sent and is a slip of something that was. */
export const checkedOperations = <
  Operations extends Readonly<Record<Checked, AnyAsk>> & { readonly updateCohort: Change },
>(
  deps: CheckNamesDeps,
  operations: Operations,
): Operations => {
  const check = createCheckNames(deps);
  const asking = [
    ...ASKED_WITH_INPUT.map((name) => [name, checked(check, operations[name], (asked) => asked)] as const),
    ...ASKED_WITH_MORE.map((name) => [name, checked(check, operations[name], ({ input }) => input)] as const),
    ...ASKED_WITH_PLACE.map((name) => [name, checked(check, operations[name], (of) => of, "of")] as const),
    ...ASKED_WITH_PARTS.map((name) => [name, checked(check, operations[name], (asked) => asked, "")] as const),
  ];
  const updateCohort = async (caller: Caller, id: string, input: never): Promise<unknown> => {
    await check(caller, input, "input");
    return operations.updateCohort(caller, id, input);
  };
  return { ...operations, ...Object.fromEntries(asking), updateCohort };
};
