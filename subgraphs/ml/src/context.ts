import type { Caller } from "@tessera/contracts/caller";
import type { recommendations } from "./operations/recommendations.ts";

/** What the resolvers of one call work with. */
export interface Context {
  readonly caller: Caller;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
  readonly operations: { readonly recommendations: ReturnType<typeof recommendations> };
}
