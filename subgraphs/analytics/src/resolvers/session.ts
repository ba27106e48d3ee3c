import { isoTime } from "../domain/zone.ts";
import type { SessionResolvers } from "../generated/resolvers.ts";

/** Resolvers of `Session`. */
export const Session: SessionResolvers = {
  start: ({ startMs }) => isoTime(startMs),
  end: ({ endMs }) => isoTime(endMs),
  durationSeconds: ({ startMs, endMs }) => (endMs - startMs) / 1_000,
  activeSeconds: ({ activeMs }) => activeMs / 1_000,
};
