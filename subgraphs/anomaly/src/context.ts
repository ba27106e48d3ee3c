import type { Caller } from "@tessera/contracts/caller";
import type { Loaders } from "./loaders.ts";
import type { Operations } from "./operations.ts";

/** What the resolvers of one call work with. */
export interface Context {
  readonly caller: Caller;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
  readonly loaders: Loaders;
  readonly operations: Operations;
}
