import type { Resources } from "@tessera/platform/runtime/resources";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import { createAnalyticsStore, type AnalyticsStore } from "../analytics-store.ts";
import type { TakenProjection } from "../../domain/explanation.ts";
import { createKeptEstimates } from "../kept-estimates.ts";
import { createReadRates } from "../read-rates.ts";
import { tellingProjections } from "../telling-projections.ts";
import { createPeopleStore } from "./people-store.ts";
import type { PeopleStore } from "./people-store-types.ts";
import { createPeopleVersions, type PeopleVersions } from "./people-versions.ts";
import { resolvedAnalyticsStore } from "./resolved-analytics-store.ts";
import { resolvedEventStore, resolvedLongQueries } from "./resolved-stores.ts";

/** Who is who, and the stores that count by it. */
export interface People {
  readonly people: PeopleStore;
  readonly versions: PeopleVersions;
  /** Persons are whom they count as. */
  readonly eventStore: EventStore;
  readonly longQueries: LongQueryStore;
  /** Questions of the query planner, each from the cheapest store that counts persons as they count. */
  readonly store: AnalyticsStore;
}

type Deps = Pick<Resources, "sql" | "nowMs" | "eventStore"> & {
  readonly longQueries: LongQueryStore;
  readonly rules: Omit<Parameters<typeof createPeopleStore>[0], "sql" | "nowMs">;
} & Pick<Parameters<typeof resolvedAnalyticsStore>[0], "fromEvents" | "asksPeople">;

/** Opens {@link People}: everything that asks the event store of persons asks it through these stores. */
export const openPeople = ({ sql, nowMs, eventStore, longQueries, rules, ...planning }: Deps): People => {
  const people = createPeopleStore({ sql, nowMs, ...rules });
  const versions = createPeopleVersions({ people, nowMs });
  const [resolved, rates] = [resolvedEventStore(eventStore, versions), createReadRates()];
  const kept = createKeptEstimates(nowMs);
  const projections = createKeptEstimates<readonly TakenProjection[]>(nowMs);
  return {
    ...{ people, versions },
    eventStore: tellingProjections(resolved, projections),
    longQueries: resolvedLongQueries(longQueries, versions),
    store: resolvedAnalyticsStore({
      stored: createAnalyticsStore(eventStore, rates, kept, projections),
      resolved: createAnalyticsStore(resolved, rates, kept, projections),
      ...{ eventStore, versions, ...planning },
    }),
  };
};
