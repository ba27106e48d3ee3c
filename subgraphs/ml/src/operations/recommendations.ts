import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { DataReader } from "@tessera/platform/store/data-policy";
import type { NowMs } from "@tessera/platform/time/clock";
import { samplingRate, type FeedbackBounds } from "../domain/bounds.ts";
import { recommend, type Recommendation } from "../domain/recommendation.ts";
import { checkRequest, type RecommendationRequest } from "../domain/request.ts";
import type { Cost, FeedbackStore, Known } from "../store/feedback-store.ts";

/** What an answer was computed from. */
export interface Provenance extends Cost {
  readonly fromMs: number;
  readonly asOfMs: number;
  readonly exact: boolean;
  readonly sampledShare: number;
  readonly population: number;
  readonly ownItemsUsed: number;
  readonly ownItemsExcluded: number;
  readonly candidates: number;
}

/** Why popular items were given instead of personal ones. */
export type FallbackReason = "UNKNOWN_USER" | "NO_SHARED_ITEMS";

/** Items for one user, how they were found, and from what. */
export interface RecommendationAnswer {
  readonly tenantId: TenantId;
  readonly userId: string;
  readonly fallbackReason: FallbackReason | null;
  readonly items: readonly Recommendation[];
  readonly provenance: Provenance;
}

interface Deps {
  readonly feedback: FeedbackStore;
  readonly bounds: FeedbackBounds;
  readonly nowMs: NowMs;
}

interface Found {
  readonly fallbackReason: FallbackReason | null;
  readonly items: readonly Recommendation[];
  readonly candidates: number;
  readonly costs: readonly Cost[];
}

type Ask = readonly [DataReader, RecommendationRequest, Known, AbortSignal | undefined];

const findPopular = async (
  { feedback }: Deps,
  ask: Ask,
  fallbackReason: FallbackReason,
  costs: readonly Cost[],
): Promise<Found> => {
  const popular = await feedback.readPopular(...ask);
  const items = popular.items.map(({ itemId, users }) => ({
    itemId,
    score: users / popular.people,
    support: users,
    reasons: [],
  }));
  return { fallbackReason, items, candidates: 0, costs: [...costs, popular] };
};

const find = async (deps: Deps, ask: Ask): Promise<Found> => {
  const [, request, known] = ask;
  if (known.seen.length === 0) return findPopular(deps, ask, "UNKNOWN_USER", []);
  const read = await deps.feedback.readCoOccurrence(...ask);
  const items = recommend(read.own, read.candidates, request.first);
  if (items.length === 0) return findPopular(deps, ask, "NO_SHARED_ITEMS", [read]);
  return { fallbackReason: null, items, candidates: read.candidates.length, costs: [read] };
};

const total = (costs: readonly Cost[]): Cost => ({
  rowsRead: costs.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
  elapsedMs: costs.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0),
});

/** Items the user has not touched and is likely to want; popular ones when nothing can be said about the user. */
export const recommendations =
  (deps: Deps) =>
  async (caller: Caller, input: object, signal?: AbortSignal): Promise<RecommendationAnswer> => {
    const { tenantId } = caller;
    const request = checkRequest(input, deps.nowMs());
    const user = await deps.feedback.readUser(caller, request, signal);
    const rate = samplingRate(user.population, deps.bounds.people);
    const ownCount = Math.min(user.seen.length, deps.bounds.ownItems);
    const found = await find(deps, [caller, request, { seen: user.seen, ownCount, rate }, signal]);
    return {
      tenantId,
      userId: request.userId,
      fallbackReason: found.fallbackReason,
      items: found.items,
      provenance: {
        fromMs: request.fromMs,
        asOfMs: request.toMs,
        exact: rate === 1 && ownCount === user.seen.length && found.candidates < deps.bounds.candidates,
        sampledShare: 1 / rate,
        population: user.population,
        ownItemsUsed: ownCount,
        ownItemsExcluded: user.seen.length,
        candidates: found.candidates,
        ...total([user, ...found.costs]),
      },
    };
  };
