import type { Caller } from "@tessera/contracts/caller";
import type { WatchedSeriesInput } from "../watched/watched-series.ts";
import { createCheckNames, type CheckNamesDeps } from "./check-names.ts";

/** Questions that say themselves whether names that were never sent are asked about. */
const SAY_SO: ReadonlySet<string> = new Set([
  ...["olap", "timeSeries", "funnel", "retention", "stickiness", "lifecycle", "activeUsers", "attribution", "paths"],
  ...["sessionMetrics", "velocity", "rings", "eventQuality", "drift"],
]);

type Watch<Answer> = (
  caller: Caller,
  input: WatchedSeriesInput & { readonly allowUnknown?: boolean | null | undefined },
  signal?: AbortSignal,
) => Promise<Answer>;

const allowing = (question: WatchedSeriesInput["question"]): WatchedSeriesInput["question"] =>
  Object.fromEntries(
    Object.entries(question).map(([kind, part]) => [
      kind,
      SAY_SO.has(kind) && part !== null && part !== undefined ? { ...part, allowUnknown: true } : part,
    ]),
  );

/** A question as series, refused where it names what was never sent and is a slip of something that was; not where whoever asks allows that. */
export const checkedWatch = <Answer>(deps: CheckNamesDeps, watch: Watch<Answer>): Watch<Answer> => {
  const check = createCheckNames(deps);
  return async (caller, input, signal) => {
    const { allowUnknown, ...asked } = input;
    if (allowUnknown === true) return watch(caller, { ...asked, question: allowing(asked.question) }, signal);
    await check(caller, asked, "input");
    return watch(caller, asked, signal);
  };
};
