import type { ProvenancePartsFragment } from "../generated/graphql.ts";

/** How the graph says an answer came about that was read once, exactly, of nothing special. */
export const provenanceAnswer: ProvenancePartsFragment = {
  ...{ asOf: "2026-11-20T12:00:00.000Z", freshness: "PT0S", cache: "NONE", exactness: "EXACT", relativeError: null },
  ...{ approximations: [], tables: [], rejectedTables: [], rowsRead: 1, bytesRead: 2, elapsedMs: 3, timeZone: "UTC" },
  ...{ peopleVersion: null, sampling: null, rowsFilteredBy: [], maskedColumns: [], projections: null },
  ...{ definitions: [], cohorts: [] },
  quality: { verdict: "UNKNOWN", expectations: 0, testedAt: null, failing: [] },
};
