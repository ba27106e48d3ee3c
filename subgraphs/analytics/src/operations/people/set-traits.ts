import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import type { NowMs } from "@tessera/platform/time/clock";
import { parseTraits, type TraitFact, type TraitsInput } from "../../domain/people/traits.ts";
import { parseAsOf } from "../../domain/retention.ts";
import { keyOf, type PersonRef } from "./change-people.ts";
import { numbered, type NumberDeps } from "./number-people.ts";

type Maybe<T> = T | null | undefined;

/** What keeping facts needs. */
export interface TraitDeps extends NumberDeps {
  readonly longQueries: Pick<LongQueryStore, "insert">;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

const storeTime = (ms: number): string => new Date(ms).toISOString().replace("T", " ").replace("Z", "");

/** Keeps facts of somebody; `place` tells a repeated call, and orders facts of one moment. */
export const keepFacts = async (
  { longQueries }: Pick<TraitDeps, "longQueries">,
  tenantId: TenantId,
  facts: readonly (TraitFact & { readonly person: string; readonly place: string })[],
): Promise<void> => {
  if (facts.length === 0) return;
  const rows = facts.map(({ person, place, trait, atMs, op, value }) => ({
    ...{ tenant_id: tenantId, person, trait, at: storeTime(atMs), place, op },
    value: op === "UNSET" ? "" : JSON.stringify(value),
  }));
  await longQueries.insert("worker_traits", rows, `${tenantId}/traits/${facts[0]?.place}/${facts.length}`);
};

/** What is said of somebody, as the graph delivers it. */
export interface SetTraitsInput extends TraitsInput {
  readonly userId?: Maybe<string>;
  readonly anonymousId?: Maybe<string>;
  readonly at?: Maybe<string>;
}

/** Says something of somebody; answers how many facts are kept, and of whom. */
export const setTraits =
  (deps: TraitDeps) =>
  async (caller: Caller, input: SetTraitsInput): Promise<{ readonly facts: number; readonly person: PersonRef }> => {
    const key = keyOf(input, "input");
    const facts = parseTraits(input, parseAsOf(input.at, "input.at", deps.nowMs()), "input");
    const [known] = await numbered(deps, caller.tenantId, [key]);
    if (known === undefined) throw new Error("An id has a number.");
    const { person } = known;
    const place = deps.newId();
    await keepFacts(
      deps,
      caller.tenantId,
      facts.map((fact) => ({ ...fact, person, place })),
    );
    return { facts: facts.length, person: { tenantId: caller.tenantId, id: person } };
  };
