import type { Meanings, WithMeanings } from "./dimension-expression.ts";
import { ownName } from "./own-name.ts";

/** A version of one of the tenant's own dimensions that a definition is kept with. */
export interface KeptVersion {
  readonly kind: "DIMENSION";
  readonly name: string;
  readonly version: number;
}

/**
 * What is kept with a definition of the meanings that were found for it: those it names, in order of their names, so that the same definition is kept the same. Why
 * other texts name no dimension is of use to whoever defines it alone.
 */
export const keptMeanings = ({ meanings }: WithMeanings): { readonly meanings?: Meanings } => {
  if (meanings === undefined || meanings.found.length === 0) return {};
  const found = meanings.found.toSorted((one, other) => (one.written < other.written ? -1 : 1));
  return { meanings: { found, unknown: [] } };
};

/** The versions of the tenant's own dimensions that a definition is kept with; one that is built in has none. */
export const keptVersions = ({ meanings }: WithMeanings): readonly KeptVersion[] => {
  const versions = new Map<string, KeptVersion>();
  for (const { written, version } of meanings?.found ?? []) {
    const name = ownName(written)?.name;
    if (name !== undefined && version !== null)
      versions.set(`${name}@${version}`, { kind: "DIMENSION", name, version });
  }
  return [...versions.values()];
};
