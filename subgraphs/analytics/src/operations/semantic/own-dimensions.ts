import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { accessIn } from "../../domain/access-in.ts";
import { accessOf } from "../../domain/access.ts";
import { didYouMean } from "../../domain/did-you-mean.ts";
import type { FieldAccess } from "../../domain/fields.ts";
import {
  BUILT_IN_DIMENSIONS,
  builtInDimension,
  type BuiltInDimension,
} from "../../domain/semantic/built-in-dimensions.ts";
import type { DefinitionUse, Dimension } from "../../domain/semantic/definition.ts";
import type { Meaning, Meanings, WithMeanings } from "../../domain/semantic/dimension-expression.ts";
import { ownNamesIn, type OwnName } from "../../domain/semantic/own-name.ts";
import type { NotesUses } from "../telling-uses.ts";
import type { DefinitionReader, DefinitionStore } from "../../store/semantic/definition-store-types.ts";

/** What finding the dimensions that questions name needs. */
export interface DimensionDeps extends NotesUses {
  readonly definitions: Pick<DefinitionStore, "reader">;
}

/** What the dimensions that a question names mean, and which versions of which definitions they are. */
interface FoundMeanings {
  readonly meanings: Meanings;
  readonly uses: readonly DefinitionUse[];
  readonly ids: readonly string[];
}

/** Dimensions of the tenant's own that one question may name, those of its metrics and segments included: each is computed for every event. */
const MAX_NAMED_DIMENSIONS = 20;

/** What is meant where no dimension of the tenant's own is named. */
export const NONE_NAMED: Meanings = { found: [], unknown: [] };
const NOTHING: FoundMeanings = { meanings: NONE_NAMED, uses: [], ids: [] };

const whyUnknown = async (
  reader: DefinitionReader,
  { name, version }: OwnName,
  own: Dimension | null,
): Promise<string> => {
  if (own !== null)
    return `The dimension \`${name}\` is archived${version === null ? ": name one of its versions, or define it again" : ""}.`;
  const [now] = version === null ? [] : await reader.find([{ kind: "DIMENSION", name, version: null }]);
  if (now !== undefined)
    return `The dimension \`${name}\` has no version ${version}: its versions are 1 to ${now.latestVersion}.`;
  const names = [...(await reader.names("DIMENSION")), ...BUILT_IN_DIMENSIONS.map((one) => one.name)];
  return `There is no dimension \`${name}\`.${didYouMean(name, names)}`;
};

/**
 * Finds what the dimensions mean that are named anywhere in a part of a question: in the version asked for, else the pinned one, else the one now. Those that
 * can't be used are told beside those that can, since only what reads a question knows whether a text is a name.
 */
export const meaningsIn = async (
  reader: DefinitionReader,
  part: unknown,
  pins: readonly DefinitionUse[] = [],
): Promise<FoundMeanings> => {
  const named = ownNamesIn(part);
  if (named.length === 0) return NOTHING;
  if (named.length > MAX_NAMED_DIMENSIONS)
    throw refuse("BAD_INPUT", `A question names at most ${MAX_NAMED_DIMENSIONS} dimensions of the tenant's own.`, {
      field: "input",
    });
  const pinned = new Map(pins.flatMap((pin) => (pin.kind === "DIMENSION" ? [[pin.name, pin.version] as const] : [])));
  const wanted = named.map(({ name, version }) => ({
    ...({ kind: "DIMENSION", name } as const),
    version: version ?? pinned.get(name) ?? null,
  }));
  const there = (await reader.find(wanted)).flatMap((one) => (one.kind === "DIMENSION" ? [one] : []));
  const found: Meaning[] = [];
  const unknown: Meanings["unknown"][number][] = [];
  const used = new Map<string, Dimension>();
  for (const one of named) {
    const { written, name } = one;
    const version = one.version ?? pinned.get(name) ?? null;
    const isMeant = (it: Dimension): boolean => it.name === name && it.version === (version ?? it.latestVersion);
    const own = there.find(isMeant) ?? null;
    const current: Dimension | BuiltInDimension | null =
      version === null && (own?.archived ?? true) ? builtInDimension(name) : own;
    if (current === null) unknown.push({ written, why: await whyUnknown(reader, one, own) });
    else {
      const { expression } = current.content;
      found.push({ written, version: current.kind === "BUILT_IN" ? null : current.version, expression });
      if (current.kind !== "BUILT_IN") used.set(`${name}@${current.version}`, current);
    }
  }
  const uses = [...used.values()].map(({ kind, name, version }) => ({ kind, name, version }));
  return { meanings: { found, unknown }, uses, ids: [...new Set([...used.values()].map(({ id }) => id))] };
};

/** How a caller reads parts of a question, with what the dimensions of the tenant's own mean that they name. */
export const accessNaming = async (
  { definitions, noteUses }: DimensionDeps,
  caller: Caller,
  part: unknown,
): Promise<FieldAccess> => {
  const { meanings, uses } = await meaningsIn(definitions.reader(caller.tenantId), part);
  noteUses?.({ definitions: uses });
  return accessIn(accessOf(caller), { meanings });
};

/** A question beside which stands what the dimensions mean that it, or what else goes into its answer, names. */
export const resolveDimensions = async <Input extends object>(
  { definitions, noteUses }: DimensionDeps,
  { tenantId }: { readonly tenantId: TenantId },
  input: Input,
  alsoIn: unknown = null,
): Promise<Input & WithMeanings> => {
  const { meanings, uses } = await meaningsIn(definitions.reader(tenantId), [input, alsoIn]);
  noteUses?.({ definitions: uses });
  return meanings.found.length + meanings.unknown.length === 0 ? input : { ...input, meanings };
};
