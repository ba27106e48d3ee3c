import type { EventStore } from "@tessera/platform/store/event-store";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import type { PeopleVersions } from "./people-versions.ts";

type Versions = Pick<PeopleVersions, "of">;

/**
 * The event store in which an event's person is whom that person counts as now: whatever is asked of it counts linked people once. Of a tenant nobody of
 * whom is linked the tables are read as they are. Answers tell the version of the links.
 */
export const resolvedEventStore = (store: EventStore, versions: Versions): EventStore => ({
  ...store,
  query: async (reader, statement, parse, options) => {
    const { version } = await versions.of(reader.tenantId);
    if (version === 0) return store.query(reader, statement, parse, options);
    const answer = await store.query(reader, statement, parse, { ...options, persons: "RESOLVED" });
    return { ...answer, statistics: { ...answer.statistics, peopleVersion: version } };
  },
  native: async (reader, statement, options) => {
    const { version } = await versions.of(reader.tenantId);
    if (version === 0) return store.native(reader, statement, options);
    const answer = await store.native(reader, statement, { ...options, persons: "RESOLVED" });
    return { ...answer, statistics: { ...answer.statistics, peopleVersion: version } };
  },
});

/** Long queries over the same persons as {@link resolvedEventStore}. */
export const resolvedLongQueries = (store: LongQueryStore, versions: Versions): LongQueryStore => ({
  ...store,
  stream: async function* (reader, statement, parse, options) {
    const { version } = await versions.of(reader.tenantId);
    const { persons = "RESOLVED" } = options;
    yield* store.stream(reader, statement, parse, { ...options, persons: version === 0 ? "STORED" : persons });
  },
  fill: async (reader, statement, options) => {
    const { version } = await versions.of(reader.tenantId);
    const { persons = "RESOLVED" } = options;
    return store.fill(reader, statement, { ...options, persons: version === 0 ? "STORED" : persons });
  },
});
