import { projectionsTogether, type Provenance } from "./provenance.ts";
import { usesTogether } from "./uses.ts";

/** Tables and estimates that one answer names at most: more say the same again. */
const MAX_TOLD = 100;

const later = (one: string, other: string): string => (Date.parse(one) >= Date.parse(other) ? one : other);

const namesTogether = (provenances: readonly Provenance[]): readonly string[] | undefined =>
  provenances.some(({ eventNames }) => eventNames === undefined)
    ? undefined
    : [...new Set(provenances.flatMap(({ eventNames = [] }) => eventNames))];

/** Where an answer comes from that was read in several parts: costs add up, the parts' tables are all named, and the worst is told of how exact it is. */
export const togetherFrom = (provenances: readonly Provenance[]): Provenance => {
  const [first, ...rest] = provenances;
  if (first === undefined) throw new Error("An answer was read from somewhere.");
  const errors = provenances.flatMap(({ relativeError }) => relativeError ?? []);
  const sum = (of: (one: Provenance) => number): number => provenances.reduce((total, one) => total + of(one), 0);
  return {
    ...first,
    asOf: rest.reduce((latest, { asOf }) => later(latest, asOf), first.asOf),
    exactness: provenances.some(({ exactness }) => exactness === "APPROXIMATE") ? "APPROXIMATE" : "EXACT",
    relativeError: errors.length === 0 ? null : Math.max(...errors),
    approximations: provenances.flatMap(({ approximations }) => approximations).slice(0, MAX_TOLD),
    tables: provenances.flatMap(({ tables }) => tables).slice(0, MAX_TOLD),
    projections: projectionsTogether(provenances),
    rowsRead: sum(({ rowsRead }) => rowsRead),
    bytesRead: sum(({ bytesRead }) => bytesRead),
    elapsedMs: sum(({ elapsedMs }) => elapsedMs),
    eventNames: namesTogether(provenances),
    ...usesTogether(provenances),
  };
};
