import { refuse } from "@tessera/platform/errors/refusal";

/**
 * When a new key expires, milliseconds since the epoch. A key never outlives the credential that makes it: asking for nothing gives that
 * credential's own end, asking for later, or for the past, is refused with BAD_INPUT.
 */
export const expiryOfNewKey = (
  wanted: string | null | undefined,
  makerExpiresAtMs: number | null,
  nowMs: number,
): number | null => {
  if (wanted === null || wanted === undefined) return makerExpiresAtMs;
  const wantedMs = Date.parse(wanted);
  const field = "input.expiresAt";
  if (!(wantedMs > nowMs)) throw refuse("BAD_INPUT", "The key would expire before it is made.", { field });
  if (makerExpiresAtMs !== null && wantedMs > makerExpiresAtMs)
    throw refuse(
      "BAD_INPUT",
      `A key can't outlive the credential that makes it, which expires at ${new Date(makerExpiresAtMs).toISOString()}.`,
      { field },
    );
  return wantedMs;
};
