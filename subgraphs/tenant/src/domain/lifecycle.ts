import { refuse } from "@tessera/platform/errors/refusal";
import type { TenantState } from "./tenant.ts";

/** Days between the request to delete a tenant and the erasure of its data, at least. */
export const MIN_GRACE_DAYS = 1;
/** Days between the request to delete a tenant and the erasure of its data, at most. */
export const MAX_GRACE_DAYS = 90;
/** The same, when the request names none. */
export const DEFAULT_GRACE_DAYS = 30;

const DAY_MS = 86_400_000;
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** What is done to a tenant. */
export type LifecycleStep = "SUSPEND" | "RESUME" | "DELETE";

/** From which states a step leads where; a step that has been taken changes nothing and is no conflict. */
export const LIFECYCLE: Readonly<
  Record<LifecycleStep, { readonly from: readonly TenantState[]; readonly to: TenantState }>
> = {
  SUSPEND: { from: ["ACTIVE"], to: "SUSPENDED" },
  // Also what cancels a deletion, as long as nothing was erased.
  RESUME: { from: ["SUSPENDED", "DELETING"], to: "ACTIVE" },
  DELETE: { from: ["ACTIVE", "SUSPENDED"], to: "DELETING" },
};

/** When a tenant's data is erased; refuses with BAD_INPUT a grace out of bounds. */
export const eraseAt = (nowMs: number, graceDays: number | null | undefined): number => {
  const days = graceDays ?? DEFAULT_GRACE_DAYS;
  if (days < MIN_GRACE_DAYS || days > MAX_GRACE_DAYS)
    throw refuse("BAD_INPUT", `The grace is ${MIN_GRACE_DAYS} to ${MAX_GRACE_DAYS} days.`, {
      field: "input.graceDays",
    });
  return nowMs + days * DAY_MS;
};

/** Reads a tenant's short name; refuses with BAD_INPUT what can't stand in an address. */
export const tenantSlug = (text: string, field: string): string => {
  if (!SLUG.test(text))
    throw refuse("BAD_INPUT", "A slug has 1 to 63 characters: a-z, 0-9 and inner hyphens.", { field });
  return text;
};
