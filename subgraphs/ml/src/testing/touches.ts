import { randomUUID } from "node:crypto";
import type { TenantId } from "@tessera/contracts/ids";

/** That somebody touched an item, so many minutes before {@link NOW_MS}. */
export interface Touch {
  readonly user: string;
  readonly item: string;
  readonly minutesAgo: number;
}

/** The present of the tests. */
export const NOW_MS = Date.parse("2026-11-20T12:00:00Z");

const stored = (ms: number): string => new Date(ms).toISOString().replace("T", " ").replace("Z", "");

/** A touch as a row of the event store. */
export const eventRow = (tenantId: TenantId, touch: Touch, more: Record<string, unknown> = {}) => ({
  tenant_id: tenantId,
  event_id: randomUUID(),
  time: stored(NOW_MS - touch.minutesAgo * 60_000),
  received_at: stored(NOW_MS),
  batch_id: randomUUID(),
  name: "view",
  user_id: touch.user,
  properties: { productId: touch.item },
  ...more,
});

const setsOf = (pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, ReadonlySet<string>> => {
  const sets = new Map<string, Set<string>>();
  for (const [key, value] of pairs) sets.set(key, (sets.get(key) ?? new Set()).add(value));
  return sets;
};

/**
 * Recommendations by the definition, over arrays: each item's set of people, the cosine of each pair, their sum. Slow and obvious; what the
 * SQL and the scoring are held to. `counts` says which people are looked at.
 */
export const scoresByDefinition = (
  touches: readonly Touch[],
  user: string,
  itemsPerPerson: number,
  counts: (user: string) => boolean = () => true,
): ReadonlyMap<string, { readonly score: number; readonly support: number }> => {
  const itemsOf = setsOf(touches.map((touch) => [touch.user, touch.item]));
  const counted = touches.filter(
    (touch) => counts(touch.user) && (itemsOf.get(touch.user)?.size ?? 0) <= itemsPerPerson,
  );
  const peopleOf = setsOf(counted.map((touch) => [touch.item, touch.user]));
  const own = [...(itemsOf.get(user) ?? [])];
  const scores = new Map<string, { score: number; support: number }>();
  for (const [item, people] of peopleOf) {
    if (own.includes(item)) continue;
    let score = 0;
    for (const mine of own) {
      const others = peopleOf.get(mine) ?? new Set<string>();
      const shared = [...people].filter((person) => others.has(person)).length;
      if (shared > 0) score += shared / Math.sqrt(people.size * others.size);
    }
    const support = [...people].filter((person) => own.some((mine) => peopleOf.get(mine)?.has(person))).length;
    if (score > 0) scores.set(item, { score, support });
  }
  return scores;
};
