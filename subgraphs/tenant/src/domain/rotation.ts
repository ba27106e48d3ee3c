import { refuse } from "@tessera/platform/errors/refusal";

/** Milliseconds for which the old secret stays valid unless told otherwise: a day to deploy the new one. */
export const DEFAULT_OVERLAP_MS = 24 * 3_600_000;
/** Milliseconds for which the old secret may stay valid at most: a secret that is replaced must end. */
export const MAX_OVERLAP_MS = 30 * 24 * 3_600_000;

/** When the old secret of a rotated key ends, milliseconds since the epoch; now ends it at once. Refuses the past and too much with BAD_INPUT. */
export const overlapEnd = (wanted: string | null | undefined, nowMs: number, field: string): number => {
  if (wanted === null || wanted === undefined) return nowMs + DEFAULT_OVERLAP_MS;
  const wantedMs = Date.parse(wanted);
  if (!(wantedMs >= nowMs)) throw refuse("BAD_INPUT", "The old secret can't have ended in the past.", { field });
  if (wantedMs > nowMs + MAX_OVERLAP_MS)
    throw refuse("BAD_INPUT", `The old secret may stay valid for ${MAX_OVERLAP_MS / 86_400_000} days at most.`, {
      field,
    });
  return wantedMs;
};
