import { refuse } from "@tessera/platform/errors/refusal";
import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryStatistics } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { StoredPath } from "../domain/attribution/stored-path.ts";
import {
  personsCount,
  rowsEstimate,
  type CountPersons,
  type EstimateRows,
  type RowsEstimate,
} from "./rows-estimate.ts";
import { MAX_PATHS, pathsStatement, type PathsRequest } from "./attribution-sql.ts";

const number = z.coerce.number();
const numbers = z.array(number);
const row = z.looseObject({
  steps: z.array(z.string()),
  conversions: number,
  value: number,
  value_squares: number,
  losses: number,
  excluded: number,
  squares: number,
  to_convert: number,
  cut_journeys: number,
});

/** Reads a row of `pathsStatement` with the shares of so many TIME_DECAY models; throws when the store's shape is another. */
export const storedPathOf = (raw: unknown, decays: number): StoredPath => {
  const { value_squares, to_convert, cut_journeys, ...path } = row.parse(raw);
  return {
    steps: path.steps,
    conversions: path.conversions,
    value: path.value,
    valueSquares: value_squares,
    losses: path.losses,
    excluded: path.excluded,
    squares: path.squares,
    toConvertMs: to_convert,
    cutJourneys: cut_journeys,
    timed: Array.from({ length: decays }, (_none, place) => ({
      conversions: numbers.parse(path[`timed${place}`]),
      value: numbers.parse(path[`timed_worth${place}`]),
    })),
  };
};

/** Every question attribution asks of the event store. */
export interface AttributionStore {
  /** About how many rows of all persons there are to read, by the store's index. */
  readonly estimate: EstimateRows;
  /** How many persons of a slice did something that is looked at. */
  readonly persons: CountPersons;
  /** Distinct paths; refuses with RESULT_TOO_LARGE when there are more than {@link MAX_PATHS}. */
  paths(
    reader: DataReader,
    request: PathsRequest,
    signal?: AbortSignal,
  ): Promise<{ readonly paths: readonly StoredPath[]; readonly cost: QueryStatistics }>;
}

/** Builds {@link AttributionStore} over the tenant-bound event store. */
export const createAttributionStore = (
  store: Pick<EventStore, "query">,
  estimateBy: RowsEstimate = rowsEstimate,
): AttributionStore => ({
  estimate: estimateBy(store),
  persons: personsCount(store),
  paths: async (reader, request, signal) => {
    const decays = request.question.models.filter(({ kind }) => kind === "TIME_DECAY").length;
    const { rows, statistics } = await store.query(
      reader,
      pathsStatement(request, reader.tenantId),
      (raw) => storedPathOf(raw, decays),
      signal === undefined ? {} : { signal },
    );
    if (rows.length > MAX_PATHS)
      throw refuse(
        "RESULT_TOO_LARGE",
        `There are more than ${MAX_PATHS.toLocaleString("en-US")} distinct paths: shorten \`maxPathLength\`, the lookback or the range, or take fewer channels.`,
        { field: "input.maxPathLength" },
      );
    return { paths: rows, cost: statistics };
  },
});
