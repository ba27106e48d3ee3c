import { refuse } from "@tessera/platform/errors/refusal";
import { parseDurationMs } from "@tessera/platform/time/duration";

const SHORT = /^(\d{1,6})([smhd])$/;

/** Look back when none is named. */
export const DEFAULT_TIMEFRAME = "5m";

/**
 * A look back as an ISO 8601 duration: `30s`, `5m`, `1h`, `1d`, or such a duration itself (`PT5M`). Refuses anything else with BAD_INPUT; whether it
 * is too long is for the graph to say.
 */
export const parseTimeframe = (text: string): string => {
  const [, count, unit] = SHORT.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) {
    const whole = String(Number(count));
    return unit === "d" ? `P${whole}D` : `PT${whole}${unit.toUpperCase()}`;
  }
  if (parseDurationMs(text) !== null) return text;
  throw refuse("BAD_INPUT", "`timeframe` is a duration such as 30s, 5m, 1h, 24h or PT5M.", { field: "timeframe" });
};
