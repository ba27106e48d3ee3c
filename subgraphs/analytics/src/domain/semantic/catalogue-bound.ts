/** How large a tenant's catalogue may be; names of events, and pairs of a path and a name with their types, are counted apart. */
export interface CatalogueBound {
  /** Those of the most events, which stay once there are too many. */
  readonly kept: number;
  /** As many as there may be before the rarest are forgotten. */
  readonly most: number;
  /** Batches of the tenant that are stored between two looks; each adds a bounded number. */
  readonly batches: number;
}

/** The bound on every tenant's catalogue: far more than people name, and read in tens of milliseconds. Half goes at once, so that the table is seldom rewritten. */
export const CATALOGUE_BOUND: CatalogueBound = { kept: 50_000, most: 100_000, batches: 200 };

/** How much there is in a catalogue. */
export interface CatalogueSize {
  readonly names: number;
  readonly pairs: number;
}

/** Whether a catalogue has to forget. */
export const isTooLarge = ({ names, pairs }: CatalogueSize, { most }: CatalogueBound): boolean =>
  Math.max(names, pairs) > most;

/** Whether a catalogue holds everything that was ever sent: one that has forgotten has as much as is kept. */
export const holdsEverything = ({ names, pairs }: CatalogueSize, { kept }: CatalogueBound): boolean =>
  Math.max(names, pairs) < kept;
