import { isoTime } from "../domain/zone.ts";
import type { LiveWindowResolvers } from "../generated/resolvers.ts";

/** Resolvers of `LiveWindow`. */
export const LiveWindow: LiveWindowResolvers = {
  start: ({ startMs }) => isoTime(startMs),
  end: ({ endMs }) => isoTime(endMs),
};
