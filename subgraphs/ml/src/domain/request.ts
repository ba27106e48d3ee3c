import { refuse } from "@tessera/platform/errors/refusal";
import { parsePropertyPath, type PropertyPath } from "@tessera/platform/store/property-path";
import { parseDurationMs } from "@tessera/platform/time/duration";
import { z } from "zod";

/** Items one answer may hold: what a page can show. */
const MAX_RECOMMENDATIONS = 100;
/** Shortest and longest time to look back. */
const MIN_LOOKBACK_MS = 3_600_000;
const MAX_LOOKBACK_MS = 366 * 86_400_000;
/** Event names one request may list. */
const MAX_EVENT_NAMES = 50;
/** Characters a user's id may have. */
const MAX_ID_CHARACTERS = 256;
/** Characters an event's name may have. */
const MAX_NAME_CHARACTERS = 500;

/** What is recommended to whom, checked. */
export interface RecommendationRequest {
  readonly userId: string;
  readonly itemProperty: PropertyPath;
  /** Empty means every event that carries the property. */
  readonly eventNames: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly first: number;
}

const requestSchema = z.object({
  userId: z.string().min(1).max(MAX_ID_CHARACTERS),
  itemProperty: z.string().transform((text, context): PropertyPath => {
    const path = parsePropertyPath(text);
    if (path !== null) return path;
    context.addIssue("Name a property: up to five names joined by dots, of letters, digits, `_`, `$` and `-`.");
    return z.NEVER;
  }),
  eventNames: z.array(z.string().min(1).max(MAX_NAME_CHARACTERS)).max(MAX_EVENT_NAMES),
  lookback: z.string().transform((text, context): number => {
    const lookbackMs = parseDurationMs(text);
    if (lookbackMs !== null && lookbackMs >= MIN_LOOKBACK_MS && lookbackMs <= MAX_LOOKBACK_MS) return lookbackMs;
    context.addIssue("Look back from PT1H to P366D, without years and months.");
    return z.NEVER;
  }),
  first: z.number().int().min(1).max(MAX_RECOMMENDATIONS),
});

/** Checks what a caller asks for, looking back from `nowMs`; refuses with BAD_INPUT naming the first field that is wrong. */
export const checkRequest = (input: unknown, nowMs: number): RecommendationRequest => {
  const parsed = requestSchema.safeParse(input);
  if (!parsed.success) {
    const said = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join(" ");
    throw refuse("BAD_INPUT", said, { field: `input.${parsed.error.issues[0]?.path.join(".") ?? ""}` });
  }
  const { lookback, ...same } = parsed.data;
  return { ...same, fromMs: nowMs - lookback, toMs: nowMs };
};
