import type { SavedOnCallSchedule } from "../on-call/saved-schedule.ts";
import type { SavedInhibition, Silence } from "./silence.ts";

interface LimitReached {
  readonly kind: "LIMIT_REACHED";
  readonly limit: number;
}

/** What became of a new silence. */
export type CreatedSilence = { readonly kind: "SAVED"; readonly silence: Silence } | LimitReached;

/** What became of a new inhibition. */
export type CreatedInhibition =
  { readonly kind: "SAVED"; readonly inhibition: SavedInhibition } | { readonly kind: "NAME_TAKEN" } | LimitReached;

/** What became of a schedule that was to be saved. */
export type SavedSchedule =
  | { readonly kind: "SAVED" | "STALE"; readonly schedule: SavedOnCallSchedule }
  | { readonly kind: "NAME_TAKEN" | "NOT_FOUND" }
  | LimitReached;

/** What became of who is to stand in. */
export type AddedOverride =
  { readonly kind: "SAVED"; readonly schedule: SavedOnCallSchedule } | { readonly kind: "NOT_FOUND" } | LimitReached;
