import type { IncomingMessage } from "node:http";

const hostOf = (origin: string): string | null => {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
};

/** Decides which browser pages may talk to a process that faces the outside. */
export interface Origins {
  /** True for requests without an origin (no browser), from the same host, or from the allow-list. */
  readonly admits: (request: IncomingMessage) => boolean;
  /** True when a page of this origin may read answers (CORS). */
  readonly isAllowed: (origin: string) => boolean;
}

/** Origins as browsers write them (`https://studio.apollographql.com`), compared whole; there is no wildcard. */
export const createOrigins = (allowed: readonly string[]): Origins => {
  const known = new Set(allowed);
  return {
    admits: ({ headers }) => {
      const { origin, host } = headers;
      if (origin === undefined) return true;
      return known.has(origin) || (host !== undefined && hostOf(origin) === host);
    },
    isAllowed: (origin) => known.has(origin),
  };
};
