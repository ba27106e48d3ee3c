import { refuse } from "@tessera/platform/errors/refusal";
import { accessIn } from "./access-in.ts";
import { dimensionText, type Cell } from "./columns.ts";
import { DAY_MS, parseDuration, SECOND_MS, type DurationBounds } from "./duration.ts";
import { parseRevealedField, type FieldAccess } from "./fields.ts";
import type { Condition, Field } from "./field.ts";
import { refuseInCohort } from "./in-cohort.ts";
import type { FilterInput } from "./filter-input.ts";
import { parseFilter } from "./filter.ts";
import type { WithMeanings } from "./semantic/dimension-expression.ts";
import { EVENT_SKETCH_BITS } from "./sketch-error.ts";

/** How windows are laid, with their sizes in milliseconds; TUMBLING is SLIDING by its own size. */
export type WindowLayout =
  | { readonly kind: "TUMBLING" | "SLIDING"; readonly sizeMs: number; readonly slideMs: number }
  | { readonly kind: "SESSION"; readonly gapMs: number };

/** A validated `liveWindows` question. */
export interface WindowsQuery {
  readonly layout: WindowLayout;
  readonly timeframeMs: number;
  readonly allowedLatenessMs: number;
  readonly keyBy: Field | null;
  readonly filter: Condition | null;
}

/** A window of time with what it holds; times in milliseconds since the epoch. */
export interface LiveWindow {
  readonly key: string | null;
  readonly startMs: number;
  readonly endMs: number;
  readonly state: "OPEN" | "CLOSING" | "FINAL";
  readonly events: number;
  readonly users: number;
  readonly revenue: readonly { readonly currency: string | null; readonly amount: string }[];
  readonly late: number;
  readonly tooLate: number;
}

/** A window as the store counts it: revenue by currency code, empty where events carried none. */
export interface WindowCells extends Omit<LiveWindow, "key" | "state" | "revenue"> {
  readonly key: Cell;
  readonly amounts: Readonly<Record<string, string>>;
}

/** What the store needs to count windows: the question, when it is asked, and how precisely people are counted. */
export interface WindowsRequest {
  readonly query: WindowsQuery;
  /** Windows that start earlier are not counted; milliseconds since the epoch. */
  readonly firstMs: number;
  readonly nowMs: number;
  /** Windows at most, and one more to tell that there are more. */
  readonly limit: number;
  readonly sketchBits: number;
}

/** A `liveWindows` question as the graph delivers it. */
export interface WindowsInput extends WithMeanings {
  readonly kind: "TUMBLING" | "SLIDING" | "SESSION";
  readonly size?: string | null | undefined;
  readonly slide?: string | null | undefined;
  readonly gap?: string | null | undefined;
  readonly timeframe?: string;
  readonly allowedLateness?: string;
  readonly keyBy?: string | null | undefined;
  readonly filter?: FilterInput | null | undefined;
}

/** Defaults of the SDL, for callers that do not come through it. */
const DEFAULTS = { timeframe: "PT15M", allowedLateness: "PT5M" } as const;
/** Windows in one answer. */
export const MAX_WINDOWS = 1_000;
/** Windows an event may lie in: each copies the event once in the store. */
export const MAX_OVERLAP = 60;
const BOUNDS: DurationBounds = { minMs: SECOND_MS, maxMs: DAY_MS };

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const duration = (input: WindowsInput, part: "size" | "slide" | "gap"): number => {
  const text = input[part];
  if (text === null || text === undefined) throw bad(`input.${part}`, `${input.kind} windows need \`${part}\`.`);
  return parseDuration(text, `input.${part}`, BOUNDS);
};

const USED = { TUMBLING: ["size"], SLIDING: ["size", "slide"], SESSION: ["gap"] } as const;

const layoutOf = (input: WindowsInput): WindowLayout => {
  const used: readonly string[] = USED[input.kind];
  for (const part of ["size", "slide", "gap"] as const)
    if (!used.includes(part) && input[part] !== null && input[part] !== undefined)
      throw bad(`input.${part}`, `\`${part}\` has no meaning for ${input.kind} windows.`);
  if (input.kind === "SESSION") return { kind: "SESSION", gapMs: duration(input, "gap") };
  const sizeMs = duration(input, "size");
  if (input.kind === "TUMBLING") return { kind: "TUMBLING", sizeMs, slideMs: sizeMs };
  const slideMs = duration(input, "slide");
  if (slideMs > sizeMs || slideMs * MAX_OVERLAP < sizeMs)
    throw bad("input.slide", `\`slide\` must be at most \`size\` and at least a ${MAX_OVERLAP}th of it.`);
  return { kind: "SLIDING", sizeMs, slideMs };
};

/** Validates a `liveWindows` question; clock parts in the tenant's own dimensions are of UTC. Refuses with BAD_INPUT or FORBIDDEN. */
export const parseWindows = (input: WindowsInput, caller: FieldAccess): WindowsQuery => {
  const access = accessIn(caller, { meanings: input.meanings });
  const layout = layoutOf(input);
  const timeframeMs = parseDuration(input.timeframe ?? DEFAULTS.timeframe, "input.timeframe", BOUNDS);
  if (layout.kind !== "SESSION" && timeframeMs / layout.slideMs > MAX_WINDOWS)
    throw bad("input.timeframe", `The timeframe holds more than ${MAX_WINDOWS.toLocaleString("en-US")} windows.`);
  refuseInCohort(input.filter, "input.filter");
  return {
    layout,
    timeframeMs,
    allowedLatenessMs: parseDuration(input.allowedLateness ?? DEFAULTS.allowedLateness, "input.allowedLateness", {
      minMs: 0,
      maxMs: DAY_MS,
    }),
    keyBy:
      input.keyBy === null || input.keyBy === undefined ? null : parseRevealedField(input.keyBy, "input.keyBy", access),
    filter: parseFilter(input.filter, "input.filter", access),
  };
};

/** Start of the first window of a question asked at `nowMs`; windows are laid from the epoch on. */
const firstWindowMs = ({ layout, timeframeMs }: WindowsQuery, nowMs: number): number =>
  layout.kind === "SESSION" ? nowMs - timeframeMs : Math.floor((nowMs - timeframeMs) / layout.slideMs) * layout.slideMs;

/** Whether a window may still change at `nowMs`. */
const windowState = (endMs: number, allowedLatenessMs: number, nowMs: number): LiveWindow["state"] => {
  if (endMs > nowMs) return "OPEN";
  return endMs + allowedLatenessMs > nowMs ? "CLOSING" : "FINAL";
};

/** What the store is asked for a question asked at `nowMs`. */
export const windowsRequest = (query: WindowsQuery, nowMs: number): WindowsRequest => ({
  query,
  firstMs: firstWindowMs(query, nowMs),
  nowMs,
  limit: MAX_WINDOWS + 1,
  sketchBits: EVENT_SKETCH_BITS,
});

const codeOf = (code: string): string | null => (code === "" ? null : code);

/** A counted window with its key, its state at the time of the question, and its revenue by currency. */
export const liveWindowOf = (
  { key, amounts, ...cells }: WindowCells,
  { query, nowMs }: Pick<WindowsRequest, "query" | "nowMs">,
): LiveWindow => ({
  ...cells,
  key: query.keyBy === null ? null : dimensionText(query.keyBy, key),
  state: windowState(cells.endMs, query.allowedLatenessMs, nowMs),
  revenue: Object.entries(amounts)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, amount]) => ({ currency: codeOf(code), amount })),
});
