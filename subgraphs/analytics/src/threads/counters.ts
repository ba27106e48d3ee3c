import { readNativeColumns } from "@tessera/platform/store/native-columns";
import type { CountKind, CountSlice, CountTask, Counter } from "../domain/counting.ts";
import { createFunnelCount } from "../domain/funnel/count-funnel.ts";
import { eventBits } from "../domain/funnel/packed-events.ts";
import { readRange } from "../domain/funnel/funnel.ts";
import { createPathCount } from "../domain/paths/count-paths.ts";
import { packedEventsOf, unitColumnsOf } from "../store/funnel-rows.ts";
import { pathColumnsOf } from "../store/path-rows.ts";

const columnsOf = ({ bytes }: CountSlice) => readNativeColumns(Buffer.from(bytes));

const funnelCounter = (task: CountTask<"FUNNEL">): Counter<"FUNNEL"> => {
  const count = createFunnelCount(task);
  const { funnel, marks, candidates } = task;
  const bits = eventBits(funnel, marks, readRange(funnel));
  return {
    parts: count.parts,
    add: (slice) => {
      const columns = columnsOf(slice);
      if (slice.form === "COLUMNS") {
        count.addColumns(unitColumnsOf(columns, funnel, candidates.length));
        return true;
      }
      const packed = bits === null ? null : packedEventsOf(columns, bits);
      if (packed !== null) count.addPacked(packed);
      return packed !== null;
    },
  };
};

const pathsCounter = (task: CountTask<"PATHS">): Counter<"PATHS"> => {
  const count = createPathCount(task);
  return {
    parts: count.parts,
    add: (slice) => {
      count.add(pathColumnsOf(columnsOf(slice), task.question.apart?.fields.length ?? 0));
      return true;
    },
  };
};

/** How each kind of question is counted. */
const COUNTERS: { readonly [Kind in CountKind]: (task: CountTask<Kind>) => Counter<Kind> } = {
  FUNNEL: funnelCounter,
  PATHS: pathsCounter,
};

/** Makes what counts a question's events as the store handed them over. */
export const createCounter = <Kind extends CountKind>(task: CountTask<Kind>): Counter<Kind> => {
  const make: (of: CountTask<Kind>) => Counter<Kind> = COUNTERS[task.kind];
  return make(task);
};
