import { qualityFlagOf } from "../domain/quality-flag.ts";
import { timeText } from "./time-text.ts";
import type { EventLineageResolvers, LineageBatchResolvers } from "../generated/resolvers.ts";

const timeTextOrNull = (timeMs: number | undefined): string | null => (timeMs === undefined ? null : timeText(timeMs));

/** Where an event came from and what became of it. */
export const EventLineage: EventLineageResolvers = {
  event: ({ entry }) => ({ id: entry.eventId }),
  tenant: ({ tenantId }) => ({ id: tenantId }),
  receivedAt: ({ entry }) => timeText(entry.receivedAtMs),
  eventTime: ({ entry }) => timeText(entry.timeMs),
  batch: (lineage) => lineage,
  validation: ({ facts }) =>
    facts === null
      ? null
      : {
          schemaVersion: facts.schemaVersion,
          qualityFlags: facts.qualityFlags.map(qualityFlagOf),
          source: facts.source,
          synthetic: facts.synthetic,
        },
  deduplication: ({ entry, facts }) => ({
    firstStoredAt: timeText(entry.firstStoredAtMs),
    copiesInIdIndex: entry.copies,
    copiesInEvents: facts?.copies ?? 0,
    exactlyOnce: entry.copies === 1 && facts?.copies === 1,
  }),
  checkedAt: ({ checkedAtMs }) => timeText(checkedAtMs),
};

/** The insert batch an event was stored with. */
export const LineageBatch: LineageBatchResolvers = {
  id: ({ entry }) => entry.batchId,
  rows: ({ batch }) => batch?.rows ?? null,
  receivedAt: ({ batch }) => timeTextOrNull(batch?.receivedAtMs),
  earliestEventTime: ({ batch }) => timeTextOrNull(batch?.minTimeMs),
  latestEventTime: ({ batch }) => timeTextOrNull(batch?.maxTimeMs),
  row: ({ facts }) => facts?.batchRow ?? null,
};
