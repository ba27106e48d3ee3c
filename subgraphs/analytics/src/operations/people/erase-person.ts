import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { formatJobPlace, parseJobPlace } from "../../domain/job-page.ts";
import {
  MAX_ERASURES_ON_PAGE,
  MAX_OPEN_ERASURES,
  parseErasureReason,
  type Erasure,
} from "../../domain/people/erasure.ts";
import { parseCount } from "../../domain/query.ts";
import type { ErasureStore } from "../../store/people/erasure-store.ts";
import { keyOf } from "./change-people.ts";

/** What erasing people needs. */
export interface ErasureDeps {
  readonly erasures: ErasureStore;
  readonly newId: () => string;
}

/** A page of erasures, the newest first. */
export interface ErasurePage {
  readonly nodes: readonly Erasure[];
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
}

/** Wishes somebody erased; the same erasure for one of the same id that is not done. */
export const erasePerson =
  ({ erasures, newId }: ErasureDeps) =>
  async (
    caller: Caller,
    input: {
      readonly userId?: string | null | undefined;
      readonly anonymousId?: string | null | undefined;
      readonly reason: string;
    },
  ): Promise<Erasure> => {
    const key = keyOf(input, "input");
    const reason = parseErasureReason(input.reason, key);
    const by = `${caller.subject.kind}:${caller.subject.id}`;
    const erasure = await erasures.wish(caller.tenantId, { id: newId(), key, reason, by });
    if (erasure !== null) return erasure;
    throw refuse(
      "OVERLOADED",
      `At most ${MAX_OPEN_ERASURES} erasures of a tenant are under way: ask again when some are done.`,
      {
        retryAfterSeconds: 3_600,
      },
    );
  };

/** Finds an erasure; null when the tenant has none of the id. */
export const findErasure =
  ({ erasures }: Pick<ErasureDeps, "erasures">) =>
  (caller: Caller, id: string): Promise<Erasure | null> =>
    isUuid(id) ? erasures.find(caller.tenantId, id) : Promise.resolve(null);

/** Erasures of the caller's tenant, the newest first. */
export const listErasures =
  ({ erasures }: Pick<ErasureDeps, "erasures">) =>
  async (
    caller: Caller,
    page: { readonly first: number; readonly after?: string | null | undefined },
  ): Promise<ErasurePage> => {
    const first = parseCount(page.first, "first", MAX_ERASURES_ON_PAGE);
    const found = await erasures.list(caller.tenantId, first, parseJobPlace(page.after));
    const nodes = found.slice(0, first);
    const last = nodes.at(-1);
    return {
      ...{ nodes, hasNextPage: found.length > first },
      endCursor: last === undefined ? null : formatJobPlace({ createdAtMs: last.requestedAtMs, id: last.id }),
    };
  };
