import type { Caller } from "@tessera/contracts/caller";
import { isUuid, type TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { requireFewExpectations, type EventQualityInput } from "../../domain/quality/event-quality.ts";
import { matcherOf } from "../../domain/quality/kept-expectation.ts";
import type { ExpectationStore } from "../../store/quality/expectation-store-types.ts";
import type { NotesUses } from "../telling-uses.ts";

/** What finding the kept expectations that a question names needs. */
export interface FindKeptDeps extends NotesUses {
  readonly expectations: Pick<ExpectationStore, "inVersions">;
}

/**
 * A question to `eventQuality` beside which stands what the kept expectations are that it names, each in the version that is asked for, else in the one now; `kept` then tells which that is.
 * Refuses with BAD_INPUT, at their place under `where`, unknown ones, which those of other tenants are, and versions that there are not.
 */
export const findKept = async <Input extends Pick<EventQualityInput, "expect" | "kept">>(
  { expectations, noteUses }: FindKeptDeps,
  { tenantId }: { readonly tenantId: TenantId },
  input: Input,
  where = "input",
): Promise<Input & Pick<EventQualityInput, "kept" | "found">> => {
  const kept = input.kept ?? [];
  if (kept.length === 0) return input;
  requireFewExpectations(input, where);
  const wanted = kept.map(({ id, version }) => ({ id: id.toLowerCase(), version: version ?? null }));
  const known = await expectations.inVersions(
    tenantId,
    wanted.filter(({ id }) => isUuid(id)),
  );
  const there = wanted.map(({ id, version }, place) => {
    const one = known.find((it) => it.id === id && it.version === (version ?? it.latestVersion));
    if (one !== undefined) return one;
    const other = known.find((it) => it.id === id);
    if (other === undefined)
      throw refuse("BAD_INPUT", "The tenant keeps no expectation of this id.", { field: `${where}.kept.${place}.id` });
    throw refuse("BAD_INPUT", `The expectation has versions 1 to ${other.latestVersion}, and none of this number.`, {
      field: `${where}.kept.${place}.version`,
    });
  });
  noteUses?.({ definitions: there.map(({ name, version }) => ({ kind: "EXPECTATION", name, version })) });
  return {
    ...input,
    kept: there.map(({ id, version }) => ({ id, version })),
    found: there.map(({ name, content }) => ({ expect: { ...content.expect, name }, of: matcherOf(content) })),
  };
};

/** Asks a question that may name kept expectations. */
export const withKept =
  <Answer>(
    deps: FindKeptDeps,
    ask: (caller: Caller, input: EventQualityInput, signal?: AbortSignal) => Promise<Answer>,
  ): ((caller: Caller, input: EventQualityInput, signal?: AbortSignal) => Promise<Answer>) =>
  async (caller, input, signal) =>
    ask(caller, await findKept(deps, caller, input), signal);
