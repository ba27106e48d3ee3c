import type { Condition, Field } from "../field.ts";
import type { NumberSource, UniquesOf } from "../measures.ts";
import type { TimeRange } from "../time-range.ts";

/** What a column of an answer is made of, by the column of the table of rollups that holds it; null for formulas, which compute with other columns. */
export type OwnColumn =
  | { readonly kind: "COUNT" }
  | { readonly kind: "FORMULA" }
  | { readonly kind: "UNIQUES"; readonly slot: `u${number}`; readonly of: UniquesOf }
  | {
      readonly kind: "SUM" | "AVG" | "MIN" | "MAX";
      readonly slot: `r${number}` | `x${number}`;
      readonly of: NumberSource;
      /** The currency that rows are held to by the rollup's own dimension; null where all that the column holds is meant. */
      readonly currency: string | null;
    }
  | {
      readonly kind: "QUANTILE";
      readonly slot: `q${number}`;
      readonly of: NumberSource;
      readonly level: number;
      readonly currency: string | null;
    };

/** How a tenant's own rollup holds a question: what the question's fields and tests are in the rollup's columns. */
export interface OwnReading {
  readonly buildId: string;
  /** Milliseconds of a bucket. */
  readonly grainMs: number;
  /** Dimensions of the rollup. */
  readonly width: number;
  /** Rows for each event, as measured when it was built; null where it had no events then. */
  readonly rowsPerEvent: number | null;
  /** The question's dimensions as columns of the rollup, in their order. */
  readonly dimensions: readonly Field[];
  /** What is left of the question's filter once every row has passed the rollup's own. */
  readonly filter: Condition | null;
  /** Columns of the rollup that hold properties, by the names that fields above have for them. */
  readonly properties: readonly { readonly name: string; readonly column: string }[];
  /** The column of `currency`; null where nothing asks for it. */
  readonly currency: string | null;
  /** For each measure of the question, in order. */
  readonly columns: readonly OwnColumn[];
  /** Whole weeks within parts of the plan that are read as weeks, which the store keeps merged; absent where buckets are. */
  readonly weeks?: readonly TimeRange[];
}
