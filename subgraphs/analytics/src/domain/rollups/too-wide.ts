import type { RollupContent } from "./rollup.ts";

/** Why a rollup is none: one of its buckets has too many rows. */
export const tooWide = (
  { grain, dimensions }: Pick<RollupContent, "grain" | "dimensions">,
  widest: { readonly rows: number; readonly atMs: number },
  most: number,
): { readonly code: "RESULT_TOO_LARGE"; readonly detail: string } => ({
  code: "RESULT_TOO_LARGE",
  detail:
    `The ${grain.toLowerCase()} from ${new Date(widest.atMs).toISOString()} has about ${widest.rows.toLocaleString("en-US")} combinations of ` +
    `${dimensions.join(", ")}; a rollup has at most ${most.toLocaleString("en-US")} rows a bucket. Leave out the dimension with the most values, or filter.`,
});
