import type { FunnelParts, FunnelTask } from "./funnel/count-funnel.ts";
import type { PathParts, PathTask } from "./paths/count-paths.ts";

/** Questions whose events are counted by this room itself, each with what it is about and what it comes to; all of it is data that can be handed to a thread. */
export interface CountKinds {
  readonly FUNNEL: { readonly task: FunnelTask; readonly parts: FunnelParts };
  readonly PATHS: { readonly task: PathTask; readonly parts: PathParts };
}

/** One of {@link CountKinds}. */
export type CountKind = keyof CountKinds;

/** What is to be counted. */
export type CountTask<Kind extends CountKind> = CountKinds[Kind]["task"] & { readonly kind: Kind };

/** An answer of the store as it came, in columns, and which statement's it is. */
export interface CountSlice {
  readonly form: "LISTS" | "COLUMNS";
  readonly bytes: ArrayBuffer;
}

/** Counts slice by slice. */
export interface Counter<Kind extends CountKind> {
  /** Counts a slice, whole or not at all; false when its form could not hold all of it, so that it is to be read in another. */
  add(slice: CountSlice): boolean;
  parts(): CountKinds[Kind]["parts"];
}
