import type { SavedEscalation } from "./escalation.ts";

/** What became of an escalation policy that was to be saved. */
export type SavedEscalationOutcome =
  | { readonly kind: "SAVED" | "STALE"; readonly policy: SavedEscalation }
  | { readonly kind: "NAME_TAKEN" | "NOT_FOUND" }
  | { readonly kind: "LIMIT_REACHED"; readonly limit: number };
