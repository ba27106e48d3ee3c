import { refuse } from "@tessera/platform/errors/refusal";
import { MAX_TRUSTED_SEALS } from "../operations/verify-audit.ts";

/** Reads seals kept outside; refuses with BAD_INPUT more than one call compares. */
export const trustedSealsArgument = (seals: readonly string[] | null | undefined): readonly string[] => {
  if ((seals?.length ?? 0) > MAX_TRUSTED_SEALS)
    throw refuse("BAD_INPUT", `At most ${MAX_TRUSTED_SEALS} seals are compared by one call.`, {
      field: "trustedSeals",
    });
  return seals ?? [];
};
