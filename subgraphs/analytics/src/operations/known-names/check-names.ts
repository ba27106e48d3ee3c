import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { createKeptForAWhile } from "@tessera/platform/runtime/kept-for-a-while";
import type { NowMs } from "@tessera/platform/time/clock";
import { CATALOGUE_BOUND, holdsEverything, type CatalogueBound } from "../../domain/semantic/catalogue-bound.ts";
import { valueTypeOf } from "../../domain/semantic/dimensions.ts";
import { namesAsked, type AskedName } from "../../domain/semantic/names-asked.ts";
import { MOST_SLIPS, plainName, slipsOf } from "../../domain/semantic/near-name.ts";
import type { KnownName, KnownNames } from "../../store/semantic/known-names.ts";

/** What looking up names needs. */
export interface CheckNamesDeps {
  readonly knownNames: KnownNames;
  readonly nowMs: NowMs;
  /** What catalogues are held to. */
  readonly bound?: CatalogueBound;
}

/** Refuses a question, which stands at a place, that names what was never sent and is a slip of something that was. */
export type CheckNames = (caller: Caller, question: unknown, where: string) => Promise<void>;

/** Different names of one question that are looked up: a question that people write has far fewer. */
const MAX_LOOKED_UP = 100;
/** Names that are not known of one question for which others like them are looked for: each is compared with all. */
const MAX_COMPARED = 10;
/** Names of a tenant that an unknown one is compared with, those of the most events. */
const MAX_AMONG = 20_000;
/** Letters that the store lets names differ in before they are compared as they are meant: a swap is two. */
const LETTERS = MOST_SLIPS * 2;
/** Names like some unknown ones that are looked at. */
const MAX_LIKE = 200;
/** Suggestions in an error. */
const MAX_SUGGESTED = 3;
/** Texts of a property that are tried as numbers. */
const MAX_TEXTS = 1_000;
/** Milliseconds for which a name is taken to be askable: long enough that open dashboards look up nothing. */
const KEPT_MS = 60_000;
/** Names that a process keeps, of all tenants. */
const MAX_KEPT = 20_000;

const keyOf = (tenantId: TenantId, { kind, name, numbersBy }: AskedName): string =>
  `${tenantId} ${kind} ${numbersBy === null ? "" : "#"}${name}`;

const written = ({ kind, name }: Pick<AskedName, "kind" | "name">): string =>
  kind === "PROPERTY" ? `properties.${name}` : name;

const ALL_THE_SAME = "With `allowUnknown: true` it is asked all the same.";

const bad = (asked: AskedName, detail: string): Error =>
  refuse("BAD_INPUT", `${detail} ${ALL_THE_SAME}`, { field: asked.where });

/** Whether what is not known was never sent: a catalogue that was held to its bound has forgotten names, and refuses none. */
const knowsAll = async ({ knownNames, bound = CATALOGUE_BOUND }: CheckNamesDeps, caller: Caller): Promise<boolean> =>
  holdsEverything(await knownNames.size(caller), bound);

/** Why a property never held a number; null when it did, or may have. */
const whyNoNumbers = async (
  { knownNames }: CheckNamesDeps,
  caller: Caller,
  { name, types, lastText }: KnownName,
): Promise<string | null> => {
  const told = [...new Set(types.map(valueTypeOf))];
  if (told.length === 0 || told.includes("NUMBER") || told.includes("OTHER")) return null;
  if (!told.includes("TEXT")) return `Whatever events had as it was of the type ${told.join(" or ")}.`;
  const { values, numbers } = await knownNames.texts(caller, name, lastText, MAX_TEXTS);
  return values === 0 || numbers > 0 ? null : "Events had it as text, of which the last ones hold no number.";
};

const refuseSlips = async (deps: CheckNamesDeps, caller: Caller, unknown: readonly AskedName[]): Promise<void> => {
  for (const kind of ["EVENT", "PROPERTY"] as const) {
    const ofKind = unknown.filter((one) => one.kind === kind).slice(0, MAX_COMPARED);
    if (ofKind.length === 0) continue;
    const plain = ofKind.map(({ name }) => plainName(name));
    const likeness = { plain, letters: LETTERS, among: MAX_AMONG, most: MAX_LIKE };
    const like = await deps.knownNames.like(caller, kind, likeness);
    for (const one of ofKind) {
      const meant = slipsOf(one.name, like, MAX_SUGGESTED).map((name) => `\`${written({ kind, name })}\``);
      if (meant.length === 0) continue;
      if (!(await knowsAll(deps, caller))) return;
      throw bad(
        one,
        kind === "PROPERTY"
          ? `No event ever had \`${written(one)}\`. Did you mean ${meant.join(" or ")}?`
          : `No event was ever called \`${one.name}\`. Did you mean ${meant.join(" or ")}?`,
      );
    }
  }
};

const distinct = (names: readonly AskedName[], kind: AskedName["kind"]): readonly string[] => [
  ...new Set(names.filter((one) => one.kind === kind).map(({ name }) => name)),
];

/**
 * Builds {@link CheckNames}. That a name can be asked about is kept for a minute, so that most questions look up nothing; what is refused is looked up each time, so
 * that a name is known with its first event. Callers under data policies are not told what there is: nothing is looked up for them.
 */
export const createCheckNames = (deps: CheckNamesDeps): CheckNames => {
  const askable = createKeptForAWhile<string, true>({ ms: KEPT_MS, most: MAX_KEPT, nowMs: deps.nowMs });
  const lookUp = async (caller: Caller, names: readonly AskedName[], atMs: number): Promise<void> => {
    const { tenantId } = caller;
    const asked = { PROPERTY: distinct(names, "PROPERTY"), EVENT: distinct(names, "EVENT") };
    const known = await deps.knownNames.known(caller, asked);
    const sentAs = ({ kind, name }: AskedName): KnownName | undefined =>
      known.find((one) => one.kind === kind && one.name === name);
    await refuseSlips(
      deps,
      caller,
      names.filter((one) => sentAs(one) === undefined),
    );
    for (const one of names) {
      const sent = sentAs(one);
      const why = sent === undefined || one.numbersBy === null ? null : await whyNoNumbers(deps, caller, sent);
      if (why !== null && (await knowsAll(deps, caller)))
        throw bad(one, `${one.numbersBy} asks for numbers, and \`${written(one)}\` never held one. ${why}`);
      askable.keep(keyOf(tenantId, one), true, atMs);
    }
  };
  return async (caller, question, where) => {
    if (caller.dataPolicy !== null) return;
    const atMs = deps.nowMs();
    const isNew = (one: AskedName): boolean => askable.get(keyOf(caller.tenantId, one)) === undefined;
    const names = namesAsked(question, where).filter(isNew).slice(0, MAX_LOOKED_UP);
    if (names.length > 0) await lookUp(caller, names, atMs);
  };
};
