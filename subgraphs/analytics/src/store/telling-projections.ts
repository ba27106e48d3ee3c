import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryOptions, QueryStatistics, StoreStatement } from "@tessera/platform/store/event-store";
import type { TakenProjection } from "../domain/explanation.ts";
import type { Cost } from "../domain/provenance.ts";
import type { TimeRange } from "../domain/time-range.ts";
import type { KeptEstimates } from "./kept-estimates.ts";
import { takenProjections } from "./taken-projections.ts";

/** The one table of questions about what people do in which a projection may take the place of rows. */
const TABLE = /\bFROM events_by_person\b/;
/** Moments as `momentSql` writes them. */
const MOMENT = /fromUnixTimestamp64Milli\(\{(p\d+): Int64\}/g;

/** What a statement looks at, from its first moment to its last. */
const rangeOf = ({ text, params }: StoreStatement): TimeRange => {
  const moments = [...text.matchAll(MOMENT)].flatMap(([, place = ""]) => {
    const value = params[place];
    return typeof value === "number" ? [value] : [];
  });
  return moments.length === 0 ? { fromMs: 0, toMs: 0 } : { fromMs: Math.min(...moments), toMs: Math.max(...moments) };
};

/**
 * The event store whose answers tell the projections they were read from, as `takenProjections` does: the engine's plan is looked at beside the question, once for statements alike, which
 * have the same text and ranges alike. Plans themselves are left as they are.
 */
export const tellingProjections = (store: EventStore, kept: KeptEstimates<readonly TakenProjection[]>): EventStore => {
  const beside = async <Answer extends { readonly statistics: QueryStatistics }>(
    reader: DataReader,
    statement: StoreStatement,
    { signal }: QueryOptions,
    asked: Promise<Answer>,
  ): Promise<Answer & { readonly statistics: Pick<Cost, "projections"> }> => {
    const question = { reader, range: rangeOf(statement), about: statement.text };
    const looked = TABLE.test(statement.text)
      ? kept(question, () => takenProjections(store, reader, statement, signal))
      : [];
    const [answer, projections] = await Promise.all([asked, looked]);
    return { ...answer, statistics: { ...answer.statistics, projections } };
  };
  return {
    ...store,
    query: (reader, statement, parse, options = {}) => {
      const asked = store.query(reader, statement, parse, options);
      return statement.text.startsWith("EXPLAIN") ? asked : beside(reader, statement, options, asked);
    },
    native: (reader, statement, options = {}) =>
      beside(reader, statement, options, store.native(reader, statement, options)),
  };
};
